//! Lines of a log that were not decoded yet.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::IgnoredAny;

use crate::events::{DamageReason, Event, LineError, Record, decode, without_mark, without_text};

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
    pub(crate) bytes: &'a [u8],
    /// Whether the text of its event was forgotten.
    pub(crate) is_forgotten: bool,
}

impl<'a> Line<'a> {
    /// A line of a log in which no text was forgotten, or none is looked at.
    pub(crate) fn new(number: u64, bytes: &'a [u8]) -> Self {
        Self { number, bytes, is_forgotten: false }
    }

    /// Reads it, and checks its id. A text that was forgotten is not told.
    pub fn decode(&self) -> Result<Record, LineDamage> {
        let damaged = |error: LineError| LineDamage { line: self.number, reason: error.into() };
        let mut record = decode(self.bytes).map_err(damaged)?;
        if self.is_forgotten {
            record.event.forget_text();
        }
        Ok(record)
    }

    /// Its bytes as they may be shown: without a byte order mark, and without a text that was
    /// forgotten or that the line does not vouch for.
    pub fn shown(&self) -> Cow<'a, [u8]> {
        let bytes = without_mark(self.bytes);
        let is_vouched = || match decode(self.bytes) {
            // Whether it is what was written, nobody knows here.
            Ok(Record { event: Event::Unknown { .. }, .. }) => {
                serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
            }
            Ok(record) => record.event.has_text(),
            Err(_) => true,
        };
        let is_hidden = self.is_forgotten || !is_vouched();
        let hidden = if is_hidden { without_text(bytes) } else { None };
        hidden.map_or(Cow::Borrowed(bytes), Cow::Owned)
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
