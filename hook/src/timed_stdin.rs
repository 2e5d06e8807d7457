//! Reading what a client may be slow to write.

use std::io::{self, Read, Stdin};
use std::sync::Arc;

use crate::deadline::Deadline;

/// The standard input. The [`Deadline`] is enforced as soon as a read has to wait.
pub struct TimedStdin<'a> {
    input: Stdin,
    deadline: &'a Arc<Deadline>,
}

impl<'a> TimedStdin<'a> {
    /// Reads this process's standard input.
    pub fn new(deadline: &'a Arc<Deadline>) -> Self {
        Self { input: io::stdin(), deadline }
    }
}

impl Read for TimedStdin<'_> {
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
