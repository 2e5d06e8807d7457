//! Lines, decoded: what can be said of each by itself.

use crate::events::{
    Batch, DETACHED_SINCE, LineError, Record, TextError, decode, text_of, without_mark,
};
use crate::projection::line::line_ranges;

pub struct InspectedLine {
    pub decoded: Result<Record, LineError>,
    /// Its length in bytes, without its line end.
    pub length: usize,
    /// Whether it is sound but for a line end that was converted.
    pub is_converted: bool,
    pub has_byte_order_mark: bool,
    pub text_errors: Vec<TextError>,
    /// Whether anything stands after its id, where it is sound.
    pub has_text: bool,
}

/// Decodes the lines of a batch, what follows the last line end of a file as one more, and holds
/// their texts to the limits.
pub fn inspect(batch: Batch) -> (Batch, Vec<InspectedLine>) {
    let (whole, rest) = batch.bytes.split_at_checked(batch.whole).unwrap_or_default();
    let lines = line_ranges(whole).filter_map(|range| whole.get(range));
    let mut lines: Vec<_> = lines.map(InspectedLine::of).collect();
    match batch.rest {
        0 => {}
        length if length == rest.len() as u64 => lines.push(InspectedLine::of(rest)),
        length => {
            // It is too long to be a line, and was not read.
            let bytes = usize::try_from(length).unwrap_or(usize::MAX);
            let decoded = Err(LineError::TooLong { bytes });
            lines.push(InspectedLine { decoded, length: bytes, ..InspectedLine::of(&[]) });
        }
    }
    (batch, lines)
}

impl InspectedLine {
    fn of(line: &[u8]) -> Self {
        let decoded = decode(line);
        let unconverted = match decoded {
            // What was converted is known: but for that, its id is right.
            Err(LineError::CrLf) => line.strip_suffix(b"\r").and_then(|line| decode(line).ok()),
            _ => None,
        };
        let is_converted = unconverted.is_some();
        let decoded = unconverted.map_or(decoded, Ok);
        Self {
            length: line.len() - usize::from(is_converted),
            is_converted,
            has_byte_order_mark: without_mark(line).len() < line.len(),
            has_text: decoded.as_ref().is_ok_and(|it| it.v >= DETACHED_SINCE)
                && text_of(line.strip_suffix(b"\r").unwrap_or(line)).is_some(),
            text_errors: decoded.as_ref().map_or(Vec::new(), |it| it.event.text_errors()),
            decoded,
        }
    }
}
