//! Joining a copy of the log, as git merges a branch: what it has besides is added, and nothing else
//! changes.
//!
//! A copy is what a program that keeps directories in step leaves beside the log, or the log
//! as a commit has it. It is read as the log is, held to the same rules, and never followed where it is
//! a link. Its events are appended in fold order, so that each beginning of them is a valid history, and
//! whatever cuts a join short, doing it again finishes it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::allowed::Allowed;
use super::verify::existing;
use super::{Options, Store, StoreError, TRIES};
use crate::disk::open_unlinked;
use crate::events::{
    Append, DamageReason, Event, EventId, FORMAT_VERSION, LineError, Log as _, LogError,
    LogReader as _, LogStorage as _, Position, Record, TextLoss, TornTail, decode, without_mark,
    without_text, written_id,
};
use crate::file_log::FileLog;
use crate::file_log::tail::read_lines;
use crate::git::{Committed, committed};
use crate::projection::graph::{EventGraph, LineSpan};
use crate::projection::line::line_ranges;

/// The index of the log and of the copy among the files of the graph.
const LOG: usize = 0;
const COPY: usize = 1;

/// Why a copy cannot be joined.
#[expect(missing_docs, reason = "the messages say what each is")]
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    #[error("could not read `{}`: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("`{}` holds no event", .0.display())]
    NoEvent(PathBuf),
    #[error(
        "`{}` is no log of this store: it has no beginning in common with it (line {line})",
        path.display()
    )]
    OtherStore { path: PathBuf, line: u64 },
    #[error("line {line} of `{}` cannot be joined: {reason}", path.display())]
    Line { path: PathBuf, line: u64, reason: DamageReason },
    #[error(
        "line {line} of `{}` cannot be joined: its text is not what the line vouches for",
        path.display()
    )]
    Text { path: PathBuf, line: u64 },
}

/// What a join added, or would add.
#[derive(Debug, Default)]
pub struct JoinOutcome {
    /// The events that the log did not have, in fold order.
    pub events: Vec<EventId>,
    /// The events that it had without their texts, which the copy has.
    pub texts: Vec<EventId>,
    /// How many of the copy's lines the log had already.
    pub known: u64,
    /// How many bytes of the copy follow its last whole line, and are left out.
    pub rest: u64,
    /// What was cut from the end of the log first.
    pub torn: Option<TornTail>,
}

impl JoinOutcome {
    /// Returns whether the log has all that the copy has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.texts.is_empty()
    }
}

impl Store {
    /// Returns what a join of the copy at `path` would add, and does nothing.
    pub fn plan_join(options: &Options, path: &Path) -> Result<JoinOutcome, StoreError> {
        let mut log = existing(options)?;
        let _guard = log.hold(options.wait);
        Ok(Join::of(&mut log, path)?.outcome)
    }

    /// Adds what the copy at `path` has and the log has not. The copy stays as it is.
    pub fn join(options: &Options, path: &Path) -> Result<JoinOutcome, StoreError> {
        let mut log = existing(options)?;
        // It makes a lock where there is none, which must not look as if the store had been in use.
        let _ = Allowed::new(options.disk.clone(), options.dir.clone()).begin();
        for _ in 0..TRIES {
            let guard = log.lock(options.wait)?;
            let Join { mut outcome, lines, length, .. } = Join::of(&mut log, path)?;
            if outcome.is_empty() {
                return Ok(outcome);
            }
            let end = Position { offset: length, ..Position::START };
            if let Append::Done { torn } = log.append(guard, &end, &lines)? {
                outcome.torn = torn;
                return Ok(outcome);
            }
        }
        Err(StoreError::KeepsMoving(log.path().to_owned()))
    }

