//! Repairing a log: what is not sound goes to the quarantine, and the gap is put on record.

use std::mem;
use std::path::PathBuf;

use serde::Serialize;
use smol_str::{SmolStr, format_smolstr};

use super::allowed::Allowed;
use super::verify::{existing, look_twice, read_through};
use super::{ForgottenText, Options, Store, StoreError, TRIES};
use crate::audit::{Auditor, Purpose, RepairPlan};
use crate::events::{
    Append, Cut, Event, EventId, FORMAT_VERSION, LINE_LIMIT, Log, LogError, LogStorage, NextLines,
    Position, Repair, Rewrite, Segment, TornTail,
};
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
    /// The texts that were forgotten, and are taken off their lines.
    pub texts: Vec<ForgottenText>,
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
            && self.texts.is_empty()
            && !self.checkpoint
    }
}

impl Store {
    /// Returns what a repair would do, and does nothing.
    pub fn plan_repair(options: &Options) -> Result<RepairOutcome, StoreError> {
        Store::plan_repair_log(&mut existing(options)?, options)
    }

    /// Moves all lines that are not sound to the quarantine, and records the gaps.
    ///
    /// Whatever it is cut short by, doing it again finishes it.
    pub fn repair(options: &Options) -> Result<RepairOutcome, StoreError> {
        Store::repair_log(&mut existing(options)?, options)
    }
}

impl<L: Log> Store<L> {
    /// Returns what [`Store::repair_log`] would do, and does nothing.
    pub fn plan_repair_log(log: &mut L, options: &Options) -> Result<RepairOutcome, StoreError> {
        let look = |log: &mut L| {
            let (auditor, reader) = read_through(log, options, Purpose::Repair, |_| {})?;
            Ok((plan(log.storage(), auditor)?.1, reader))
        };
        Ok(look_twice(log, options.wait, look, |seen| !seen.is_empty())?.0)
    }

    /// Repairs a store whose events are in `log`, as [`Store::repair`] does. It is not for the mirror of a
    /// fleet's log: see [`Store::repair_mirror`].
    pub fn repair_log(log: &mut L, options: &Options) -> Result<RepairOutcome, StoreError> {
        // It makes a lock where there is none, which must not look as if the store had been in use.
        let _ = Allowed::new(options.disk.clone(), options.dir.clone()).begin();
        for _ in 0..TRIES {
            let guard = log.lock(options.wait)?;
            let (plan, mut outcome) = plan_of(log, options)?;
            if plan.newest > FORMAT_VERSION {
                return Err(StoreError::NewerFormat(plan.newest));
            }
            if outcome.is_empty() {
                log.storage().remove_plan()?;
                return Ok(outcome);
            }
            let cut = outcome.cut.iter().map(|line| line.cut.clone()).collect();
            let missing = outcome.missing.iter().map(|missing| missing.id).collect();
            let record = Repair { cut, missing };
            // What cannot be put on record must not be begun.
            let mut lines = NextLines::new(plan.next_seq, &plan.heads, plan.deepest, options.now);
            for part in parts(&record) {
                lines.push(Event::Repair(part)).map_err(StoreError::CannotEncode)?;
            }
            let (lines, recorded) = lines.into_parts();
            outcome.kept = log.storage().prepare(&plan.rewrites, &record)?;
            // A line that was cut may have a text that was forgotten.
            log.storage().clean_quarantine(&plan.forgotten, &[])?;
            if !outcome.texts.is_empty() {
                checkpoint::remove(&options.disk, &options.cache())?;
            }
            if !rewrite(log.storage(), &plan, &guard)? {
                continue;
            }
            // It may know of lines that are gone, and by their positions of none that is left.
            checkpoint::remove(&options.disk, &options.cache())?;
            let left: u64 = plan.rewrites.iter().map(Rewrite::bytes_left).sum();
            let offset = left - plan.torn + u64::from(plan.lacks_line_end);
            match log.append(guard, &Position { offset, ..Position::START }, &lines)? {
                Append::Done { torn } => outcome.torn = torn,
                Append::Moved | Append::Behind => continue,
            }
            log.storage().remove_plan()?;
            outcome.recorded = recorded;
            return Ok(outcome);
        }
        Err(StoreError::KeepsMoving(log.path().to_owned()))
    }
}

