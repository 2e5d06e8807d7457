//! Reading a log through, whatever is wrong with it.

use std::io;

use super::segments::ACTIVE;
use super::tail::{ended_lines, read_lines};
use super::{FileLog, Files};
use crate::disk::Disk;
use crate::events::{Batch, LINE_LIMIT, LogError, LogReader, Segment};

/// All files of a log, read one after the other.
#[derive(Debug)]
pub struct Reader {
    disk: Disk,
    files: Files,
    /// The files, the active one last.
    segments: Vec<Segment>,
    /// Which of them is being read, and how far it was: bytes and lines.
    at: usize,
    offset: u64,
    lines: u64,
    /// Bytes of the log that were read.
    done: u64,
}

impl FileLog {
    /// Begins to read the log through, with the files that are there now.
    pub(super) fn open_reader(&self) -> Result<Reader, LogError> {
        let files = self.find_files()?;
        let mut segments = files.sealed.clone();
        if let Some(active) = &files.active {
            let (start, bytes) = (files.active_start(), self.length(&**active)?);
            let (name, path) = (ACTIVE.into(), self.path.clone());
            segments.push(Segment { name, path, start, bytes, is_sealed: false });
        }
        let disk = self.disk.clone();
        Ok(Reader { disk, files, segments, at: 0, offset: 0, lines: 0, done: 0 })
    }

    /// Returns whether the files are still as long, and the same, as when they were read through.
    pub(super) fn is_as_read(&self, reader: &Reader) -> Result<bool, LogError> {
        let now = self.open_reader()?;
        let is_same = match (&now.files.active, &reader.files.active) {
            (Some(now), Some(then)) => self.is_same(&**now, &**then)?,
            _ => true,
        };
        Ok(is_same && now.segments == reader.segments)
    }
}

impl LogReader for Reader {
    fn segments(&self) -> &[Segment] {
        &self.segments
    }

    fn progress(&self) -> (u64, u64) {
        (self.done, self.segments.iter().map(|segment| segment.bytes).sum())
    }

    fn rewind(&mut self) {
        (self.at, self.offset, self.lines, self.done) = (0, 0, 0, 0);
    }

