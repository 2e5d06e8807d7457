//! Mending a log: what is not sound goes to the quarantine, and the gap is put on record.

use std::collections::BTreeSet;
use std::mem;
use std::path::PathBuf;

use jiff::Timestamp;
use smol_str::SmolStr;

use super::verify::{existing, look_twice, read_through};
use super::{Options, Store, StoreError, TRIES};
use crate::audit::{Auditor, Place, Wounds};
use crate::events::{
    Append, Cut, Event, EventId, FORMAT_VERSION, LINE_LIMIT, Log as _, LogError, NextLines,
    Position, Repair, TornTail,
};
use crate::file_log::{Excision, FileLog};
use crate::projection::checkpoint;

/// The bytes of a line that what a `repair` event lists may take: the rest is ample for its other
/// keys and a parent.
const ROOM: usize = LINE_LIMIT - 1024;

/// What a repair did, or would do.
#[derive(Debug, Default)]
pub struct Mending {
    /// The lines that are cut out, each with what is wrong with it.
    pub cut: Vec<(Cut, String)>,
    /// The events that are missing, each with a line that follows it, if one does.
    pub missing: Vec<(EventId, Option<Place>)>,
    /// The files in which line ends are put back as they were, and how many.
    pub line_ends: Vec<(SmolStr, u64)>,
    /// Whether the checkpoint says otherwise than the log, and is removed.
    pub checkpoint: bool,
    /// The events that put it on record, once they are there.
    pub recorded: Vec<EventId>,
    /// Where the lines are kept that were cut out.
    pub kept: Vec<PathBuf>,
    /// What was cut from the end of the log first.
    pub torn: Option<TornTail>,
}

impl Mending {
    /// Tells whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cut.is_empty()
            && self.missing.is_empty()
            && self.line_ends.is_empty()
            && !self.checkpoint
    }
}

/// A repair, as it is to be done.
struct Plan {
    mending: Mending,
    excisions: Vec<Excision>,
    wounds: Wounds,
}

impl Store<FileLog> {
    /// Tells what a repair would do, and does nothing.
    pub fn plan_repair(options: &Options) -> Result<Mending, StoreError> {
        let mut log = existing(options)?;
        let look = |log: &mut FileLog| {
            let (auditor, scan) = read_through(log, options)?;
            Ok((Plan::new(log, auditor)?.mending, scan))
        };
        let (mending, _) = look_twice(&mut log, options.wait, look, |told| !told.is_empty())?;
        Ok(mending)
    }

    /// Moves all lines that are not sound to the quarantine, and vouches for the gaps.
    ///
    /// Whatever it is cut short by, doing it again finishes it.
    pub fn repair(options: &Options) -> Result<Mending, StoreError> {
        let mut log = existing(options)?;
        for _ in 0..TRIES {
            let turn = log.take_turn(options.wait)?;
            let (auditor, _) = read_through(&mut log, options)?;
            let mut plan = Plan::new(&log, auditor)?;
            if plan.wounds.newest > FORMAT_VERSION {
                return Err(StoreError::NewerFormat(plan.wounds.newest));
            }
            if plan.mending.is_empty() {
                log.forget_plan()?;
                return Ok(plan.mending);
            }
            // What cannot be put on record must not be begun.
            let (lines, recorded) = plan.record(options.now)?;
            plan.mending.kept = log.prepare(&plan.excisions, &plan.all())?;
            if !plan.excise(&log)? {
                continue;
            }
            // It may know of lines that are gone, and by their positions of none that is left.
            let cache = options.cache();
            checkpoint::remove(&options.disk, &cache)
                .map_err(LogError::io("remove the checkpoint in", &cache))?;
            log.reopen()?;
            match log.append(turn, &plan.end(), &lines)? {
                Append::Done { torn } => plan.mending.torn = torn,
                Append::Moved => continue,
            }
            log.forget_plan()?;
            plan.mending.recorded = recorded;
            return Ok(plan.mending);
        }
        Err(StoreError::KeepsMoving(log.path().to_owned()))
    }
}

