//! The registered hooks, called as Claude Code would call them, in a sample session.
//!
//! They get a store of their own that is gone afterwards.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use std::{env, fs};

use muzzle_persona::environment::{INJECT as ELIGIBLE, STORE};
use serde_json::{Number, Value, json};

use super::check::{Check, Rehearsal};
use super::hook_file::HookFile;
use super::hook_run::{self, is_silent};
use super::programs::is_beside;
use crate::cli::claude_code::hook::{Hook, INJECT, RELEASE};
use crate::cli::claude_code::location::ClaudeCode;
use crate::cli::failure::Failure;

/// How long Claude Code waits for a hook that is registered without a timeout.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);
/// A hook that takes longer than this keeps agents waiting.
const SLOW: Duration = Duration::from_secs(1);
const HINT: &str = "install the programs anew, then run `muzzle-persona install` again";

/// Runs a sample session for each file that registers hooks of ours.
///
/// A project's settings may have come with it from anywhere, and nobody has said yet that they can be
/// trusted: of what they name, only the hooks beside this program are run.
pub fn checks(
    client: &ClaudeCode,
    program: Option<&Path>,
    variables: &BTreeMap<String, (OsString, Option<PathBuf>)>,
    files: &[HookFile],
) -> Result<Vec<Check>, Failure> {
    let cwd = client.project.parent().unwrap_or(&client.project);
    let is_off = variables.get(ELIGIBLE).is_some_and(|(value, _)| value == "off");
    let mut checks = Vec::new();
    for file in files {
        let inject = file.own_hook("PreToolUse", INJECT).filter(|hook| hook.is_called_for_agents());
        let release = file.own_hook("SessionEnd", RELEASE);
        let mut hooks = inject.into_iter().chain(release).peekable();
        if hooks.peek().is_none() {
            continue;
        }
        let is_trusted = file.path.starts_with(&client.user);
        if let Some(hook) = hooks.find(|hook| !is_trusted && !is_hook_beside(program, hook)) {
            checks.push(not_run(file, hook));
            continue;
        }
        let scratch = tempfile::tempdir();
        let scratch = scratch.map_err(|error| Failure::write("make", &env::temp_dir(), &error))?;
        let store = scratch.path().join("store");
        let call = |hook: &Hook, mut payload: Value| {
            if let Some(payload) = payload.as_object_mut() {
                payload.insert("session_id".to_owned(), json!("rehearsal"));
                payload.insert("transcript_path".to_owned(), json!(cwd.join("rehearsal.jsonl")));
                payload.insert("cwd".to_owned(), json!(cwd));
            }
            let mut command = command(hook);
            command.envs(variables.iter().map(|(name, (value, _))| (name, value)));
            command.env(STORE, &store).env("CLAUDE_PROJECT_DIR", cwd).current_dir(cwd);
            command.envs(file.plugin.as_ref().map(|folder| ("CLAUDE_PLUGIN_ROOT", folder)));
            let limit = hook.timeout.as_ref().and_then(Number::as_f64);
            let limit = limit.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            hook_run::call(&mut command, &payload.to_string(), limit.unwrap_or(DEFAULT_TIMEOUT))
        };
        checks.extend(inject.map(|hook| start_agent(hook, is_off, call)));
        checks.extend(release.map(|hook| end_session(hook, &store.join("events.jsonl"), call)));
    }
    Ok(checks)
}

fn start_agent(
    hook: &Hook,
    is_off: bool,
    call: impl Fn(&Hook, Value) -> Result<(Output, Duration), String>,
) -> Check {
    let input = json!({
        "name": "worker-1", "subagent_type": "general-purpose", "description": "Review parser",
        "prompt": "Review src/parser.rs and report every unchecked index.",
    });
    let payload = json!({
        "hook_event_name": "PreToolUse", "permission_mode": "default",
        "tool_name": "Agent", "tool_input": input, "tool_use_id": "toolu_rehearsal",
    });
    let (id, name) = ("rehearsal.inject", hook.command_line());
    let means = "A sample call of an agent got no persona.";
    let problem = |fault: &str| Check::problem(id, format!("`{name}` {fault}."), means, HINT);
    let (output, duration) = match call(hook, payload) {
        Ok(called) => called,
        Err(fault) => return problem(&fault),
    };
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let message = |what| format!("`{name}` {what}, in {milliseconds} ms.");
    let preamble = hook_run::preamble(&output, &input);
    let given = message("gave a sample call a persona");
    let mut check = match &preamble {
        Err(_) if is_off && is_silent(&output) => {
            Check::ok(id, message("left a sample call alone"))
        }
        Err(fault) => problem(fault),
        Ok(_) if duration > SLOW => {
            let means = "Every agent waits so long before it starts.";
            let hint = "look what else the machine is doing, then run this again";
            Check::warning(id, given, means, hint)
        }
        Ok(_) => Check::ok(id, given),
    };
    let (command, args) = (hook.command.clone().unwrap_or_default(), hook.args.clone());
    check.rehearsal = Some(Rehearsal { command, args, milliseconds, preamble: preamble.ok() });
    check
}

fn end_session(
    hook: &Hook,
    log: &Path,
    call: impl Fn(&Hook, Value) -> Result<(Output, Duration), String>,
) -> Check {
    let (id, name) = ("rehearsal.release", hook.command_line());
    let has = |event| fs::read_to_string(log).unwrap_or_default().contains(event);
    let is_lent = has(r#""type":"assign""#);
    let fault = match call(hook, json!({"hook_event_name": "SessionEnd", "reason": "other"})) {
        Err(fault) => fault,
        Ok((output, _)) if !output.status.success() => hook_run::failure(&output),
        Ok((output, _)) if is_lent && !has(r#""type":"release""#) => hook_run::inaction(&output),
        Ok((_, duration)) => {
            let done = if is_lent { "gave the persona back" } else { "had nothing to give back" };
            let time = duration.as_millis();
            let message = format!("`{name}` {done} when the session ended, in {time} ms.");
            return Check::ok(id, message);
        }
    };
    let means = "The end of a sample session did not give its persona back.";
    Check::problem(id, format!("`{name}` {fault}."), means, HINT)
}

/// Returns the command of a hook: a program with its arguments, or else a line for a shell.
fn command(hook: &Hook) -> Command {
    let line = hook.command.as_deref().unwrap_or_default();
    let (program, args) = match &hook.args {
        Some(args) => (line, args),
        None => ("sh", &vec!["-c".to_owned(), line.to_owned()]),
    };
    let mut command = Command::new(program);
    command.args(args);
    command
}

/// Returns whether a hook runs the program of its name beside this one, and nothing else.
fn is_hook_beside(program: Option<&Path>, hook: &Hook) -> bool {
    let command = Path::new(hook.command.as_deref().unwrap_or_default());
    command.is_absolute() && is_beside(program, command) == Some(true)
}

fn not_run(file: &HookFile, hook: &Hook) -> Check {
    let path = file.path.display();
    Check::warning(
        "rehearsal",
        format!("`{}`, as `{path}` registers it, was not run.", hook.command_line()),
        "The file may have come with the project, and that is not the hook beside this program.",
        "look at it; `muzzle-persona install --scope project` registers the hooks beside this program",
    )
}
