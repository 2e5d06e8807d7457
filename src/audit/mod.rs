//! The audit of a whole log: every line, its place in the history, and what it says.
//!
//! It stops at no fault, and names each for what it is. Lines come in as they
//! stand in the files; as long as each follows from the one before, they are
//! folded on the way, and else once more in the order of a merge. What it came
//! to is an [`Audit`] for people, and a `RepairPlan` for the store: no file is
//! changed here.

mod again;
mod checkpoint;
mod coverage;
mod fault;
mod finding;
mod findings;
mod inspect;
mod observations;
mod place;
mod repair_plan;
mod report;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

pub(crate) use self::checkpoint::FoundCheckpoint;
pub use self::coverage::Coverage;
pub use self::fault::{Fault, Severity};
pub use self::finding::Finding;
pub use self::findings::LeftOut;
pub(crate) use self::inspect::inspect;
pub use self::place::Place;
pub(crate) use self::repair_plan::RepairPlan;
pub use self::report::{Audit, NotedHead};

use self::again::SoundLines;
use self::findings::Findings;
use self::inspect::InspectedLine;
use self::observations::Observations;
use self::texts::Texts;
use crate::events::{Batch, EventId, Record, Segment, Seq, decode_checked};
use crate::projection::graph::{EventGraph, LineSpan};
use crate::projection::{Fold, View, pipeline};

/// What an audit is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To report what is wrong, the first findings of each kind one by one.
    Report,
    /// To report every finding: they are taken while lines come in.
    Each,
    /// To plan a repair.
    Repair,
}

/// How many lines are decoded in one go.
const CHUNK: usize = 4096;

#[derive(Debug, Default)]
pub(crate) struct Auditor {
    segments: Vec<Segment>,
    /// Where each file begins, in bytes of the log that batches brought.
    starts: Vec<u64>,
    brought: u64,
    findings: Findings,
    graph: EventGraph,
    /// Lines that are wrong by themselves, each with why, as far as a repair needs them.
    bad: Vec<(LineSpan, String)>,
    is_for_repair: bool,
    /// The files with such lines.
    bad_files: BTreeSet<usize>,
    /// Where in the log the first line is that is not sound as it stands.
    first_unsound: Option<u64>,
    /// Events that the log, or the checkpoint, knows of and no sound line has; known in a second reading.
    suspects: BTreeSet<EventId>,
    /// Those of them that a line which is wrong says it has, or has by its bytes.
    bad_ids: BTreeSet<EventId>,
    /// The sound lines, once they were read again.
    sound: SoundLines,
    /// The first depth and the last id of each file.
    ends: BTreeMap<usize, (Seq, EventId)>,
    /// The newest format version of any line.
    newest: u32,
    lines: u64,
    bytes: u64,
    /// The length of the unfinished write at the end.
    torn: u64,
    /// The last line of the log, if it lacks its line end.
    unended: Option<LineSpan>,
    /// Sealed files whose last line has no line end.
    unended_segments: Vec<usize>,
    /// Lines that are sound but for a line end that was converted.
    converted: Vec<LineSpan>,
    checkpoint: FoundCheckpoint,
    view: View,
    observations: Observations,
    texts: Texts,
    /// Whether the lines have to be folded in another order than they came in.
    is_out_of_order: bool,
}

impl Auditor {
    pub fn new(segments: &[Segment], checkpoint: FoundCheckpoint, purpose: Purpose) -> Self {
        let findings = if purpose == Purpose::Each { Findings::all() } else { Findings::default() };
        let is_for_repair = purpose == Purpose::Repair;
        let segments = segments.to_vec();
        Self { segments, findings, is_for_repair, checkpoint, ..Self::default() }
    }

