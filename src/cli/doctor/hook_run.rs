//! One call of a hook, with a payload on its stdin, up to its end or a time limit.

use std::io::{Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use muzzle_persona::events::one_line;
use serde_json::Value;

const MAX_OUTPUT: u64 = 1024 * 1024;
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// A hook that ended by itself. What its errors say continues a sentence that begins with its name.
pub struct HookRun {
    pub status: ExitStatus,
    pub duration: Duration,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl HookRun {
    pub fn start(command: &mut Command, payload: &str, limit: Duration) -> Result<Self, String> {
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
        Ok(Self { status, duration, stdout: received(stdout), stderr: received(stderr) })
    }

    pub fn is_silent(&self) -> bool {
        self.status.success() && self.stdout.iter().all(u8::is_ascii_whitespace)
    }

    /// Returns the preamble that the hook put ahead of the prompt in `input`, or what is wrong with
    /// its answer: it must not decide about the call, nor change any field but the prompt.
    pub fn preamble(&self, input: &Value) -> Result<String, String> {
        if !self.status.success() {
            return Err(self.failure());
        }
        if self.is_silent() {
            return Err(self.inaction());
        }
        let mut answer: Value = serde_json::from_slice(&self.stdout)
            .map_err(|error| format!("answered what is not JSON: {error}"))?;
        let decides = answer.get("decision").is_some();
        let mut output = answer.get_mut("hookSpecificOutput").map(Value::take).unwrap_or_default();
        if decides || output.get("permissionDecision").is_some() {
            return Err("took a decision about the call, which is the user's to take".to_owned());
        }
        if output.get("hookEventName").is_none_or(|event| event != "PreToolUse") {
            return Err("answered something else than a changed call".to_owned());
        }
        let mut new = output.get_mut("updatedInput").map(Value::take).unwrap_or_default();
        let mut old = input.clone();
        let [new_prompt, old_prompt] = [&mut new, &mut old]
            .map(|input| input.get_mut("prompt").map(Value::take).unwrap_or_default());
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

    pub fn failure(&self) -> String {
        format!("ended with {}: {}", self.status, self.reason())
    }

    pub fn inaction(&self) -> String {
        format!("did nothing: {}", self.reason())
    }

    fn reason(&self) -> String {
        let stderr = one_line(&String::from_utf8_lossy(&self.stderr));
        if stderr.is_empty() { "it did not say why".to_owned() } else { stderr }
    }
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
