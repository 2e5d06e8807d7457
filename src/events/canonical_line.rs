//! The fast decoder of a line: one in the form in which this program writes it.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeSeed as _, IntoDeserializer as _};

use super::event_data::EventData;
use super::{
    AgentName, Assign, AssignedSlot, DETACHED_SINCE, Delivery, Detached, Event, EventId,
    FORMAT_VERSION, Feedback, Heads, Observation, Outcome, PersonaName, Points, ProjectName,
    Record, Release, ReleasedSlot, RoleName, RunId, Seq, SessionId, Slot, Source, TeamName,
    TextDigest, ToolUseId, WorkName,
};

/// What stands before, between and behind the parts of a line's content with one parent.
const VERSION: &str = "{\"v\":";
const SEQ: &str = ",\"seq\":";
const AT: &str = ",\"at\":\"";
const TYPE: &str = "\",\"type\":\"";
const DATA: &str = "\",\"data\":";
const PREV: &str = ",\"prev\":[\"";
const END: &str = "\"]";

/// Reads what the id of a line covers, if its keys stand in the order of the format, without white
/// space, and it has one parent; its id was checked before.
///
/// It returns nothing for any other line, sound or not: that is for the decoder of the whole
/// grammar. Where it returns a record, that one returns the same.
pub fn read(content: &str, id: EventId) -> Option<Record> {
    let (v, rest) = number(behind(content, VERSION)?)?;
    let v = u32::try_from(v).ok().filter(|v| (1..=FORMAT_VERSION).contains(v))?;
    let rest = behind(rest, SEQ)?.strip_suffix(END)?;
    let (rest, parent) = rest.split_at_checked(rest.len().checked_sub(EventId::DIGITS)?)?;
    let prev = Heads::from(EventId::parse(parent.as_bytes())?);
    let rest = rest.strip_suffix(PREV)?;

    let (seq, rest) = number(rest)?;
    let (at, rest) = behind(rest, AT)?.split_at_checked(MOMENT.len())?;
    let rest = behind(rest, TYPE)?;
    let (kind, rest) = rest.split_at_checked(memchr::memchr(b'"', rest.as_bytes())?)?;
    let data = behind(rest, DATA).filter(|data| data.starts_with('{'))?;
    Some(Record { v, seq: Seq(seq), at: moment(at)?, event: event(v, kind, data)?, prev, id })
}

/// Reads the data of an event of a known type: one whole object, and nothing behind it.
fn event(v: u32, kind: &str, data: &str) -> Option<Event> {
    Some(match kind {
        "assign" => Event::Assign(assign(data)?),
        "release" => Event::Release(release(data)?),
        "delivery" => Event::Delivery(delivery(data)?),
        "outcome" => Event::Outcome(outcome(data)?),
        "feedback" => Event::Feedback(feedback(v, data)?),
        _ => {
            let seed = EventData { v, kind: kind.into() };
            let mut json = serde_json::Deserializer::from_str(data);
            let event = seed.deserialize(&mut json).ok()?;
            json.end().ok()?;
            return Some(event).filter(|event| !matches!(event, Event::Unknown { .. }));
        }
    })
}

fn assign(data: &str) -> Option<Assign> {
    let rest = &mut plain(data)?;
    let session = text(rest, "{\"session\":\"").map(SessionId::unchecked)?;
    let agent = text(rest, ",\"agent\":\"").map(AgentName::unchecked)?;
    let team = text(rest, ",\"team\":\"").map(TeamName::unchecked);
    let project = text(rest, ",\"project\":\"").map(ProjectName::unchecked)?;
    let work = text(rest, ",\"work\":\"").map(WorkName::unchecked);
    let slots = slots(rest, |rest, slot, persona, role| {
        let requested = text(rest, ",\"requested\":\"").map(RoleName::unchecked)?;
        let by = match text(rest, ",\"by\":\"") {
            Some(by) => Some(word(by)?),
            None => None,
        };
        let score = points(rest, ",\"score\":");
        let independent = boolean(rest, ",\"independent\":");
        Some(AssignedSlot { slot, persona, role, requested, by, score, independent })
    })?;
    let tool_use_id = text(rest, ",\"tool_use_id\":\"").map(ToolUseId::unchecked);
    (*rest == "}").then_some(Assign { session, agent, team, project, work, slots, tool_use_id })
}

