//! The writers' lock.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{LogError, disk};

/// The first pause between two tries. It doubles until [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_micros(50);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_millis(2);

/// The exclusive lock on a store's `.lock`, given back when dropped.
///
/// It is a file of its own, never deleted and never renamed, because a lock
/// on the log would be lost with the log that a checkout or a seal replaces.
/// The system gives the lock back when its holder dies.
#[derive(Debug)]
pub struct WriteLock {
    /// Open for as long as the lock is held: closing it gives the lock back.
    _file: File,
}

impl WriteLock {
    /// Takes the lock at `path`, or says after `wait` that `log` is busy.
    ///
    /// Pauses grow and vary, so that many writers do not wake in step. The
    /// clock is the monotonic one: it measures a wait and enters no answer.
    pub fn take(path: &Path, log: &Path, wait: Duration) -> Result<Self, LogError> {
        let file = disk::private()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(LogError::io("open the lock", path))?;
        Self::wait_for(file, path, log, wait)
    }

    /// The same for who writes nothing at all: a lock file that is not there is not made.
    pub fn take_existing(path: &Path, log: &Path, wait: Duration) -> Result<Self, LogError> {
        let file = File::open(path).map_err(LogError::io("open the lock", path))?;
        Self::wait_for(file, path, log, wait)
    }

    fn wait_for(file: File, path: &Path, log: &Path, wait: Duration) -> Result<Self, LogError> {
        let start = Instant::now();
        let mut jitter = fastrand::Rng::with_seed(u64::from(std::process::id()));
        let mut pause = FIRST_PAUSE;
        loop {
            match try_lock(&file) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(source) => {
                    return Err(LogError::Io { doing: "lock", path: path.to_owned(), source });
                }
            }
            let left = wait.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(LogError::Busy { path: log.to_owned(), waited: wait });
            }
            std::thread::sleep(pause.mul_f64(0.5 + jitter.f64() / 2.0).min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Tries to lock; a lock that is held elsewhere is `WouldBlock` on every system.
///
/// `File` has methods of its own by these names; the full path picks fs2's.
pub fn try_lock(file: &File) -> io::Result<()> {
    fs2::FileExt::try_lock_exclusive(file).map_err(|error| {
        let contended = fs2::lock_contended_error();
        if error.raw_os_error() == contended.raw_os_error() {
            io::ErrorKind::WouldBlock.into()
        } else {
            error
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_waits_and_then_says_that_the_log_is_busy() {
        let dir = tempfile::tempdir().unwrap();
        let (path, log) = (dir.path().join(".lock"), dir.path().join("events.jsonl"));
        let wait = Duration::from_millis(20);
        let held = WriteLock::take(&path, &log, wait).unwrap();
        let start = Instant::now();
        let refused = WriteLock::take(&path, &log, wait).unwrap_err();
        assert!(matches!(refused, LogError::Busy { waited, .. } if waited == wait), "{refused}");
        assert!(start.elapsed() >= wait);
        drop(held);
        WriteLock::take(&path, &log, Duration::ZERO).unwrap();
    }
}