    /// Finds the events that git's commits brought, and that are neither in the log any more nor on
    /// record as missing, each with a commit that has it; by id.
    pub fn lost_to_git(options: &Options) -> Result<BTreeMap<EventId, Committed>, StoreError> {
        let mut lost = BTreeMap::new();
        let found = committed(&options.dir, |id, at| {
            lost.entry(id).or_insert_with(|| at.clone());
        });
        found.map_err(LogError::io("ask git of", &options.dir))?;
        let mut reader = existing(options)?.storage().reader()?;
        while let Some(batch) = reader.read()? {
            for line in batch.bytes.split(|byte| *byte == b'\n') {
                written_id(without_mark(line)).and_then(|id| lost.remove(&id));
                // Of what is on record as missing, somebody knows.
                if memchr::memmem::find(line, b"\"type\":\"repair\"").is_some()
                    && let Ok(Record { event: Event::Repair(repair), .. }) = decode(line)
                {
                    lost.retain(|id, _| !repair.missing.contains(id));
                }
            }
        }
        Ok(lost)
    }

    /// Finds the copies of the log's files that stand beside them, by name.
    pub fn copies(options: &Options) -> Result<Vec<PathBuf>, StoreError> {
        Ok(existing(options)?.copies()?)
    }
}

/// A line of the copy that the log lacks.
struct NewLine {
    record: Record,
    /// Without its line end.
    bytes: Vec<u8>,
    number: u64,
}

/// A log, and what a copy adds to it.
#[derive(Default)]
struct Join {
    graph: EventGraph,
    /// The events of the log, each with whether its text is missed.
    known: BTreeMap<EventId, bool>,
    forgotten: BTreeSet<EventId>,
    /// The length of the log, with the line end of its last line.
    length: u64,
    outcome: JoinOutcome,
    /// What is to be appended.
    lines: Vec<u8>,
}

impl Join {
    fn of(log: &mut FileLog, path: &Path) -> Result<Self, StoreError> {
        let mut join = Self::default();
        let lines = join.read_log(log)?;
        let new = join.read_copy(path)?;
        for line in &new {
            let (offset, length) = (join.length, line.bytes.len());
            let span = LineSpan { file: COPY, line: line.number, offset, length };
            join.graph.push(&line.record, span);
        }
        join.check(log, path, lines)?;
        join.add(new);
        Ok(join)
    }

    /// Reads the log, and returns how many lines it has. Damage of it is for `repair` alone.
    fn read_log(&mut self, log: &mut FileLog) -> Result<u64, StoreError> {
        let mut reader = log.storage().reader()?;
        let mut lines = 0;
        while let Some(batch) = reader.read()? {
            let whole = batch.bytes.get(..batch.whole).unwrap_or_default();
            let rest = batch.bytes.get(batch.whole..).unwrap_or_default();
            let last = batch.unended.then_some(rest);
            let ranges = line_ranges(whole);
            for line in ranges.filter_map(|range| whole.get(range)).chain(last) {
                lines += 1;
                let record = decode(line).map_err(|error| damaged(log, lines, error.into()))?;
                if record.v > FORMAT_VERSION {
                    return Err(StoreError::NewerFormat(record.v));
                }
                let misses = record.event.text_loss().is_some();
                self.known.entry(record.id).and_modify(|it| *it &= misses).or_insert(misses);
                self.note(&record);
                let (offset, length) = (self.length, line.len());
                self.graph.push(&record, LineSpan { file: LOG, line: lines, offset, length });
                self.length += length as u64 + 1;
            }
            let segment = reader.segments().get(batch.file);
            if batch.rest > 0 && segment.is_some_and(|it| it.is_sealed) {
                return Err(damaged(log, lines + 1, LineError::NoId.into()).into());
            }
        }
        Ok(lines)
    }

    fn note(&mut self, record: &Record) {
        if let Event::Forget(forget) = &record.event {
            self.forgotten.insert(forget.event);
        }
    }