fn release(data: &str) -> Option<Release> {
    let rest = &mut plain(data)?;
    let session = text(rest, "{\"session\":\"").map(SessionId::unchecked)?;
    let agent = text(rest, ",\"agent\":\"").map(AgentName::unchecked);
    let reason = text(rest, ",\"reason\":\"").and_then(word)?;
    let slots = slots(rest, |_, slot, persona, role| Some(ReleasedSlot { slot, persona, role }))?;
    (*rest == "}").then_some(Release { session, agent, reason, slots })
}

fn delivery(data: &str) -> Option<Delivery> {
    let rest = &mut plain(data)?;
    let session = text(rest, "{\"session\":\"").map(SessionId::unchecked)?;
    let slot = text(rest, ",\"slot\":\"").map(Slot::unchecked)?;
    let agent_id = text(rest, ",\"agent_id\":\"").map(RunId::unchecked)?;
    let channel = text(rest, ",\"channel\":\"").and_then(word)?;
    let arrived = boolean(rest, ",\"arrived\":")?;
    let teammate = boolean(rest, ",\"teammate\":");
    let delivery = Delivery { session, slot, agent_id, channel, arrived, teammate };
    (*rest == "}").then_some(delivery)
}

fn outcome(data: &str) -> Option<Outcome> {
    let rest = &mut plain(data)?;
    let session = text(rest, "{\"session\":\"").map(SessionId::unchecked)?;
    let slot = text(rest, ",\"slot\":\"").map(Slot::unchecked)?;
    let persona = text(rest, ",\"persona\":\"").map(PersonaName::unchecked)?;
    let role = text(rest, ",\"role\":\"").map(RoleName::unchecked)?;
    let run = text(rest, ",\"run\":\"").map(RunId::unchecked)?;
    let result = text(rest, ",\"result\":\"").and_then(word)?;
    let source = text(rest, ",\"source\":\"").map(Source::unchecked)?;
    let ended = boolean(rest, ",\"ended\":");
    let measures = match behind(rest, ",\"measures\":") {
        Some(object) => {
            // There is no other object in it, nor a text.
            let end = memchr::memchr(b'}', object.as_bytes())? + 1;
            let (object, behind) = object.split_at_checked(end)?;
            *rest = behind;
            Some(serde_json::from_str(object).ok().filter(|_| object.starts_with('{'))?)
        }
        None => None,
    };
    let outcome = Outcome { session, slot, persona, role, run, result, source, ended, measures };
    (*rest == "}").then_some(outcome)
}

fn feedback(v: u32, data: &str) -> Option<Feedback> {
    let rest = &mut plain(data)?;
    let persona = text(rest, "{\"persona\":\"").map(PersonaName::unchecked)?;
    let role = text(rest, ",\"role\":\"").map(RoleName::unchecked)?;
    let project = text(rest, ",\"project\":\"").map(ProjectName::unchecked);
    let session = text(rest, ",\"session\":\"").map(SessionId::unchecked);
    let slot = text(rest, ",\"slot\":\"").map(Slot::unchecked);
    let inside = if v < DETACHED_SINCE {
        Some(text(rest, ",\"observation\":\"").map(Observation::unchecked)?)
    } else {
        None
    };
    let sentiment = text(rest, ",\"sentiment\":\"").and_then(word)?;
    let source = text(rest, ",\"source\":\"").map(Source::unchecked)?;
    let observation = match inside {
        Some(words) => Detached::Words { words, salt: None },
        None => match text(rest, ",\"text\":\"") {
            Some(digest) => Detached::Missing(TextDigest::parse(digest)?),
            None => Detached::Absent,
        },
    };
    let feedback =
        Feedback { persona, role, project, session, slot, sentiment, source, observation };
    (*rest == "}").then_some(feedback)
}

