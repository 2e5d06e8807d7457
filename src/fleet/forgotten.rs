//! Texts that lines of the log say are forgotten.

use std::collections::BTreeSet;

use crate::events::{
    Event, EventId, Log as _, LogError, Position, Read, decode, prefilter, without_text, written_id,
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
    let sets: &[&[&str]] = &[&["forget"]];
    let may_forget = prefilter(sets);
    let lines = line_ranges(lines).filter_map(|range| lines.get(range));
    let events =
        lines.filter(|line| may_forget(line)).filter_map(|line| match decode(line).ok()?.event {
            Event::Forget(forget) => Some(forget.event),
            _ => None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Forget, Heads, Seq, encode, end_with_id};

    #[test]
    fn a_line_is_understood_however_it_is_spelt() {
        let event = EventId::parse(b"00112233445566778899aabbccddeeff").unwrap();
        let forget = Event::Forget(Forget { event, reason: None });
        let (mut line, at) = (Vec::new(), jiff::Timestamp::UNIX_EPOCH);
        encode(&mut line, Seq(1), at, forget, Heads::default()).unwrap();
        let written = String::from_utf8(line).unwrap();
        let content = written.split(",\"id\":").next().unwrap();
        for spelt in ["\"type\":\"forget\"", "\"type\": \"forget\"", "\"type\":\"for\\u0067et\""] {
            let mut line = content.replace("\"type\":\"forget\"", spelt).into_bytes();
            line.push(b'}');
            end_with_id(&mut line, 0);
            assert_eq!(forgotten_in(&line), BTreeSet::from([event]), "{spelt}");
        }
        assert_eq!(forgotten_in(written.replace("forget", "unlearn").as_bytes()), BTreeSet::new());
    }
}
