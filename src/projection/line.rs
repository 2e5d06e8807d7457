//! Lines of a log that were not decoded yet.

use std::ops::Range;

use crate::events::{DamageReason, LineError, Record, decode};

/// A line that is wrong, by its number in the log.
#[derive(Debug)]
pub struct LineDamage {
    /// Which line of the log, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: DamageReason,
}

/// A line of a log that was not read yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Which line of the log, from 1.
    pub number: u64,
    /// Its bytes, without its line end.
    pub bytes: &'a [u8],
}

impl Line<'_> {
    /// Reads it, and checks its id.
    pub fn decode(&self) -> Result<Record, LineDamage> {
        let damaged = |error: LineError| LineDamage { line: self.number, reason: error.into() };
        decode(self.bytes).map_err(damaged)
    }
}

/// Where the lines are, without their line ends.
pub(crate) fn line_ranges(lines: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', lines).map(move |end| {
        let range = start..end;
        start = end + 1;
        range
    })
}