    /// Takes what was found so far, in the order of the log.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        self.findings.take()
    }

    pub fn take(&mut self, (batch, mut lines): (Batch, Vec<InspectedLine>)) {
        let Batch { file, offset, .. } = batch;
        if self.starts.len() <= file {
            self.starts.resize(file + 1, self.brought);
        }
        let rest = if batch.rest > 0 { lines.pop() } else { None };
        let mut span = LineSpan { file, line: batch.lines, offset, length: 0 };
        for line in lines {
            let line_end = if line.is_converted { 2 } else { 1 };
            (span.line, span.length) = (span.line + 1, line.length);
            self.take_line(line, span);
            span.offset += span.length as u64 + line_end;
        }
        if let Some(rest) = rest {
            (span.line, span.length) = (span.line + 1, rest.length);
            self.take_rest(rest, batch.unended, span);
        }
        let added = u64::from(batch.unended);
        self.bytes += batch.whole as u64 + batch.rest + added;
        self.brought += batch.bytes.len() as u64 + added;
    }

    fn take_line(&mut self, line: InspectedLine, span: LineSpan) {
        self.lines += 1;
        match line.decoded {
            Ok(record) => {
                for error in line.text_errors {
                    self.find(span, Fault::Text(error));
                }
                if line.has_byte_order_mark {
                    self.find(span, Fault::ByteOrderMark);
                }
                if line.is_converted {
                    self.converted.push(span);
                    self.is_unsound_from(span);
                }
                self.take_sound(record, span, line.has_text);
            }
            Err(error) => {
                let fault = Fault::Line(error);
                if self.is_for_repair {
                    self.bad.push((span, fault.to_string()));
                }
                self.bad_files.insert(span.file);
                self.find(span, fault);
                self.is_unsound_from(span);
            }
        }
    }

    fn take_sound(&mut self, record: Record, span: LineSpan, has_text: bool) {
        self.texts.take(self.graph.lines(), &record, has_text);
        self.graph.push(&record, span);
        self.ends.entry(span.file).or_insert((record.seq, record.id)).1 = record.id;
        self.newest = self.newest.max(record.v);
        if !self.is_out_of_order {
            self.observations.observe(&self.view.roster, &record, span);
            let folded = self.view.fold_decoded(Ok(record), span.length);
            self.is_out_of_order = !matches!(folded, Ok(Fold::Done));
            self.checkpoint.compare(&self.view);
        }
    }

    /// Takes note that readers stop at a line: what is sound is folded in a second reading.
    fn is_unsound_from(&mut self, span: LineSpan) {
        self.is_out_of_order = true;
        let start = self.starts.get(span.file).copied().unwrap_or_default();
        self.first_unsound.get_or_insert(start + span.offset);
    }

    /// Takes in what follows the last line end of a file.
    fn take_rest(&mut self, rest: InspectedLine, unended: bool, span: LineSpan) {
        if unended {
            self.find(span, Fault::Unended);
            self.unended = Some(span);
            self.take_line(rest, span);
        } else if self.segments.get(span.file).is_some_and(|it| it.is_sealed) {
            self.find(span, Fault::NoLineEnd);
            self.unended_segments.push(span.file);
            self.take_line(rest, span);
            // Readers refuse it, sound as it may be.
            self.is_unsound_from(span);
        } else {
            self.torn = span.length as u64;
            self.find(span, Fault::TornTail { bytes: self.torn });
        }
    }

    pub fn is_out_of_order(&self) -> bool {
        self.is_out_of_order
    }

    /// Folds all events of the log, which was read again, in their order.
    pub fn fold_all(&mut self) {
        let order = self.graph.in_fold_order();
        (self.view, self.observations) = (View::default(), Observations::default());
        let Self { graph, sound, view, observations, .. } = self;
        let mut chunks = order.chunks(CHUNK);
        let next = || Ok::<_, Infallible>(chunks.next());
        let decode = |chunk: &[usize]| -> Vec<_> {
            let decoded = chunk.iter().filter_map(|first| {
                let at = graph.copy_at(*first);
                // It was read before; should it be another one by now, nothing is said of it.
                Some((decode_checked(sound.get(at)?).ok()?, graph.get(at)?.span))
            });
            decoded.collect()
        };
        let Ok(()) = pipeline::in_order(next, decode, |records| {
            for (record, span) in records {
                observations.observe(&view.roster, &record, span);
                view.roster.apply(&record);
            }
            Ok(())
        });
        self.checkpoint.compare_prefix(self.sound.bytes(), self.first_unsound);
    }

    fn find(&mut self, span: LineSpan, fault: Fault) {
        let segments = &self.segments;
        self.findings.add(fault, || Some(place_in(segments, span)));
    }

    fn place(&self, span: LineSpan) -> Place {
        place_in(&self.segments, span)
    }
}

fn place_in(segments: &[Segment], LineSpan { file: index, line, .. }: LineSpan) -> Place {
    let name = segments.get(index).map(|segment| segment.name.clone());
    Place { index, file: name.unwrap_or_default(), line: Some(line) }
}
