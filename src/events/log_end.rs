//! Where a log ends.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{EventId, written_id};
use crate::wording::Count;

/// How far a reader came: the end of a line, and which line that was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Bytes from the start of the log.
    pub offset: u64,
    /// Lines from the start of the log.
    pub lines: u64,
    /// The id that the last of these lines ends with.
    pub last: Option<EventId>,
}

impl Position {
    /// Before the first line.
    pub const START: Self = Self { offset: 0, lines: 0, last: None };

    /// Moves on over whole lines, whatever is in them.
    pub(crate) fn advance(&mut self, lines: &[u8]) {
        let Some(content) = lines.strip_suffix(b"\n") else { return };
        self.offset += lines.len() as u64;
        self.lines += memchr::memchr_iter(b'\n', lines).count() as u64;
        let last = memchr::memrchr(b'\n', content).map_or(0, |end| end + 1);
        self.last = content.get(last..).and_then(written_id);
    }
}

/// An unfinished write that was moved out of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// Its length in bytes.
    pub bytes: u64,
    /// Where it is kept.
    pub kept: PathBuf,
}

impl fmt::Display for TornTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bytes, kept) = (Count(self.bytes, "byte"), self.kept.display());
        write!(f, "the log ended in an unfinished write; moved its {bytes} to `{kept}`")
    }
}
