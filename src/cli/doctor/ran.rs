//! One run of a hook, from its start to its end, or to that of its client's patience.

use std::io::{Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use muzzle_persona::events::one_line;

/// The most bytes of an answer that are read.
const ANSWER: u64 = 1024 * 1024;
/// How often to look whether a hook has ended.
const PAUSE: Duration = Duration::from_millis(1);

/// A hook that has ended by itself.
pub struct Ran {
    pub status: ExitStatus,
    pub took: Duration,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Ran {
    /// Runs a command with a payload on its stdin, for as long as `limit`.
    pub fn of(command: &mut Command, payload: &str, limit: Duration) -> Result<Self, String> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // The clock measures how long an agent would wait; it enters no event.
        let start = Instant::now();
        let mut child = command.spawn().map_err(|error| format!("could not be run: {error}"))?;
        let (out, err) = (reader(child.stdout.take()), reader(child.stderr.take()));
        if let Some(mut stdin) = child.stdin.take() {
            // A hook may end without reading.
            let _ = stdin.write_all(payload.as_bytes());
        }
        let status = wait(&mut child, start, limit)
            .ok_or_else(|| format!("did not end within {} ms", limit.as_millis()))?;
        let took = start.elapsed();
        // Whoever else has the pipe open may keep it so: what was said by then is all there is.
        let said = |from: Receiver<Vec<u8>>| from.recv_timeout(limit).unwrap_or_default();
        Ok(Self { status, took, stdout: said(out), stderr: said(err) })
    }

    /// It ended well and answered nothing.
    pub fn is_silent(&self) -> bool {
        self.status.success() && self.stdout.iter().all(u8::is_ascii_whitespace)
    }

    /// How it failed.
    pub fn ended(&self) -> String {
        format!("ended with {}: {}", self.status, self.last_words())
    }

    /// Why it did nothing.
    pub fn said_why(&self) -> String {
        format!("did nothing: {}", self.last_words())
    }

    fn last_words(&self) -> String {
        let said = one_line(&String::from_utf8_lossy(&self.stderr));
        if said.is_empty() { "it did not say why".to_owned() } else { said }
    }
}

/// Reads in a thread of its own what a hook says, so that it never waits for its reader.
fn reader(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            let _ = pipe.take(ANSWER).read_to_end(&mut bytes);
        }
        sender.send(bytes)
    });
    receiver
}

/// Waits for the end of a hook, and ends it when its time is up.
fn wait(child: &mut Child, start: Instant, limit: Duration) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if start.elapsed() < limit => thread::sleep(PAUSE),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}
