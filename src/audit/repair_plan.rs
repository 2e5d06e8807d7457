//! What a repair has to take out of a log, and what it has to record as missing.

use std::collections::BTreeSet;
use std::mem;

use super::{Auditor, Fault, Place};
use crate::events::{Cut, EventId, Heads, Rewrite, Seq};
use crate::projection::graph::LineSpan;

#[derive(Debug)]
pub struct RepairPlan {
    /// What is to be done to each file, but for the lines to cut.
    pub rewrites: Vec<Rewrite>,
    /// The lines that are not sound, in the order of the log, each with what is wrong with it.
    pub cut: Vec<(LineSpan, String)>,
    /// Events that sound lines or the checkpoint name and no sound line has, with the first line
    /// that names each; those that a repair records already are not among them.
    pub missing: Vec<(EventId, Option<Place>)>,
    /// Whether the checkpoint says otherwise than the log, or is not trusted.
    pub checkpoint: bool,
    /// The cuts that are on record already.
    pub on_record: BTreeSet<Cut>,
    /// The ends of the history that is left.
    pub heads: Heads,
    /// The one of them that the next event is one below.
    pub deepest: Option<EventId>,
    pub next_seq: Option<Seq>,
    /// The events whose texts were forgotten.
    pub forgotten: BTreeSet<EventId>,
    /// The newest format version of any line.
    pub newest: u32,
    /// The length of the unfinished write at the end of the log.
    pub torn: u64,
    /// Whether the last line of the log lacks its line end, and stays.
    pub lacks_line_end: bool,
}

impl Auditor {
    /// Lines that are wrong by themselves go, and so do those whose depth is a
    /// lie: their ids are right, and no writer made them. What follows them
    /// stays, and the gap is recorded. `known` are events that were found
    /// to be missing before.
    pub fn repair_plan(mut self, known: &BTreeSet<EventId>) -> RepairPlan {
        self.graph.index();
        let wrong_seqs = self.graph.ancestry().wrong_seqs;
        let gone: BTreeSet<usize> = wrong_seqs.iter().map(|(at, _)| *at).collect();
        let mut cut = mem::take(&mut self.bad);
        for (at, due) in &wrong_seqs {
            for node in self.graph.all_of(*at) {
                let fault = Fault::WrongSeq { written: node.seq, due: *due };
                let mut span = node.span;
                // Should its line end have been converted, the CR goes with it.
                span.length += usize::from(self.converted.contains(&span));
                cut.push((span, fault.to_string()));
            }
        }
        cut.sort_by_key(|(span, _)| (span.file, span.offset));
        let starts: BTreeSet<_> = cut.iter().map(|(span, _)| (span.file, span.offset)).collect();
        let stays = |span: &LineSpan| !starts.contains(&(span.file, span.offset));
        let segments = self.segments.iter().cloned().enumerate();
        let mut rewrites: Vec<_> = segments
            .map(|(index, segment)| {
                let unended = self.unended_segments.contains(&index);
                Rewrite { unended, ..Rewrite::of(segment) }
            })
            .collect();
        for span in self.converted.iter().filter(|span| stays(span)) {
            if let Some(rewrite) = rewrites.get_mut(span.file) {
                rewrite.returns.push(span.offset + span.length as u64);
            }
        }
        let left = || self.graph.firsts().filter(|(at, _)| !gone.contains(at));
        let recorded = self.graph.recorded_missing(|at| !gone.contains(&at));
        let (mut named, mut missing) = (BTreeSet::new(), Vec::new());
        let is_lost = |id: &EventId| {
            let there = self.graph.find(*id).filter(|at| !gone.contains(at));
            there.is_none() && !recorded.contains_key(id)
        };
        for (at, node) in left() {
            for parent in self.graph.parent_ids(at) {
                if named.insert(*parent) && is_lost(parent) {
                    missing.push((*parent, Some(self.place(node.span))));
                }
            }
        }
        let known: BTreeSet<_> = self.checkpoint.heads().iter().chain(known).collect();
        let lost = known.into_iter().filter(|id| !named.contains(*id) && is_lost(id));
        missing.extend(lost.map(|id| (*id, None)));
        let heads = left().filter(|(_, node)| !named.contains(&node.id));
        let heads: Vec<_> = heads.map(|(_, node)| (node.seq, node.id)).collect();
        let deepest = heads.iter().max().copied();
        RepairPlan {
            missing,
            heads: heads.into_iter().map(|(_, id)| id).collect::<Vec<_>>().into(),
            deepest: deepest.map(|(_, id)| id),
            next_seq: deepest.map(|(seq, _)| seq).unwrap_or_default().next(),
            rewrites,
            checkpoint: self.checkpoint.has_to_go(),
            forgotten: self.texts.forgotten.into_keys().collect(),
            newest: self.newest,
            torn: self.torn,
            lacks_line_end: self.unended.as_ref().is_some_and(stays),
            on_record: self.graph.repairs.into_iter().flat_map(|(_, it)| it.cut).collect(),
            cut,
        }
    }
}
