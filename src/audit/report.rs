//! What an audit came to: from what was seen to what is reported of it.

use std::collections::BTreeMap;
use std::mem;

use jiff::Timestamp;
use serde::Serialize;

use super::observations::Observations;
use super::{Auditor, Fault, Finding, LeftOut, Place, Severity, place_in};
use crate::events::{Cut, EventId, Heads, IdPrefix};
use crate::projection::{Warning, ancestry::Ancestry, graph::LineSpan};

/// What an audit found, and what it counted.
#[derive(Debug, Serialize)]
pub struct Audit {
    /// What was found, in the order of the log: of each kind the first thousand.
    pub findings: Vec<Finding>,
    /// How many of each kind are not among them.
    pub left_out: Vec<LeftOut>,
    /// How many there are by severity, those among them.
    #[serde(skip)]
    counts: [u64; 3],
    /// The heads that were asked about.
    #[serde(rename = "noted_heads")]
    pub noted: Vec<NotedHead>,
    /// The ends of the history.
    pub heads: Heads,
    /// The events, each once.
    pub events: u64,
    /// The whole lines.
    pub lines: u64,
    /// The bytes of all files.
    pub bytes: u64,
    /// The files.
    pub files: u64,
    /// The lines that stand in the log before.
    #[serde(rename = "repeated_lines")]
    pub repeated: u64,
    /// The lines that repairs have cut out.
    #[serde(rename = "cut_lines")]
    pub cut: u64,
    /// The events that are missing, and that repairs vouch for.
    #[serde(rename = "mended_gaps")]
    pub gaps: u64,
}

/// A head that was noted earlier.
#[derive(Debug, Serialize)]
pub struct NotedHead {
    /// What was noted of its id.
    #[serde(rename = "head")]
    pub noted: IdPrefix,
    /// The event, if the history contains it.
    #[serde(rename = "id")]
    pub event: Option<EventId>,
}

impl Audit {
    /// Returns whether nothing is damaged.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.count(Severity::Damage) == 0
    }

    /// How many findings of this severity there are, those that are left out among them.
    #[must_use]
    pub fn count(&self, severity: Severity) -> u64 {
        self.counts.get(severity as usize).copied().unwrap_or_default()
    }

    /// Adds findings of files that are none of the log's.
    pub(crate) fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            if let Some(count) = self.counts.get_mut(finding.fault.severity() as usize) {
                *count += 1;
            }
            self.findings.push(finding);
        }
    }
}

impl Auditor {
    /// Ends the audit, and looks for heads that were noted earlier: one that may be several events
    /// is the error.
    pub fn finish(mut self, noted: &[IdPrefix]) -> Result<Audit, IdPrefix> {
        self.graph.index();
        let ancestry = self.graph.ancestry();
        // By event: the line of the first repair that records it as missing.
        let recorded = self.graph.recorded_missing(|_| true);
        // A repeated line of a repair says nothing new.
        let repairs = self.graph.repairs.iter().filter(|(at, _)| self.graph.is_first(*at));
        let cuts = repairs.flat_map(|(at, repair)| repair.cut.iter().map(|it| (*at, it.clone())));
        let cuts: Vec<(usize, Cut)> = cuts.collect();
        let cut = cuts.len() as u64;
        self.report_ancestry(&ancestry, &recorded);
        self.report_line_ends_and_repeats();
        for (at, cut) in cuts {
            self.report(at, Fault::Cut { cut, at: self.time(at) });
        }
        for (id, by) in &recorded {
            if let Some(at) = self.graph.find(*id) {
                self.report(at, Fault::Returned { at: self.time(*by) });
            } else if !ancestry.missing.contains_key(id) {
                self.report(*by, Fault::OnRecord(*id));
            }
        }
        self.report_observations();
        self.report_texts();
        self.report_names();
        let is_known = |id: &EventId| self.bad_ids.contains(id) || recorded.contains_key(id);
        if let Some(found) = self.checkpoint.finding(&self.graph, self.bytes, is_known) {
            self.findings.add(found.fault, || found.place);
        }
        let noted: Result<_, _> =
            noted.iter().map(|noted| self.find_noted(noted, &recorded)).collect();
        let is_gap = |id: &&EventId| self.graph.find(**id).is_none();
        Ok(Audit {
            noted: noted?,
            heads: ancestry.heads(&self.graph),
            events: self.graph.events() as u64,
            lines: self.lines,
            bytes: self.bytes,
            files: self.segments.len() as u64,
            repeated: self.graph.repeats().count() as u64,
            cut,
            gaps: recorded.keys().filter(is_gap).count() as u64,
            left_out: self.findings.left_out(),
            counts: [Severity::Damage, Severity::Warning, Severity::Note]
                .map(|severity| self.findings.count(severity)),
            findings: self.findings.take(),
        })
    }

