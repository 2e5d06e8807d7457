//! The registered hooks, called as the client would call them, in a sample session.
//!
//! They get a store of their own that is gone afterwards.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use muzzle_persona::environment::{INJECT as ELIGIBLE, STORE};
use muzzle_persona::events::one_line;
use serde_json::{Number, Value, json};

use super::{Check, Rehearsal, hook_file::HookFile, programs::is_beside};
use crate::cli::client_files::hook::{Hook, INJECT, RELEASE, line, start_event};
use crate::cli::client_files::location::{Client, Directories};
use crate::cli::failure::Failure;

/// How long a client waits for a hook that is registered without a timeout.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);
/// A hook that takes longer than this keeps agents waiting.
const SLOW: Duration = Duration::from_secs(1);
const HINT: &str = "install the programs anew, then run `muzzle-persona install` again";

/// Runs a sample session for each file that registers hooks of ours.
///
/// A project's settings may have come with it from anywhere, and nobody has said yet that they can be
/// trusted: of what they name, only the hooks beside this program are run.
pub fn checks(
    client: &Directories,
    program: Option<&Path>,
    variables: &BTreeMap<String, (OsString, Option<PathBuf>)>,
    files: &[HookFile],
) -> Result<Vec<Check>, Failure> {
    let cwd = client.project.parent().unwrap_or(&client.project);
    let is_off = variables.get(ELIGIBLE).is_some_and(|(value, _)| value == "off");
    let mut checks = Vec::new();
    for file in files {
        let inject = file.own_hook(start_event(client.client), INJECT);
        let inject = inject.filter(|hook| hook.is_called_for_agents(client.client));
        let release = file.own_hook("SessionEnd", RELEASE);
        let mut hooks = inject.into_iter().chain(release).peekable();
        if hooks.peek().is_none() {
            continue;
        }
        let is_trusted = file.path.starts_with(&client.user);
        if let Some(hook) = hooks.find(|hook| !is_trusted && !is_hook_beside(program, hook)) {
            let (name, path) = (hook.command_line(), file.path.display());
            let message = format!("`{name}`, as `{path}` registers it, was not run.");
            let means = "The file may have come with the project, and that is not the hook beside this program.";
            let option = client.client.option();
            let hint = format!(
                "look at it; `muzzle-persona install{option} --scope project` registers the hooks beside this program"
            );
            checks.push(Check::warning("rehearsal", message, means, &hint));
            continue;
        }
        let scratch = tempfile::tempdir();
        let scratch = scratch.map_err(|error| Failure::write("make", &env::temp_dir(), &error))?;
        let store = scratch.path().join("store");
        let transcript = match client.client {
            Client::ClaudeCode => cwd.join("rehearsal.jsonl"),
            Client::Codex => transcript(scratch.path())?,
        };
        let call = |hook: &Hook, mut payload: Value| {
            if let Some(payload) = payload.as_object_mut() {
                payload.insert("session_id".to_owned(), json!("rehearsal"));
                payload.insert("transcript_path".to_owned(), json!(transcript));
                payload.insert("cwd".to_owned(), json!(cwd));
            }
            let mut command = command(hook);
            command.envs(variables.iter().map(|(name, (value, _))| (name, value)));
            command.env(STORE, &store).env("CLAUDE_PROJECT_DIR", cwd).current_dir(cwd);
            command.envs(file.plugin.as_ref().map(|folder| ("CLAUDE_PLUGIN_ROOT", folder)));
            let limit = hook.timeout.as_ref().and_then(Number::as_f64);
            let limit = limit.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            run(&mut command, &payload.to_string(), limit.unwrap_or(DEFAULT_TIMEOUT))
        };
        let sample = match client.client {
            Client::ClaudeCode => claude_code_sample(),
            Client::Codex => codex_sample(),
        };
        checks.extend(inject.map(|hook| start_agent(hook, is_off, &sample, call)));
        let by_mod = inject.filter(|_| file.has_module && !is_off);
        checks.extend(by_mod.map(|hook| start_by_mod(hook, call)));
        checks.extend(release.map(|hook| end_session(hook, &store.join("events.jsonl"), call)));
    }
    Ok(checks)
}

/// A sample payload of an agent, and how to find in the answer what the agent is told.
type Sample = (Value, fn(&Output, &Value) -> Result<String, String>);