/// Reads a log through, under the lock or not, and returns what is to be done to it.
pub(super) fn plan_of(
    log: &mut impl Log,
    options: &Options,
) -> Result<(RepairPlan, RepairOutcome), StoreError> {
    let (auditor, _) = read_through(log, options, Purpose::Repair, |_| {})?;
    Ok(plan(log.storage(), auditor)?)
}

/// Plans a repair, and says what will come of it.
fn plan(
    log: &mut impl LogStorage,
    auditor: Auditor,
) -> Result<(RepairPlan, RepairOutcome), LogError> {
    let planned = log.planned();
    let mut plan = auditor.repair_plan(&planned.missing);
    let mut outcome = RepairOutcome { checkpoint: plan.checkpoint, ..Default::default() };
    for (span, reason) in mem::take(&mut plan.cut) {
        let Some(rewrite) = plan.rewrites.get_mut(span.file) else { continue };
        let bytes = log.bytes(&rewrite.segment, span.offset, span.length)?;
        let cut = describe(&rewrite.segment, span.line, &bytes);
        let end = span.offset + span.length as u64 + 1;
        rewrite.cut.push((cut.clone(), span.offset..end.min(rewrite.segment.bytes)));
        plan.on_record.insert(cut.clone());
        outcome.cut.push(CutLine { cut, reason });
    }
    for cut in planned.cut.into_iter().filter(|cut| !plan.on_record.contains(cut)) {
        let reason = "an earlier repair cut it out, and did not end".to_owned();
        outcome.cut.push(CutLine { cut, reason });
    }
    if !plan.forgotten.is_empty() {
        let (standing, texts) = log.find_texts(&plan.forgotten)?;
        for Rewrite { segment, texts, .. } in texts {
            let of_file = |it: &&mut Rewrite| it.segment.name == segment.name;
            if let Some(rewrite) = plan.rewrites.iter_mut().find(of_file) {
                rewrite.texts = texts;
            }
        }
        let is_cut = |it: &ForgottenText| {
            let is_it = |line: &CutLine| (&line.cut.file, line.cut.line) == (&it.file, it.line);
            outcome.cut.iter().any(is_it)
        };
        let texts = standing.iter().map(ForgottenText::of).filter(|it| !is_cut(it));
        outcome.texts = texts.collect();
    }
    let files = plan.rewrites.iter();
    let ended = files.map(|it| LineEnds { file: it.segment.name.clone(), lines: it.line_ends() });
    outcome.line_ends = ended.filter(|ended| ended.lines > 0).collect();
    let missing = plan.missing.iter().map(|(id, at)| MissingEvent {
        id: *id,
        file: at.as_ref().map(|at| at.file.clone()),
        line: at.as_ref().and_then(|at| at.line),
    });
    outcome.missing = missing.collect();
    Ok((plan, outcome))
}

/// Describes a line as a repair puts it on record.
fn describe(segment: &Segment, line: u64, bytes: &[u8]) -> Cut {
    let blake3 = format_smolstr!("{}", blake3::hash(bytes));
    Cut { file: segment.name.clone(), line, blake3, bytes: bytes.len() as u64 }
}

/// Writes the files anew, and returns whether they were still those that were read.
fn rewrite<S: LogStorage>(
    log: &mut S,
    plan: &RepairPlan,
    guard: &S::Guard,
) -> Result<bool, LogError> {
    for rewrite in plan.rewrites.iter().filter(|rewrite| !rewrite.is_empty()) {
        if !log.rewrite(rewrite, guard)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Divides what is to be put on record into parts that each fit into a line.
fn parts(Repair { cut, missing }: &Repair) -> Vec<Repair> {
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
        make_room(&mut part, serde_json::to_vec(line).map_or(ROOM, |json| json.len() + 1));
        part.cut.push(line.clone());
    }
    for id in missing {
        // It stands in quotes, and a comma follows it.
        make_room(&mut part, EventId::DIGITS + 3);
        part.missing.insert(*id);
    }
    parts.extend((part != Repair::default()).then_some(part));
    parts
}