impl Plan {
    fn new(log: &FileLog, auditor: Auditor) -> Result<Self, LogError> {
        let planned = log.planned();
        let wounds = auditor.wounds(&planned.missing);
        let mut mending = Mending::default();
        let mut excisions: Vec<_> = wounds
            .pieces
            .iter()
            .enumerate()
            .map(|(index, piece)| Excision {
                piece: piece.clone(),
                lines: Vec::new(),
                returns: Vec::new(),
                unended: wounds.unended.contains(&index),
            })
            .collect();
        for wound in &wounds.lines {
            let Some(excision) = excisions.get_mut(wound.piece) else { continue };
            let line = wound.place.line.unwrap_or(0);
            let cut = log.describe(&excision.piece, line, wound.offset, wound.length)?;
            let end = wound.offset + wound.length as u64 + 1;
            let range = wound.offset..end.min(excision.piece.bytes);
            excision.lines.push((cut.clone(), range));
            mending.cut.push((cut, wound.reason.clone()));
        }
        for (piece, at) in &wounds.returns {
            if let Some(excision) = excisions.get_mut(*piece) {
                excision.returns.push(*at);
            }
        }
        let known: BTreeSet<_> = mending.cut.iter().map(|(cut, _)| cut.clone()).collect();
        let is_new = |cut: &Cut| !known.contains(cut) && !wounds.on_record.contains(cut);
        let reason = "an earlier repair cut it out, and did not end";
        let earlier = planned.cut.into_iter().filter(is_new);
        mending.cut.extend(earlier.map(|cut| (cut, reason.to_owned())));
        excisions.retain(|excision| !excision.is_empty());
        let ends = excisions.iter().filter(|excision| excision.line_ends() > 0);
        mending.line_ends =
            ends.map(|excision| (excision.piece.name.clone(), excision.line_ends())).collect();
        mending.missing.clone_from(&wounds.missing);
        mending.checkpoint = wounds.checkpoint;
        Ok(Self { mending, excisions, wounds })
    }

    /// All that is to be put on record.
    fn all(&self) -> Repair {
        Repair {
            cut: self.mending.cut.iter().map(|(cut, _)| cut.clone()).collect(),
            missing: self.mending.missing.iter().map(|(id, _)| *id).collect(),
        }
    }

    /// Writes the files anew. Answers whether they were still those that were read.
    fn excise(&self, log: &FileLog) -> Result<bool, LogError> {
        for excision in &self.excisions {
            if !log.excise(excision)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Where the whole lines of the log end, once the files are written anew.
    fn end(&self) -> Position {
        let before: u64 = self.wounds.pieces.iter().map(|piece| piece.bytes).sum();
        let cut: u64 = self.excisions.iter().map(|excision| excision.piece.bytes).sum();
        let left: u64 = self.excisions.iter().map(Excision::bytes_left).sum();
        let line_end = u64::from(self.wounds.lacks_line_end);
        let offset = before - cut + left - self.wounds.torn + line_end;
        Position { offset, ..Position::START }
    }

    /// Writes the events that put it on record, as lines that follow from the heads that are left.
    fn record(&self, now: Timestamp) -> Result<(Vec<u8>, Vec<EventId>), StoreError> {
        let Wounds { next_seq, heads, deepest, .. } = &self.wounds;
        let mut lines = NextLines::new(*next_seq, heads, *deepest, now);
        for part in parts(self.all()) {
            lines.push(Event::Repair(part)).map_err(StoreError::TooLong)?;
        }
        Ok(lines.into_parts())
    }
}

/// Divides what is to be put on record into parts that each fit into a line.
fn parts(Repair { cut, missing }: Repair) -> Vec<Repair> {
    let (mut parts, mut part, mut room) = (Vec::new(), Repair::default(), ROOM);
    let mut make_room = |part: &mut Repair, bytes: usize| {
        if bytes > room {
            parts.push(mem::take(part));
            room = ROOM;
        }
        room = room.saturating_sub(bytes);
    };
    for line in cut {
        // A comma follows it.
        let bytes = serde_json::to_vec(&line).map_or(ROOM, |json| json.len() + 1);
        make_room(&mut part, bytes);
        part.cut.push(line);
    }
    for id in missing {
        // It stands in quotes, and a comma follows it.
        make_room(&mut part, EventId::DIGITS + 3);
        part.missing.insert(id);
    }
    parts.extend((part != Repair::default()).then_some(part));
    parts
}
