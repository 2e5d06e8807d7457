//! Lines, decoded: what can be said of each by itself.

use crate::events::{Batch, EventId, LineError, Record, TextError, decode, possible_ids};
use crate::projection::view::line_ranges;

/// Lines of one file, decoded.
pub struct Inspected {
    pub(super) piece: usize,
    /// How many lines of the file come before.
    pub(super) lines: u64,
    /// How many bytes of the file, and of the log, come before.
    pub(super) offset: u64,
    pub(super) start: u64,
    pub(super) seen: Vec<Seen>,
    /// What follows the last line end of the file.
    pub(super) rest: Option<Seen>,
}

/// One line, decoded.
pub(super) struct Seen {
    pub(super) line: Result<Record, LineError>,
    /// Its length in bytes, without its line end.
    pub(super) length: usize,
    /// Whether it is sound but for a line end that was converted.
    pub(super) converted: bool,
    /// The id that it says it has, and the one that its bytes have, should it be wrong.
    pub(super) ids: [Option<EventId>; 2],
    pub(super) excesses: Vec<TextError>,
}

/// Decodes lines, and holds their texts to the limits.
#[must_use]
pub fn inspect(batch: &Batch) -> Inspected {
    let (whole, rest) = batch.bytes.split_at_checked(batch.whole).unwrap_or_default();
    let seen = line_ranges(whole).filter_map(|range| whole.get(range)).map(Seen::of);
    Inspected {
        piece: batch.piece,
        lines: batch.lines,
        offset: batch.offset,
        start: batch.start,
        seen: seen.collect(),
        rest: (!rest.is_empty()).then(|| Seen::of(rest)),
    }
}

impl Seen {
    fn of(line: &[u8]) -> Self {
        match decode(line) {
            Ok(record) => Self::sound(record, line.len(), false),
            // What was converted is known: but for that, its id is right.
            Err(LineError::CrLf) => match line.strip_suffix(b"\r").map(decode) {
                Some(Ok(record)) => Self::sound(record, line.len() - 1, true),
                _ => Self::unsound(line, LineError::CrLf),
            },
            Err(error) => Self::unsound(line, error),
        }
    }

    fn sound(record: Record, length: usize, converted: bool) -> Self {
        let excesses = record.event.text_errors();
        Self { line: Ok(record), length, converted, ids: [None; 2], excesses }
    }

    fn unsound(line: &[u8], error: LineError) -> Self {
        let (length, ids) = (line.len(), possible_ids(line));
        Self { line: Err(error), length, converted: false, ids, excesses: Vec::new() }
    }
}