    fn read(&mut self) -> Result<Option<Batch>, LogError> {
        while let Some(segment) = self.segments.get_mut(self.at) {
            let (file, offset, lines) = (self.at, self.offset, self.lines);
            let Some(open) = self.files.get(&self.disk, file)? else { break };
            let mut bytes = Vec::new();
            let mut read = || -> io::Result<_> {
                let end = read_lines(&*open, segment.is_sealed, offset, &mut bytes)?;
                let (mut rest, unended) = end.unwrap_or_default();
                let mut whole = bytes.len();
                if unended {
                    bytes.pop();
                    whole = ended_lines(&bytes);
                    rest = (bytes.len() - whole) as u64;
                } else if rest > 0 && rest < LINE_LIMIT as u64 {
                    open.read_at(offset + whole as u64, rest, &mut bytes)?;
                }
                Ok((whole, rest, unended, end.is_some()))
            };
            let read = read().map_err(LogError::io("read", &segment.path));
            let (whole, rest, unended, at_end) = read?;
            let read = whole as u64 + rest;
            self.done += read;
            self.offset += read;
            let ends = memchr::memchr_iter(b'\n', bytes.get(..whole).unwrap_or_default());
            self.lines += ends.count() as u64;
            if at_end {
                // It may have grown since it was listed.
                segment.bytes = self.offset;
                (self.at, self.offset, self.lines) = (self.at + 1, 0, 0);
            }
            if read > 0 {
                return Ok(Some(Batch { file, lines, offset, bytes, whole, rest, unended }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{LogStorage as _, Seq};
    use crate::file_log::tail::BATCH;
    use crate::file_log::tests::{sealed, written};

    /// All batches of a log.
    fn batches(log: &mut FileLog) -> (Vec<Batch>, Vec<Segment>) {
        let mut reader = log.reader().unwrap();
        let mut batches = Vec::new();
        while let Some(batch) = reader.read().unwrap() {
            batches.push(batch);
        }
        let (done, all) = reader.progress();
        assert_eq!(done, all);
        (batches, reader.segments().to_vec())
    }

    #[test]
    fn every_byte_of_every_file_is_brought_with_its_place() {
        let (fixture, [a, b, c]) = sealed();
        let mut log = fixture.log;
        let (batches, segments) = batches(&mut log);
        let places: Vec<_> = batches.iter().map(|of| (of.file, of.lines, of.offset)).collect();
        assert_eq!(places, [(0, 0, 0), (1, 0, 0), (2, 0, 0)]);
        assert_eq!(batches.iter().map(|of| &of.bytes).collect::<Vec<_>>(), [&a, &b, &c]);
        assert_eq!(segments.iter().map(|it| it.is_sealed).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(segments[2].name, ACTIVE);
        let (depth, digits) = segments[0].named_ends().unwrap();
        assert_eq!((depth, digits.len()), (Seq(1), 8));
    }

    #[test]
    fn what_follows_the_last_line_end_is_told_apart() {
        let (fixture, [a, _, c]) = sealed();
        let mut log = fixture.log;
        let segment = log.reader().unwrap().segments()[0].path.clone();
        std::fs::copy(written(&[&a[..], b"x\ny"].concat()).path(), segment).unwrap();
        std::fs::copy(written(&[&c[..], b"x\ny"].concat()).path(), &fixture.path).unwrap();
        let (batches, _) = batches(&mut log);
        assert_eq!((batches[0].whole, batches[0].bytes.len()), (a.len() + 2, a.len() + 3));
        // In the file that is appended to, a last line that is no object is none.
        assert_eq!((batches[2].whole, batches[2].bytes.len()), (c.len(), c.len() + 3));
    }

    #[test]
    fn long_files_come_in_batches_and_lines_of_any_length_whole() {
        let (fixture, _) = sealed();
        let batch = usize::try_from(BATCH).unwrap();
        let longest = format!("{{\"x\":\"{}\"}}\n", "x".repeat(3 * batch));
        let short = format!("{{\"x\":\"{}\"}}\n", "x".repeat(batch / 3));
        let all = [longest, short.repeat(5)].concat();
        std::fs::copy(written(all.as_bytes()).path(), &fixture.path).unwrap();
        let mut log = fixture.log;
        let (batches, _) = batches(&mut log);
        let active: Vec<_> = batches.into_iter().filter(|batch| batch.file == 2).collect();
        assert!(active.len() > 1);
        assert!(active.iter().all(|batch| batch.whole == batch.bytes.len()));
        let bytes: Vec<_> = active.iter().flat_map(|batch| batch.bytes.clone()).collect();
        assert!(bytes == all.as_bytes());
        let lines: Vec<_> = active.iter().map(|batch| batch.lines).collect();
        assert!(lines.is_sorted_by(|a, b| a < b), "{lines:?}");
    }

    #[test]
    fn a_log_is_unchanged_while_nobody_writes() {
        let (fixture, [a, b, c]) = sealed();
        let mut log = fixture.log;
        let mut reader = log.reader().unwrap();
        while reader.read().unwrap().is_some() {}
        assert!(log.is_unchanged(&reader).unwrap());
        std::fs::copy(&fixture.path, fixture.path.with_extension("copy")).unwrap();
        std::fs::rename(fixture.path.with_extension("copy"), &fixture.path).unwrap();
        assert!(!log.is_unchanged(&reader).unwrap(), "it is another file");
        reader = log.reader().unwrap();
        while reader.read().unwrap().is_some() {}
        std::fs::copy(written(&[a, b, c].concat()).path(), &fixture.path).unwrap();
        assert!(!log.is_unchanged(&reader).unwrap(), "it is longer");
    }
}
