//! Closing the active file to appends.

use std::io;
use std::path::PathBuf;

use super::lock::WriteLock;
use super::{FileLog, segments, tail};
use crate::disk::OpenFile;
use crate::events::{
    DamageReason, EventId, LINE_LIMIT, LogError, LogStorage as _, Position, Record, TornTail,
    decode,
};

impl FileLog {
    /// Closes the active file to appends: moves it among the segments, and begins an empty one.
    ///
    /// A crash at any point leaves every line in one of the two places: the file is synced before it
    /// is renamed, and a log without an active file is one that was just sealed.
    pub(super) fn seal_active(
        &mut self,
        guard: WriteLock,
        expected: &Position,
    ) -> Result<Option<(PathBuf, u64, Option<TornTail>)>, LogError> {
        let (Some(file), Some(last)) = (self.appendable(), expected.last) else {
            return Ok(None);
        };
        let bytes = self.unsealed_bytes(expected);
        if bytes == 0 {
            return Ok(None);
        }
        let Some((torn, is_unended)) = self.clear_tail(file, bytes)? else { return Ok(None) };
        if is_unended {
            file.write_all(b"\n").map_err(LogError::io("end the last line of", &self.path))?;
        }
        let sync = |source| LogError::Sync { path: self.path.clone(), source };
        file.sync().map_err(sync)?;
        let first = self.first_line(file)?.seq;
        let dir = self.dir.join(segments::DIRECTORY);
        self.disk.make_dirs(&dir).map_err(LogError::io("create", &dir))?;
        let name = |digits| dir.join(segments::name(first, last, digits));
        let mut names = [8, EventId::DIGITS].into_iter().map(name);
        let free = names.find(|path| !self.disk.exists(path).unwrap_or(true));
        let path = free.ok_or_else(|| io::ErrorKind::AlreadyExists.into());
        let path = path.map_err(LogError::io("seal the log in", &dir))?;
        self.disk.rename(&self.path, &path).map_err(LogError::io("seal the log as", &path))?;
        // The new file must not outlive a crash that undoes the renaming: it would stand in its place.
        self.sync_names(true).map_err(sync)?;
        self.disk.write_new(&self.path, "").map_err(LogError::io("create", &self.path))?;
        self.sync_names(false).map_err(sync)?;
        drop(guard);
        self.files = None;
        Ok(Some((path, bytes, torn)))
    }

    /// Reads the first line of the active file.
    fn first_line(&self, file: &dyn OpenFile) -> Result<Record, LogError> {
        let mut start = Vec::new();
        tail::read_at(file, 0, LINE_LIMIT as u64, &mut start)
            .map_err(LogError::io("read", &self.path))?;
        let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
        decode(line).map_err(|error| {
            let (path, reason) = (self.path.clone(), DamageReason::Line(error));
            LogError::Damaged { path, line: 1, reason }
        })
    }

    /// Makes the files' names durable, those of the segments too if there are any.
    pub(super) fn sync_names(&self, segments: bool) -> io::Result<()> {
        if segments {
            self.disk.sync_dir(&self.dir.join(segments::DIRECTORY))?;
        }
        self.disk.sync_dir(&self.dir)
    }
}
