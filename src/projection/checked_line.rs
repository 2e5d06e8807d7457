//! The lines of a checkpoint, each of which ends with an id in the manner of the log's.

use std::io;

use serde::Serialize;

use crate::events::{EventId, check_id, end_with_id};

/// Appends a line, and returns its length and id.
pub(super) fn line(lines: &mut Vec<u8>, value: &impl Serialize) -> io::Result<(u64, EventId)> {
    let start = lines.len();
    serde_json::to_writer(&mut *lines, value)?;
    let id = end_with_id(lines, start);
    Ok(((lines.len() - start) as u64, id))
}

/// Checks the id of a line, and returns it.
pub(super) fn check(line: &[u8]) -> Option<EventId> {
    check_id(line.strip_suffix(b"\n")?).ok()
}
