//! Texts that lines of the log say are forgotten.

use std::collections::BTreeSet;

use crate::events::{
    Event, EventId, Log as _, LogError, Position, Read, Record, decode, without_text, written_id,
};
use crate::file_log::FileLog;
use crate::projection::line::line_ranges;

/// A line whose text is forgotten with the lines that are appended.
#[derive(Debug)]
pub struct Forgotten {
    /// Its place in the log, from 1.
    pub line: u64,
    /// As it stands there, without its line end.
    pub before: Vec<u8>,
    /// As it is to stand there.
    pub after: Vec<u8>,
}

/// The events whose texts these lines say are forgotten.
pub fn forgotten_in(lines: &[u8]) -> BTreeSet<EventId> {
    let events = line_ranges(lines).filter_map(|range| {
        let line = lines.get(range)?;
        memchr::memmem::find(line, b"\"type\":\"forget\"")?;
        match decode(line) {
            Ok(Record { event: Event::Forget(forget), .. }) => Some(forget.event),
            _ => None,
        }
    });
    events.collect()
}

/// The line whose text is forgotten by one of these lines, if it still has it. One command forgets one.
pub fn find_forgotten(files: &mut FileLog, lines: &[u8]) -> Result<Option<Forgotten>, LogError> {
    let Some(event) = forgotten_in(lines).into_iter().next() else { return Ok(None) };
    let (mut at, mut batch) = (Position::START, Vec::new());
    while let Read::Lines { left } = files.read(&at, &mut batch)? {
        for (range, line) in line_ranges(&batch).zip(at.lines + 1..) {
            let before = batch.get(range).unwrap_or_default();
            if written_id(before) == Some(event) {
                let before = before.to_vec();
                let after = without_text(&before);
                return Ok(after.map(|after| Forgotten { line, before, after }));
            }
        }
        at.advance(&batch);
        if left == 0 {
            break;
        }
    }
    Ok(None)
}
