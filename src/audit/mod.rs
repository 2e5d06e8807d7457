//! The audit of a whole log: every line, its place in the history, and what it says.
//!
//! It stops at no fault, and tells each for what it is. Lines come in as they
//! stand in the files; as long as each follows from the one before, they are
//! folded on the way, and else once more in the order of a merge.

mod ancestry;
mod fault;
mod finding;
mod inspect;
mod kept;
mod ledger;
mod people;
mod report;
mod tell;
#[cfg(test)]
mod tests;
mod wounds;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::mem;

pub use self::fault::{Fault, Severity};
pub use self::finding::{Finding, Place};
pub use self::inspect::{Inspected, inspect};
pub use self::kept::Kept;
pub use self::report::{AmbiguousHead, Audit, NotedHead};
pub use self::wounds::Wounds;

use self::inspect::Seen;
use self::ledger::{Ledger, Spot};
use self::people::People;
use crate::events::{Event, EventId, Record, Repair, Seq, decode_checked};
use crate::file_log::Piece;
use crate::projection::{Fold, View, pipeline};

/// A line that is wrong by itself.
#[derive(Debug)]
struct BadLine {
    spot: Spot,
    reason: String,
    /// The id that it says it has, and the one that its bytes have.
    ids: [Option<EventId>; 2],
}

/// An audit under way.
#[derive(Debug)]
pub struct Auditor {
    pieces: Vec<Piece>,
    findings: Vec<Finding>,
    ledger: Ledger,
    bad: Vec<BadLine>,
    /// The repairs on record, each with its place in the ledger.
    repairs: Vec<(usize, Repair)>,
    /// The first depth and the last id of each file, by its place.
    ends: BTreeMap<usize, (Seq, EventId)>,
    /// The newest format version of any line.
    newest: u32,
    lines: u64,
    bytes: u64,
    /// The length of the unfinished write at the end.
    torn: u64,
    /// The last line of the log, if it lacks its line end.
    last: Option<Spot>,
    /// Sealed files whose last line has no line end.
    unended: Vec<usize>,
    /// Lines that are sound but for a line end that was converted.
    converted: Vec<Spot>,
    kept: Kept,
    view: View,
    people: People,
    /// Whether each line so far followed from the one before.
    in_line: bool,
}

impl Auditor {
    /// Begins an audit of a log of these files, with the checkpoint that was found.
    #[must_use]
    pub fn new(pieces: &[Piece], kept: Kept) -> Self {
        Self {
            pieces: pieces.to_vec(),
            findings: Vec::new(),
            ledger: Ledger::default(),
            bad: Vec::new(),
            repairs: Vec::new(),
            ends: BTreeMap::new(),
            newest: 0,
            lines: 0,
            bytes: 0,
            torn: 0,
            last: None,
            unended: Vec::new(),
            converted: Vec::new(),
            kept,
            view: View::default(),
            people: People::default(),
            in_line: true,
        }
    }

    /// Takes in the next lines of the log.
    pub fn take(&mut self, inspected: Inspected) {
        let Inspected { piece, lines, offset, start, seen, rest, unended } = inspected;
        let mut spot = Spot { piece, line: lines, offset, start, length: 0 };
        for seen in seen {
            spot.line += 1;
            spot.length = seen.length;
            let line_end = if seen.converted { 2 } else { 1 };
            self.take_line(seen, spot);
            spot.offset += spot.length as u64 + line_end;
            spot.start += spot.length as u64 + line_end;
        }
        if let Some(rest) = rest {
            spot.line += 1;
            spot.length = rest.length;
            self.take_rest(rest, unended, spot);
            spot.start += spot.length as u64 + u64::from(unended);
        }
        self.bytes = spot.start;
    }

    fn take_line(&mut self, seen: Seen, spot: Spot) {
        self.lines += 1;
        match seen.line {
            Ok(record) => {
                for excess in seen.excesses {
                    self.find(spot, Fault::Text(excess));
                }
                if seen.is_marked {
                    self.find(spot, Fault::ByteOrderMark);
                }
                if seen.converted {
                    self.converted.push(spot);
                    self.in_line = false;
                }
                self.take_sound(record, spot);
            }
            Err(error) => {
                let fault = Fault::Line(error);
                self.bad.push(BadLine { spot, reason: fault.to_string(), ids: seen.ids });
                self.find(spot, fault);
                self.in_line = false;
            }
        }
    }

    fn take_sound(&mut self, record: Record, spot: Spot) {
        if let Event::Repair(repair) = &record.event {
            self.repairs.push((self.ledger.len(), repair.clone()));
        }
        self.ledger.push(&record, spot);
        self.ends.entry(spot.piece).or_insert((record.seq, record.id)).1 = record.id;
        self.newest = self.newest.max(record.v);
        if self.in_line {
            self.people.observe(&self.view.roster, &record, spot);
            let folded = self.view.fold_decoded(Ok(record), spot.length);
            self.in_line = matches!(folded, Ok(Fold::Done));
            self.kept.compare(&self.view);
        }
    }

    /// Takes in what follows the last line end of a file.
    fn take_rest(&mut self, rest: Seen, unended: bool, spot: Spot) {
        if unended {
            self.find(spot, Fault::Unended);
            self.last = Some(spot);
            self.take_line(rest, spot);
        } else if self.pieces.get(spot.piece).is_some_and(Piece::is_sealed) {
            self.find(spot, Fault::NoLineEnd);
            self.unended.push(spot.piece);
            self.take_line(rest, spot);
            // Readers refuse it, sound as it may be.
            self.in_line = false;
        } else {
            self.torn = spot.length as u64;
            self.find(spot, Fault::TornTail { bytes: self.torn });
        }
    }

    /// Tells whether the lines have to be folded in another order than they came in.
    #[must_use]
    pub fn is_out_of_line(&self) -> bool {
        !self.in_line
    }

    /// Folds all events of the log in their order.
    pub fn fold_all(&mut self, log: &[u8]) {
        self.ledger.index();
        let order = self.ledger.in_fold_order();
        let ledger = mem::take(&mut self.ledger);
        (self.view, self.people) = (View::default(), People::default());
        let mut chunks = order.chunks(CHUNK);
        let next = || Ok::<_, Infallible>(chunks.next());
        let decode = |chunk: &[usize]| -> Vec<_> {
            let entries = chunk.iter().filter_map(|at| ledger.get(*at));
            let decoded = entries.filter_map(|entry| {
                let Spot { start, length, .. } = entry.spot;
                let start = usize::try_from(start).ok()?;
                let line = log.get(start..start.checked_add(length)?)?;
                // It was read before; should it be another one by now, nothing is said of it.
                Some((decode_checked(line, entry.id).ok()?, entry.spot))
            });
            decoded.collect()
        };
        let Ok(()) = pipeline::in_order(next, decode, |records| {
            for (record, spot) in records {
                self.people.observe(&self.view.roster, &record, spot);
                self.view.roster.apply(&record);
            }
            Ok(())
        });
        self.ledger = ledger;
        self.kept.compare_prefix(log);
    }

    fn find(&mut self, spot: Spot, fault: Fault) {
        let place = Some(self.place(spot));
        self.findings.push(Finding { place, fault });
    }

    fn place(&self, spot: Spot) -> Place {
        let file = self.pieces.get(spot.piece).map(|piece| piece.name.clone());
        Place::line(spot.piece, file.unwrap_or_default(), spot.line)
    }
}

/// How many lines are decoded in one go.
const CHUNK: usize = 4096;
