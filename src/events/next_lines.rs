//! The lines with which a history goes on.

use jiff::Timestamp;

use super::line::room_for_parents;
use super::{Event, EventId, Heads, LineError, Repair, Seq, encode};

/// Lines that are appended together: the first follows all heads, each other one the line before it.
///
/// Where a line cannot name all heads, `repair` events that list nothing go
/// ahead of it and join them. The first of these follows the deepest head, so
/// that every line is deeper than all that was there before.
#[derive(Debug)]
pub struct NextLines {
    bytes: Vec<u8>,
    ids: Vec<EventId>,
    at: Timestamp,
    /// The depth of the next line, if there can be one.
    seq: Option<Seq>,
    /// The line before it, or else the deepest head.
    last: Option<EventId>,
    /// The other heads that it has to follow.
    others: Vec<EventId>,
}

impl NextLines {
    /// Begins behind these heads with a line of this depth, if there can be one. The deepest head is
    /// one above it.
    #[must_use]
    pub fn new(seq: Option<Seq>, heads: &Heads, deepest: Option<EventId>, at: Timestamp) -> Self {
        let others = heads.ids().iter().copied().filter(|head| Some(*head) != deepest).collect();
        Self { bytes: Vec::new(), ids: Vec::new(), at, seq, last: deepest, others }
    }

    /// Adds the line of an event, and returns its id. A lesson may be taken from the feedback in the
    /// line before it.
    pub fn push(&mut self, mut event: Event) -> Result<EventId, LineError> {
        if let Event::Lesson(lesson) = &mut event
            && lesson.from == Some(EventId::OF_LINE_BEFORE)
        {
            lesson.from = self.ids.last().copied();
        }
        while !self.others.is_empty()
            && self.others.len() >= room_for_parents(self.seq()?, self.at, &event)?
        {
            let join = Event::Repair(Repair::default());
            let room = room_for_parents(self.seq()?, self.at, &join)?;
            self.follow(join, room.saturating_sub(1))?;
        }
        self.follow(event, usize::MAX)
    }

    /// Adds a line that follows the last one and so many of the other heads.
    fn follow(&mut self, event: Event, others: usize) -> Result<EventId, LineError> {
        let seq = self.seq()?;
        let others = self.others.drain(..others.min(self.others.len()));
        let prev: Vec<_> = self.last.into_iter().chain(others).collect();
        let record = encode(&mut self.bytes, seq, self.at, event, prev.into())?;
        self.ids.push(record.id);
        (self.seq, self.last) = (record.seq.next(), Some(record.id));
        Ok(record.id)
    }

    fn seq(&self) -> Result<Seq, LineError> {
        self.seq.ok_or(LineError::TooDeep)
    }

    /// The lines, line ends included, and their ids.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, Vec<EventId>) {
        (self.bytes, self.ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Cut, Detached, LINE_LIMIT, Lesson, PersonaName, Record, decode};

    const SEQ: Seq = Seq(9_999);

    fn lines(heads: &Heads, event: Event) -> Vec<Record> {
        let mut lines =
            NextLines::new(Some(SEQ), heads, heads.ids().last().copied(), Timestamp::UNIX_EPOCH);
        lines.push(event).unwrap();
        let (bytes, ids) = lines.into_parts();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let records: Vec<_> = lines.map(|line| decode(line.trim_ascii_end()).unwrap()).collect();
        assert!(records.iter().map(|record| record.id).eq(ids));
        records
    }

    fn heads(count: usize) -> Heads {
        (0..count).map(|n| EventId::of(&n.to_le_bytes())).collect::<Vec<_>>().into()
    }

    /// An event whose line has so many bytes with one parent.
    fn of_length(bytes: usize) -> Event {
        let event = |length| {
            let cut = Cut { file: "x".repeat(length).into(), line: 1, blake3: "".into(), bytes: 1 };
            Event::Repair(Repair { cut: vec![cut], ..Repair::default() })
        };
        let mut line = Vec::new();
        encode(&mut line, SEQ, Timestamp::UNIX_EPOCH, event(0), heads(1)).unwrap();
        event(bytes - line.len())
    }

