//! Running a hook so that its failure is nobody else's.

use std::io::Write as _;
use std::panic;
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use muzzle_persona::events::one_line;

use crate::Problem;

/// What a hook has to say.
#[derive(Debug, Default)]
pub struct Answer {
    /// What the client is to read.
    pub stdout: String,
    /// What a person may want to know.
    pub notes: Vec<String>,
}

/// Does a hook's work within `limit`, and always succeeds; `undone` says what a failure means.
///
/// The work has a thread of its own, so that neither a panic nor a read that
/// never ends can hold the client up. Only this thread writes to stdout, and
/// only a whole answer that came in time.
pub fn run(
    name: &str,
    undone: &str,
    limit: Result<Duration, Problem>,
    work: impl FnOnce() -> Result<Answer, Problem> + Send + 'static,
) -> ExitCode {
    // The default hook would print several lines.
    panic::set_hook(Box::new(|_| {}));
    match limit.and_then(|limit| within(limit, work)) {
        Ok(answer) => {
            // Who closed the pipe wants no answer.
            let mut stdout = std::io::stdout().lock();
            let _ = stdout.write_all(answer.stdout.as_bytes()).and_then(|()| stdout.flush());
            for note in answer.notes {
                say(name, &note);
            }
        }
        Err(problem) => say(name, &format!("{undone}: {problem}")),
    }
    ExitCode::SUCCESS
}

fn within(
    limit: Duration,
    work: impl FnOnce() -> Result<Answer, Problem> + Send + 'static,
) -> Result<Answer, Problem> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::Builder::new().spawn(move || {
        // Nobody receives what comes too late.
        let _ = sender.send(work());
    })?;
    match receiver.recv_timeout(limit) {
        Ok(done) => done,
        Err(RecvTimeoutError::Timeout) => {
            Err(format!("not done within {} ms", limit.as_millis()).into())
        }
        Err(RecvTimeoutError::Disconnected) => Err("a bug in the hook: it panicked".into()),
    }
}

/// Writes one line to stderr. When that fails there is nobody left to tell.
fn say(name: &str, text: &str) {
    let line = format!("{name}: {}\n", one_line(text));
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(limit: Duration, work: fn() -> Result<Answer, Problem>) -> String {
        within(limit, work).unwrap_err().to_string()
    }

    #[test]
    fn a_panic_is_a_problem() {
        let limit = Duration::from_mins(1);
        assert_eq!(problem(limit, || panic!("no")), "a bug in the hook: it panicked");
    }

    #[test]
    fn work_that_does_not_end_is_a_problem() {
        let endless = || {
            thread::park();
            Ok(Answer::default())
        };
        assert_eq!(problem(Duration::from_millis(10), endless), "not done within 10 ms");
    }
}
