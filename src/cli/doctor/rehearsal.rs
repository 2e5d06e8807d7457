//! The registered hooks, called as Claude Code would call them, in a sample session.
//!
//! They get a store of their own that is gone afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use muzzle_persona::environment::{INJECT as ELIGIBLE, STORE};
use serde::Serialize;
use serde_json::{Value, json};

use super::check::Check;
use super::hook_file::{HookFile, RegisteredHook};
use super::hook_run::HookRun;
use super::programs::{beside, is_same_file};
use super::variables::Variable;
use crate::cli::claude_code::ClaudeCode;
use crate::cli::claude_code::registration::{INJECT, RELEASE};
use crate::cli::failure::Failure;

/// How long Claude Code waits for a hook that is registered without a timeout.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);
/// A hook that takes longer than this keeps agents waiting.
const SLOW: Duration = Duration::from_secs(1);
/// What to do about a hook that fails.
const HINT: &str = "install the programs anew, then run `muzzle-persona install` again";

/// What a hook did with a sample call.
#[derive(Debug, Serialize)]
pub struct Rehearsal {
    command: String,
    args: Option<Vec<String>>,
    milliseconds: u64,
    /// What it put ahead of the agent's prompt, if it did.
    preamble: Option<String>,
}

struct SampleSession<'a> {
    cwd: &'a Path,
    variables: &'a BTreeMap<String, Variable>,
    store: PathBuf,
    /// The folder of the plugin that registers the hooks, if one does.
    plugin: Option<&'a Path>,
}

/// Runs a sample session for each file that registers hooks of ours.
///
/// A project's settings may have come with it from anywhere, and nobody has said yet that they can be
/// trusted: of what they name, only the hooks beside this program are run.
pub fn run(
    client: &ClaudeCode,
    program: Option<&Path>,
    variables: &BTreeMap<String, Variable>,
    files: &[HookFile],
) -> Result<(Vec<Check>, Vec<Rehearsal>), Failure> {
    let (mut checks, mut rehearsals) = (Vec::new(), Vec::new());
    for file in files {
        let inject = file.own_hook("PreToolUse", INJECT).filter(|hook| hook.is_called_for_agents());
        let release = file.own_hook("SessionEnd", RELEASE);
        let is_trusted =
            |hook: &RegisteredHook| file.path.starts_with(&client.user) || is_beside(program, hook);
        if let Some(hook) = inject.into_iter().chain(release).find(|hook| !is_trusted(hook)) {
            checks.push(not_run(file, hook));
            continue;
        }
        if inject.is_none() && release.is_none() {
            continue;
        }
        let scratch = tempfile::tempdir()
            .map_err(|error| Failure::write("make", &std::env::temp_dir(), &error))?;
        let session = SampleSession {
            cwd: client.project.parent().unwrap_or(&client.project),
            variables,
            store: scratch.path().join("store"),
            plugin: file.plugin.as_deref(),
        };
        if let Some(hook) = inject {
            let (check, rehearsal) = session.start_agent(hook);
            checks.push(check);
            rehearsals.extend(rehearsal);
        }
        checks.extend(release.map(|hook| session.end(hook)));
    }
    Ok((checks, rehearsals))
}

