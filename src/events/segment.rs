//! The pieces that a log is kept in.

use std::path::PathBuf;

use smol_str::SmolStr;

use super::{EventId, Seq};

/// One piece of a log, as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its name in the store, as `segments/000000000001-0123abcd.jsonl`.
    pub name: SmolStr,
    /// Where it is kept. For messages, and for the log itself.
    pub path: PathBuf,
    /// Where it begins, in bytes from the start of the log.
    pub start: u64,
    /// Its length in bytes, as far as it was read or listed.
    pub bytes: u64,
    /// Whether it is closed to appends.
    pub is_sealed: bool,
}

impl Segment {
    /// Where it ends, in bytes from the start of the log.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start + self.bytes
    }

    /// What a sealed segment's name says of its ends: the first depth, the digits of the last id.
    #[must_use]
    pub fn named_ends(&self) -> Option<(Seq, &str)> {
        named_ends(self.name.rsplit('/').next()?)
    }
}

/// What the name of a sealed segment says of its ends: the depth of its first line, the digits of its last id.
pub(crate) fn named_ends(name: &str) -> Option<(Seq, &str)> {
    let (depth, id) = name.strip_suffix(".jsonl")?.split_once('-')?;
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_id = (8..=EventId::DIGITS).contains(&id.len()) && id.bytes().all(is_hex);
    let is_depth = depth.bytes().all(|byte| byte.is_ascii_digit());
    if is_id && is_depth { depth.parse().ok().map(|depth| (Seq(depth), id)) } else { None }
}

/// Some lines of one piece of a log, as they are.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    /// Which of the log's segments, by index.
    pub file: usize,
    /// How many lines of the segment come before.
    pub lines: u64,
    /// How many bytes of the segment come before.
    pub offset: u64,
    /// The lines, and what follows the last of them at the end of the segment if it is short enough to be one.
    pub bytes: Vec<u8>,
    /// How many of the bytes are lines with their line ends.
    pub whole: usize,
    /// How many bytes follow these lines at the end of the segment.
    pub rest: u64,
    /// Whether that is a line that lacks nothing but its line end.
    pub unended: bool,
}
