//! A log in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{
    Append, Batch, EventId, Log, LogError, LogReader, LogStorage, Position, Presence, Read, Repair,
    Rewrite, Segment, TornTail, without_texts, written_id,
};

/// What it is called in messages.
const NAME: &str = "memory";

/// How many bytes of lines are read at a time, if the first of them is no longer.
const PAGE: usize = 1 << 20;

/// A log in memory. Clones are the same log, which ends with the last of them.
///
/// It promises what [`Log`] does but to outlive the process: for tests of what runs on a log, and for a
/// store of which nothing is to be kept. It is one segment, and never sealed.
#[derive(Debug, Clone, Default)]
pub struct MemoryLog(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    memory: Mutex<Memory>,
    /// Notified when a writer has finished.
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Memory {
    /// Whole lines.
    lines: Vec<u8>,
    is_locked: bool,
    /// What was cut out, and the name of each piece.
    quarantine: BTreeMap<PathBuf, Vec<u8>>,
    planned: Repair,
}

impl MemoryLog {
    /// A log of these lines, whatever is in them. A last one without a line end gets one.
    #[must_use]
    pub fn of(mut lines: Vec<u8>) -> Self {
        if !lines.is_empty() && !lines.ends_with(b"\n") {
            lines.push(b'\n');
        }
        let memory = Mutex::new(Memory { lines, ..Memory::default() });
        Self(Arc::new(Shared { memory, freed: Condvar::new() }))
    }

    /// All lines.
    #[must_use]
    pub fn lines(&self) -> Vec<u8> {
        self.0.memory().lines.clone()
    }

    /// What was cut out of it, in pieces.
    #[must_use]
    pub fn quarantine(&self) -> Vec<Vec<u8>> {
        self.0.memory().quarantine.values().cloned().collect()
    }
}

impl Shared {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        // It is changed at once or not at all.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Returns whether a line with the id that `position` ends with ends there.
    fn holds(&self, position: &Position) -> bool {
        let Some(last) = position.last else { return true };
        let before = usize::try_from(position.offset).ok().and_then(|end| self.lines.get(..end));
        let Some(before) = before.and_then(|before| before.strip_suffix(b"\n")) else {
            return false;
        };
        let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
        before.get(start..).and_then(written_id) == Some(last)
    }

    fn is_whole(&self, segment: &Segment) -> bool {
        self.lines.len() as u64 == segment.bytes
    }
}

/// The right to append to a [`MemoryLog`].
#[derive(Debug)]
pub struct MemoryGuard(Arc<Shared>);

impl Drop for MemoryGuard {
    fn drop(&mut self) {
        self.0.memory().is_locked = false;
        self.0.freed.notify_one();
    }
}

impl Log for MemoryLog {
    type Guard = MemoryGuard;
    type Storage = Self;

    fn read(&mut self, since: &Position, lines: &mut Vec<u8>) -> Result<Read, LogError> {
        lines.clear();
        let memory = self.0.memory();
        let start = usize::try_from(since.offset).unwrap_or(usize::MAX);
        let Some(rest) = memory.lines.get(start..).filter(|_| memory.holds(since)) else {
            return Ok(Read::Moved);
        };
        let end = rest.get(..PAGE).map_or(rest.len(), |page| {
            let end = memchr::memrchr(b'\n', page).or_else(|| memchr::memchr(b'\n', rest));
            end.map_or(rest.len(), |end| end + 1)
        });
        lines.extend_from_slice(rest.get(..end).unwrap_or_default());
        Ok(Read::Lines { left: (rest.len() - lines.len()) as u64 })
    }

    fn holds(&mut self, position: &Position) -> Result<bool, LogError> {
        Ok(self.0.memory().holds(position))
    }

    fn lock(&mut self, wait: Duration) -> Result<MemoryGuard, LogError> {
        let waited = self.0.freed.wait_timeout_while(self.0.memory(), wait, |it| it.is_locked);
        let (mut memory, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if memory.is_locked {
            return Err(LogError::Busy { path: NAME.into(), waited: wait });
        }
        memory.is_locked = true;
        Ok(MemoryGuard(Arc::clone(&self.0)))
    }

    fn append(
        &mut self,
        _guard: MemoryGuard,
        expected: &Position,
        lines: &[u8],
    ) -> Result<Append, LogError> {
        let mut memory = self.0.memory();
        if memory.lines.len() as u64 != expected.offset || !memory.holds(expected) {
            return Ok(Append::Moved);
        }
        memory.lines.extend_from_slice(lines);
        Ok(Append::Done { torn: None })
    }

    fn sync(&mut self) -> Result<(), LogError> {
        Ok(())
    }

    fn storage(&mut self) -> &mut Self {
        self
    }

    fn path(&self) -> &Path {
        Path::new(NAME)
    }

    fn locate(&self, line: u64) -> (PathBuf, u64) {
        (NAME.into(), line)
    }
}

impl LogStorage for MemoryLog {
    type Guard = MemoryGuard;
    type Reader = MemoryReader;

    fn presence(&mut self) -> Result<Presence, LogError> {
        let is_empty = self.0.memory().lines.is_empty();
        Ok(if is_empty { Presence::Absent } else { Presence::Whole })
    }

    fn create(&mut self) -> Result<(), LogError> {
        Ok(())
    }

    fn look_again(&mut self) {}

    fn reader(&mut self) -> Result<MemoryReader, LogError> {
        let lines = self.lines();
        let (name, path, bytes) = (NAME.into(), NAME.into(), lines.len() as u64);
        let segment = Segment { name, path, start: 0, bytes, is_sealed: false };
        Ok(MemoryReader { segments: [segment], lines, done: 0 })
    }

    fn is_unchanged(&mut self, reader: &MemoryReader) -> Result<bool, LogError> {
        Ok(self.0.memory().lines == reader.lines)
    }

    fn hold(&self, wait: Duration) -> Option<MemoryGuard> {
        self.clone().lock(wait).ok()
    }

    fn bytes(&self, _: &Segment, offset: u64, length: usize) -> Result<Vec<u8>, LogError> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let memory = self.0.memory();
        let bytes = memory.lines.get(start..start.saturating_add(length));
        Ok(bytes.unwrap_or_default().to_vec())
    }

    fn unsealed_bytes(&self, _end: &Position) -> u64 {
        0
    }

    fn seal(
        &mut self,
        _guard: MemoryGuard,
        _expected: &Position,
    ) -> Result<Option<(PathBuf, u64, Option<TornTail>)>, LogError> {
        Ok(None)
    }

    fn prepare(&self, rewrites: &[Rewrite], record: &Repair) -> Result<Vec<PathBuf>, LogError> {
        let mut memory = self.0.memory();
        memory.planned = record.clone();
        let mut kept = Vec::new();
        for (cut, at) in rewrites.iter().flat_map(|rewrite| &rewrite.cut) {
            let range = usize::try_from(at.start).unwrap_or(usize::MAX)
                ..usize::try_from(at.end).unwrap_or(usize::MAX);
            let piece = memory.lines.get(range).unwrap_or_default().to_vec();
            let name = PathBuf::from(format!("{NAME}.cut.{:.8}", cut.blake3));
            memory.quarantine.insert(name.clone(), piece);
            kept.push(name);
        }
        Ok(kept)
    }

    fn rewrite(&mut self, rewrite: &Rewrite, _guard: &MemoryGuard) -> Result<bool, LogError> {
        let mut memory = self.0.memory();
        if !memory.is_whole(&rewrite.segment) {
            return Ok(false);
        }
        for at in rewrite.left_out().into_iter().rev() {
            let (Ok(start), Ok(end)) = (usize::try_from(at.start), usize::try_from(at.end)) else {
                continue;
            };
            memory.lines.drain(start..end);
        }
        if rewrite.needs_line_end() {
            memory.lines.push(b'\n');
        }
        Ok(true)
    }

    fn planned(&self) -> Repair {
        self.0.memory().planned.clone()
    }

    fn remove_plan(&self) -> Result<(), LogError> {
        self.0.memory().planned = Repair::default();
        Ok(())
    }

    fn clean_quarantine(
        &self,
        events: &BTreeSet<EventId>,
        words: &[Vec<u8>],
    ) -> Result<Vec<PathBuf>, LogError> {
        let mut cleaned = Vec::new();
        for (name, piece) in &mut self.0.memory().quarantine {
            if let Some(left) = without_texts(piece, events, words) {
                *piece = left;
                cleaned.push(name.clone());
            }
        }
        Ok(cleaned)
    }

    fn sync_all_names(&self) -> Result<(), LogError> {
        Ok(())
    }
}

/// Reads a [`MemoryLog`] through.
#[derive(Debug)]
pub struct MemoryReader {
    segments: [Segment; 1],
    lines: Vec<u8>,
    done: usize,
}

impl LogReader for MemoryReader {
    fn segments(&self) -> &[Segment] {
        &self.segments
    }

    fn progress(&self) -> (u64, u64) {
        (self.done as u64, self.lines.len() as u64)
    }

    fn rewind(&mut self) {
        self.done = 0;
    }

    fn read(&mut self) -> Result<Option<Batch>, LogError> {
        if self.done == self.lines.len() {
            return Ok(None);
        }
        let (bytes, whole) = (self.lines.clone(), self.lines.len());
        self.done = whole;
        let batch = Batch { file: 0, lines: 0, offset: 0, bytes, whole, rest: 0, unended: false };
        Ok(Some(batch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_comes_in_pages_of_whole_lines_however_long_these_are() {
        let line = |length| ["x".repeat(length), "\n".to_owned()].concat();
        let lines = [line(PAGE / 2), line(PAGE / 3), line(2 * PAGE), line(1), line(PAGE)].concat();
        let mut log = MemoryLog::of(lines.clone().into_bytes());
        let (mut read, mut page, mut at, mut pages) =
            (Vec::new(), Vec::new(), Position::START, Vec::new());
        while let Read::Lines { left } = log.read(&at, &mut page).unwrap() {
            assert!(page.ends_with(b"\n"));
            at.advance(&page);
            pages.push(memchr::memchr_iter(b'\n', &page).count());
            read.append(&mut page);
            assert_eq!(left, (lines.len() - read.len()) as u64);
            if left == 0 {
                break;
            }
        }
        assert!(read == lines.as_bytes());
        assert_eq!(pages, [2, 1, 1, 1]);
    }
}
