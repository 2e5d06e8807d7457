//! Texts in what was cut out of a log, where lines may end anywhere.

use std::collections::BTreeSet;

use super::{EventId, text_place};

/// Lines, whole or not, without the texts of these events and without `words`; nothing if they
/// hold neither.
pub fn without_texts(
    bytes: &[u8],
    events: &BTreeSet<EventId>,
    words: &[Vec<u8>],
) -> Option<Vec<u8>> {
    let mut left = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match cut_text(line, events) {
            Some(place) => {
                left.extend_from_slice(line.get(..place).unwrap_or_default());
                left.extend_from_slice(if line.ends_with(b"\n") { b"}\n" } else { b"}" });
            }
            None => left.extend_from_slice(line),
        }
    }
    for words in words {
        while let Some(start) = memchr::memmem::find(&left, words) {
            left.drain(start..start + words.len());
        }
    }
    (left != bytes).then_some(left)
}

/// Where the text begins that stands in a line, or in a piece of one, behind the id of one of
/// these events.
fn cut_text(line: &[u8], events: &BTreeSet<EventId>) -> Option<usize> {
    let place = text_place(line)?;
    let digits = line.get(place.start.checked_sub(EventId::DIGITS + 1)?..place.start - 1)?;
    EventId::parse(digits).filter(|id| events.contains(id)).map(|_| place.start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::written_id;
    use crate::projection::testing::{History, lesson, seed};

    #[test]
    fn a_text_is_taken_out_of_a_line_that_was_cut_anywhere() {
        let history = History::of([seed("Ann"), lesson("Ann", "Run it twice.")]);
        let line = history.lines[1].as_bytes();
        let events = BTreeSet::from([written_id(line.trim_ascii_end()).unwrap()]);
        let start = text_place(line).unwrap().start;
        for end in 0..=line.len() {
            for tail in [&b""[..], b"\n", b"\n{\"v\":1,\n"] {
                let held = [b"{}\n", &line[..end], tail].concat();
                let left = without_texts(&held, &events, &[]);
                assert_eq!(left.is_some(), end >= start + b",\"text\":".len(), "{end}");
                let left = left.unwrap_or(held);
                let shown = String::from_utf8_lossy(&left);
                assert!(!shown.contains("Run"), "{shown}");
                assert!(left.starts_with(b"{}\n") && left.ends_with(tail), "{shown}");
            }
        }
        assert_eq!(without_texts(line, &BTreeSet::from([EventId::of(b"")]), &[]), None);
        let words = br#""lesson":"Run it twice.""#.to_vec();
        let left = without_texts(line, &BTreeSet::new(), &[words]).unwrap();
        assert!(!String::from_utf8(left).unwrap().contains("twice"));
    }
}
