//! The fold order of a history that branched and was merged.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;

use super::view::{LineDamage, line_ranges};
use crate::events::{DamageReason, Event, EventId, Heads, Position, Seq, decode};

/// A log, put in order.
pub(super) struct Merged {
    /// Where each event's line is in the log, in fold order, each id once.
    pub(super) lines: Vec<(Range<usize>, EventId)>,
    /// The ends of the history.
    pub(super) heads: Heads,
    /// The end of the log.
    pub(super) position: Position,
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
    entries.dedup_by_key(|entry| entry.id);
    let heads = check_ancestry(&entries, &vouched)?;
    let lines = entries.into_iter().map(|entry| (entry.range, entry.id)).collect();
    Ok(Merged { lines, heads, position })
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
