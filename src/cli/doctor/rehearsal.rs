//! The registered hooks, run as the client would run them.
//!
//! They get a call as Claude Code makes it, and a store of their own that is
//! gone afterwards. What they answer is held to what a client may be told.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use muzzle_persona::environment::{INJECT as WHICH, STORE};
use serde::Serialize;
use serde_json::{Value, json};

use super::answer::preamble_of;
use super::ran::Ran;
use super::registered::{Registered, Source};
use super::rivals::calls_for_agents;
use super::{Finding, variables};
use crate::cli::claude_code::ClaudeCode;
use crate::cli::claude_code::registration::{INJECT, RELEASE};
use crate::cli::failure::Failure;

/// How long a client waits for a hook that does not say how long.
const PATIENCE: Duration = Duration::from_mins(1);
/// A hook that takes more milliseconds than this keeps agents waiting.
const SLOW: u64 = 1000;

/// What a hook did with a sample call.
#[derive(Debug, Serialize)]
pub struct Rehearsal {
    command: String,
    args: Option<Vec<String>>,
    milliseconds: u64,
    /// What it put ahead of the agent's prompt, if it did.
    preamble: Option<String>,
}

/// A session that is only played.
struct Stage<'a> {
    here: &'a Path,
    variables: BTreeMap<String, OsString>,
    store: PathBuf,
    /// The folder of the plugin that registers the hooks, if one does.
    plugin: Option<&'a Path>,
}

/// Plays a session for each file that registers hooks of ours, and adds what there is to say of it.
///
/// A project's settings may have come with it from anywhere, and nobody has said yet that they can be
/// trusted: of what they name, only the hooks beside this program are run.
pub fn run(
    client: &ClaudeCode,
    program: Option<&Path>,
    variables: &BTreeMap<String, OsString>,
    sources: &[Source],
    findings: &mut Vec<Finding>,
) -> Result<Vec<Rehearsal>, Failure> {
    let mut rehearsals = Vec::new();
    let in_effect = variables::in_effect(variables, sources);
    let in_effect: BTreeMap<_, _> =
        in_effect.into_iter().map(|(name, (value, _))| (name, value)).collect();
    for source in sources {
        let called = |event: &str, hook| {
            let mut ours = source.ours().filter(|handler| handler.event == event);
            ours.find(|handler| handler.hook == Some(hook))
        };
        let inject = called("PreToolUse", INJECT).filter(|handler| calls_for_agents(handler));
        let release = called("SessionEnd", RELEASE);
        let is_own = source.path.starts_with(&client.user);
        let stranger = inject.iter().chain(&release).find(|it| !is_own && !is_beside(program, it));
        if let Some(stranger) = stranger {
            findings.push(not_run(source, stranger));
            continue;
        }
        if inject.is_none() && release.is_none() {
            continue;
        }
        let scratch = tempfile::tempdir();
        let scratch =
            scratch.map_err(|error| Failure::write("make", &std::env::temp_dir(), &error))?;
        let stage = Stage {
            here: client.project.parent().unwrap_or(&client.project),
            variables: in_effect.clone(),
            store: scratch.path().join("store"),
            plugin: source.plugin.as_deref(),
        };
        if let Some(handler) = inject {
            let (finding, rehearsal) = stage.inject(handler);
            findings.push(finding);
            rehearsals.extend(rehearsal);
        }
        findings.extend(release.map(|handler| stage.release(handler)));
    }
    Ok(rehearsals)
}