impl SampleSession<'_> {
    fn start_agent(&self, hook: &RegisteredHook) -> (Check, Option<Rehearsal>) {
        let input = json!({
            "description": "Review parser",
            "prompt": "Review src/parser.rs and report every unchecked index.",
            "subagent_type": "general-purpose",
            "name": "worker-1",
        });
        let payload = json!({
            "session_id": "rehearsal",
            "transcript_path": self.cwd.join("rehearsal.jsonl"),
            "cwd": self.cwd,
            "hook_event_name": "PreToolUse",
            "permission_mode": "default",
            "tool_name": "Agent",
            "tool_input": input,
            "tool_use_id": "toolu_rehearsal",
        });
        let id = "rehearsal.inject";
        let name = hook.command_line();
        let problem = |fault: String| {
            let means = "A sample call of an agent got no persona.";
            Check::problem(id, format!("`{name}` {fault}."), means, HINT)
        };
        let run = match self.call(hook, &payload) {
            Ok(run) => run,
            Err(fault) => return (problem(fault), None),
        };
        let milliseconds = u64::try_from(run.duration.as_millis()).unwrap_or(u64::MAX);
        let is_off = self.variables.get(ELIGIBLE).is_some_and(|variable| variable.value == "off");
        let preamble = run.preamble(&input);
        let mut check = match &preamble {
            Err(_) if is_off && run.is_silent() => {
                let message = format!("`{name}` left a sample call alone, in {milliseconds} ms.");
                Check::ok(id, message)
            }
            Err(fault) => problem(fault.clone()),
            Ok(_) => {
                let message =
                    format!("`{name}` gave a sample call a persona, in {milliseconds} ms.");
                if run.duration > SLOW {
                    let means = "Every agent waits so long before it starts.";
                    let hint = "look what else the machine is doing, then run this again";
                    Check::warning(id, message, means, hint)
                } else {
                    Check::ok(id, message)
                }
            }
        };
        let preamble = preamble.ok();
        check.preamble.clone_from(&preamble);
        let (command, args) = (hook.command.clone().unwrap_or_default(), hook.args.clone());
        (check, Some(Rehearsal { command, args, milliseconds, preamble }))
    }

    fn end(&self, hook: &RegisteredHook) -> Check {
        let payload = json!({
            "session_id": "rehearsal",
            "transcript_path": self.cwd.join("rehearsal.jsonl"),
            "cwd": self.cwd,
            "hook_event_name": "SessionEnd",
            "reason": "other",
        });
        let id = "rehearsal.release";
        let name = hook.command_line();
        let log = || fs::read_to_string(self.store.join("events.jsonl")).unwrap_or_default();
        let is_lent = log().contains(r#""type":"assign""#);
        let fault = match self.call(hook, &payload) {
            Err(fault) => fault,
            Ok(run) if !run.status.success() => run.failure(),
            Ok(run) if is_lent && !log().contains(r#""type":"release""#) => run.inaction(),
            Ok(run) => {
                let done =
                    if is_lent { "gave the persona back" } else { "had nothing to give back" };
                let milliseconds = run.duration.as_millis();
                let message =
                    format!("`{name}` {done} when the session ended, in {milliseconds} ms.");
                return Check::ok(id, message);
            }
        };
        let means = "The end of a sample session did not give its persona back.";
        Check::problem(id, format!("`{name}` {fault}."), means, HINT)
    }

    fn call(&self, hook: &RegisteredHook, payload: &Value) -> Result<HookRun, String> {
        let mut command = command(hook);
        command.envs(self.variables.iter().map(|(name, variable)| (name, &variable.value)));
        command.env(STORE, &self.store).env("CLAUDE_PROJECT_DIR", self.cwd);
        if let Some(folder) = self.plugin {
            command.env("CLAUDE_PLUGIN_ROOT", folder);
        }
        let limit = hook.timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let command = command.current_dir(self.cwd);
        HookRun::start(command, &payload.to_string(), limit.unwrap_or(DEFAULT_TIMEOUT))
    }
}

/// The command of a hook: a program with its arguments, or else a line for a shell.
fn command(hook: &RegisteredHook) -> Command {
    let line = hook.command.as_deref().unwrap_or_default();
    let mut command = Command::new(if hook.args.is_some() { line } else { "sh" });
    match &hook.args {
        Some(args) => command.args(args),
        None => command.args(["-c", line]),
    };
    command
}

/// Returns whether a hook runs the program of its name beside this one, and nothing else.
fn is_beside(program: Option<&Path>, hook: &RegisteredHook) -> bool {
    let command = Path::new(hook.command.as_deref().unwrap_or_default());
    command.is_absolute()
        && beside(program, command).is_some_and(|beside| is_same_file(&beside, command))
}

fn not_run(file: &HookFile, hook: &RegisteredHook) -> Check {
    let path = file.path.display();
    Check::warning(
        "rehearsal",
        format!("`{}`, as `{path}` registers it, was not run.", hook.command_line()),
        "The file may have come with the project, and that is not the hook beside this program.",
        "look at it; `muzzle-persona install --scope project` registers the hooks beside this program",
    )
}