fn claude_code_sample() -> Sample {
    let input = json!({
        "name": "worker-1", "subagent_type": "general-purpose", "description": "Review parser",
        "prompt": "Review src/parser.rs and report every unchecked index.",
    });
    let payload = json!({
        "hook_event_name": "PreToolUse", "permission_mode": "default",
        "tool_name": "Agent", "tool_input": input, "tool_use_id": "toolu_rehearsal",
    });
    (payload, preamble)
}

fn codex_sample() -> Sample {
    let payload = json!({
        "hook_event_name": "SubagentStart", "permission_mode": "default", "model": "rehearsal",
        "turn_id": "rehearsal-turn", "agent_id": "rehearsal-agent", "agent_type": "default",
    });
    (payload, context)
}

/// Writes the transcript of a sub-agent of Codex, as far as it is read.
fn transcript(dir: &Path) -> Result<PathBuf, Failure> {
    let spawn = json!({ "agent_path": "/root/review_parser", "agent_nickname": "Euler" });
    let source = json!({ "subagent": { "thread_spawn": spawn } });
    let line = json!({ "type": "session_meta", "payload": { "source": source } });
    let write = || {
        let builder = tempfile::Builder::new().prefix("rollout-").suffix(".jsonl").tempfile_in(dir);
        let mut file = builder?;
        writeln!(file, "{line}")?;
        // It goes with its directory.
        Ok(file.keep()?.1)
    };
    write().map_err(|error: std::io::Error| Failure::write("make a file in", dir, &error))
}

