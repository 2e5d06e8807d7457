//! Lines, decoded: what can be said of each by itself.

use crate::events::{EventId, LineError, Record, TextError, decode, possible_ids, without_mark};
use crate::file_log::Batch;
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
    /// Whether that is a line that lacks nothing but its line end.
    pub(super) unended: bool,
}

/// One line, decoded.
pub(super) struct Seen {
    pub(super) line: Result<Record, LineError>,
    /// Its length in bytes, without its line end.
    pub(super) length: usize,
    /// Whether it is sound but for a line end that was converted.
    pub(super) converted: bool,
    /// Whether a byte order mark stands before it.
    pub(super) is_marked: bool,
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
        rest: match batch.rest {
            0 => None,
            length if length == rest.len() as u64 => Some(Seen::of(rest)),
            length => Some(Seen::too_long(length)),
        },
        unended: batch.unended,
    }
}

impl Seen {
    fn of(line: &[u8]) -> Self {
        let seen = Self::read(line);
        Self { is_marked: without_mark(line).len() < line.len(), ..seen }
    }

    fn read(line: &[u8]) -> Self {
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
        let (line, ids) = (Ok(record), [None; 2]);
        Self { line, length, converted, is_marked: false, ids, excesses }
    }

    fn unsound(line: &[u8], error: LineError) -> Self {
        Self::wrong(error, line.len(), possible_ids(line))
    }

    /// What is too long to be a line, and was not read.
    fn too_long(length: u64) -> Self {
        let bytes = usize::try_from(length).unwrap_or(usize::MAX);
        Self::wrong(LineError::TooLong { bytes }, bytes, [None; 2])
    }

    fn wrong(error: LineError, length: usize, ids: [Option<EventId>; 2]) -> Self {
        let (line, excesses) = (Err(error), Vec::new());
        Self { line, length, converted: false, is_marked: false, ids, excesses }
    }
}
