//! One call of a hook, with a payload on its stdin, up to its end or a time limit.

use std::io::{Read, Write as _};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use muzzle_persona::events::one_line;
use serde_json::Value;

const MAX_OUTPUT: u64 = 1024 * 1024;
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// Calls a hook. What an error says, here and below, continues a sentence that begins with its name.
pub fn call(
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

pub fn is_silent(output: &Output) -> bool {
    output.status.success() && output.stdout.iter().all(u8::is_ascii_whitespace)
}

/// Returns the preamble that a hook put ahead of the prompt in `input`, or what is wrong with its
/// answer: it must not decide about the call, nor change any field but the prompt.
pub fn preamble(output: &Output, input: &Value) -> Result<String, String> {
    if !output.status.success() {
        return Err(failure(output));
    }
    if is_silent(output) {
        return Err(inaction(output));
    }
    let mut answer: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("answered what is not JSON: {error}"))?;
    let take = |value: &mut Value, key| value.get_mut(key).map(Value::take).unwrap_or_default();
    let decides = answer.get("decision").is_some();
    let mut change = take(&mut answer, "hookSpecificOutput");
    if decides || change.get("permissionDecision").is_some() {
        return Err("took a decision about the call, which is the user's to take".to_owned());
    }
    if change.get("hookEventName").is_none_or(|event| event != "PreToolUse") {
        return Err("answered something else than a changed call".to_owned());
    }
    let (mut new, mut old) = (take(&mut change, "updatedInput"), input.clone());
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

pub fn failure(output: &Output) -> String {
    format!("ended with {}: {}", output.status, reason(output))
}

pub fn inaction(output: &Output) -> String {
    format!("did nothing: {}", reason(output))
}

fn reason(output: &Output) -> String {
    let stderr = one_line(&String::from_utf8_lossy(&output.stderr));
    if stderr.is_empty() { "it did not say why".to_owned() } else { stderr }
}

/// Reads a pipe in a thread of its own, so that the hook never waits for its reader.
fn read(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.map(|pipe| pipe.take(MAX_OUTPUT).read_to_end(&mut bytes));
        sender.send(bytes)
    });
    receiver
}

/// Waits for the end of a hook, and kills it when its time is up.
fn wait(child: &mut Child, start: Instant, limit: Duration) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if start.elapsed() < limit => thread::sleep(POLL_INTERVAL),
            _ => {
                let _ = child.kill().and_then(|()| child.wait());
                return None;
            }
        }
    }
}