    fn report_ancestry(&mut self, found: &Ancestry, recorded: &BTreeMap<EventId, usize>) {
        // Of too many, those that stand first are told.
        let mut missing: Vec<_> = found.missing.iter().collect();
        missing.sort_by_key(|(id, at)| (*at, *id));
        for (id, at) in missing {
            match recorded.get(id) {
                Some(by) => self.report(*at, Fault::Mended { missing: *id, at: self.time(*by) }),
                // A line that follows one which is wrong by itself is not at fault.
                None if self.bad_ids.contains(id) => {}
                None => self.report(*at, Fault::MissingParent(*id)),
            }
        }
        for (at, due) in &found.wrong_seqs {
            if let Some(written) = self.graph.get(*at).map(|node| node.seq) {
                self.report(*at, Fault::WrongSeq { written, due: *due });
            }
        }
        if !found.early.is_empty() {
            let depth = found.unforked_depth(&self.graph);
            for (at, parent) in &found.early {
                let proven = self.graph.get(*at).is_some_and(|node| node.seq <= depth);
                self.report(*at, Fault::OutOfOrder { parent: self.place_of(*parent), proven });
            }
        }
        for (at, parent) in &found.branches {
            self.report(*at, Fault::Branch(self.place_of(*parent)));
        }
        for at in &found.beginnings {
            self.report(*at, Fault::Beginning);
        }
        for (at, parent) in &found.backwards {
            let (own, parent) = (self.time(*at), self.time(*parent));
            self.report(*at, Fault::Backwards { at: own, parent });
        }
        // After a repair, the last event before a gap counts as a head until the gap is closed.
        if self.graph.repairs.is_empty() {
            for (at, ancestor) in self.graph.not_heads().collect::<Vec<_>>() {
                if let Some(id) = self.graph.get(ancestor).map(|node| node.id) {
                    self.report(at, Fault::NotHeads(id));
                }
            }
        }
    }

    /// Reports converted line ends and repeats, those that stand one after the other together.
    fn report_line_ends_and_repeats(&mut self) {
        for (span, (), lines) in runs(self.converted.iter().map(|span| (*span, ()))) {
            self.find(span, Fault::CrLf { lines });
        }
        let repeats = self.graph.repeats().map(|(repeat, first)| (repeat.span, first.span));
        for (repeat, first, lines) in runs(repeats) {
            self.find(repeat, Fault::Repeated { lines, first: self.place(first) });
        }
    }

    fn report_observations(&mut self) {
        let Observations { nobody, lent_again, unknown, newer } = mem::take(&mut self.observations);
        for (persona, (span, more)) in nobody {
            self.find(span, Fault::Nobody { persona, more });
        }
        for (kind, (span, count)) in unknown {
            self.find(span, Fault::UnknownType { kind, count });
        }
        for (version, (span, count)) in newer {
            self.find(span, Fault::NewerVersion { version, count });
        }
        for warning in self.view.roster.warnings() {
            if let Warning::TwoHolders(persona, _) = &warning {
                let place = lent_again.get(persona).map(|span| self.place(*span));
                self.findings.add(Fault::TwoHolders(warning), || place);
            }
        }
    }

    /// Reports sealed files whose names are not those that a seal gives them.
    fn report_names(&mut self) {
        for (index, segment) in self.segments.iter().enumerate().filter(|(_, it)| it.is_sealed) {
            let name = &segment.name;
            let mut cuts = self.graph.repairs.iter().flat_map(|(_, repair)| &repair.cut);
            let fault = match (self.ends.get(&index), segment.named_ends()) {
                _ if self.bad_files.contains(&index) => continue,
                _ if cuts.any(|cut| cut.file == *name) => continue,
                (None, _) => Fault::EmptySegment,
                (Some((first, last)), Some((depth, digits)))
                    if *first == depth && last.to_string().starts_with(digits) =>
                {
                    continue;
                }
                (Some((first, last)), _) => Fault::SegmentName { first: *first, last: *last },
            };
            let place = Some(Place { index, file: name.clone(), line: None });
            self.findings.add(fault, || place);
        }
    }

    /// Finds out whether the history contains a head that was noted earlier, and reports if not.
    fn find_noted(
        &mut self,
        noted: &IdPrefix,
        recorded: &BTreeMap<EventId, usize>,
    ) -> Result<NotedHead, IdPrefix> {
        let noted = noted.clone();
        let event = match self.graph.with_prefix(&noted) {
            [] => None,
            [(id, _)] => Some(*id),
            _ => return Err(noted),
        };
        if event.is_none() {
            let by = recorded.range(noted.range().clone()).next();
            let vouched = by.map(|(_, by)| self.time(*by));
            let fault = Fault::HeadGone { noted: noted.clone(), vouched };
            self.findings.add(fault, || None);
        }
        Ok(NotedHead { noted, event })
    }

    pub(super) fn time(&self, at: usize) -> Timestamp {
        self.graph.get(at).map(|node| node.at).unwrap_or_default()
    }

    pub(super) fn report(&mut self, at: usize, fault: Fault) {
        let span = self.graph.get(at).map(|node| node.span);
        let segments = &self.segments;
        self.findings
            .add(fault, || Some(span.map(|span| place_in(segments, span)).unwrap_or_default()));
    }

    fn place_of(&self, at: usize) -> Place {
        self.graph.get(at).map(|node| self.place(node.span)).unwrap_or_default()
    }
}

/// The first of the lines that stand one after the other, and how many those are.
fn runs<T>(lines: impl Iterator<Item = (LineSpan, T)>) -> Vec<(LineSpan, T, u64)> {
    let mut runs: Vec<(LineSpan, T, u64)> = Vec::new();
    for (at, with) in lines {
        match runs.last_mut() {
            Some((LineSpan { file, line, .. }, _, n))
                if (*file, *line + *n) == (at.file, at.line) =>
            {
                *n += 1;
            }
            _ => runs.push((at, with, 1)),
        }
    }
    runs
}
