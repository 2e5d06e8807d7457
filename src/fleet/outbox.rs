//! What still has to reach the fleet: events that only report what happened on this machine.
//!
//! They stand in a file as the lines that they would have been, and are written anew when the fleet can be
//! reached: what they follow is another event by then. The file is changed under the writers' lock.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, Mode, if_there};
use crate::events::{Event, EventId, LogError, Record, decode};
use crate::projection::line::line_ranges;

/// The file, in a store.
pub const FILE: &str = "outbox.jsonl";
/// Where it is written before it gets its name.
const DRAFT: &str = "outbox.jsonl.new";

/// Returns whether an event may wait until the fleet can be reached: it takes nothing from anybody else,
/// and means the same later.
#[must_use]
pub fn may_wait(event: &Event) -> bool {
    matches!(event, Event::Release(_) | Event::Delivery(_) | Event::Outcome(_))
}

/// The events of this machine that the fleet was not told of yet.
#[derive(Debug)]
pub struct Outbox {
    disk: Disk,
    dir: PathBuf,
    path: PathBuf,
}

impl Outbox {
    /// Names the outbox of the store in `dir`. Nothing is opened yet.
    #[must_use]
    pub fn new(disk: &Disk, dir: &Path) -> Self {
        Self { disk: disk.clone(), dir: dir.to_owned(), path: dir.join(FILE) }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether anything waits.
    pub fn exists(&self) -> Result<bool, LogError> {
        self.disk.exists(&self.path).map_err(LogError::io("look at", &self.path))
    }

    /// What waits, oldest first. A line that a crash cut off was never acknowledged, and is left out.
    pub fn read(&self) -> Result<Vec<Record>, LogError> {
        let bytes = self.bytes()?;
        let lines = line_ranges(&bytes).filter_map(|range| bytes.get(range));
        Ok(lines.filter_map(|line| decode(line).ok()).collect())
    }

    fn bytes(&self) -> Result<Vec<u8>, LogError> {
        let read = if_there(self.disk.read(&self.path));
        Ok(read.map_err(LogError::io("read", &self.path))?.unwrap_or_default())
    }

    /// Adds lines, durably.
    pub fn add(&self, lines: &[u8]) -> Result<(), LogError> {
        let add = || {
            let file = self.disk.open(&self.path, Mode::AppendOrCreate)?;
            if file.len()? == 0 {
                self.disk.sync_dir(&self.dir)?;
            }
            file.write_all(lines)?;
            file.sync()
        };
        add().map_err(LogError::io("write", &self.path))
    }

    /// Takes out those that the fleet was told of.
    pub fn remove(&self, told: &BTreeSet<EventId>) -> Result<(), LogError> {
        let bytes = self.bytes()?;
        let is_left = |line: &&[u8]| decode(line).is_ok_and(|it| !told.contains(&it.id));
        let lines = line_ranges(&bytes).filter_map(|range| bytes.get(range)).filter(is_left);
        let left: Vec<u8> = lines.flat_map(|line| [line, b"\n"].concat()).collect();
        let draft = self.dir.join(DRAFT);
        let replace = || {
            if left.is_empty() {
                self.disk.remove(&self.path)?;
            } else {
                let file = self.disk.open(&draft, Mode::Truncate)?;
                file.write_all(&left)?;
                file.sync()?;
                self.disk.rename(&draft, &self.path)?;
            }
            self.disk.sync_dir(&self.dir)
        };
        replace().map_err(LogError::io("write", &self.path))
    }
}
