//! What a store needs to know of the world around it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::PendingCheckpoint;
use crate::disk::Disk;
use crate::events::Position;
use crate::file_log::FileLog;

/// What a store needs to know of the world around it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The store's directory.
    pub dir: PathBuf,
    /// How long to wait for other writers.
    pub wait: Duration,
    /// What time it is.
    pub now: Timestamp,
    /// Who is notified of work that takes long.
    pub progress: Progress,
    /// What keeps the files.
    pub disk: Disk,
    /// What writes the checkpoint once the answer is given.
    pub pending: PendingCheckpoint,
}

impl Options {
    /// The log of the store. Nothing is opened yet.
    pub(super) fn log(&self) -> FileLog {
        FileLog::new(self.disk.clone(), self.dir.clone())
    }

    /// Where the checkpoint is kept.
    pub(super) fn cache(&self) -> PathBuf {
        self.dir.join(".cache")
    }
}

/// Who is notified of work that takes long, if anybody is.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<dyn Fn(LongWork) + Send + Sync>>);

/// What takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LongWork {
    /// Others are writing.
    Waiting,
    /// A long log is read.
    Reading {
        /// How many bytes were read.
        done: u64,
        /// How many there are.
        all: u64,
    },
}

impl Progress {
    /// Notifies `listener`.
    pub fn new(listener: impl Fn(LongWork) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    pub(super) fn report(&self, work: LongWork) {
        if let Some(listener) = &self.0 {
            listener(work);
        }
    }

    /// Reports that a log was read up to a position, and so many bytes are left.
    pub(super) fn report_read(&self, position: &Position, left: u64) {
        let done = position.offset;
        self.report(LongWork::Reading { done, all: done + left });
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Progress" } else { "no progress" })
    }
}
