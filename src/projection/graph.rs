//! The event graph: the sound lines of a log, what each follows, and the order of the fold.

use std::collections::BTreeMap;
use std::ops::Range;
use std::slice;

use jiff::Timestamp;

use crate::events::{Event, EventId, Heads, IdPrefix, Position, Record, Repair, Seq};

/// Where a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineSpan {
    /// Which of the log's files it is in, by index.
    pub file: usize,
    /// Its number in the file, from 1.
    pub line: u64,
    /// How many bytes of the file come before it.
    pub offset: u64,
    /// Its length in bytes, without its line end.
    pub length: usize,
}

impl LineSpan {
    /// Its bytes in the log, which begins with its file at `start`.
    pub fn range(&self, start: u64) -> Range<usize> {
        let start = usize::try_from(start + self.offset).unwrap_or(usize::MAX);
        start..start.saturating_add(self.length)
    }
}

/// A sound line, without what its event says.
#[derive(Debug)]
pub struct Node {
    pub id: EventId,
    pub seq: Seq,
    pub at: Timestamp,
    /// Its parents, unless the line before is the only one: most are so, and a log is long.
    parents: Option<Heads>,
    /// Whether the line has a text after its id that the event vouches for.
    has_text: bool,
    pub span: LineSpan,
}

/// The sound lines, in the order of the log. A line is named by its index in it.
#[derive(Debug, Default)]
pub struct EventGraph {
    nodes: Vec<Node>,
    /// Each event, with the line that has it first, sorted.
    by_id: Vec<(EventId, usize)>,
    /// The line that has each line's event first.
    firsts: Vec<usize>,
    /// Lines without the text of their event, each with another that has it.
    with_text: BTreeMap<usize, usize>,
    /// The repairs on record, each with its line.
    pub repairs: Vec<(usize, Repair)>,
}

impl EventGraph {
    pub fn push(&mut self, record: &Record, span: LineSpan) {
        if let Event::Repair(repair) = &record.event {
            self.repairs.push((self.nodes.len(), repair.clone()));
        }
        let before = self.nodes.last().map(|before| before.id);
        let is_next = before.is_some_and(|before| record.prev.ids() == [before]);
        let parents = (!is_next).then(|| record.prev.clone());
        let Record { id, seq, at, .. } = *record;
        let has_text = record.event.has_text();
        self.nodes.push(Node { id, seq, at, parents, has_text, span });
    }

    /// Finds out which line has which event. It has to be done again after a push.
    pub fn index(&mut self) {
        self.by_id = self.nodes.iter().map(|node| node.id).zip(0..).collect();
        self.by_id.sort_unstable();
        self.firsts = vec![0; self.nodes.len()];
        self.with_text.clear();
        let has_text = |at: usize| self.nodes.get(at).is_some_and(|node| node.has_text);
        let mut known = None;
        for (id, at) in &self.by_id {
            let first = known.filter(|(known, _)| known == id).map_or(*at, |(_, first)| first);
            known = Some((*id, first));
            if first != *at && has_text(*at) && !has_text(first) {
                self.with_text.entry(first).or_insert(*at);
            }
            if let Some(place) = self.firsts.get_mut(*at) {
                *place = first;
            }
        }
        self.by_id.dedup_by_key(|(id, _)| *id);
    }

    pub fn get(&self, at: usize) -> Option<&Node> {
        self.nodes.get(at)
    }

    /// The line that has an event first.
    pub fn find(&self, id: EventId) -> Option<usize> {
        let found = self.by_id.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.by_id.get(found).map(|(_, at)| *at)
    }

    pub fn with_prefix(&self, prefix: &IdPrefix) -> &[(EventId, usize)] {
        let range = prefix.range();
        let from = self.by_id.partition_point(|(id, _)| id < range.start());
        let to = self.by_id.partition_point(|(id, _)| id <= range.end());
        self.by_id.get(from..to).unwrap_or_default()
    }

    pub fn lines(&self) -> usize {
        self.nodes.len()
    }

    pub fn events(&self) -> usize {
        self.by_id.len()
    }

    /// Returns whether no line before has the same event.
    pub fn is_first(&self, at: usize) -> bool {
        self.firsts.get(at) == Some(&at)
    }

    /// The lines that have an event first.
    pub fn firsts(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes.iter().enumerate().filter(|(at, _)| self.is_first(*at))
    }

    /// The lines whose event a line before has, each with that.
    pub fn repeats(&self) -> impl Iterator<Item = (&Node, &Node)> {
        let all = self.firsts.iter().zip(self.nodes.iter().enumerate());
        let repeats = all.filter(|(first, (at, _))| *first != at);
        repeats.filter_map(|(first, (_, node))| Some((node, self.nodes.get(*first)?)))
    }

    /// Where the lines end whose event a line before has, in fold order.
    pub fn repeat_ends(&self) -> Vec<Position> {
        let mut repeats: Vec<_> = self.repeats().map(|(repeat, _)| repeat).collect();
        repeats.sort_by_key(|node| node.key());
        repeats.into_iter().map(Node::end).collect()
    }

