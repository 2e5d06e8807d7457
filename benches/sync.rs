//! What it costs here to make a line durable.

use std::fs::File;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

/// A line of the usual length.
const LINE: [u8; 300] = [b'x'; 300];

/// A file that lines are appended to, on the file system of the stores.
#[derive(Debug)]
pub struct SyncedFile {
    measured: File,
    other: File,
}

impl SyncedFile {
    /// Makes the file.
    pub fn new() -> io::Result<Self> {
        let file = || tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR"));
        Ok(Self { measured: file()?, other: file()? })
    }

    /// Times the append of a line and its `fdatasync`.
    pub fn append(&self) -> io::Result<Duration> {
        let start = Instant::now();
        append(&self.measured)?;
        Ok(start.elapsed())
    }

    /// Has the disk finish what it was left with, so that the next sync pays for itself alone.
    pub fn settle(&self) -> io::Result<()> {
        append(&self.other)
    }
}

fn append(mut file: &File) -> io::Result<()> {
    file.write_all(&LINE)?;
    file.sync_data()
}
