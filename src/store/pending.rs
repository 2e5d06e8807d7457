//! The checkpoint that is to be written once the answer is given.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::disk::Disk;
use crate::projection::{View, checkpoint};

/// A checkpoint that a store left to be written.
///
/// Nobody waits for it: it is written when the last clone of this is dropped,
/// so the caller keeps one until the answer is given.
#[derive(Debug, Clone, Default)]
pub struct PendingCheckpoint(Arc<Slot>);

/// What keeps the checkpoint, in which directory, and of which view, if it is due.
#[derive(Debug, Default)]
struct Slot(Mutex<Option<(Disk, PathBuf, View)>>);

impl PendingCheckpoint {
    /// Leaves the checkpoint of a view, in place of one that was left before.
    pub(super) fn set(&self, disk: Disk, dir: PathBuf, view: View) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((disk, dir, view));
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let due = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((disk, dir, mut view)) = due {
            // Losing it changes speed, never an answer: a store that cannot be written to is read.
            let _ = checkpoint::write(&disk, &dir, &mut view);
        }
    }
}
