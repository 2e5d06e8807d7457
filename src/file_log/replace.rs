//! Putting another log in the place of the one that is there, as where a store becomes a fleet's mirror.
//!
//! The other log is written whole to a draft first, and what is there is copied, so that a crash leaves
//! the old log, the new one, or the new one behind segments of the old one, of which each event counts
//! once. Doing it again finishes it.

use std::io::{self, BufWriter, Write as _};
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::lock::WriteLock;
use super::rewrite::copy_ranges;
use super::segments::{ACTIVE, DIRECTORY};
use super::tail::copy;
use super::{FileLog, Files};
use crate::disk::{Disk, Mode, OpenFile};
use crate::events::LogError;

/// The bytes that are gathered for one write.
const BUFFER: usize = 256 * 1024;

/// A log that is being written, and that nobody reads yet. There is one at a time: it is written under
/// the lock.
pub struct Draft {
    path: PathBuf,
    file: Arc<dyn OpenFile>,
    buffer: Vec<u8>,
}

impl Draft {
    /// Adds whole lines.
    pub fn write(&mut self, lines: &[u8]) -> Result<(), LogError> {
        self.buffer.extend_from_slice(lines);
        if self.buffer.len() < BUFFER { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), LogError> {
        let written = self.file.write_all(&self.buffer);
        self.buffer.clear();
        written.map_err(LogError::io("write", &self.path))
    }
}

impl FileLog {
    /// Begins a draft with the first `bytes` of the log.
    pub fn draft_of(&mut self, bytes: u64) -> Result<Draft, LogError> {
        let (dir, path) = (self.quarantine(), self.draft());
        self.disk.make_dirs(&dir).map_err(LogError::io("create", &dir))?;
        let file = self.disk.open(&path, Mode::Truncate).map_err(LogError::io("create", &path))?;
        let draft = Draft { path, file, buffer: Vec::new() };
        let (disk, mut left) = (self.disk.clone(), bytes);
        self.open()?;
        let Some(files) = &mut self.files else { return Ok(draft) };
        let mut to = BufWriter::with_capacity(BUFFER, &*draft.file);
        for index in 0..=files.sealed.len() {
            let Some(part) = files.get(&disk, index)? else { break };
            let copied = part.len().and_then(|length| {
                let length = length.min(left);
                left -= length;
                copy(&*part, 0..length, &mut to)
            });
            copied.map_err(LogError::io("copy to", &draft.path))?;
        }
        to.flush().map_err(LogError::io("write", &draft.path))?;
        drop(to);
        Ok(draft)
    }

    /// Puts a draft in the place of the log, whose files are kept in the directory `aside`; returns
    /// whether the log was still the one that was opened under the lock.
    pub fn begin_anew(
        &mut self,
        mut draft: Draft,
        guard: &WriteLock,
        aside: &Path,
    ) -> Result<bool, LogError> {
        draft.flush()?;
        let path = self.path.clone();
        let Some(Files { sealed, active: Some(active), .. }) = &self.files else {
            return Ok(false);
        };
        let replace = || {
            draft.file.sync()?;
            keep(&self.disk, &**active, aside)?;
            if !self.disk.names(&path, &**active)? {
                return Ok(false);
            }
            // Should this process die, whoever appends next makes the names durable.
            guard.begin_renaming()?;
            self.disk.rename(&draft.path, &path)?;
            self.disk.sync_dir(&self.dir)?;
            let segments = aside.join(DIRECTORY);
            for segment in sealed {
                self.disk.make_dirs(&segments)?;
                let name = segment.path.file_name().unwrap_or_default();
                self.disk.rename(&segment.path, &segments.join(name))?;
            }
            if !sealed.is_empty() {
                self.disk.sync_dir(&segments)?;
                self.disk.sync_dir(&self.dir.join(DIRECTORY))?;
            }
            self.disk.sync_dir(&self.quarantine())?;
            guard.end_renaming()?;
            Ok(true)
        };
        let replaced = replace().map_err(LogError::io("begin anew", &path))?;
        self.reopen()?;
        Ok(replaced)
    }

    /// A directory in the quarantine for files that are set aside, which is not there yet.
    pub fn new_aside(&self, name: &str) -> Result<PathBuf, LogError> {
        let dir = self.quarantine();
        let numbered = (2..).map(|n| format!("{name}-{n}"));
        let mut paths = iter::once(name.to_owned()).chain(numbered).map(|name| dir.join(name));
        let free = paths.find(|path| !self.disk.exists(path).unwrap_or(false));
        let path = free.unwrap_or(dir);
        self.disk.make_dirs(&path).map_err(LogError::io("create", &path))?;
        Ok(path)
    }
}

/// Copies the active file to the directory of what is set aside.
fn keep(disk: &Disk, active: &dyn OpenFile, aside: &Path) -> io::Result<()> {
    let kept = disk.open(&aside.join(ACTIVE), Mode::Truncate)?;
    copy_ranges(active, iter::once(0..active.len()?), &*kept)?;
    kept.sync()?;
    disk.sync_dir(aside)
}
