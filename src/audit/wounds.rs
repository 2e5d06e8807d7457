//! What a repair has to take out of a log, and what it has to vouch for.

use std::collections::BTreeSet;

use super::ledger::Spot;
use super::{Auditor, Fault, Place};
use crate::events::{Cut, EventId, Heads, Seq};
use crate::file_log::Piece;

/// What has to be done so that the rest of a log is sound.
#[derive(Debug)]
pub struct Wounds {
    /// The files.
    pub pieces: Vec<Piece>,
    /// The lines that are not sound, in the order of the log.
    pub lines: Vec<Wound>,
    /// Events that sound lines or the checkpoint name and no sound line has, with the first line
    /// that names each; those that a repair vouches for already are not among them.
    pub missing: Vec<(EventId, Option<Place>)>,
    /// The sealed files that need a line end, by their places among the files.
    pub unended: Vec<usize>,
    /// Where a CR stands before a line end, by file and byte; those lines are sound but for that.
    pub returns: Vec<(usize, u64)>,
    /// Whether the checkpoint says otherwise than the log.
    pub checkpoint: bool,
    /// The cuts that are on record already.
    pub on_record: BTreeSet<Cut>,
    /// The ends of the history that is left.
    pub heads: Heads,
    /// The one of them that the next event is one below.
    pub deepest: Option<EventId>,
    /// The depth of the next event.
    pub next_seq: Seq,
    /// The newest format version of any line.
    pub newest: u32,
    /// The length of the unfinished write at the end of the log.
    pub torn: u64,
    /// Whether the last line of the log lacks its line end, and stays.
    pub lacks_line_end: bool,
}

/// A line that is not sound.
#[derive(Debug)]
pub struct Wound {
    /// Which of the log's files it stands in.
    pub piece: usize,
    /// Where.
    pub place: Place,
    /// How many bytes of the file come before it.
    pub offset: u64,
    /// Its length in bytes, without its line end.
    pub length: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl Auditor {
    /// Finds out what has to be done to mend the log.
    ///
    /// Lines that are wrong by themselves go, and so do those whose depth is a
    /// lie: their ids are right, and no writer made them. What follows them
    /// stays, and the gap is vouched for. `known` are events that were found
    /// to be missing before.
    #[must_use]
    pub fn wounds(mut self, known: &BTreeSet<EventId>) -> Wounds {
        self.ledger.index();
        let unfit = self.ledger.ancestry().unfit;
        let gone: BTreeSet<usize> = unfit.iter().map(|(at, _)| *at).collect();
        let wound = |spot: Spot, reason: String| Wound {
            piece: spot.piece,
            place: self.place(spot),
            offset: spot.offset,
            length: spot.length,
            reason,
        };
        let bad = self.bad.iter().map(|bad| wound(bad.spot, bad.reason.clone()));
        let mut lines: Vec<_> = bad.collect();
        for (at, due) in &unfit {
            for entry in self.ledger.all_of(*at) {
                let fault = Fault::WrongSeq { written: entry.seq, due: *due };
                let mut wound = wound(entry.spot, fault.to_string());
                // Should its line end have been converted, the CR goes with it.
                wound.length += usize::from(self.converted.contains(&entry.spot));
                lines.push(wound);
            }
        }
        lines.sort_by_key(|wound| (wound.piece, wound.offset));
        let cut: BTreeSet<_> = lines.iter().map(|cut| (cut.piece, cut.offset)).collect();
        let returns =
            self.converted.iter().filter(|spot| !cut.contains(&(spot.piece, spot.offset)));
        let returns = returns.map(|spot| (spot.piece, spot.offset + spot.length as u64)).collect();
        let left = || self.ledger.firsts().filter(|(at, _)| !gone.contains(at));
        let vouched: BTreeSet<_> = {
            let left = self.repairs.iter().filter(|(at, _)| !gone.contains(at));
            left.flat_map(|(_, repair)| &repair.missing).copied().collect()
        };
        let (mut named, mut missing) = (BTreeSet::new(), Vec::new());
        let is_lost = |id: &EventId| {
            let there = self.ledger.find(*id).filter(|at| !gone.contains(at));
            there.is_none() && !vouched.contains(id)
        };
        for (at, entry) in left() {
            for parent in self.ledger.parents(at) {
                if named.insert(*parent) && is_lost(parent) {
                    missing.push((*parent, Some(self.place(entry.spot))));
                }
            }
        }
        let known: BTreeSet<_> = self.kept.heads().iter().chain(known).collect();
        let lost = known.into_iter().filter(|id| !named.contains(*id) && is_lost(id));
        missing.extend(lost.map(|id| (*id, None)));
        let heads = left().filter(|(_, entry)| !named.contains(&entry.id));
        let heads: Vec<_> = heads.map(|(_, entry)| (entry.seq, entry.id)).collect();
        let deepest = heads.iter().max().copied();
        Wounds {
            missing,
            lines,
            heads: heads.into_iter().map(|(_, id)| id).collect::<Vec<_>>().into(),
            deepest: deepest.map(|(_, id)| id),
            next_seq: deepest.map(|(seq, _)| seq).unwrap_or_default().next(),
            on_record: self.repairs.into_iter().flat_map(|(_, repair)| repair.cut).collect(),
            returns,
            checkpoint: self.kept.differs(),
            unended: self.unended,
            newest: self.newest,
            torn: self.torn,
            lacks_line_end: self.last.is_some_and(|spot| !cut.contains(&(spot.piece, spot.offset))),
            pieces: self.pieces,
        }
    }
}
