//! Who follows whom, and whether that can be.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use super::ledger::{Entry, Ledger};
use crate::events::{EventId, Heads, Seq};

/// What the ancestry of the lines shows. Numbers are places in the ledger.
#[derive(Debug, Default)]
pub(super) struct Ancestry {
    /// Parents that are nowhere, each with the first line that names it.
    pub missing: BTreeMap<EventId, usize>,
    /// Lines of another depth than they must have, and that.
    pub unfit: Vec<(usize, Seq)>,
    /// Lines that stand before a parent, and where that stands.
    pub early: Vec<(usize, usize)>,
    /// Lines that follow an event that another line followed already, and that event.
    pub branches: Vec<(usize, usize)>,
    /// Lines without parents, but the first.
    pub beginnings: Vec<usize>,
    /// Lines with an earlier time than a parent's, and that parent.
    pub backwards: Vec<(usize, usize)>,
    /// Lines that name as heads an event and its ancestor, and that.
    pub not_heads: Vec<(usize, usize)>,
    /// How many lines follow each; of a line that stands there before, none.
    children: Vec<u32>,
}

impl Ledger {
    /// Looks at what every line follows.
    pub fn ancestry(&self) -> Ancestry {
        let mut found = Ancestry { children: vec![0; self.len()], ..Ancestry::default() };
        for (at, entry) in self.firsts() {
            self.look_at(at, entry, &mut found);
        }
        found
    }

    fn look_at(&self, at: usize, entry: &Entry, found: &mut Ancestry) {
        let (mut deepest, mut latest, mut gap) = (Seq::default(), None, false);
        let mut branch = None;
        for (id, place) in self.places(at) {
            let parent = place.and_then(|place| Some((place, self.get(place)?)));
            let Some((place, parent)) = parent else {
                found.missing.entry(id).or_insert(at);
                gap = true;
                continue;
            };
            deepest = deepest.max(parent.seq);
            latest = latest.max(Some((parent.at, place)));
            if place > at {
                found.early.push((at, place));
            }
            if let Some(children) = found.children.get_mut(place) {
                *children += 1;
                if *children > 1 {
                    branch = branch.or(Some((at, place)));
                }
            }
        }
        found.branches.extend(branch);
        // What a missing parent's depth was, nobody knows: it can only have been deeper.
        if !(entry.seq == deepest.next() || (gap && entry.seq > deepest.next())) {
            found.unfit.push((at, deepest.next()));
        }
        if let Some((_, place)) = latest.filter(|(moment, _)| entry.at < *moment) {
            found.backwards.push((at, place));
        }
        match self.parents(at) {
            [] if at > 0 => found.beginnings.push(at),
            [_, _, ..] => found.not_heads.extend(self.ancestor_among(at).map(|of| (at, of))),
            _ => {}
        }
    }

    /// The parent of a line that is an ancestor of another of its parents.
    fn ancestor_among(&self, at: usize) -> Option<usize> {
        let parents: BTreeSet<_> = self.places(at).filter_map(|(_, place)| place).collect();
        let seq = |place: &usize| self.get(*place).map_or(Seq::default(), |of| of.seq);
        let shallowest = parents.iter().map(seq).min()?;
        let above = |place: usize| self.places(place).filter_map(|(_, place)| place);
        let mut ahead: Vec<_> = parents.iter().flat_map(|place| above(*place)).collect();
        let mut seen = BTreeSet::new();
        while let Some(place) = ahead.pop() {
            if parents.contains(&place) {
                return Some(place);
            }
            if seq(&place) > shallowest && seen.insert(place) {
                ahead.extend(above(place));
            }
        }
        None
    }
}

impl Ancestry {
    /// The ends of the history.
    pub fn heads(&self, ledger: &Ledger) -> Heads {
        let is_head = |(at, _): &(usize, &Entry)| self.children.get(*at) == Some(&0);
        ledger.firsts().filter(is_head).map(|(_, entry)| entry.id).collect::<Vec<_>>().into()
    }

    /// How deep the history goes without a fork or a gap.
    ///
    /// All branches that ever were have these lines in common, and in this
    /// order: whatever git merges, it moves none of them.
    pub fn trunk(&self, ledger: &Ledger) -> Seq {
        let order = ledger.in_fold_order();
        let before = iter::once(None).chain(order.iter().copied().map(Some));
        let is_next = |(before, at): &(Option<usize>, &usize)| match before {
            None => ledger.parents(**at).is_empty(),
            Some(before) => {
                let id = ledger.get(*before).map(|before| before.id);
                self.children.get(*before) == Some(&1)
                    && matches!(ledger.parents(**at), [only] if Some(*only) == id)
            }
        };
        Seq(before.zip(&order).take_while(is_next).count() as u64)
    }
}
