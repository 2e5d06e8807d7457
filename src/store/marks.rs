//! Marks: small files of the cache that say for a day that something was seen.
//!
//! What a mark is of may hold any character, so its file is named after the BLAKE3 hash of that, and
//! holds the moment at which it was made. Losing one changes no answer.

use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::Options;
use crate::disk::{Mode, if_there};

/// How long a mark says something.
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The marks of one kind, in a directory of their own.
pub struct Marks<'a> {
    options: &'a Options,
    dir: PathBuf,
}

impl<'a> Marks<'a> {
    pub fn of(options: &'a Options, kind: &str) -> Self {
        Self { options, dir: options.cache().join(kind) }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Sets the mark of something, and removes the marks that say nothing any more.
    pub fn set(&self, of: &str) -> io::Result<()> {
        let disk = &self.options.disk;
        disk.make_dirs(&self.dir)?;
        for name in disk.list(&self.dir)? {
            let path = self.dir.join(name);
            if !self.is_fresh(&path) {
                // Somebody else may have been faster.
                if_there(disk.remove(&path))?;
            }
        }
        self.write(&self.path(of))
    }

    /// Takes the mark of something away, and returns whether there was one that said something.
    pub fn take(&self, of: &str) -> io::Result<bool> {
        let path = self.path(of);
        let was_set = self.is_fresh(&path);
        if_there(self.options.disk.remove(&path)).map(|_| was_set)
    }

    /// Returns whether something has a mark.
    pub fn has(&self, of: &str) -> bool {
        self.is_fresh(&self.path(of))
    }

    /// Writes the present moment into a file.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let moment = format!("{}\n", self.options.now);
        self.options.disk.open(path, Mode::Truncate)?.write_all(moment.as_bytes())
    }

    /// Returns the moment that a file holds.
    pub fn moment(&self, path: &Path) -> Option<Timestamp> {
        let bytes = self.options.disk.read(path).ok()?;
        str::from_utf8(&bytes).ok()?.trim_end().parse().ok()
    }

    fn path(&self, of: &str) -> PathBuf {
        self.dir.join(blake3::hash(of.as_bytes()).to_hex().as_str())
    }

    /// A clock that was set back makes no mark stale for longer than it was fresh.
    fn is_fresh(&self, path: &Path) -> bool {
        let at = self.moment(path);
        at.is_some_and(|at| self.options.now.duration_since(at).abs() < STALE_AFTER)
    }
}