    /// Reads the copy, and returns what of it the log lacks, each event once.
    fn read_copy(&mut self, path: &Path) -> Result<Vec<NewLine>, StoreError> {
        let unreadable = |source| JoinError::Unreadable { path: path.to_owned(), source };
        let file = open_unlinked(path).map_err(unreadable)?;
        let (mut new, mut bytes, mut offset, mut number) =
            (BTreeMap::<EventId, NewLine>::new(), Vec::new(), 0, 0);
        loop {
            let end = read_lines(&file, false, offset, &mut bytes).map_err(unreadable)?;
            offset += bytes.len() as u64;
            for range in line_ranges(&bytes) {
                number += 1;
                let line = bytes.get(range).unwrap_or_default();
                let record = decode(line).map_err(|error| JoinError::Line {
                    path: path.to_owned(),
                    line: number,
                    reason: error.into(),
                })?;
                self.note(&record);
                let lacks = self.known.get(&record.id).is_none_or(|misses| *misses);
                let there = new.get(&record.id).map(|it| it.record.event.text_loss().is_none());
                if lacks && there != Some(true) {
                    let bytes = without_mark(line).to_vec();
                    new.insert(record.id, NewLine { record, bytes, number });
                } else {
                    self.outcome.known += 1;
                }
            }
            if let Some((rest, _)) = end {
                self.outcome.rest = rest;
                break;
            }
        }
        if number == 0 {
            return Err(JoinError::NoEvent(path.to_owned()).into());
        }
        let mut left = Vec::new();
        for (id, mut line) in new {
            if line.record.v > FORMAT_VERSION {
                return Err(StoreError::NewerFormat(line.record.v));
            }
            let is_known = self.known.contains_key(&id);
            if self.forgotten.contains(&id) {
                // Its words stay forgotten, whoever still has them.
                line.bytes = without_text(&line.bytes).unwrap_or(line.bytes);
                line.record.event.forget_text();
            }
            match line.record.event.text_loss() {
                Some(TextLoss::Changed) => {
                    let (path, line) = (path.to_owned(), line.number);
                    return Err(JoinError::Text { path, line }.into());
                }
                // It has no more of it than the log.
                Some(_) if is_known => self.outcome.known += 1,
                _ => left.push(line),
            }
        }
        left.sort_by_key(|line| (line.record.seq, line.record.at, line.record.id));
        Ok(left)
    }

    /// Makes sure that the log is sound with what is new: that each line follows from its parents,
    /// and that none begins another history.
    fn check(&mut self, log: &FileLog, path: &Path, log_lines: u64) -> Result<(), StoreError> {
        self.graph.index();
        let ancestry = self.graph.ancestry();
        let span = |at: usize| self.graph.get(at).map(|node| node.span);
        let of_copy = |span: &LineSpan| span.file == COPY;
        let begins = |at: &usize| self.graph.parent_ids(*at).is_empty();
        let first = (0..self.graph.lines()).filter(begins).find_map(|at| span(at).filter(of_copy));
        if let Some(LineSpan { line, .. }) = first.filter(|_| log_lines > 0) {
            return Err(JoinError::OtherStore { path: path.to_owned(), line }.into());
        }
        let Some((at, reason)) = ancestry.damage(&self.graph) else { return Ok(()) };
        let Some(span) = span(at) else { return Ok(()) };
        if span.file == LOG {
            return Err(damaged(log, span.line, reason).into());
        }
        let (path, line) = (path.to_owned(), span.line);
        let is_stranger =
            self.outcome.known == 0 && matches!(reason, DamageReason::MissingParent(_));
        Err(if is_stranger {
            JoinError::OtherStore { path, line }.into()
        } else {
            JoinError::Line { path, line, reason }.into()
        })
    }

    fn add(&mut self, new: Vec<NewLine>) {
        for NewLine { record, bytes, .. } in new {
            let is_known = self.known.contains_key(&record.id);
            let kind = if is_known { &mut self.outcome.texts } else { &mut self.outcome.events };
            kind.push(record.id);
            self.lines.extend_from_slice(&bytes);
            self.lines.push(b'\n');
        }
    }
}

fn damaged(log: &FileLog, line: u64, reason: DamageReason) -> LogError {
    let (path, line) = log.locate(line);
    LogError::Damaged { path, line, reason }
}
