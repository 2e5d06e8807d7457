//! Which events follow which, and whether that can be.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use super::graph::{EventGraph, LineSpan, Node};
use super::line::{LineDamage, line_ranges};
use crate::events::{DamageReason, EventId, Heads, Seq, decode};

/// What the graph of a log shows. Lines are named by their indices in it.
#[derive(Debug, Default)]
pub struct Ancestry {
    /// Parents that no line has, each with the first line that names it.
    pub missing: BTreeMap<EventId, usize>,
    /// Lines of another depth than follows from their parents, and that.
    pub wrong_seqs: Vec<(usize, Option<Seq>)>,
    /// Lines that stand before a parent, and that.
    pub early: Vec<(usize, usize)>,
    /// Lines that follow an event that another line followed already, and that event.
    pub branches: Vec<(usize, usize)>,
    /// Lines without parents, but the first of them.
    pub beginnings: Vec<usize>,
    /// Lines with an earlier time than a parent's, and that parent.
    pub backwards: Vec<(usize, usize)>,
    /// How many events follow that of each line.
    children: Vec<u32>,
}

impl EventGraph {
    /// Reads a whole log as one file. The first line that is not sound or does not follow from its
    /// parents is the error.
    pub fn of_log(log: &[u8]) -> Result<(Self, Ancestry), LineDamage> {
        let mut graph = Self::default();
        for (range, line) in line_ranges(log).zip(1..) {
            let record = decode(log.get(range.clone()).unwrap_or_default())
                .map_err(|error| LineDamage { line, reason: error.into() })?;
            let (offset, length) = (range.start as u64, range.len());
            graph.push(&record, LineSpan { file: 0, line, offset, length });
        }
        graph.index();
        let ancestry = graph.ancestry();
        let damage = ancestry.damage(&graph).map(|(at, reason)| LineDamage {
            line: graph.get(at).map_or(0, |node| node.span.line),
            reason,
        });
        damage.map_or(Ok((graph, ancestry)), Err)
    }

    pub fn ancestry(&self) -> Ancestry {
        let mut found = Ancestry { children: vec![0; self.lines()], ..Ancestry::default() };
        for (at, node) in self.firsts() {
            self.look_at(at, node, &mut found);
        }
        // Where lines were moved, the one beginning need not be the first line.
        found.beginnings.drain(..found.beginnings.len().min(1));
        found
    }

    fn look_at(&self, at: usize, node: &Node, found: &mut Ancestry) {
        let (mut deepest, mut latest, mut gap) = (Seq::default(), None, false);
        let mut branch = None;
        for (id, parent) in self.parents(at) {
            let Some((place, parent)) = parent.and_then(|place| Some((place, self.get(place)?)))
            else {
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
                branch = branch.or((*children > 1).then_some((at, place)));
            }
        }
        found.branches.extend(branch);
        // What a missing parent's depth was, nobody knows: it can only have been deeper.
        let due = deepest.next();
        let follows = due.is_some_and(|due| node.seq == due || (gap && node.seq > due));
        if !follows {
            found.wrong_seqs.push((at, due));
        }
        if let Some((_, place)) = latest.filter(|(time, _)| node.at < *time) {
            found.backwards.push((at, place));
        }
        if self.parent_ids(at).is_empty() {
            found.beginnings.push(at);
        }
    }

    /// Lines that name as heads an event and its ancestor, and that.
    pub fn not_heads(&self) -> impl Iterator<Item = (usize, usize)> {
        let merges = self.firsts().filter(|(at, _)| self.parent_ids(*at).len() > 1);
        merges.filter_map(|(at, _)| Some((at, self.ancestor_among_parents(at)?)))
    }

    /// The parent of a line that is an ancestor of another of its parents.
    fn ancestor_among_parents(&self, at: usize) -> Option<usize> {
        let above = |at: usize| self.parents(at).filter_map(|(_, place)| place);
        let parents: BTreeSet<_> = above(at).collect();
        let seq = |at: &usize| self.get(*at).map_or(Seq::default(), |node| node.seq);
        let shallowest = parents.iter().map(seq).min()?;
        let mut ahead: Vec<_> = parents.iter().flat_map(|parent| above(*parent)).collect();
        let mut seen = BTreeSet::new();
        while let Some(at) = ahead.pop() {
            if parents.contains(&at) {
                return Some(at);
            }
            if seq(&at) > shallowest && seen.insert(at) {
                ahead.extend(above(at));
            }
        }
        None
    }
}

impl Ancestry {
    /// The first line that does not follow from its parents: each must be there, unless a repair
    /// says that it is missing, and `seq` must follow from them.
    pub fn damage(&self, graph: &EventGraph) -> Option<(usize, DamageReason)> {
        let recorded = graph.recorded_missing(|_| true);
        let missing = self.missing.iter().filter(|(id, _)| !recorded.contains_key(id));
        let missing = missing.map(|(id, at)| (*at, DamageReason::MissingParent(*id)));
        let wrong_seqs = self.wrong_seqs.iter().filter_map(|(at, due)| {
            let written = graph.get(*at)?.seq;
            Some((*at, DamageReason::WrongSeq { written, due: *due }))
        });
        missing.chain(wrong_seqs).min_by_key(|(at, _)| *at)
    }

    pub fn is_head(&self, at: usize) -> bool {
        self.children.get(at) == Some(&0)
    }

    pub fn heads(&self, graph: &EventGraph) -> Heads {
        let heads = graph.firsts().filter(|(at, _)| self.is_head(*at));
        heads.map(|(_, node)| node.id).collect::<Vec<_>>().into()
    }

    /// How deep the history goes without a fork or a gap.
    ///
    /// All branches that ever were have these lines in common, and in this
    /// order: whatever git merges, it moves none of them.
    pub fn unforked_depth(&self, graph: &EventGraph) -> Seq {
        let order = graph.in_fold_order();
        let before = iter::once(None).chain(order.iter().map(Some));
        let is_next = |(before, at): &(Option<&usize>, &usize)| match before {
            None => graph.parent_ids(**at).is_empty(),
            Some(before) => {
                let id = graph.get(**before).map(|before| before.id);
                self.children.get(**before) == Some(&1)
                    && matches!(graph.parent_ids(**at), [only] if Some(*only) == id)
            }
        };
        Seq(before.zip(&order).take_while(is_next).count() as u64)
    }
}