/// Takes an object, unless a text in it has an escape, or a character that needs one.
fn plain(data: &str) -> Option<&str> {
    let needs_care = |byte: u8| byte == b'\\' || byte < b' ';
    // Not cut short, so that the compiler can look at many bytes at once.
    let is_plain = !data.bytes().fold(false, |found, byte| found | needs_care(byte));
    is_plain.then_some(data)
}

/// Reads the text behind `key`, which ends where the text begins, if `key` comes next.
#[expect(clippy::inline_always, reason = "a key is compared as a constant then: 5 % of a rebuild")]
#[inline(always)]
fn text<'a>(rest: &mut &'a str, key: &str) -> Option<&'a str> {
    let behind = behind(rest, key)?;
    let (text, behind) = behind.split_at_checked(memchr::memchr(b'"', behind.as_bytes())?)?;
    *rest = behind.get(1..)?;
    Some(text)
}

/// What is left of a text that begins with `key`.
#[expect(clippy::inline_always, reason = "a key is compared as a constant then: 5 % of a rebuild")]
#[inline(always)]
fn behind<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(key.len())?;
    (start == key).then_some(rest)
}

/// Reads the number behind `key`, if `key` comes next and the number is a score as it is written.
fn points(rest: &mut &str, key: &str) -> Option<Points> {
    let behind = behind(rest, key)?;
    let length =
        behind.bytes().take_while(|byte| matches!(byte, b'-' | b'.' | b'0'..=b'9')).count();
    let (number, behind) = behind.split_at_checked(length)?;
    let points = Points::parse(number)?;
    *rest = behind;
    Some(points)
}

/// Reads `true` or `false` behind `key`, if `key` comes next.
fn boolean(rest: &mut &str, key: &str) -> Option<bool> {
    let behind = rest.strip_prefix(key)?;
    let (value, behind) = match behind.strip_prefix("false") {
        Some(behind) => (false, behind),
        None => (true, behind.strip_prefix("true")?),
    };
    *rest = behind;
    Some(value)
}

/// Reads a word of a fixed list.
fn word<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    let word: StrDeserializer<'a, Error> = text.into_deserializer();
    T::deserialize(word).ok()
}

/// Reads the list of slots; `others` reads what one has besides its first three fields.
fn slots<'a, T>(
    rest: &mut &'a str,
    others: impl Fn(&mut &'a str, Slot, PersonaName, RoleName) -> Option<T>,
) -> Option<Vec<T>> {
    let (mut slots, mut next) = (Vec::new(), ",\"slots\":[{\"slot\":\"");
    loop {
        let slot = text(rest, next).map(Slot::unchecked)?;
        let persona = text(rest, ",\"persona\":\"").map(PersonaName::unchecked)?;
        let role = text(rest, ",\"role\":\"").map(RoleName::unchecked)?;
        slots.push(others(rest, slot, persona, role)?);
        if let Some(behind) = behind(rest, "}]") {
            *rest = behind;
            return Some(slots);
        }
        next = "},{\"slot\":\"";
    }
}

/// Reads the number that a text begins with, as JSON writes it.
fn number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    let is_canonical = number == "0" || !number.starts_with('0');
    // No number of 19 digits is too large.
    let value = match digits {
        1..=19 => number.bytes().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')),
        _ => number.parse().ok()?,
    };
    is_canonical.then_some((value, rest))
}

/// How a moment is written.
const MOMENT: &str = "0000-00-00T00:00:00Z";

