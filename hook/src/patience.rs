//! Reading from a client that may keep its hook waiting.

use std::io::{self, Read, Stdin};

use crate::fail_open::Watch;

/// The standard input, read under a [`Watch`] as soon as it keeps the reader waiting.
pub struct Patience<'a> {
    input: Stdin,
    watch: &'a Watch,
}

impl<'a> Patience<'a> {
    /// Reads this process's standard input.
    pub fn new(watch: &'a Watch) -> Self {
        Self { input: io::stdin(), watch }
    }
}

impl Read for Patience<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if !is_ready(&self.input) {
            self.watch.begin();
        }
        self.input.read(bytes)
    }
}

/// How long a client may take to write before its hook is watched, in nanoseconds.
#[cfg(unix)]
const USUAL: i64 = 5_000_000;

/// Waits a little, and tells whether there is something to read by then.
#[cfg(unix)]
fn is_ready(input: &Stdin) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let timeout = Timespec { tv_sec: 0, tv_nsec: USUAL };
    let mut inputs = [PollFd::new(input, PollFlags::IN)];
    matches!(poll(&mut inputs, Some(&timeout)), Ok(ready) if ready > 0)
}

/// Nothing is known of it here.
#[cfg(not(unix))]
fn is_ready(_: &Stdin) -> bool {
    false
}
