//! The fold order of a history that branched and was merged.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;

use super::view::{LineDamage, line_ranges};
use crate::events::{
    DamageReason, Event, EventId, Heads, Position, Record, Seq, decode, decode_checked,
};

/// A log, put in order.
pub(super) struct Merged {
    /// Where each event's line is in the log, in fold order, each id once.
    pub(super) places: Vec<Place>,
    /// Where the lines of the heads end, in fold order.
    pub(super) ends: Vec<Position>,
    /// Where lines end that stood in the log before.
    pub(super) repeats: Vec<Position>,
    /// The end of the log.
    pub(super) position: Position,
    /// Whether the order is another one than the log's.
    pub(super) reordered: bool,
}

/// Where an event's line is in a log.
pub(super) struct Place {
    /// Its bytes, without its line end.
    pub(super) range: Range<usize>,
    /// Its number, from 1.
    pub(super) line: u64,
    id: EventId,
}

impl Merged {
    /// Hands the events to `visit`, in fold order, each with the length of its line.
    pub(super) fn visit(self, log: &[u8], mut visit: impl FnMut(&Record, usize)) {
        for Place { range, id, .. } in self.places {
            let line = log.get(range).unwrap_or_default();
            // It was decoded before, to find its place; to keep a million
            // decoded events would take more memory than their log.
            if let Ok(record) = decode_checked(line, id) {
                visit(&record, line.len());
            }
        }
    }
}

/// What is kept of an event while the log is put in order.
struct Entry {
    seq: Seq,
    at: Timestamp,
    id: EventId,
    prev: Heads,
    range: Range<usize>,
    line: u64,
}

impl Entry {
    /// Where its line ends.
    fn end(&self) -> Position {
        Position { offset: self.range.end as u64 + 1, lines: self.line, last: Some(self.id) }
    }
}

/// Puts the events of a log in the order (`seq`, `at`, `id`), each id once.
///
/// A parent has a smaller `seq` than its children, so the order respects the
/// ancestry, and it depends on nothing but the set of events. Every event is
/// held to its parents: each must be there, unless a `repair` says that it is
/// missing, and `seq` must follow from them.
pub(super) fn order(log: &[u8]) -> Result<Merged, LineDamage> {
    let mut position = Position::START;
    let mut entries = Vec::new();
    let mut vouched = BTreeSet::new();
    for range in line_ranges(log) {
        position.lines += 1;
        position.offset = range.end as u64 + 1;
        let record = decode(log.get(range.clone()).unwrap_or_default())
            .map_err(|error| LineDamage { line: position.lines, reason: error.into() })?;
        position.last = Some(record.id);
        if let Event::Repair(repair) = record.event {
            vouched.extend(repair.missing);
        }
        let (seq, at, id, prev) = (record.seq, record.at, record.id, record.prev);
        entries.push(Entry { seq, at, id, prev, range, line: position.lines });
    }
    // Repeated lines are equal in all but their place; the sort is stable and keeps the first.
    entries.sort_by_key(|entry| (entry.seq, entry.at, entry.id));
    let mut repeats = Vec::new();
    entries.dedup_by(|entry, before| {
        let is_repeat = entry.id == before.id;
        repeats.extend(is_repeat.then(|| entry.end()));
        is_repeat
    });
    let heads = check_ancestry(&entries, &vouched)?;
    let is_head = |entry: &&Entry| heads.ids().binary_search(&entry.id).is_ok();
    let ends = entries.iter().filter(is_head).map(Entry::end).collect();
    let reordered = !entries.iter().zip(1..).all(|(entry, line)| entry.line == line)
        || entries.len() as u64 != position.lines;
    let place = |Entry { range, line, id, .. }: Entry| Place { range, line, id };
    let places = entries.into_iter().map(place).collect();
    Ok(Merged { places, ends, repeats, position, reordered })
}

/// Holds every event to its parents, and finds those that are nobody's parent.
fn check_ancestry(entries: &[Entry], vouched: &BTreeSet<EventId>) -> Result<Heads, LineDamage> {
    let depths: BTreeMap<EventId, Seq> = entries.iter().map(|e| (e.id, e.seq)).collect();
    let mut heads: BTreeSet<EventId> = depths.keys().copied().collect();
    let mut first: Option<LineDamage> = None;
    for entry in entries {
        if let Err(reason) = check_parents(entry, &depths, vouched)
            && first.as_ref().is_none_or(|found| entry.line < found.line)
        {
            first = Some(LineDamage { line: entry.line, reason });
        }
        for parent in entry.prev.ids() {
            heads.remove(parent);
        }
    }
    match first {
        Some(damage) => Err(damage),
        None => Ok(heads.into_iter().collect::<Vec<_>>().into()),
    }
}

fn check_parents(
    entry: &Entry,
    depths: &BTreeMap<EventId, Seq>,
    vouched: &BTreeSet<EventId>,
) -> Result<(), DamageReason> {
    let mut deepest = Seq::default();
    let mut gap = false;
    for parent in entry.prev.ids() {
        match depths.get(parent) {
            Some(depth) => deepest = deepest.max(*depth),
            None if vouched.contains(parent) => gap = true,
            None => return Err(DamageReason::MissingParent(*parent)),
        }
    }
    let due = deepest.next();
    // What a missing parent's depth was, nobody knows: it can only have been deeper.
    if entry.seq == due || (gap && entry.seq > due) {
        return Ok(());
    }
    Err(DamageReason::WrongSeq { written: entry.seq, due })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
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
            prop_assert_eq!(view.next_seq(), Seq(history.seq + 1));
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
        assert_eq!(view.next_seq(), Seq(5));
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
