//! The writers' lock.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::disk::{Disk, Identity, Mode, OpenFile, if_there};
use crate::events::LogError;

/// The lock's file, in a store.
pub const FILE: &str = ".lock";

/// The first pause between two tries. It doubles until [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_micros(50);
/// The longest pause between two tries. Where it was less, the tries of 64 writers kept the processors
/// from the one that held the lock, and many waited in vain; where it was more, 16 waited longer.
const LONGEST_PAUSE: Duration = Duration::from_millis(1);

/// The exclusive lock on a store's `.lock`, given back when dropped.
///
/// It is a file of its own, never deleted and never renamed, because a lock
/// on the log would be lost with the log that a checkout or a seal replaces.
/// The system gives the lock back when its holder dies.
#[derive(Debug)]
pub struct WriteLock {
    /// Open for as long as the lock is held: closing it gives the lock back.
    file: Arc<dyn OpenFile>,
}

impl WriteLock {
    /// Takes the lock at `path`, or says after `wait` that `log` is busy.
    ///
    /// Pauses vary, so that many writers do not wake in step. The
    /// clock is the monotonic one: it measures a wait and enters no answer.
    /// A lock file that is not there is made, unless `mode` is to read.
    pub fn take(
        disk: &Disk,
        mode: Mode,
        path: &Path,
        log: &Path,
        wait: Duration,
    ) -> Result<Self, LogError> {
        let file = disk.open(path, mode).map_err(LogError::io("open the lock", path))?;
        let start = Instant::now();
        let mut jitter = fastrand::Rng::with_seed(u64::from(std::process::id()));
        let mut pause = FIRST_PAUSE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file }),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(LogError::io("lock", path)(error)),
            }
            let left = wait.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(LogError::Busy { path: log.to_owned(), waited: wait });
            }
            std::thread::sleep(pause.mul_f64(0.5 + jitter.f64() / 2.0).min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Says to whoever takes the lock next that a file may have got a name that is not durable yet.
    ///
    /// It says so by the length of its file, which is odd then, whatever stands in it: what dies with
    /// the machine need not be durable.
    pub fn begin_renaming(&self) -> io::Result<()> {
        let length = self.file.len()?;
        if length.is_multiple_of(2) { self.file.set_len(length + 1) } else { Ok(()) }
    }

    /// Takes that back, once all names are durable.
    pub fn end_renaming(&self) -> io::Result<()> {
        let length = self.file.len()?;
        if length.is_multiple_of(2) { Ok(()) } else { self.file.set_len(length - 1) }
    }

    /// Returns whether a holder of the lock died between the two.
    pub fn has_renamed(&self) -> io::Result<bool> {
        Ok(!self.file.len()?.is_multiple_of(2))
    }
}

/// The holder of a lock, as far as it is known without waiting for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Nobody, or there is no lock yet.
    Free,
    /// A process, by its id where the system lists it.
    Held(Option<u32>),
}

/// Looks up the holder of the lock at `path`. Nothing is written, and no lock is made.
pub fn look(disk: &Disk, path: &Path) -> io::Result<Hold> {
    let Some(file) = if_there(disk.open(path, Mode::Read))? else { return Ok(Hold::Free) };
    match file.try_lock() {
        Ok(()) => Ok(Hold::Free),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Ok(Hold::Held(holder(&file.identity()?)))
        }
        Err(error) => Err(error),
    }
}

/// The process that holds a lock on this file, as Linux lists it by the file's number.
fn holder(file: &Identity) -> Option<u32> {
    let inode = file.number().to_string();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    // `1: FLOCK  ADVISORY  WRITE 4711 fd:01:131 0 EOF`; a waiter has an arrow before `FLOCK`.
    locks.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        words.next().filter(|kind| *kind == "FLOCK")?;
        let process = words.nth(2)?.parse().ok().filter(|process| *process != 0);
        words.next()?.rsplit(':').next().filter(|number| **number == *inode)?;
        process
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_waits_and_then_says_that_the_log_is_busy() {
        let dir = tempfile::tempdir().unwrap();
        let (path, log) = (dir.path().join(".lock"), dir.path().join("events.jsonl"));
        let (disk, wait) = (Disk::default(), Duration::from_millis(20));
        let held = WriteLock::take(&disk, Mode::Keep, &path, &log, wait).unwrap();
        let start = Instant::now();
        let refused = WriteLock::take(&disk, Mode::Keep, &path, &log, wait).unwrap_err();
        assert!(matches!(refused, LogError::Busy { waited, .. } if waited == wait), "{refused}");
        assert!(start.elapsed() >= wait);
        let told = if cfg!(target_os = "linux") { Some(std::process::id()) } else { None };
        assert_eq!(look(&disk, &path).unwrap(), Hold::Held(told));
        drop(held);
        assert_eq!(look(&disk, &path).unwrap(), Hold::Free);
        WriteLock::take(&disk, Mode::Keep, &path, &log, Duration::ZERO).unwrap();
    }
}