    pub fn end(&self) -> Position {
        self.nodes.last().map_or(Position::START, Node::end)
    }

    /// The line whose event is read for that of the line `first`: another one, if the text of the
    /// event stands there alone.
    pub fn copy_of(&self, first: usize) -> Option<&Node> {
        self.get(self.copy_at(first))
    }

    /// Which line that is.
    pub fn copy_at(&self, first: usize) -> usize {
        self.with_text.get(&first).copied().unwrap_or(first)
    }

    /// Returns whether the text of a line's event stands in it, or in another line that has the event.
    pub fn has_text(&self, at: usize) -> bool {
        let first = self.firsts.get(at).copied().unwrap_or(at);
        self.copy_of(first).is_some_and(|node| node.has_text)
    }

    /// All lines that have the event of the line `first`.
    pub fn all_of(&self, first: usize) -> impl Iterator<Item = &Node> {
        let same = self.firsts.iter().zip(&self.nodes).filter(move |(of, _)| **of == first);
        same.map(|(_, node)| node)
    }

    pub fn parent_ids(&self, at: usize) -> &[EventId] {
        let Some(node) = self.nodes.get(at) else { return &[] };
        let before =
            || self.nodes.get(at.wrapping_sub(1)).map(|before| slice::from_ref(&before.id));
        node.parents.as_ref().map(Heads::ids).or_else(before).unwrap_or_default()
    }

    /// The parents of a line, each with the line that has it first.
    pub fn parents(&self, at: usize) -> impl Iterator<Item = (EventId, Option<usize>)> {
        let is_next = self.nodes.get(at).is_some_and(|node| node.parents.is_none());
        let before = self.firsts.get(at.wrapping_sub(1)).copied().filter(|_| is_next);
        self.parent_ids(at).iter().map(move |id| (*id, before.or_else(|| self.find(*id))))
    }

    /// The events that repairs record as missing, each with the line of the first that does; only
    /// lines that `counts` count.
    pub fn recorded_missing(&self, counts: impl Fn(usize) -> bool) -> BTreeMap<EventId, usize> {
        let mut recorded = BTreeMap::new();
        for (at, repair) in self.repairs.iter().filter(|(at, _)| counts(*at)) {
            for id in &repair.missing {
                recorded.entry(*id).or_insert(*at);
            }
        }
        recorded
    }

    /// The events in fold order: by depth, time and id.
    ///
    /// A parent has a smaller `seq` than its children, so the order respects the ancestry, and it
    /// depends on nothing but the set of events.
    pub fn in_fold_order(&self) -> Vec<usize> {
        let mut order: Vec<_> = self.firsts().map(|(at, _)| at).collect();
        order.sort_by_key(|at| self.nodes.get(*at).map(Node::key));
        order
    }
}

impl Node {
    fn key(&self) -> (Seq, Timestamp, EventId) {
        (self.seq, self.at, self.id)
    }

