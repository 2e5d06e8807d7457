//! Reading a log through, whatever is wrong with it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use smol_str::SmolStr;

use super::lock::{self, WriteLock};
use super::tail::{Found, read_lines};
use super::{FileLog, segments};
use crate::disk::{Disk, Mode, OpenFile};
use crate::events::{LINE_LIMIT, LogError, Seq};

/// The file that is appended to, as a store names it.
pub const ACTIVE: &str = "events.jsonl";

/// One file of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its name in the store, as `segments/000000000001-0123abcd.jsonl`.
    pub name: SmolStr,
    /// Where it is.
    pub path: PathBuf,
    /// Its length in bytes, as far as it was read or listed.
    pub bytes: u64,
}

impl Piece {
    /// Tells whether it is closed to appends.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.name != ACTIVE
    }

    /// What a sealed piece's name says of its ends: the first depth, the digits of the last id.
    #[must_use]
    pub fn named_ends(&self) -> Option<(Seq, &str)> {
        segments::ends(self.name.rsplit('/').next()?)
    }
}

/// All files of a log, read one after the other.
///
/// It stops at no damage: it tells where the lines are, and its reader what is in them.
#[derive(Debug)]
pub struct Scan {
    disk: Disk,
    pieces: Vec<Piece>,
    /// The active file, from before the segments were listed.
    active: Option<Arc<dyn OpenFile>>,
    /// The segment that is being read.
    open: Option<Arc<dyn OpenFile>>,
    /// Which piece is being read.
    at: usize,
    /// How far it was read: bytes and lines.
    offset: u64,
    lines: u64,
    /// Bytes of the log that were read.
    done: u64,
    /// Bytes of the log that were brought.
    brought: u64,
}

/// Some lines of one file.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    /// Which of the log's files.
    pub piece: usize,
    /// How many lines of the file come before.
    pub lines: u64,
    /// How many bytes of the file come before.
    pub offset: u64,
    /// How many bytes of the log were brought before.
    pub start: u64,
    /// The lines, and what follows the last of them at the end of the file if it is short enough to be one.
    pub bytes: Vec<u8>,
    /// How many of the bytes are lines with their line ends.
    pub whole: usize,
    /// How many bytes follow these lines at the end of the file.
    pub rest: u64,
    /// Whether that is a line that lacks nothing but its line end.
    pub unended: bool,
}

impl FileLog {
    /// Begins to read the log through, with the files that are there now.
    pub fn scan(&mut self) -> Result<Scan, LogError> {
        self.files = None;
        let path = self.path.clone();
        let files = self.open()?;
        let sealed = files.segments.iter().map(|segment| {
            let name = segment.path.file_name().unwrap_or_default().to_string_lossy();
            let name = smol_str::format_smolstr!("{}/{name}", segments::DIRECTORY);
            Piece { name, path: segment.path.clone(), bytes: segment.bytes }
        });
        let mut pieces: Vec<_> = sealed.collect();
        let active = files.active.clone();
        if let Some(file) = &active {
            let bytes = file.len().map_err(LogError::io("look at", &path))?;
            pieces.push(Piece { name: ACTIVE.into(), path, bytes });
        }
        let disk = self.disk.clone();
        Ok(Scan {
            disk,
            pieces,
            active,
            open: None,
            at: 0,
            offset: 0,
            lines: 0,
            done: 0,
            brought: 0,
        })
    }

    /// Tells whether the files are still as long, and the same, as when they were read through.
    pub fn is_still(&mut self, scan: &Scan) -> Result<bool, LogError> {
        let now = self.scan()?;
        let same = match (&now.active, &scan.active) {
            (Some(now), Some(then)) => self.is_same(&**now, &**then)?,
            (None, None) => true,
            _ => false,
        };
        Ok(same && now.pieces == scan.pieces)
    }

    /// Keeps writers waiting, as far as that can be done without writing anything.
    #[must_use]
    pub fn hold_still(&self, wait: Duration) -> Option<WriteLock> {
        WriteLock::take_existing(&self.disk, &self.dir.join(lock::FILE), &self.path, wait).ok()
    }
}

