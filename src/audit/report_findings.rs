//! From what was seen to what is reported of it.

use std::collections::BTreeMap;
use std::mem;

use jiff::Timestamp;

use super::{AmbiguousHead, Auditor, Fault, Finding, NotedHead, Place};
use crate::events::{EventId, IdPrefix, Repair};
use crate::projection::Warning;
use crate::projection::ancestry::Ancestry;
use crate::projection::graph::LineSpan;

/// The events that repairs record as missing, each with the line of the first that does.
type Recorded = BTreeMap<EventId, usize>;

impl Auditor {
    pub(super) fn report_ancestry(&mut self, found: &Ancestry, recorded: &Recorded) {
        for (id, at) in &found.missing {
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
    pub(super) fn report_line_ends_and_repeats(&mut self) {
        for (span, (), lines) in runs(self.converted.iter().map(|span| (*span, ()))) {
            self.find(span, Fault::CrLf { lines });
        }
        let repeats = self.graph.repeats().map(|(repeat, first)| (repeat.span, first.span));
        for (repeat, first, lines) in runs(repeats) {
            let first = self.place(first);
            self.find(repeat, Fault::Repeated { lines, first });
        }
    }

    /// Reports what was cut out and when, and what of it is there again.
    pub(super) fn report_repairs(&mut self, found: &Ancestry, recorded: &Recorded) {
        let repairs = mem::take(&mut self.graph.repairs);
        for (at, repair) in &repairs {
            for cut in &repair.cut {
                self.report(*at, Fault::Cut { cut: cut.clone(), at: self.time(*at) });
            }
        }
        self.graph.repairs = repairs;
        for (id, by) in recorded {
            if let Some(at) = self.graph.find(*id) {
                self.report(at, Fault::Returned { at: self.time(*by) });
            } else if !found.missing.contains_key(id) {
                self.report(*by, Fault::OnRecord(*id));
            }
        }
    }

    pub(super) fn report_observations(&mut self) {
        let observations = mem::take(&mut self.observations);
        for (persona, (span, more)) in observations.nobody {
            self.find(span, Fault::Nobody { persona, more });
        }
        for (kind, (span, count)) in observations.unknown {
            self.find(span, Fault::UnknownType { kind, count });
        }
        for (version, (span, count)) in observations.newer {
            self.find(span, Fault::NewerVersion { version, count });
        }
        for warning in self.view.roster.warnings() {
            if let Warning::TwoHolders(persona, _) = &warning {
                let span = observations.lent_again.get(persona);
                let place = span.map(|span| self.place(*span));
                self.findings.push(Finding { place, fault: Fault::TwoHolders(warning) });
            }
        }
    }

    /// Reports sealed files whose names are not those that a seal gives them.
    pub(super) fn report_names(&mut self) {
        for (index, segment) in self.segments.iter().enumerate().filter(|(_, it)| it.is_sealed()) {
            let name = &segment.name;
            let was_cut = |(_, it): &(usize, Repair)| it.cut.iter().any(|cut| cut.file == *name);
            if self.bad.iter().any(|(span, _)| span.file == index)
                || self.graph.repairs.iter().any(was_cut)
            {
                continue;
            }
            let fault = match (self.ends.get(&index), segment.named_ends()) {
                (None, _) => Fault::EmptySegment,
                (Some((first, last)), Some((depth, digits)))
                    if *first == depth && last.to_string().starts_with(digits) =>
                {
                    continue;
                }
                (Some((first, last)), _) => Fault::SegmentName { first: *first, last: *last },
            };
            let place = Some(Place { index, file: name.clone(), line: None });
            self.findings.push(Finding { place, fault });
        }
    }

    /// Finds out which heads that were noted earlier the history contains, and reports the others.
    pub(super) fn find_noted(
        &mut self,
        noted: &[IdPrefix],
        recorded: &Recorded,
    ) -> Result<Vec<NotedHead>, AmbiguousHead> {
        let mut found = Vec::new();
        for noted in noted {
            let event = match self.graph.with_prefix(noted) {
                [] => None,
                [(id, _)] => Some(*id),
                _ => return Err(AmbiguousHead(noted.clone())),
            };
            if event.is_none() {
                let by = recorded.range(noted.range().clone()).next();
                let vouched = by.map(|(_, by)| self.time(*by));
                let fault = Fault::HeadGone { noted: noted.clone(), vouched };
                self.findings.push(Finding { place: None, fault });
            }
            found.push(NotedHead { noted: noted.clone(), event });
        }
        Ok(found)
    }

    fn time(&self, at: usize) -> Timestamp {
        self.graph.get(at).map(|node| node.at).unwrap_or_default()
    }

    fn report(&mut self, at: usize, fault: Fault) {
        let place = Some(self.place_of(at));
        self.findings.push(Finding { place, fault });
    }

    fn place_of(&self, at: usize) -> Place {
        const NOWHERE: LineSpan = LineSpan { file: usize::MAX, line: 0, offset: 0, length: 0 };

        self.place(self.graph.get(at).map_or(NOWHERE, |node| node.span))
    }
}

/// The first of the lines that stand one after the other, and how many those are.
fn runs<T>(lines: impl Iterator<Item = (LineSpan, T)>) -> Vec<(LineSpan, T, u64)> {
    let mut runs: Vec<(LineSpan, T, u64)> = Vec::new();
    for (line, with) in lines {
        match runs.last_mut() {
            Some((first, _, lines))
                if (first.file, first.line + *lines) == (line.file, line.line) =>
            {
                *lines += 1;
            }
            _ => runs.push((line, with, 1)),
        }
    }
    runs
}
