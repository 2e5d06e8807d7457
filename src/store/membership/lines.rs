//! The lines of a log on this machine, one after the other, and any of them again.

use std::sync::Arc;

use crate::disk::{Disk, Mode, OpenFile};
use crate::events::{LogError, LogReader as _, LogStorage as _, Segment};
use crate::file_log::{FileLog, Reader};

/// Where a line is: the index of its file, its first byte there, and its length without the line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub file: usize,
    pub offset: u64,
    pub length: usize,
}

/// The whole lines of a log. What follows the last line end of a file is left out, unless it is a line
/// that lacks nothing else.
pub struct LocalLines {
    reader: Reader,
    bytes: Vec<u8>,
    /// How much of `bytes` was handed out.
    at: usize,
    file: usize,
    offset: u64,
}

impl LocalLines {
    pub fn of(log: &mut FileLog) -> Result<Self, LogError> {
        Ok(Self { reader: log.reader()?, bytes: Vec::new(), at: 0, file: 0, offset: 0 })
    }

    /// How many bytes were read, and of how many.
    pub fn progress(&self) -> (u64, u64) {
        self.reader.progress()
    }

    /// The next line, without its line end, and where it is.
    pub fn next(&mut self) -> Result<Option<(Span, &[u8])>, LogError> {
        while self.at >= self.bytes.len() {
            let Some(mut batch) = self.reader.read()? else { return Ok(None) };
            if batch.unended {
                batch.bytes.push(b'\n');
            } else {
                batch.bytes.truncate(batch.whole);
            }
            (self.bytes, self.at) = (batch.bytes, 0);
            (self.file, self.offset) = (batch.file, batch.offset);
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let span = Span { file: self.file, offset: self.offset + self.at as u64, length };
        self.at += length + 1;
        Ok(rest.get(..length).map(|line| (span, line)))
    }

    /// What reads lines of these files again, by where they are.
    pub fn again(&self, disk: &Disk) -> LinesAgain {
        LinesAgain { disk: disk.clone(), files: self.reader.segments().to_vec(), open: None }
    }
}

/// Reads lines again, by where they are.
pub struct LinesAgain {
    disk: Disk,
    files: Vec<Segment>,
    open: Option<(usize, Arc<dyn OpenFile>)>,
}

impl LinesAgain {
    /// Appends a line to `bytes`, without its line end.
    pub fn read(&mut self, span: Span, bytes: &mut Vec<u8>) -> Result<(), LogError> {
        let Some(segment) = self.files.get(span.file) else { return Ok(()) };
        let unreadable = || LogError::io("read", &segment.path);
        if self.open.as_ref().is_none_or(|(file, _)| *file != span.file) {
            let file = self.disk.open(&segment.path, Mode::Read).map_err(unreadable())?;
            self.open = Some((span.file, file));
        }
        let Some((_, file)) = &self.open else { return Ok(()) };
        file.read_at(span.offset, span.length as u64, bytes).map_err(unreadable())
    }
}
