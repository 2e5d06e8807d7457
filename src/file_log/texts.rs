//! Taking texts off their lines, wherever they stand: in the log, and in what was cut out of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use smol_str::SmolStr;

use super::rewrite::DRAFTS;
use super::segments::DIRECTORY;
use super::{FileLog, Rewrite, WriteLock};
use crate::disk::{Mode, if_there};
use crate::events::{EventId, LogError, text_of, text_place, written_id};

/// How many directories deep the quarantine is: in it lie logs that were set aside, with their segments.
const QUARANTINE_DEPTH: u32 = 2;

/// A text that stands behind the id of a line.
#[derive(Debug)]
pub struct StandingText {
    pub event: EventId,
    /// The file, as the store names it.
    pub file: SmolStr,
    /// The line in it, from 1.
    pub line: u64,
    /// The line, without its line end.
    pub bytes: Vec<u8>,
}

impl FileLog {
    /// Finds the texts of these events, in the order of the log, and what is to be done to its
    /// files to take them off.
    pub fn find_texts(
        &mut self,
        events: &BTreeSet<EventId>,
    ) -> Result<(Vec<StandingText>, Vec<Rewrite>), LogError> {
        let mut reader = self.reader()?;
        let (mut standing, mut places) = (Vec::new(), BTreeMap::<_, Vec<_>>::new());
        while let Some(batch) = reader.read()? {
            let file = reader.segments().get(batch.file).map(|it| it.name.clone());
            let (mut offset, mut line) = (batch.offset, batch.lines);
            for whole in batch.bytes.split(|byte| *byte == b'\n') {
                line += 1;
                let bytes = whole.strip_suffix(b"\r").unwrap_or(whole);
                let event = text_of(bytes).and_then(|_| written_id(bytes));
                if let Some(event) = event.filter(|event| events.contains(event))
                    && let Some(place) = text_place(bytes)
                {
                    let place = offset + place.start as u64..offset + place.end as u64;
                    places.entry(batch.file).or_default().push(place);
                    let (file, bytes) = (file.clone().unwrap_or_default(), bytes.to_vec());
                    standing.push(StandingText { event, file, line, bytes });
                }
                offset += whole.len() as u64 + 1;
            }
        }
        let rewrites = places.into_iter().filter_map(|(file, texts)| {
            let segment = reader.segments().get(file)?.clone();
            Some(Rewrite { texts, ..Rewrite::of(segment) })
        });
        Ok((standing, rewrites.collect()))
    }

    /// Takes the texts of these events off their lines, under the lock, and out of what was cut out of the
    /// log. Returns by how many bytes the log is shorter now; nothing if its files are others by now.
    pub fn take_texts_off(
        &mut self,
        events: &BTreeSet<EventId>,
        guard: &WriteLock,
    ) -> Result<Option<u64>, LogError> {
        let (_, rewrites) = self.find_texts(events)?;
        self.clean_quarantine(events, &[])?;
        let mut taken = 0;
        for rewrite in &rewrites {
            if !self.rewrite(rewrite, guard)? {
                return Ok(None);
            }
            taken += rewrite.segment.bytes - rewrite.bytes_left();
        }
        self.sync_all_names()?;
        self.reopen()?;
        Ok(Some(taken))
    }

    /// Takes the texts of these events, and `words` wherever they stand, out of what was cut out
    /// of the log, under the lock; returns the files that held any.
    ///
    /// What is cut may end anywhere, a text too: it is taken away up to there.
    pub fn clean_quarantine(
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
            if let Some(left) = without(&bytes, events, words) {
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
    pub fn sync_all_names(&self) -> Result<(), LogError> {
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

/// Lines, whole or not, without the texts of these events and without `words`; nothing if they
/// hold neither.
fn without(bytes: &[u8], events: &BTreeSet<EventId>, words: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut left = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match cut_text(line, events) {
            Some(place) => {
                left.extend_from_slice(line.get(..place).unwrap_or_default());
                left.extend_from_slice(if line.ends_with(b"\n") { b"}\n" } else { b"}" });
            }
            None => left.extend_from_slice(line),
        }
    }
    for words in words {
        while let Some(start) = memchr::memmem::find(&left, words) {
            left.drain(start..start + words.len());
        }
    }
    (left != bytes).then_some(left)
}

/// Where the text begins that stands in a line, or in a piece of one, behind the id of one of
/// these events.
fn cut_text(line: &[u8], events: &BTreeSet<EventId>) -> Option<usize> {
    let place = text_place(line)?;
    let digits = line.get(place.start.checked_sub(EventId::DIGITS + 1)?..place.start - 1)?;
    EventId::parse(digits).filter(|id| events.contains(id)).map(|_| place.start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projection::testing::{History, lesson, seed};

    #[test]
    fn a_text_is_taken_out_of_a_line_that_was_cut_anywhere() {
        let history = History::of([seed("Ann"), lesson("Ann", "Run it twice.")]);
        let line = history.lines[1].as_bytes();
        let events = BTreeSet::from([written_id(line.trim_ascii_end()).unwrap()]);
        let start = text_place(line).unwrap().start;
        for end in 0..=line.len() {
            for tail in [&b""[..], b"\n", b"\n{\"v\":1,\n"] {
                let held = [b"{}\n", &line[..end], tail].concat();
                let left = without(&held, &events, &[]);
                assert_eq!(left.is_some(), end >= start + b",\"text\":".len(), "{end}");
                let left = left.unwrap_or(held);
                let shown = String::from_utf8_lossy(&left);
                assert!(!shown.contains("Run"), "{shown}");
                assert!(left.starts_with(b"{}\n") && left.ends_with(tail), "{shown}");
            }
        }
        assert_eq!(without(line, &BTreeSet::from([EventId::of(b"")]), &[]), None);
        let words = br#""lesson":"Run it twice.""#.to_vec();
        let left = without(line, &BTreeSet::new(), &[words]).unwrap();
        assert!(!String::from_utf8(left).unwrap().contains("twice"));
    }
}
