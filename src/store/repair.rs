//! Repairing a log: what is not sound goes to the quarantine, and the gap is put on record.

use std::collections::BTreeSet;
use std::mem;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;

use super::verify::{existing, look_twice, read_through};
use super::{Options, Store, StoreError, TRIES};
use crate::audit::{Auditor, Place, RepairPlan};
use crate::events::{
    Append, Cut, Event, EventId, FORMAT_VERSION, LINE_LIMIT, Log as _, LogError, NextLines,
    Position, Repair, TornTail,
};
use crate::file_log::{FileLog, Rewrite};
use crate::projection::checkpoint;

/// The bytes of a line that what a `repair` event lists may take: the rest is ample for its other
/// keys and a parent.
const ROOM: usize = LINE_LIMIT - 1024;

/// What a repair did, or would do.
#[derive(Debug, Default, Serialize)]
pub struct RepairOutcome {
    /// The lines that are cut out.
    pub cut: Vec<CutLine>,
    /// The events that are missing.
    pub missing: Vec<MissingEvent>,
    /// The files in which line ends are put back as they were.
    pub line_ends: Vec<LineEnds>,
    /// Whether the checkpoint says otherwise than the log, and is removed.
    pub checkpoint: bool,
    /// The events that put it on record, once they are there.
    pub recorded: Vec<EventId>,
    /// Where the lines are kept that were cut out.
    #[serde(skip)]
    pub kept: Vec<PathBuf>,
    /// What was cut from the end of the log first.
    #[serde(skip)]
    pub torn: Option<TornTail>,
}

/// A line that is cut out.
#[derive(Debug, Serialize)]
pub struct CutLine {
    /// The line.
    #[serde(flatten)]
    pub cut: Cut,
    /// What is wrong with it.
    pub reason: String,
}

/// An event that is missing.
#[derive(Debug, Serialize)]
pub struct MissingEvent {
    /// Its id.
    pub id: EventId,
    /// The file of a line that follows it, if one does.
    pub file: Option<SmolStr>,
    /// That line.
    pub line: Option<u64>,
}

/// Line ends that are put back as they were.
#[derive(Debug, Serialize)]
pub struct LineEnds {
    /// The file.
    pub file: SmolStr,
    /// How many of its lines they end.
    pub lines: u64,
}

impl RepairOutcome {
    /// Returns whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cut.is_empty()
            && self.missing.is_empty()
            && self.line_ends.is_empty()
            && !self.checkpoint
    }
}

impl MissingEvent {
    fn new((id, named): (EventId, Option<Place>)) -> Self {
        let line = named.as_ref().and_then(|named| named.line);
        Self { id, file: named.map(|named| named.file), line }
    }
}

/// A repair under way.
struct Work {
    plan: RepairPlan,
    rewrites: Vec<Rewrite>,
    outcome: RepairOutcome,
}

impl Store<FileLog> {
    /// Returns what a repair would do, and does nothing.
    pub fn plan_repair(options: &Options) -> Result<RepairOutcome, StoreError> {
        let mut log = existing(options)?;
        let look = |log: &mut FileLog| {
            let (auditor, reader) = read_through(log, options)?;
            Ok((Work::new(log, auditor)?.outcome, reader))
        };
        let (outcome, _) = look_twice(&mut log, options.wait, look, |seen| !seen.is_empty())?;
        Ok(outcome)
    }

    /// Moves all lines that are not sound to the quarantine, and records the gaps.
    ///
    /// Whatever it is cut short by, doing it again finishes it.
    pub fn repair(options: &Options) -> Result<RepairOutcome, StoreError> {
        let mut log = existing(options)?;
        for _ in 0..TRIES {
            let guard = log.lock(options.wait)?;
            let (auditor, _) = read_through(&mut log, options)?;
            let mut work = Work::new(&log, auditor)?;
            if work.plan.newest > FORMAT_VERSION {
                return Err(StoreError::NewerFormat(work.plan.newest));
            }
            if work.outcome.is_empty() {
                log.remove_plan()?;
                return Ok(work.outcome);
            }
            // What cannot be put on record must not be begun.
            let (lines, recorded) = work.encode(options.now)?;
            work.outcome.kept = log.prepare(&work.rewrites, &work.record())?;
            if !work.rewrite(&log)? {
                continue;
            }
            // It may know of lines that are gone, and by their positions of none that is left.
            let cache = options.cache();
            checkpoint::remove(&options.disk, &cache)
                .map_err(LogError::io("remove the checkpoint in", &cache))?;
            log.reopen()?;
            match log.append(guard, &work.end(), &lines)? {
                Append::Done { torn } => work.outcome.torn = torn,
                Append::Moved => continue,
            }
            log.remove_plan()?;
            work.outcome.recorded = recorded;
            return Ok(work.outcome);
        }
        Err(StoreError::KeepsMoving(log.path().to_owned()))
    }
}