impl Scan {
    /// The files, in the order of the log.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// How many bytes were read, and of how many.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.done, self.pieces.iter().map(|piece| piece.bytes).sum())
    }

    /// Goes back to the start of the same files.
    pub fn rewind(&mut self) {
        (self.open, self.at, self.offset, self.lines) = (None, 0, 0, 0);
        (self.done, self.brought) = (0, 0);
    }

    /// Reads the next lines. A batch is never empty.
    pub fn read(&mut self) -> Result<Option<Batch>, LogError> {
        while let Some(piece) = self.pieces.get(self.at).cloned() {
            let Some(file) = self.file(&piece)? else {
                self.at += 1;
                continue;
            };
            let batch = self.read_piece(&*file, piece.is_sealed());
            let (batch, at_end) = batch.map_err(LogError::io("read", &piece.path))?;
            self.pass(&batch, at_end);
            if !batch.bytes.is_empty() || batch.rest > 0 {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// The file that is being read.
    fn file(&mut self, piece: &Piece) -> Result<Option<Arc<dyn OpenFile>>, LogError> {
        if !piece.is_sealed() {
            return Ok(self.active.clone());
        }
        if self.open.is_none() {
            let file = self.disk.open(&piece.path, Mode::Read);
            self.open = Some(file.map_err(LogError::io("open", &piece.path))?);
        }
        Ok(self.open.clone())
    }

    /// Reads on in the present file, and returns whether it ends there.
    fn read_piece(&self, file: &dyn OpenFile, is_sealed: bool) -> io::Result<(Batch, bool)> {
        let mut bytes = Vec::new();
        let Found { at_end, unended, mut rest } =
            read_lines(file, is_sealed, self.offset, &mut bytes)?;
        let mut whole = bytes.len();
        if unended {
            bytes.pop();
            let last = memchr::memrchr(b'\n', &bytes);
            whole = last.map_or(0, |before| before + 1);
            rest = (bytes.len() - whole) as u64;
        } else if rest > 0 && rest < LINE_LIMIT as u64 {
            file.read_at(self.offset + whole as u64, rest, &mut bytes)?;
        }
        let (piece, lines, offset, start) = (self.at, self.lines, self.offset, self.brought);
        Ok((Batch { piece, lines, offset, start, bytes, whole, rest, unended }, at_end))
    }

    /// Moves on behind what was read; behind the file, if that is its end.
    fn pass(&mut self, batch: &Batch, at_end: bool) {
        let read = batch.whole as u64 + batch.rest;
        let whole = batch.bytes.get(..batch.whole).unwrap_or_default();
        self.lines += memchr::memchr_iter(b'\n', whole).count() as u64;
        self.offset += read;
        self.done += read;
        self.brought += batch.bytes.len() as u64;
        if at_end {
            if let Some(piece) = self.pieces.get_mut(self.at) {
                // It may have grown since it was listed.
                piece.bytes = self.offset;
            }
            (self.at, self.open, self.offset, self.lines) = (self.at + 1, None, 0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file_log::tail::BATCH;
    use crate::file_log::tests::{sealed, written};

    /// All batches of a log.
    fn batches(log: &mut FileLog) -> (Vec<Batch>, Vec<Piece>) {
        let mut scan = log.scan().unwrap();
        let mut batches = Vec::new();
        while let Some(batch) = scan.read().unwrap() {
            batches.push(batch);
        }
        let (done, all) = scan.progress();
        assert_eq!(done, all);
        (batches, scan.pieces().to_vec())
    }

    #[test]
    fn every_byte_of_every_file_is_brought_with_its_place() {
        let (fixture, [a, b, c]) = sealed();
        let mut log = fixture.log;
        let (batches, pieces) = batches(&mut log);
        let told: Vec<_> =
            batches.iter().map(|of| (of.piece, of.lines, of.offset, of.start)).collect();
        let (first, second) = (a.len() as u64, (a.len() + b.len()) as u64);
        assert_eq!(told, [(0, 0, 0, 0), (1, 0, 0, first), (2, 0, 0, second)]);
        assert_eq!(batches.iter().map(|of| &of.bytes).collect::<Vec<_>>(), [&a, &b, &c]);
        assert_eq!(pieces.iter().map(Piece::is_sealed).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(pieces[2].name, ACTIVE);
        let (depth, digits) = pieces[0].named_ends().unwrap();
        assert_eq!((depth, digits.len()), (Seq(1), 8));
    }

    #[test]
    fn what_follows_the_last_line_end_is_told_apart() {
        let (fixture, [a, _, c]) = sealed();
        let mut log = fixture.log;
        let segment = log.scan().unwrap().pieces()[0].path.clone();
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
        let active: Vec<_> = batches.into_iter().filter(|batch| batch.piece == 2).collect();
        assert!(active.len() > 1);
        assert!(active.iter().all(|batch| batch.whole == batch.bytes.len()));
        let bytes: Vec<_> = active.iter().flat_map(|batch| batch.bytes.clone()).collect();
        assert!(bytes == all.as_bytes());
        let lines: Vec<_> = active.iter().map(|batch| batch.lines).collect();
        assert!(lines.is_sorted_by(|a, b| a < b), "{lines:?}");
    }

    #[test]
    fn a_log_is_still_while_nobody_writes() {
        let (fixture, [a, b, c]) = sealed();
        let mut log = fixture.log;
        let mut scan = log.scan().unwrap();
        while scan.read().unwrap().is_some() {}
        assert!(log.is_still(&scan).unwrap());
        std::fs::copy(&fixture.path, fixture.path.with_extension("copy")).unwrap();
        std::fs::rename(fixture.path.with_extension("copy"), &fixture.path).unwrap();
        assert!(!log.is_still(&scan).unwrap(), "it is another file");
        scan = log.scan().unwrap();
        while scan.read().unwrap().is_some() {}
        std::fs::copy(written(&[a, b, c].concat()).path(), &fixture.path).unwrap();
        assert!(!log.is_still(&scan).unwrap(), "it is longer");
    }
}
