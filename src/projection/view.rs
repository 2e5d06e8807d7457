//! A roster, and how far in which history it stands.

use std::ops::Range;

use jiff::Timestamp;

use super::{Roster, merge};
use crate::events::{DamageReason, Heads, Position, Record, Seq, decode};

/// What the events up to a position add up to.
///
/// In a linear history the order of the file is the order of the fold, and
/// lines stream through [`View::fold`]. Where git merged two branches it is
/// not; then [`View::fold_all`] takes the whole log and sorts it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// The personas.
    pub roster: Roster,
    /// The ends of the history.
    pub heads: Heads,
    /// How far the log was read.
    pub position: Position,
    /// How many events were folded, each id once.
    pub events: u64,
    /// How long their lines are, line ends included.
    pub bytes: u64,
    /// When the first event in fold order was written.
    pub first_at: Option<Timestamp>,
    /// When the last event in fold order was written.
    pub last_at: Option<Timestamp>,
    /// The largest depth of any event.
    depth: Seq,
}

/// What became of the lines that were handed to [`View::fold`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// They are folded.
    Done,
    /// One of them does not follow from the heads: the log was merged, and
    /// has to be folded as a whole.
    Merged,
}

/// A line that is wrong, by its number in the log.
#[derive(Debug)]
pub struct LineDamage {
    /// Which line of the log, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: DamageReason,
}

impl View {
    /// The depth of the next event.
    #[must_use]
    pub fn next_seq(&self) -> Seq {
        self.depth.next()
    }

    /// Folds whole lines that follow the position, as long as each follows from the heads.
    ///
    /// After [`Fold::Merged`] the view is void.
    pub fn fold(&mut self, lines: &[u8]) -> Result<Fold, LineDamage> {
        for range in line_ranges(lines) {
            let line = lines.get(range).unwrap_or_default();
            let damaged = |reason| LineDamage { line: self.position.lines + 1, reason };
            let record = decode(line).map_err(|error| damaged(error.into()))?;
            if record.prev != self.heads {
                return Ok(Fold::Merged);
            }
            let due = self.next_seq();
            if record.seq != due {
                return Err(damaged(DamageReason::WrongSeq { written: record.seq, due }));
            }
            self.heads = record.id.into();
            self.position.offset += line.len() as u64 + 1;
            self.position.lines += 1;
            self.position.last = Some(record.id);
            self.apply(&record, line.len());
        }
        Ok(Fold::Done)
    }

    /// Folds a whole log, in whatever order its lines are.
    pub fn fold_all(log: &[u8]) -> Result<Self, LineDamage> {
        let merged = merge::order(log)?;
        let mut view = Self { heads: merged.heads, position: merged.position, ..Self::default() };
        for (range, id) in merged.lines {
            let line = log.get(range).unwrap_or_default();
            // It was decoded before, to find its place; to keep a million
            // decoded events would take more memory than their log.
            if let Ok(record) = crate::events::decode_checked(line, id) {
                view.apply(&record, line.len());
            }
        }
        Ok(view)
    }

    /// Takes in the next event in fold order, whose line has `length` bytes without its end.
    fn apply(&mut self, record: &Record, length: usize) {
        self.roster.apply(record);
        self.depth = self.depth.max(record.seq);
        self.events += 1;
        self.bytes += length as u64 + 1;
        self.first_at = self.first_at.or(Some(record.at));
        self.last_at = Some(record.at);
    }
}

/// Where the lines are, without their line ends.
pub(super) fn line_ranges(lines: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', lines).map(move |end| {
        let range = start..end;
        start = end + 1;
        range
    })
}