    #[test]
    fn heads_that_fit_are_named_by_the_event_itself() {
        for (count, bytes) in [(1, LINE_LIMIT), (2, LINE_LIMIT - 35), (1_001, LINE_LIMIT - 35_000)]
        {
            let all = heads(count);
            let told = lines(&all, of_length(bytes));
            assert_eq!((told.len(), &told[0].prev, told[0].seq), (1, &all, SEQ), "{count}");
        }
        assert_eq!(lines(&Heads::default(), of_length(500))[0].prev, Heads::default());
    }

    #[test]
    fn those_that_do_not_fit_are_joined_first_the_deepest_ahead() {
        for (count, bytes) in [(2, LINE_LIMIT - 34), (1_001, LINE_LIMIT - 34_999), (10_000, 500)] {
            let all = heads(count);
            let told = lines(&all, of_length(bytes));
            let (mut last, mut followed) = (*all.ids().last().unwrap(), Vec::new());
            for (record, seq) in told.iter().zip(SEQ.0..) {
                assert_eq!(record.seq, Seq(seq));
                assert!(record.prev.ids().contains(&last), "{count}");
                followed.extend(record.prev.ids().iter().filter(|id| **id != last));
                last = record.id;
            }
            followed.push(*all.ids().last().unwrap());
            followed.sort_unstable();
            assert_eq!(followed, all.ids(), "each is followed once");
            let joins = told.iter().filter(|it| it.event == Event::Repair(Repair::default()));
            assert_eq!((told.len(), joins.count()), if count > 2_000 { (6, 5) } else { (2, 1) });
        }
    }

    #[test]
    fn a_lesson_is_taken_from_the_feedback_in_the_line_before_it() {
        let lesson = |from| {
            Event::Lesson(Lesson {
                persona: PersonaName::unchecked("Ann"),
                role: None,
                project: None,
                from,
                lesson: Detached::Absent,
            })
        };
        for heads in [Heads::default(), heads(1), heads(3_000)] {
            let deepest = heads.ids().last().copied();
            let mut lines = NextLines::new(Some(SEQ), &heads, deepest, Timestamp::UNIX_EPOCH);
            let other = Some(EventId::of(b"other"));
            for from in [None, Some(EventId::OF_LINE_BEFORE), other] {
                lines.push(lesson(from)).unwrap();
            }
            let (bytes, ids) = lines.into_parts();
            let lines = str::from_utf8(&bytes).unwrap().lines();
            let taught = lines.filter_map(|line| match decode(line.as_bytes()).unwrap().event {
                Event::Lesson(lesson) => Some(lesson.from),
                _ => None,
            });
            let first = ids.iter().rev().nth(2).copied();
            assert_eq!(taught.collect::<Vec<_>>(), [None, first, other]);
        }
    }

    #[test]
    fn no_line_follows_the_deepest_that_there_can_be() {
        let event = || Event::Repair(Repair::default());
        for (count, seq, fit) in [(2, Some(Seq(u64::MAX - 1)), 2), (2, None, 0), (3_000, None, 0)] {
            let all = heads(count);
            let deepest = all.ids().last().copied();
            let mut lines = NextLines::new(seq, &all, deepest, Timestamp::UNIX_EPOCH);
            for _ in 0..fit {
                lines.push(event()).unwrap();
            }
            assert!(matches!(lines.push(event()), Err(LineError::TooDeep)));
            let (bytes, ids) = lines.into_parts();
            assert_eq!(
                (bytes.split_inclusive(|byte| *byte == b'\n').count(), ids.len()),
                (fit, fit)
            );
        }
    }

    #[test]
    fn an_event_that_fits_with_no_parent_is_refused() {
        let all = heads(3);
        let mut lines =
            NextLines::new(Some(SEQ), &all, all.ids().last().copied(), Timestamp::UNIX_EPOCH);
        let error = lines.push(of_length(LINE_LIMIT + 1)).unwrap_err();
        assert!(matches!(error, LineError::TooLong { .. }), "{error}");
    }
}
