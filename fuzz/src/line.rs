//! The line decoder.

use muzzle_persona::events::{Event, EventId, Record, decode, encode};
use muzzle_persona::projection::View;

/// A line as it is, and as it would be with a right id: no fuzzer guesses a digest.
pub fn check(bytes: &[u8]) {
    let _ = decode(bytes).map_err(|error| error.to_string());

    let (content, text) = (without_id(bytes), text(bytes));
    let record = decode(&with_text(content, text));
    if let Ok(record) = &record {
        is_sound(record, content);
    }
    // White space leads past the quick way of reading: both ways read the same.
    if let Some(rest) = content.strip_prefix(b"{") {
        let spaced = decode(&with_text(&[b"{ ", rest].concat(), text));
        let without_id = |record: Record| Record { id: EventId::of(b""), ..record };
        let same = record.as_ref().ok().cloned().map(without_id);
        // The longest line is too long with one byte more.
        if bytes.len() < 65_000 {
            assert_eq!(same, spaced.ok().map(without_id));
        }
    }
}

/// What a line says is what another one says that is written of it.
fn is_sound(record: &Record, content: &[u8]) {
    assert_eq!(record.id, EventId::of(content));
    let _ = (record.event.kind(), record.event.text_errors(), record.event.personas().count());
    // The event is the same whatever became of its text, and then nobody is shown it.
    let mut forgotten = record.event.clone();
    forgotten.forget_text();
    assert!(!forgotten.has_text() && forgotten.kind() == record.event.kind());
    if matches!(record.event, Event::Unknown { .. }) || record.event.text_loss().is_some() {
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

/// Where the id of a line begins, and where its text does, if it has one.
fn places(line: &[u8]) -> Option<(usize, usize)> {
    const FIELD: usize = 41;
    let key = |start: &usize| line[*start..].starts_with(b",\"id\":\"");
    let end = line.len().checked_sub(FIELD).filter(key);
    let first = (0..line.len()).filter(key).find(|start| {
        line.get(start + FIELD - 1..).is_some_and(|rest| rest.starts_with(b",\"text\":"))
    });
    end.map(|start| (start, line.len())).or(first.map(|start| (start, start + FIELD + 7)))
}

/// The bytes of a line that its id covers.
pub fn without_id(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    places(line).map_or(line, |(content, _)| &line[..content])
}

/// The bytes of a line where its text stands.
fn text(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let (_, text) = places(line)?;
    line.get(text..)?.strip_suffix(b"}")
}

/// A line with the id of its bytes.
pub fn with_id(content: &[u8]) -> Vec<u8> {
    with_text(content, None)
}

fn with_text(content: &[u8], text: Option<&[u8]>) -> Vec<u8> {
    let id = EventId::of(content);
    let text = text.map(|text| [b",\"text\":", text].concat()).unwrap_or_default();
    [content, format!(",\"id\":\"{id}\"").as_bytes(), &text, b"}"].concat()
}