fn moment(text: &str) -> Option<Timestamp> {
    let bytes: [u8; MOMENT.len()] = text.as_bytes().try_into().ok()?;
    let [
        y3,
        y2,
        y1,
        y0,
        b'-',
        m1,
        m0,
        b'-',
        d1,
        d0,
        b'T',
        h1,
        h0,
        b':',
        i1,
        i0,
        b':',
        s1,
        s0,
        b'Z',
    ] = bytes
    else {
        return None;
    };
    let digits = [y3, y2, y1, y0, m1, m0, d1, d0, h1, h0, i1, i0, s1, s0];
    if !digits.iter().fold(true, |all, digit| all & digit.is_ascii_digit()) {
        return None;
    }
    #[expect(clippy::cast_possible_wrap, reason = "it is below 100")]
    let two = |tens: u8, ones: u8| ((tens - b'0') * 10 + (ones - b'0')) as i8;
    let year = i16::from(two(y3, y2)) * 100 + i16::from(two(y1, y0));
    let (month, day) = (two(m1, m0), two(d1, d0));
    let (hour, minute, second) = (two(h1, h0), two(i1, i0), two(s1, s0));
    let civil = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Offset::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::events::line_parts::LineParts;

    const LOGS: [&str; 5] = [
        include_str!("../../fixtures/log/v1.jsonl"),
        include_str!("../../fixtures/log/v1-outcomes.jsonl"),
        include_str!("../../fixtures/log/v1-runs.jsonl"),
        include_str!("../../fixtures/log/v2-texts.jsonl"),
        include_str!("../../fixtures/log/v1-work.jsonl"),
    ];

    /// What the id of a line covers.
    fn content(line: &str) -> &str {
        str::from_utf8(LineParts::of(line.as_bytes()).unwrap().content).unwrap()
    }

    #[test]
    fn every_line_of_the_samples_with_one_parent_is_read_by_the_fast_decoder() {
        for log in LOGS {
            let read = log.lines().map(|line| read(content(line), EventId::of(b"")).is_some());
            let read: Vec<_> = read.collect();
            let unread = read.iter().filter(|read| !**read).count();
            // A text with an escape is for the other decoder.
            let escaped = log.lines().map(content).filter(|line| line.contains(r#""feedback""#));
            let escaped = escaped.filter(|line| line.contains('\\')).count();
            assert_eq!(unread, 1 + escaped, "the first has no parent: {read:?}");
        }
    }

    #[test]
    fn data_is_one_whole_object_and_nothing_behind_it() {
        let lines = LOGS.iter().flat_map(|log| log.lines()).map(content);
        let read_quickly = |line: &&str| read(line, EventId::of(b"")).is_some();
        for line in lines.filter(read_quickly) {
            let id = EventId::of(b"");
            let Some(sound) = read(line, id) else { panic!("{line}") };
            let (before, after) = line.rsplit_once(PREV).unwrap();
            for behind in ["}", "]", ",", ",\"x\":1", "{}"] {
                let changed = format!("{before}{behind}{PREV}{after}");
                assert_eq!(read(&changed, id), None, "{behind} after {}", sound.event.kind());
            }
        }
    }

    #[test]
    fn a_number_is_read_as_json_writes_it() {
        for (text, read) in [("0,", 0), ("7,", 7), ("10,", 10), ("18446744073709551615,", u64::MAX)]
        {
            assert_eq!(number(text), Some((read, ",")), "{text}");
        }
        for text in ["", "-1", "00", "01", "18446744073709551616"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_moment_is_the_one_that_the_whole_grammar_reads(second in -62_135_596_800_i64..253_402_207_200) {
            let at = Timestamp::from_second(second).unwrap();
            prop_assert_eq!(moment(&at.to_string()), Some(at));
        }
    }

    #[test]
    fn what_is_no_canonical_moment_is_not_read() {
        for text in [
            "2026-02-30T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01t00:00:00Z",
            "2026-01-01T00:00:00z",
            "2026-01-01T00:0:000Z",
            "2026-13-01T00:00:00Z",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