impl Work {
    fn new(log: &FileLog, auditor: Auditor) -> Result<Self, LogError> {
        let planned = log.planned();
        let mut plan = auditor.repair_plan(&planned.missing);
        let files = plan.segments.iter().enumerate();
        let mut rewrites: Vec<_> = files
            .map(|(index, segment)| Rewrite {
                segment: segment.clone(),
                cut: Vec::new(),
                returns: Vec::new(),
                unended: plan.unended.contains(&index),
            })
            .collect();
        let mut outcome = RepairOutcome { checkpoint: plan.checkpoint, ..Default::default() };
        for (span, reason) in mem::take(&mut plan.cut) {
            let Some(rewrite) = rewrites.get_mut(span.file) else { continue };
            let cut = log.describe(&rewrite.segment, span.line, span.offset, span.length)?;
            let end = span.offset + span.length as u64 + 1;
            rewrite.cut.push((cut.clone(), span.offset..end.min(rewrite.segment.bytes)));
            outcome.cut.push(CutLine { cut, reason });
        }
        for (file, at) in &plan.returns {
            if let Some(rewrite) = rewrites.get_mut(*file) {
                rewrite.returns.push(*at);
            }
        }
        let known: BTreeSet<_> = outcome.cut.iter().map(|line| line.cut.clone()).collect();
        let is_new = |cut: &Cut| !known.contains(cut) && !plan.on_record.contains(cut);
        for cut in planned.cut.into_iter().filter(is_new) {
            let reason = "an earlier repair cut it out, and did not end".to_owned();
            outcome.cut.push(CutLine { cut, reason });
        }
        rewrites.retain(|rewrite| !rewrite.is_empty());
        let ended = rewrites.iter().filter(|rewrite| rewrite.line_ends() > 0);
        let line_ends =
            |it: &Rewrite| LineEnds { file: it.segment.name.clone(), lines: it.line_ends() };
        outcome.line_ends = ended.map(line_ends).collect();
        outcome.missing = mem::take(&mut plan.missing).into_iter().map(MissingEvent::new).collect();
        Ok(Self { plan, rewrites, outcome })
    }

    /// All that is to be put on record.
    fn record(&self) -> Repair {
        Repair {
            cut: self.outcome.cut.iter().map(|line| line.cut.clone()).collect(),
            missing: self.outcome.missing.iter().map(|missing| missing.id).collect(),
        }
    }

    /// Writes the files anew, and returns whether they were still those that were read.
    fn rewrite(&self, log: &FileLog) -> Result<bool, LogError> {
        for rewrite in &self.rewrites {
            if !log.rewrite(rewrite)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Where the whole lines of the log end, once the files are written anew.
    fn end(&self) -> Position {
        let before: u64 = self.plan.segments.iter().map(|segment| segment.bytes).sum();
        let cut: u64 = self.rewrites.iter().map(|rewrite| rewrite.segment.bytes).sum();
        let left: u64 = self.rewrites.iter().map(Rewrite::bytes_left).sum();
        let line_end = u64::from(self.plan.lacks_line_end);
        let offset = before - cut + left - self.plan.torn + line_end;
        Position { offset, ..Position::START }
    }

    /// Writes the events that put it on record, as lines that follow from the heads that are left.
    fn encode(&self, now: Timestamp) -> Result<(Vec<u8>, Vec<EventId>), StoreError> {
        let RepairPlan { next_seq, heads, deepest, .. } = &self.plan;
        let mut lines = NextLines::new(*next_seq, heads, *deepest, now);
        for part in parts(self.record()) {
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
