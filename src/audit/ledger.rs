//! The sound lines of a log, in its own order.

use std::slice;

use jiff::Timestamp;

use crate::events::{EventId, Heads, IdPrefix, Record, Seq};

/// Where a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    /// In which of the log's files.
    pub piece: usize,
    /// Which line of that, from 1.
    pub line: u64,
    /// How many bytes of the file come before.
    pub offset: u64,
    /// How many bytes of the log come before.
    pub start: u64,
    /// Its length in bytes, without its line end.
    pub length: usize,
}

/// A sound line, as far as its place in the history needs it.
#[derive(Debug)]
pub(super) struct Entry {
    pub id: EventId,
    pub seq: Seq,
    pub at: Timestamp,
    /// Its parents; empty where it just follows the entry before.
    prev: Heads,
    follows: bool,
    pub spot: Spot,
}

/// The sound lines, in the order of the log.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Vec<Entry>,
    /// Each id, where it stands first, sorted.
    by_id: Vec<(EventId, usize)>,
    /// Where each entry's id stands first.
    firsts: Vec<usize>,
}

impl Ledger {
    /// Takes down a line.
    pub fn push(&mut self, record: &Record, spot: Spot) {
        let before = self.entries.last().map(|before| before.id);
        let follows = before.is_some_and(|before| record.prev.ids() == [before]);
        let prev = if follows { Heads::default() } else { record.prev.clone() };
        let Record { id, seq, at, .. } = *record;
        self.entries.push(Entry { id, seq, at, prev, follows, spot });
    }

    /// Finds out which line is where. Nothing is taken down afterwards.
    pub fn index(&mut self) {
        let ids = self.entries.iter().map(|entry| entry.id);
        self.by_id = ids.zip(0..).collect();
        self.by_id.sort_unstable();
        self.firsts = vec![0; self.entries.len()];
        let mut before = None;
        for (id, at) in &self.by_id {
            let first = match before {
                Some((same, first)) if same == *id => first,
                _ => *at,
            };
            before = Some((*id, first));
            if let Some(place) = self.firsts.get_mut(*at) {
                *place = first;
            }
        }
        self.by_id.dedup_by_key(|(id, _)| *id);
    }

    /// How many lines were taken down.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether a line stands there for the first time.
    pub fn is_first(&self, at: usize) -> bool {
        self.firsts.get(at) == Some(&at)
    }

    pub fn get(&self, at: usize) -> Option<&Entry> {
        self.entries.get(at)
    }

    /// Where an event stands first.
    pub fn find(&self, id: EventId) -> Option<usize> {
        let found = self.by_id.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.by_id.get(found).map(|(_, at)| *at)
    }

    /// The events whose ids begin so.
    pub fn with_prefix(&self, prefix: &IdPrefix) -> &[(EventId, usize)] {
        let range = prefix.range();
        let from = self.by_id.partition_point(|(id, _)| id < range.start());
        let to = self.by_id.partition_point(|(id, _)| id <= range.end());
        self.by_id.get(from..to).unwrap_or_default()
    }

    /// How many events there are.
    pub fn events(&self) -> usize {
        self.by_id.len()
    }

    /// The lines that stand there for the first time, in the order of the log.
    pub fn firsts(&self) -> impl Iterator<Item = (usize, &Entry)> {
        let firsts = self.firsts.iter().zip(0..).filter(|(first, at)| *first == at);
        firsts.filter_map(|(_, at)| Some((at, self.entries.get(at)?)))
    }

    /// The lines that stand there again, each with where it stands first.
    pub fn repeats(&self) -> impl Iterator<Item = (&Entry, &Entry)> {
        let repeats = self.firsts.iter().zip(0..).filter(|(first, at)| *first != at);
        repeats.filter_map(|(first, at)| Some((self.entries.get(at)?, self.entries.get(*first)?)))
    }

    /// All lines that have this id.
    pub fn all_of(&self, at: usize) -> impl Iterator<Item = &Entry> {
        let same = self.firsts.iter().zip(&self.entries).filter(move |(first, _)| **first == at);
        same.map(|(_, entry)| entry)
    }

    /// The ids of a line's parents.
    pub fn parents(&self, at: usize) -> &[EventId] {
        match self.entries.get(at) {
            Some(Entry { follows: false, prev, .. }) => prev.ids(),
            Some(_) => {
                let before = at.checked_sub(1).and_then(|before| self.entries.get(before));
                before.map(|before| slice::from_ref(&before.id)).unwrap_or_default()
            }
            None => &[],
        }
    }

    /// A line's parents, each with where it stands first.
    pub fn places(&self, at: usize) -> impl Iterator<Item = (EventId, Option<usize>)> {
        let follows = self.entries.get(at).is_some_and(|entry| entry.follows);
        let before = if follows { self.firsts.get(at.wrapping_sub(1)).copied() } else { None };
        let find = move |id: &EventId| (*id, before.or_else(|| self.find(*id)));
        self.parents(at).iter().map(find)
    }

    /// The events in fold order: by depth, moment and id.
    pub fn in_fold_order(&self) -> Vec<usize> {
        let mut order: Vec<_> = self.firsts().map(|(at, _)| at).collect();
        let key = |at: &usize| self.entries.get(*at).map(|entry| (entry.seq, entry.at, entry.id));
        order.sort_by_key(key);
        order
    }
}