impl Stage<'_> {
    /// An agent is about to start.
    fn inject(&self, handler: &Registered) -> (Finding, Option<Rehearsal>) {
        let input = json!({
            "description": "Review parser",
            "prompt": "Review src/parser.rs and report every unchecked index.",
            "subagent_type": "general-purpose",
            "name": "worker-1",
        });
        let call = self.payload(json!({
            "hook_event_name": "PreToolUse",
            "permission_mode": "default",
            "tool_name": "Agent",
            "tool_input": input,
            "tool_use_id": "toolu_rehearsal",
        }));
        let name = shown(handler);
        let problem = |what: String| {
            let message = format!("`{name}` {what}.");
            let means = "A sample call of an agent got no persona.";
            Finding::problem("rehearsal.inject", message, means, HINT)
        };
        let ran = match self.call(handler, &call) {
            Ok(ran) => ran,
            Err(what) => return (problem(what), None),
        };
        let milliseconds = u64::try_from(ran.took.as_millis()).unwrap_or(u64::MAX);
        let is_off = self.variables.get(WHICH).is_some_and(|which| which == "off");
        let (finding, preamble) = match preamble_of(&ran, &input) {
            Err(_) if is_off && ran.is_silent() => {
                let message = format!("`{name}` left a sample call alone, in {milliseconds} ms.");
                (Finding::ok("rehearsal.inject", message), None)
            }
            Err(what) => (problem(what), None),
            Ok(preamble) => {
                let message =
                    format!("`{name}` gave a sample call a persona, in {milliseconds} ms.");
                let finding = if milliseconds > SLOW {
                    let means = "Every agent waits so long before it starts.";
                    let hint = "look what else the machine is doing, then run this again";
                    Finding::warning("rehearsal.inject", message, means, hint)
                } else {
                    Finding::ok("rehearsal.inject", message)
                };
                (Finding { exhibit: Some(preamble.clone()), ..finding }, Some(preamble))
            }
        };
        let (command, args) = (handler.command.clone().unwrap_or_default(), handler.args.clone());
        (finding, Some(Rehearsal { command, args, milliseconds, preamble }))
    }

    /// The session ends.
    fn release(&self, handler: &Registered) -> Finding {
        let end = json!({"hook_event_name": "SessionEnd", "reason": "other"});
        let name = shown(handler);
        let log = || fs::read_to_string(self.store.join("events.jsonl")).unwrap_or_default();
        let is_lent = log().contains(r#""type":"assign""#);
        let fault = match self.call(handler, &self.payload(end)) {
            Err(what) => Some(what),
            Ok(ran) if !ran.status.success() => Some(ran.ended()),
            Ok(ran) if is_lent && !log().contains(r#""type":"release""#) => Some(ran.said_why()),
            Ok(ran) => {
                let back =
                    if is_lent { "gave the persona back" } else { "had nothing to give back" };
                let milliseconds = ran.took.as_millis();
                let message =
                    format!("`{name}` {back} when the session ended, in {milliseconds} ms.");
                return Finding::ok("rehearsal.release", message);
            }
        };
        let message = format!("`{name}` {}.", fault.unwrap_or_default());
        let means = "The end of a sample session did not give its persona back.";
        Finding::problem("rehearsal.release", message, means, HINT)
    }

    /// A payload with what is in all of them.
    fn payload(&self, more: Value) -> String {
        let mut payload = json!({
            "session_id": "rehearsal",
            "transcript_path": self.here.join("rehearsal.jsonl"),
            "cwd": self.here,
        });
        if let (Some(payload), Value::Object(mut more)) = (payload.as_object_mut(), more) {
            payload.append(&mut more);
        }
        payload.to_string()
    }

    /// Runs a hook as the client would, or tells what became of it.
    fn call(&self, handler: &Registered, payload: &str) -> Result<Ran, String> {
        let mut command = command(handler);
        command.envs(&self.variables).env(STORE, &self.store).env("CLAUDE_PROJECT_DIR", self.here);
        if let Some(folder) = self.plugin {
            command.env("CLAUDE_PLUGIN_ROOT", folder);
        }
        let limit = handler.timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Ran::of(command.current_dir(self.here), payload, limit.unwrap_or(PATIENCE))
    }
}

/// What to do about a hook that fails.
const HINT: &str = "install the programs anew, then run `muzzle-persona install` again";

/// The command of a hook: a program with its arguments, or else a line for a shell.
fn command(handler: &Registered) -> Command {
    let line = handler.command.as_deref().unwrap_or_default();
    let (program, args) = match &handler.args {
        Some(args) => (line, args.clone()),
        None => ("sh", vec!["-c".to_owned(), line.to_owned()]),
    };
    let mut command = Command::new(program);
    command.args(args);
    command
}

/// Tells whether what a handler runs is one of the hooks beside this program, and nothing more.
fn is_beside(program: Option<&Path>, handler: &Registered) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    let beside = || {
        let command = Path::new(handler.command.as_deref()?);
        let beside = program?.parent()?.join(command.file_name()?);
        Some(command.is_absolute() && real(command)? == real(&beside)?)
    };
    beside().unwrap_or(false)
}

fn not_run(source: &Source, handler: &Registered) -> Finding {
    let path = source.path.display();
    Finding::warning(
        "rehearsal",
        format!("`{}`, as `{path}` registers it, was not run.", shown(handler)),
        "The file may have come with the project, and that is not the hook beside this program.",
        "look at it; `muzzle-persona install --scope project` registers the hooks beside this program",
    )
}

/// A command as it is told of.
fn shown(handler: &Registered) -> String {
    let words = handler.command.iter().chain(handler.args.iter().flatten());
    words.map(String::as_str).collect::<Vec<_>>().join(" ")
}
