//! The promise of every hook: exit code 0, in time, and one line on stderr at most for a failure.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use muzzle_persona::PendingCheckpoint;
use muzzle_persona::events::one_line;

use crate::deadline::{Deadline, TimedStdin};
use crate::{Problem, environment::Environment};

/// What a hook writes when it succeeds. An empty answer leaves the call as it is.
#[derive(Debug, Default)]
pub struct Answer {
    /// For the client: nothing, or one JSON document.
    pub stdout: String,
    /// For people: each a line on stderr.
    pub notes: Vec<String>,
    /// What writes the checkpoint, once the client has read all that.
    pub pending: PendingCheckpoint,
}

/// Does a hook's work within `timeout`, or as the environment says, and always succeeds; `effect`
/// says what a failure means, and `help` what the program is, to a person who asks.
///
/// An error, a panic and a passed [`Deadline`] all leave stdout empty: whichever
/// of the work and the deadline is first to claim the end writes, and the other does not.
pub fn run(
    name: &'static str,
    help: &'static str,
    effect: &'static str,
    timeout: Duration,
    work: impl FnOnce(TimedStdin, &Arc<Deadline>, Environment) -> Result<Answer, Problem>,
) -> ExitCode {
    // The default one would print several lines.
    panic::set_hook(Box::new(|_| {}));
    let environment = Environment::read();
    if let [argument] = &*environment.arguments
        && let Some(told) = about(argument, name, help)
    {
        let _ = io::stdout().lock().write_all(told.as_bytes());
        return ExitCode::SUCCESS;
    }
    let result = environment.timeout(timeout).and_then(|limit| {
        let deadline = Deadline::new(limit, move || {
            write_to_stderr(name, &format!("{effect}: not done within {} ms", limit.as_millis()));
            process::exit(0);
        });
        let input = TimedStdin { input: io::stdin(), deadline: Arc::clone(&deadline) };
        let result = catch_panic(|| work(input, &deadline, environment));
        while !deadline.claim() {
            // The deadline's thread is about to end the process.
            thread::park();
        }
        result
    });
    match result {
        Ok(Answer { stdout, notes, pending }) => {
            // A client that closed the pipe wants no answer.
            let mut out = io::stdout().lock();
            let _ = out.write_all(stdout.as_bytes()).and_then(|()| out.flush());
            for note in notes {
                write_to_stderr(name, &note);
            }
            drop(pending);
        }
        Err(problem) => write_to_stderr(name, &format!("{effect}: {problem}")),
    }
    ExitCode::SUCCESS
}

/// What a person who starts the program asks for.
fn about(argument: &OsStr, name: &str, help: &str) -> Option<String> {
    match argument.to_str()? {
        "--help" | "-h" => Some(help.to_owned()),
        "--version" | "-V" => Some(format!("{name} {}\n", env!("CARGO_PKG_VERSION"))),
        _ => None,
    }
}

fn catch_panic(work: impl FnOnce() -> Result<Answer, Problem>) -> Result<Answer, Problem> {
    // The process ends after this: nothing sees what a panic left half done.
    panic::catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err("a bug in the hook: it panicked".into()))
}

/// Writes one line to stderr. There is no one to report a failure of that to.
fn write_to_stderr(name: &str, text: &str) {
    let _ = io::stderr().lock().write_all(format!("{name}: {}\n", one_line(text)).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_problem() {
        let problem = catch_panic(|| panic!("no")).unwrap_err();
        assert_eq!(problem.to_string(), "a bug in the hook: it panicked");
    }
}
