//! Taking texts out of what was cut out of the log.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::FileLog;
use super::rewrite::DRAFTS;
use super::segments::DIRECTORY;
use crate::disk::{Mode, if_there};
use crate::events::{EventId, LogError, without_texts};

/// How many directories deep the quarantine is: in it lie logs that were set aside, with their segments.
const QUARANTINE_DEPTH: u32 = 2;

impl FileLog {
    /// Takes the texts of these events, and `words` wherever they stand, out of what was cut out
    /// of the log, under the lock; returns the files that held any.
    ///
    /// What is cut may end anywhere, a text too: it is taken away up to there.
    pub(super) fn clean_cut(
        &self,
        events: &BTreeSet<EventId>,
        words: &[Vec<u8>],
    ) -> Result<Vec<PathBuf>, LogError> {
        let dir = self.quarantine();
        let mut cleaned = Vec::new();
        for path in self.quarantined(&dir, QUARANTINE_DEPTH)? {
            if DRAFTS.iter().any(|draft| path == dir.join(draft)) {
                // Whoever wrote it died before it counted.
                self.disk.remove(&path).map_err(LogError::io("remove", &path))?;
                continue;
            }
            // What was taken away meanwhile holds nothing of ours.
            let Ok(bytes) = self.disk.read(&path) else { continue };
            if let Some(left) = without_texts(&bytes, events, words) {
                self.replace(&path, &left).map_err(LogError::io("rewrite", &path))?;
                cleaned.push(path);
            }
        }
        Ok(cleaned)
    }

    /// The files in a directory of what was cut out of the log or set aside, by name.
    fn quarantined(&self, dir: &Path, depth: u32) -> Result<Vec<PathBuf>, LogError> {
        let names = if_there(self.disk.list(dir)).map_err(LogError::io("read", dir))?;
        let mut names = names.unwrap_or_default();
        names.sort();
        let mut found = Vec::new();
        for path in names.iter().map(|name| dir.join(name)) {
            match depth.checked_sub(1) {
                // Only a directory can be listed.
                Some(depth) if self.disk.list(&path).is_ok() => {
                    found.extend(self.quarantined(&path, depth)?);
                }
                _ => found.push(path),
            }
        }
        Ok(found)
    }

    /// Makes durable which file has which name, in the log and in what was cut out of it.
    pub(super) fn sync_directories(&self) -> Result<(), LogError> {
        for dir in [self.quarantine(), self.dir.join(DIRECTORY), self.dir.clone()] {
            if_there(self.disk.sync_dir(&dir)).map_err(LogError::io("sync", &dir))?;
        }
        Ok(())
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let draft = self.draft();
        let file = self.disk.open(&draft, Mode::Truncate)?;
        file.write_all(bytes)?;
        file.sync()?;
        self.disk.rename(&draft, path)?;
        self.disk.sync_dir(path.parent().unwrap_or(path))
    }
}
