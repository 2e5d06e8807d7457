//! Files as the storage of a log.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use super::lock::{self, WriteLock};
use super::{FileLog, Files, Reader};
use crate::disk::Mode;
use crate::events::{
    EventId, LogError, LogStorage, Position, Presence, Repair, Rewrite, Segment, TornTail,
};

/// The attributes that a new store has in git: the log keeps its bytes, and a merge keeps the lines of both sides.
const GIT_ATTRIBUTES: &str = "*.jsonl text eol=lf merge=union diff=muzzle-persona\n";
/// What in a store is no business of git's.
pub(crate) const GIT_IGNORE: &str =
    ".lock\n.cache/\nquarantine/\nallowed\nremote.toml\noutbox.jsonl\n";

impl LogStorage for FileLog {
    type Guard = WriteLock;
    type Reader = Reader;

    fn presence(&mut self) -> Result<Presence, LogError> {
        let Files { sealed, active, .. } = self.open()?;
        Ok(match active {
            Some(_) => Presence::Whole,
            None if sealed.is_empty() => Presence::Absent,
            None => Presence::Sealed,
        })
    }

    /// Makes the directory of a new store, and the files that say how git treats what is in it.
    fn create(&mut self) -> Result<(), LogError> {
        self.is_new = !self.disk.exists(&self.dir.join(lock::FILE)).unwrap_or(false);
        self.disk.make_dirs(&self.dir).map_err(LogError::io("create the store", &self.dir))?;
        for (name, content) in [(".gitattributes", GIT_ATTRIBUTES), (".gitignore", GIT_IGNORE)] {
            let path = self.dir.join(name);
            self.disk.write_new(&path, content).map_err(LogError::io("write", &path))?;
        }
        Ok(())
    }

    fn look_again(&mut self) {
        self.files = None;
    }

    fn reader(&mut self) -> Result<Reader, LogError> {
        self.open_reader()
    }

    fn is_unchanged(&mut self, reader: &Reader) -> Result<bool, LogError> {
        self.is_as_read(reader)
    }

    fn hold(&self, wait: Duration) -> Option<WriteLock> {
        let path = self.dir.join(lock::FILE);
        WriteLock::take(&self.disk, Mode::Read, &path, &self.path, wait).ok()
    }

    fn bytes(&self, segment: &Segment, offset: u64, length: usize) -> Result<Vec<u8>, LogError> {
        let mut bytes = Vec::new();
        self.disk
            .open(&segment.path, Mode::Read)
            .and_then(|file| file.read_at(offset, length as u64, &mut bytes))
            .map_err(LogError::io("read", &segment.path))?;
        Ok(bytes)
    }

    fn unsealed_bytes(&self, end: &Position) -> u64 {
        end.offset.saturating_sub(self.files.as_ref().map_or(0, Files::active_start))
    }

    fn seal(
        &mut self,
        guard: WriteLock,
        expected: &Position,
    ) -> Result<Option<(PathBuf, u64, Option<TornTail>)>, LogError> {
        self.seal_active(guard, expected)
    }

    fn prepare(&self, rewrites: &[Rewrite], record: &Repair) -> Result<Vec<PathBuf>, LogError> {
        self.keep_cut(rewrites, record)
    }

    fn rewrite(&mut self, rewrite: &Rewrite, guard: &WriteLock) -> Result<bool, LogError> {
        self.rewrite_file(rewrite, guard)
    }

    fn planned(&self) -> Repair {
        self.read_plan()
    }

    fn remove_plan(&self) -> Result<(), LogError> {
        self.remove_plan_file()
    }

    fn clean_quarantine(
        &self,
        events: &BTreeSet<EventId>,
        words: &[Vec<u8>],
    ) -> Result<Vec<PathBuf>, LogError> {
        self.clean_cut(events, words)
    }

    fn sync_all_names(&self) -> Result<(), LogError> {
        self.sync_directories()
    }
}
