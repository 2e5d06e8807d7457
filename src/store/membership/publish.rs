//! The lines of this machine that a fleet lacks, sent to it, and the copy of the fleet's log that comes of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::lines::{LinesAgain, Span};
use super::{Options, Work, deadline};
use crate::events::{EventId, LogError, Position, Seq, text_of, without_text, written_id};
use crate::file_log::{Draft, FileLog};
use crate::fleet::{FleetLog, Forgotten, Sent, forgotten_in, split};
use crate::projection::line::line_ranges;

/// How many lines are sent at a time, at most.
const AT_ONCE: usize = 100;

/// A line of this machine's log.
#[derive(Debug, Clone, Copy)]
pub struct LocalLine {
    pub seq: Seq,
    pub at: Timestamp,
    pub id: EventId,
    pub span: Span,
}

/// A fleet's log as far as it was read and written, and the copy of it that is being made.
pub struct Copy<'a> {
    pub options: &'a Options,
    pub fleet: &'a mut FleetLog,
    /// How far it was read.
    pub end: Position,
    last: Option<Vec<u8>>,
    /// All events that were read.
    pub there: BTreeSet<EventId>,
    /// Where it is written, unless the log on this machine is the copy.
    pub draft: Option<Draft>,
    /// The events whose texts were forgotten on this machine.
    pub forgotten_here: BTreeSet<EventId>,
    /// The events whose texts were forgotten anywhere.
    pub forgotten: BTreeSet<EventId>,
    /// The lines of the fleet that have a text which was forgotten here, with their numbers.
    standing: BTreeMap<EventId, (u64, Vec<u8>)>,
}

impl<'a> Copy<'a> {
    pub fn new(options: &'a Options, fleet: &'a mut FleetLog) -> Self {
        Self {
            options,
            fleet,
            end: Position::START,
            last: None,
            there: BTreeSet::new(),
            draft: None,
            forgotten_here: BTreeSet::new(),
            forgotten: BTreeSet::new(),
            standing: BTreeMap::new(),
        }
    }

    /// Takes in lines that the fleet has after what was read.
    pub fn take(&mut self, lines: &[u8]) -> Result<(), LogError> {
        let numbered = line_ranges(lines).zip(self.end.lines + 1..);
        for (line, number) in numbered.filter_map(|(it, n)| Some((lines.get(it)?, n))) {
            let Some(id) = written_id(line) else { continue };
            self.there.insert(id);
            if self.forgotten_here.contains(&id) && text_of(line).is_some() {
                self.standing.insert(id, (number, line.to_vec()));
            }
            self.last = Some(line.to_vec());
        }
        if let Some(draft) = &mut self.draft {
            draft.write(lines)?;
        }
        self.forgotten.extend(forgotten_in(lines));
        self.end.advance(lines);
        Ok(())
    }

    /// Adds lines of this machine to the fleet's log that it lacks, in this order. `log` is the one that
    /// they are of, and the beginning of it is what was read, unless there is a draft.
    pub fn publish(
        &mut self,
        log: &mut FileLog,
        lines: &[LocalLine],
        mut again: LinesAgain,
    ) -> Result<(), LogError> {
        let all = lines.len() as u64;
        for (lines, number) in lines.chunks(AT_ONCE).zip(0..) {
            let mut part = Vec::new();
            for line in lines {
                let mut bytes = Vec::new();
                again.read(line.span, &mut bytes)?;
                bytes.push(b'\n');
                match self.takes_off(&bytes) {
                    Some(forgotten) => {
                        self.send_all(log, &part)?;
                        part.clear();
                        self.send(log, bytes, Some(&forgotten))?;
                    }
                    None => part.extend_from_slice(&bytes),
                }
            }
            self.send_all(log, &part)?;
            self.options.progress.report_of(Work::Publishing, (number * AT_ONCE as u64, all));
        }
        self.options.progress.report_of(Work::Publishing, (all, all));
        Ok(())
    }

    /// The line of the fleet that still has the text which this one says is forgotten.
    fn takes_off(&mut self, line: &[u8]) -> Option<Forgotten> {
        if self.standing.is_empty() {
            return None;
        }
        let event = forgotten_in(line).pop_first()?;
        let (line, before) = self.standing.remove(&event)?;
        let after = without_text(&before)?;
        Some(Forgotten { line, before, after })
    }

    fn send_all(&mut self, log: &mut FileLog, mut lines: &[u8]) -> Result<(), LogError> {
        while !lines.is_empty() {
            let (part, rest) = split(lines);
            self.send(log, part.to_vec(), None)?;
            lines = rest;
        }
        Ok(())
    }

    /// Sends lines in one transaction, behind whatever others wrote meanwhile.
    fn send(
        &mut self,
        log: &mut FileLog,
        mut part: Vec<u8>,
        forgotten: Option<&Forgotten>,
    ) -> Result<(), LogError> {
        while !part.is_empty() {
            let until = deadline(self.options);
            let last = self.last.clone();
            match self.fleet.append(&self.end, last, &part, forgotten, until)? {
                Sent::Recorded => {
                    self.take(&part)?;
                    return Ok(());
                }
                Sent::Behind(newer) => {
                    if self.draft.is_none() {
                        self.draft = Some(log.draft_of(self.end.offset)?);
                    }
                    self.take(&newer)?;
                    // Another copy of this log may be joining, too.
                    let lines = line_ranges(&part).filter_map(|range| part.get(range));
                    let is_new =
                        |it: &&[u8]| written_id(it).is_none_or(|id| !self.there.contains(&id));
                    part = lines.filter(is_new).flat_map(|line| [line, b"\n"].concat()).collect();
                }
            }
        }
        Ok(())
    }

    /// Reads what the fleet has after what was read, a page at a time, until there is no more or `take`
    /// says so.
    pub fn read(
        &mut self,
        mut take: impl FnMut(&mut Self, &[u8]) -> Result<bool, LogError>,
    ) -> Result<bool, LogError> {
        let all = super::count::lines(self.fleet, 0, self.options)?;
        loop {
            let until = deadline(self.options);
            let (lines, more) = self.fleet.read(&self.end, crate::fleet::PAGE, until)?;
            if !take(self, &lines)? {
                return Ok(false);
            }
            let progress = (self.end.lines, all.max(self.end.lines));
            self.options.progress.report_of(Work::Fetching, progress);
            if !more {
                return Ok(true);
            }
        }
    }
}
