//! The files of a store, as the lines of one log.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::event::{Event, without_mark};
use crate::object::is_complete;

/// Reads all whole lines of a store: those of the segments, then those of `events.jsonl`.
pub fn read(store: &Path) -> Result<Vec<Event>, String> {
    let mut events = Vec::new();
    for path in segments(&store.join("segments"))? {
        let bytes = bytes(&path)?;
        if end_of_lines(&bytes) < bytes.len() {
            return Err(format!("{}: the last line does not end", path.display()));
        }
        events.extend(lines(&path, &bytes)?);
    }
    let path = store.join("events.jsonl");
    events.extend(lines(&path, without_torn_tail(&bytes(&path)?))?);
    Ok(events)
}

/// The sealed pieces, by the number in front of their names, then by name.
fn segments(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| format!("{}: {error}", dir.display()))?,
    };
    for entry in entries {
        let path = entry.map_err(|error| format!("{}: {error}", dir.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(first) = first_seq(&name) {
            found.push((first, name, path));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, _, path)| path).collect())
}

/// The number in a segment's name, `<first seq>-<8 to 32 digits of the last id>.jsonl`.
fn first_seq(name: &str) -> Option<u64> {
    let (first, id) = name.strip_suffix(".jsonl")?.split_once('-')?;
    let hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if !(8..=32).contains(&id.len()) || !id.bytes().all(hex) {
        return None;
    }
    if first.bytes().all(|byte| byte.is_ascii_digit()) { first.parse().ok() } else { None }
}

/// What the file holds; nothing, if there is none.
fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(|error| format!("{}: {error}", path.display())),
    }
}

/// Leaves out what a write that did not end may have left.
///
/// First the bytes after the last line feed, unless they are a whole event; then the last line, if it is
/// no complete object.
fn without_torn_tail(log: &[u8]) -> &[u8] {
    let (lines, rest) = log.split_at(end_of_lines(log));
    if is_complete(without_mark(rest)) && Event::has_right_id(rest) {
        return log;
    }
    let Some((b'\n', before)) = lines.split_last() else {
        return lines;
    };
    let last = end_of_lines(before);
    if is_complete(without_mark(&before[last..])) { lines } else { &lines[..last] }
}

/// Where the last line feed ends.
fn end_of_lines(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

/// The events of a file's lines, or the first line that is none.
fn lines(path: &Path, bytes: &[u8]) -> Result<Vec<Event>, String> {
    let read = |(index, line): (usize, &[u8])| {
        let event = Event::parse(line.strip_suffix(b"\n").unwrap_or(line));
        event.map_err(|reason| format!("{}: line {}: {reason}", path.display(), index + 1))
    };
    bytes.split_inclusive(|byte| *byte == b'\n').enumerate().map(read).collect()
}
