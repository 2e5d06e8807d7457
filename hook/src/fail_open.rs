//! Running a hook so that its failure is nobody else's.

use std::io::Write as _;
use std::panic::{self, AssertUnwindSafe};
use std::process::{self, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use muzzle_persona::PendingCheckpoint;
use muzzle_persona::events::one_line;

use crate::Problem;

/// What a hook has to say.
#[derive(Debug, Default)]
pub struct Answer {
    /// What the client is to read.
    pub stdout: String,
    /// What a person may want to know.
    pub notes: Vec<String>,
    /// What writes the checkpoint, once the client has read all that.
    pub pending: PendingCheckpoint,
}

/// Does a hook's work within `limit`, and always succeeds; `undone` says what a failure means.
///
/// The work runs in this thread, and asks for the [`Watch`] before it does what
/// may take long. Who of the two is first to say that it is over has the last
/// word: a late answer is not even begun.
pub fn run(
    name: &'static str,
    undone: &'static str,
    limit: Result<Duration, Problem>,
    work: impl FnOnce(&Arc<Watch>) -> Result<Answer, Problem>,
) -> ExitCode {
    // The default hook would print several lines.
    panic::set_hook(Box::new(|_| {}));
    let over = Arc::new(AtomicBool::new(false));
    let done = limit.and_then(|limit| {
        let late = move || {
            say(name, &format!("{undone}: not done within {} ms", limit.as_millis()));
            process::exit(0);
        };
        let watch = Arc::new(Watch::new(limit, Arc::clone(&over), late));
        guarded(|| work(&watch))
    });
    if over.swap(true, Ordering::SeqCst) {
        // The other thread ends the process.
        loop {
            thread::park();
        }
    }
    match done {
        Ok(Answer { stdout: answer, notes, pending }) => {
            // Who closed the pipe wants no answer.
            let mut stdout = std::io::stdout().lock();
            let _ = stdout.write_all(answer.as_bytes()).and_then(|()| stdout.flush());
            for note in notes {
                say(name, &note);
            }
            drop(pending);
        }
        Err(problem) => say(name, &format!("{undone}: {problem}")),
    }
    ExitCode::SUCCESS
}

/// Does the work, and makes a problem of a panic.
fn guarded(work: impl FnOnce() -> Result<Answer, Problem>) -> Result<Answer, Problem> {
    // The process ends after this: what a panic left half done is seen by nobody.
    panic::catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err("a bug in the hook: it panicked".into()))
}

/// A second thread that ends the process when time is up, once it was asked to.
///
/// A thread costs a quarter of the hook's time, so it is begun only when
/// something does take long: input that is not there yet, a log that has to be
/// read through, a lock that others hold. The sync of the line is not watched:
/// a process that waits for its disk cannot end before the disk answers,
/// whatever its other threads do.
pub struct Watch {
    begin: OnceLock<()>,
    start: Instant,
    limit: Duration,
    over: Arc<AtomicBool>,
    late: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Watch {
    /// A watch that calls `late` when `limit` is up, unless it is `over` by then.
    #[must_use]
    pub fn new(
        limit: Duration,
        over: Arc<AtomicBool>,
        late: impl FnOnce() + Send + 'static,
    ) -> Self {
        let late = Mutex::new(Some(Box::new(late) as Box<_>));
        // The clock measures how long the client waits; it enters no answer.
        Self { begin: OnceLock::new(), start: Instant::now(), limit, over, late }
    }

    /// Begins to watch, if that did not begin before.
    pub fn begin(&self) {
        self.begin.get_or_init(|| {
            let late = self.late.lock().ok().and_then(|mut late| late.take());
            let (left, over) =
                (self.limit.saturating_sub(self.start.elapsed()), Arc::clone(&self.over));
            // Without a thread the client's own patience is the limit.
            let _ = thread::Builder::new().stack_size(STACK).spawn(move || {
                thread::sleep(left);
                if !over.swap(true, Ordering::SeqCst)
                    && let Some(late) = late
                {
                    late();
                }
            });
        });
    }
}

/// The stack of the thread that watches the clock: it does next to nothing.
const STACK: usize = 64 * 1024;

/// Writes one line to stderr. When that fails there is nobody left to tell.
fn say(name: &str, text: &str) {
    let line = format!("{name}: {}\n", one_line(text));
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Whether the clock's thread calls out, once it was over at the start or not.
    fn calls(over: bool) -> bool {
        let (sender, receiver) = mpsc::channel();
        let over = Arc::new(AtomicBool::new(over));
        let watch = Watch::new(Duration::from_millis(1), over, move || sender.send(()).unwrap());
        watch.begin();
        watch.begin();
        // The thread drops the sender when it ends.
        receiver.recv().is_ok()
    }

    #[test]
    fn a_panic_is_a_problem() {
        let problem = guarded(|| panic!("no")).unwrap_err();
        assert_eq!(problem.to_string(), "a bug in the hook: it panicked");
    }

    #[test]
    fn whoever_is_first_has_the_last_word() {
        assert!(calls(false));
        assert!(!calls(true));
    }
}
