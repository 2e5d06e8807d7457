//! When a hook has to end, done or not.

use std::io::{self, Read, Stdin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

/// Keeps a hook from being slow: a thread that ends the process when time is up.
///
/// The thread costs a quarter of the hook's time, so it is started only by the
/// first wait that can be long: for input, for a lock, for a log to be read
/// through. The sync of a line needs none: a process that waits for its disk
/// cannot end before the disk answers, whatever its other threads do.
pub struct Deadline {
    start: Instant,
    limit: Duration,
    thread: Once,
    is_claimed: AtomicBool,
    on_expiry: Box<dyn Fn() + Send + Sync>,
}

impl Deadline {
    /// Sets a deadline, `limit` from now, after which `on_expiry` is called.
    #[must_use]
    pub fn new(limit: Duration, on_expiry: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            // The clock measures how long the client waits; it enters no answer.
            start: Instant::now(),
            limit,
            thread: Once::new(),
            is_claimed: AtomicBool::new(false),
            on_expiry: Box::new(on_expiry),
        })
    }

    /// How long the hook may take.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// Starts the thread, unless it was started before.
    pub(crate) fn enforce(self: &Arc<Self>) {
        self.thread.call_once(|| {
            let deadline = Arc::clone(self);
            // Without a thread, the client's own time limit is what ends the hook. It does next to
            // nothing, and needs no more than a small stack.
            let _ = thread::Builder::new().stack_size(64 * 1024).spawn(move || {
                thread::sleep(deadline.limit.saturating_sub(deadline.start.elapsed()));
                if deadline.claim() {
                    (deadline.on_expiry)();
                }
            });
        });
    }

    /// Claims the right to report how the hook ended, and returns whether nobody had it before.
    ///
    /// Both the hook's work and the thread do so, so that only one of them writes.
    #[must_use]
    pub(crate) fn claim(&self) -> bool {
        !self.is_claimed.swap(true, Ordering::SeqCst)
    }
}

/// The standard input. The [`Deadline`] is enforced as soon as a read has to wait.
pub struct TimedStdin {
    pub(crate) input: Stdin,
    pub(crate) deadline: Arc<Deadline>,
}

impl Read for TimedStdin {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if !is_ready(&self.input) {
            self.deadline.enforce();
        }
        self.input.read(bytes)
    }
}

/// Returns whether there is something to read within 5 ms.
#[cfg(unix)]
fn is_ready(input: &Stdin) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let timeout = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
    let mut inputs = [PollFd::new(input, PollFlags::IN)];
    matches!(poll(&mut inputs, Some(&timeout)), Ok(ready) if ready > 0)
}

/// Here, there is no way to know.
#[cfg(not(unix))]
fn is_ready(_: &Stdin) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Returns whether a deadline that expires is reported.
    fn is_reported(is_claimed: bool) -> bool {
        let (sender, receiver) = mpsc::channel();
        let deadline = Deadline::new(Duration::from_millis(1), move || sender.send(()).unwrap());
        if is_claimed {
            assert!(deadline.claim());
        }
        deadline.enforce();
        drop(deadline);
        // The thread drops the sender when it ends.
        receiver.recv().is_ok()
    }

    #[test]
    fn a_deadline_is_reported_unless_the_work_was_done_before() {
        assert!(is_reported(false));
        assert!(!is_reported(true));
    }
}
