//! The seam between the store and the file system that keeps it.
//!
//! Everything that the log, its lock and the checkpoint do with files goes
//! through two narrow traits: a [`FileSystem`] opens, lists, renames and syncs,
//! an [`OpenFile`] reads, writes and is locked. They say what each call means,
//! and what is durable when it has returned. The machine's own file system is
//! one; the tests have another, which loses power at any call, tears writes and
//! fails on demand; a revision of git is a third, which is only read.

use std::ops::Deref;
use std::sync::Arc;

mod file_system;
mod identity;
#[cfg(unix)]
#[cfg(test)]
pub mod simulated;
mod system;

pub use file_system::{FileSystem, Mode, OpenFile, if_there};
pub use identity::Identity;
pub use system::{open_to_others, open_unlinked, read_to_string};

/// Where the files of a store are kept: the machine's file system, unless it is a test's.
#[derive(Debug, Clone)]
pub struct Disk(Arc<dyn FileSystem>);

impl Default for Disk {
    fn default() -> Self {
        Self(Arc::new(system::System))
    }
}

impl Disk {
    pub(crate) fn new(files: impl FileSystem + 'static) -> Self {
        Self(Arc::new(files))
    }
}

impl Deref for Disk {
    type Target = dyn FileSystem;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}