    /// Where its line ends in a log that is one file.
    pub fn end(&self) -> Position {
        let LineSpan { line, offset, length, .. } = self.span;
        Position { offset: offset + length as u64 + 1, lines: line, last: Some(self.id) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::events::decode;
    use crate::projection::view::tests::{History, Said, anything, assign, definition, seed};
    use crate::projection::{Roster, View, Warning};

    /// Two branches that each said something after a common beginning, and are merged.
    fn branched(left: impl IntoIterator<Item = Said>, right: &[Said], lag: i64) -> History {
        let base = History::of([seed("Ann"), seed("Bo")]);
        let left = base.clone().extend(left).clone();
        let mut right_branch = base;
        right_branch.now += lag;
        left.merged(right_branch.extend(right.iter().cloned()))
    }

    fn revise(working_style: &str) -> Said {
        ("revise", definition("Ann", working_style))
    }

    /// The working style of Ann, whose last revision in fold order decides it.
    fn style(history: &History) -> String {
        history.persona("Ann").definition.traits[0].to_string()
    }

    fn damage(lines: &[String]) -> (u64, String) {
        let damage = View::fold_all(lines.concat().as_bytes()).unwrap_err();
        (damage.line, damage.reason.to_string())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_merged_log_folds_by_depth_moment_and_id_in_whatever_order_its_lines_are(
            (history, shuffled) in (
                prop::collection::vec(anything(), 0..6),
                prop::collection::vec(anything(), 0..6),
                -3_i64..3,
                prop::option::of(anything()),
            ).prop_flat_map(|(left, right, lag, last)| {
                let mut history = branched(left, &right, lag);
                history.extend(last);
                let shuffled = Just(history.lines.clone()).prop_shuffle();
                (Just(history), shuffled)
            }),
            repeated in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        ) {
            let mut records: Vec<_> = history.lines.iter().map(|l| decode(l.trim_end().as_bytes()).unwrap()).collect();
            records.sort_by_key(|record| (record.seq, record.at, record.id));
            let mut roster = Roster::default();
            for record in &records {
                roster.apply(record);
            }
            let mut lines = shuffled.clone();
            lines.extend(repeated.iter().map(|index| index.get(&shuffled).clone()));
            let view = View::fold_all(lines.concat().as_bytes()).unwrap();
            prop_assert_eq!(&view.roster, &roster);
            prop_assert_eq!(&view.heads, &Heads::from(history.heads));
            prop_assert_eq!(view.next_seq(), Some(Seq(history.seq + 1)));
            prop_assert_eq!(view.events, records.len() as u64);
            prop_assert_eq!(view.bytes, history.lines.concat().len() as u64);
            prop_assert_eq!(view.position.lines, lines.len() as u64);
            prop_assert_eq!(view.position.offset, lines.concat().len() as u64);
            let last = decode(lines.last().unwrap().trim_end().as_bytes()).unwrap();
            prop_assert_eq!(view.position.last, Some(last.id));
        }
    }

    #[test]
    fn of_two_branches_the_deeper_event_folds_later_whatever_its_moment() {
        let right = [seed("Cy"), revise("deep")];
        assert_eq!(style(&branched([revise("shallow")], &right, -1)), "deep");
        assert_eq!(style(&branched([revise("shallow"), seed("Dee")], &right, -1)), "deep");
    }

    #[test]
    fn at_the_same_depth_the_later_event_folds_later() {
        for (lag, last) in [(-1, "left"), (1, "right")] {
            assert_eq!(style(&branched([revise("left")], &[revise("right")], lag)), last);
        }
    }

    #[test]
    fn at_the_same_depth_and_moment_the_greater_id_folds_later() {
        for other in ["b", "c", "d", "e"] {
            let history = branched([revise("a")], &[revise(other)], 0);
            let id = |line: &String| decode(line.trim_end().as_bytes()).unwrap().id;
            let (left, right) = (id(&history.lines[2]), id(&history.lines[3]));
            assert_eq!(style(&history), if left > right { "a" } else { other });
        }
    }

    #[test]
    fn branches_that_lent_the_same_persona_make_two_holders() {
        let right = [assign("s1", "w-0", "Ann", "testing")];
        let roster = branched([assign("s2", "w-0", "Ann", "testing")], &right, 0).view().roster;
        let warnings = roster.warnings();
        assert!(matches!(&warnings[..], [Warning::TwoHolders(ann, _)] if ann.as_str() == "Ann"));
        assert_eq!(
            warnings[0].to_string(),
            "`Ann` is held 2 times, by the sessions `s1`, `s2`: merged branches had lent it to each"
        );
    }

    #[test]
    fn an_event_whose_parent_is_missing_is_damage() {
        let history = History::of([seed("Ann"), seed("Bo"), seed("Cy")]);
        let mut lines = history.lines;
        let cut = decode(lines.remove(1).trim_end().as_bytes()).unwrap();
        let reason = format!("it follows the event `{}`, which is not in the log", cut.id);
        assert_eq!(damage(&lines), (2, reason));
    }

    #[test]
    fn a_missing_parent_that_a_repair_vouches_for_is_none() {
        let mut history = History::of([seed("Ann"), seed("Bo"), seed("Cy")]);
        let ids: Vec<_> =
            history.lines.iter().map(|l| decode(l.trim_end().as_bytes()).unwrap().id).collect();
        history.lines.remove(1);
        history.heads = vec![ids[0], ids[2]];
        let other = EventId::of(b"another");
        let vouching = |id| ("repair", json!({ "cut": [], "missing": [id] }));
        let mended = history.clone().then(vouching(ids[1])).clone();
        let view = mended.view();
        assert_eq!(view.roster.names().count(), 2);
        assert_eq!(view.heads.ids(), mended.heads);
        assert_eq!(view.next_seq(), Some(Seq(5)));
        let elsewhere = history.then(vouching(other));
        assert_eq!(damage(&elsewhere.lines).0, 2, "a repair vouches for what it names only");
    }

    #[test]
    fn after_a_gap_an_event_may_be_deeper_but_not_shallower_than_it_must() {
        let lost = EventId::of(b"lost");
        let mut history =
            History::of([seed("Ann"), ("repair", json!({ "cut": [], "missing": [lost] }))]);
        history.heads.push(lost);
        let deeper = |by| {
            let mut history = history.clone();
            history.seq = history.seq.saturating_add_signed(by);
            history.then(seed("Bo")).lines.clone()
        };
        for by in [0, 1, 7] {
            assert!(View::fold_all(deeper(by).concat().as_bytes()).is_ok(), "{by}");
        }
        assert_eq!(
            damage(&deeper(-1)),
            (3, "its `seq` is 2; after its parents it must be 3".into())
        );
    }

    #[test]
    fn the_first_damage_in_the_file_is_told() {
        let mut history = History::of([seed("Ann")]);
        let mut late = history.clone();
        late.seq = 8;
        history.seq = 4;
        let merged = late.then(seed("Bo")).merged(history.then(seed("Cy")));
        assert_eq!(damage(&merged.lines).0, 2, "and not the shallower one in line 3");
    }
}