fn start_agent(
    hook: &Hook,
    is_off: bool,
    (payload, told): &Sample,
    call: impl Fn(&Hook, Value) -> Result<(Output, Duration), String>,
) -> Check {
    let (id, name) = ("rehearsal.inject", hook.command_line());
    let means = "A sample call of an agent got no persona.";
    let problem = |fault: &str| Check::problem(id, format!("`{name}` {fault}."), means, HINT);
    let (output, duration) = match call(hook, payload.clone()) {
        Ok(called) => called,
        Err(fault) => return problem(&fault),
    };
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let message = |what| format!("`{name}` {what}, in {milliseconds} ms.");
    let preamble = told(&output, payload);
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

/// Tells the program of an agent as the mod does.
fn start_by_mod(
    hook: &Hook,
    call: impl Fn(&Hook, Value) -> Result<(Output, Duration), String>,
) -> Check {
    let facts = json!({
        "hook_event_name": "agent.spawn", "tool_use_id": "toolu_rehearsal_2", "name": "worker-2",
        "subagent_type": "general-purpose", "description": "Review parser",
    });
    let (id, name) = ("rehearsal.mod", hook.command_line());
    let answered = call(hook, facts).and_then(|(output, duration)| {
        if !output.status.success() || is_silent(&output) {
            return Err(failure(&output));
        }
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let has = |key| answer.get(key).and_then(Value::as_str).is_some_and(|it| !it.is_empty());
        let is_whole = has("slot") && has("preamble");
        if is_whole { Ok(duration) } else { Err("answered the mod what it cannot read".to_owned()) }
    });
    match answered {
        Ok(duration) => {
            let time = duration.as_millis();
            Check::ok(id, format!("`{name}` answered the mod, too, in {time} ms."))
        }
        Err(fault) => {
            let means = "Agents start without a persona where the client runs the plugin as a mod.";
            Check::problem(id, format!("`{name}` {fault}."), means, HINT)
        }
    }
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
        Ok((output, duration))
            if output.status.success() && (!is_lent || has(r#""type":"release""#)) =>
        {
            let done = if is_lent { "gave the persona back" } else { "had nothing to give back" };
            let time = duration.as_millis();
            let message = format!("`{name}` {done} when the session ended, in {time} ms.");
            return Check::ok(id, message);
        }
        Ok((output, _)) => failure(&output),
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
    let Some((path, args)) = hook.words() else { return false };
    // A line for a shell may do more than its words say, unless it is just those.
    let is_all = hook.args.is_some() || hook.command.as_ref() == Some(&line(&path, &args));
    let path = Path::new(&path);
    is_all && path.is_absolute() && is_beside(program, path) == Some(true)
}

/// Calls a hook. What an error says, here and below, continues a sentence that begins with its name.
fn run(
    command: &mut Command,
    payload: &str,
    limit: Duration,
) -> Result<(Output, Duration), String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // The clock measures how long an agent would wait; it enters no event.
    let start = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("could not be run: {error}"))?;
    let (stdout, stderr) = (read(child.stdout.take()), read(child.stderr.take()));
    if let Some(mut stdin) = child.stdin.take() {
        // A hook may end without reading.
        let _ = stdin.write_all(payload.as_bytes());
    }
    let status = wait(&mut child, start, limit)
        .ok_or_else(|| format!("did not end within {} ms", limit.as_millis()))?;
    let duration = start.elapsed();
    // A process that the hook started may keep the pipe open: what came by then is all there is.
    let received = |pipe: Receiver<Vec<u8>>| pipe.recv_timeout(limit).unwrap_or_default();
    Ok((Output { status, stdout: received(stdout), stderr: received(stderr) }, duration))
}

fn is_silent(output: &Output) -> bool {
    output.status.success() && output.stdout.iter().all(u8::is_ascii_whitespace)
}

/// Returns what a hook has Codex tell an agent, or what is wrong with its answer: Codex takes no
/// field that it does not know.
fn context(output: &Output, _: &Value) -> Result<String, String> {
    let answer = answer(output)?;
    let context = answer.pointer("/hookSpecificOutput/additionalContext").and_then(Value::as_str);
    let context = context.filter(|context| !context.trim().is_empty());
    let told = context.ok_or("answered without words for the agent")?;
    let output = json!({ "hookEventName": "SubagentStart", "additionalContext": told });
    if answer != json!({ "hookSpecificOutput": output }) {
        return Err("answered more than words for the agent".to_owned());
    }
    Ok(told.trim_end().to_owned())
}

/// Returns the JSON that a hook answered.
fn answer(output: &Output) -> Result<Value, String> {
    if !output.status.success() || is_silent(output) {
        return Err(failure(output));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("answered what is not JSON: {error}"))
}

/// Returns the preamble that a hook put ahead of the prompt of a call, or what is wrong with its
/// answer: it must not decide about the call, nor change any field but the prompt.
fn preamble(output: &Output, payload: &Value) -> Result<String, String> {
    let mut answer = answer(output)?;
    let take = |value: &mut Value, key| value.get_mut(key).map(Value::take).unwrap_or_default();
    let decides = answer.get("decision").is_some();
    let mut change = take(&mut answer, "hookSpecificOutput");
    if decides || change.get("permissionDecision").is_some() {
        return Err("took a decision about the call, which is the user's to take".to_owned());
    }
    if change.get("hookEventName").is_none_or(|event| event != "PreToolUse") {
        return Err("answered something else than a changed call".to_owned());
    }
    let (mut new, mut old) =
        (take(&mut change, "updatedInput"), payload.get("tool_input").cloned().unwrap_or_default());
    let [new_prompt, old_prompt] = [&mut new, &mut old].map(|input| take(input, "prompt"));
    if new != old {
        return Err("changed more of the call than its prompt".to_owned());
    }
    let prompts = new_prompt.as_str().zip(old_prompt.as_str());
    match prompts.and_then(|(new, old)| new.strip_suffix(old)).map(str::trim_end) {
        Some("") => Err("left the prompt as it was".to_owned()),
        Some(preamble) => Ok(preamble.to_owned()),
        None => Err("changed the prompt itself".to_owned()),
    }
}

/// Says how a hook ended that did not do what it should.
fn failure(output: &Output) -> String {
    let stderr = one_line(&String::from_utf8_lossy(&output.stderr));
    let reason = if stderr.is_empty() { "it did not say why" } else { &stderr };
    match output.status {
        status if status.success() => format!("did nothing: {reason}"),
        status => format!("ended with {status}: {reason}"),
    }
}

/// Reads a pipe in a thread of its own, so that the hook never waits for its reader.
fn read(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.map(|pipe| pipe.take(1024 * 1024).read_to_end(&mut bytes));
        sender.send(bytes)
    });
    receiver
}

/// Waits for the end of a hook, and kills it when its time is up.
fn wait(child: &mut Child, start: Instant, limit: Duration) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if start.elapsed() < limit => thread::sleep(Duration::from_millis(1)),
            _ => {
                let _ = child.kill().and_then(|()| child.wait());
                return None;
            }
        }
    }
}
