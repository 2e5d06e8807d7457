//! The line decoder.

use muzzle_persona::events::{Event, EventId, Record, decode, encode};
use muzzle_persona::projection::View;

/// A line as it is, and as it would be with a right id: no fuzzer guesses a digest.
pub fn check(bytes: &[u8]) {
    let _ = decode(bytes).map_err(|error| error.to_string());

    let content = without_id(bytes);
    let record = decode(&with_id(content));
    if let Ok(record) = &record {
        is_sound(record, content);
    }
    // White space leads past the quick way of reading: both ways read the same.
    if let Some(rest) = content.strip_prefix(b"{") {
        let spaced = decode(&with_id(&[b"{ ", rest].concat()));
        let without_id = |record: Record| Record { id: EventId::of(b""), ..record };
        let same = record.as_ref().ok().cloned().map(without_id);
        // The longest line is too long with one byte more.
        if content.len() < 65_000 {
            assert_eq!(same, spaced.ok().map(without_id));
        }
    }
}

/// What a line says is what another one says that is written of it.
fn is_sound(record: &Record, content: &[u8]) {
    assert_eq!(record.id, EventId::of(content));
    let _ = (record.event.kind(), record.event.text_errors(), record.event.personas().count());
    if matches!(record.event, Event::Unknown { .. }) {
        return;
    }
    let mut once = Vec::new();
    let Record { seq, at, event, prev, .. } = record.clone();
    if let Ok(written) = encode(&mut once, seq, at, event, prev) {
        let line = once.strip_suffix(b"\n").unwrap();
        assert_eq!(decode(line).unwrap(), written);
        let mut twice = Vec::new();
        let Record { seq, at, event, prev, .. } = written;
        encode(&mut twice, seq, at, event, prev).unwrap();
        assert_eq!(once, twice);
        // As a whole log it adds up to something, or is damage.
        let _ = View::fold_all(&once).map_err(|damage| damage.reason.to_string());
    }
}

/// The bytes of a line that its id covers.
pub fn without_id(line: &[u8]) -> &[u8] {
    const FIELD: usize = 41;
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    match line.split_last_chunk::<FIELD>() {
        Some((content, field)) if field.starts_with(b",\"id\":\"") => content,
        _ => line,
    }
}

/// A line with the id of its bytes.
pub fn with_id(content: &[u8]) -> Vec<u8> {
    [content, format!(",\"id\":\"{}\"}}", EventId::of(content)).as_bytes()].concat()
}
