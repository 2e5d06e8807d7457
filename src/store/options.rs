//! What a store needs to know of the world around it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fmt, mem};

use jiff::Timestamp;

use crate::disk::Disk;
use crate::events::{Log as _, LogError, Position};
use crate::file_log::FileLog;
use crate::fleet::{Asker, LocalLog};
use crate::projection::{View, checkpoint};

/// Where the checkpoint is kept, in a store.
const CACHE: &str = ".cache";

/// What a store needs to know of the world around it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The store's directory.
    pub dir: PathBuf,
    /// How long to wait for other writers.
    pub wait: Duration,
    /// What time it is.
    pub now: Timestamp,
    /// Whether an agent of a client waits for the answer: then a fleet that kept silent a moment ago is
    /// not asked.
    pub is_hook: bool,
    /// Who is notified of work that takes long.
    pub progress: Progress,
    /// What keeps the files.
    pub disk: Disk,
    /// What writes the checkpoint once the answer is given.
    pub pending: PendingCheckpoint,
}

impl Options {
    /// The log of the store. Nothing is opened yet.
    pub(super) fn log(&self) -> Result<LocalLog, LogError> {
        let Self { wait, now, is_hook, .. } = *self;
        Ok(LocalLog::open(&self.disk, &self.dir, &self.cache(), Asker { wait, now, is_hook })?)
    }

    /// The files of the log, whatever they follow.
    pub(super) fn files(&self) -> FileLog {
        FileLog::new(self.disk.clone(), self.dir.clone())
    }

    /// The file that grows with each event.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.files().path().to_owned()
    }

    /// Where the checkpoint is kept.
    pub(super) fn cache(&self) -> PathBuf {
        self.dir.join(CACHE)
    }
}

/// What takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A log of this machine is read.
    Reading,
    /// What a fleet has is brought.
    Fetching,
    /// What a fleet lacks is sent to it.
    Publishing,
    /// A mirror is compared with its fleet's log.
    Comparing,
    /// Lines that a fleet lost are given back to it.
    Restoring,
}

/// Who is notified of work that takes long, if anybody is.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(Work, u64, u64) + Send + Sync>);

impl Progress {
    /// Notifies `listener`: what is being done, how much of it is done, and of how much; of reading
    /// that is bytes, and none of none while others are writing.
    pub fn new(listener: impl Fn(Work, u64, u64) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    /// Reports how far the reading of a log came.
    pub(super) fn report(&self, progress: (u64, u64)) {
        self.report_of(Work::Reading, progress);
    }

    pub(super) fn report_of(&self, work: Work, (done, all): (u64, u64)) {
        (self.0)(work, done, all);
    }

    /// Reports that a log was read up to a position, and so many bytes are left.
    pub(super) fn report_read(&self, position: &Position, left: u64) {
        self.report((position.offset, position.offset + left));
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new(|_, _, _| {})
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

/// A checkpoint that a store left to be written.
///
/// Nobody waits for it: it is written when the last clone of this is dropped,
/// so the caller keeps one until the answer is given.
#[derive(Debug, Clone, Default)]
pub struct PendingCheckpoint(Arc<Mutex<Option<(Disk, PathBuf, View)>>>);

impl PendingCheckpoint {
    /// Leaves the checkpoint of a view of the store in `dir`, in place of one that was left before.
    pub(super) fn set(&self, disk: Disk, dir: PathBuf, view: View) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((disk, dir, view));
    }
}

impl Drop for PendingCheckpoint {
    fn drop(&mut self) {
        let Some(due) = Arc::into_inner(mem::take(&mut self.0)) else { return };
        if let Some((disk, dir, mut view)) =
            due.into_inner().unwrap_or_else(PoisonError::into_inner)
        {
            // Of a log that is another one by now, as where a text was taken off a line, it would be
            // of no use, and might keep what was forgotten.
            if view.stands_in(&mut FileLog::new(disk.clone(), dir.clone())) {
                // Losing it changes speed, never an answer: a store that cannot be written to is read.
                let _ = checkpoint::write(&disk, &dir.join(CACHE), &mut view);
            }
        }
    }
}
