//! From what was seen to what is told of it.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use jiff::Timestamp;
use smol_str::SmolStr;

use super::ancestry::Ancestry;
use super::ledger::Spot;
use super::{AmbiguousHead, Auditor, Fault, Finding, NotedHead, Place};
use crate::events::{EventId, IdPrefix, Repair};
use crate::projection::Warning;

/// The events that repairs put on record as missing.
pub(super) type Vouched = BTreeMap<EventId, Vouch>;

/// A repair's word that an event is missing.
pub(super) struct Vouch {
    /// When it was given.
    at: Timestamp,
    /// Where in the ledger.
    line: usize,
}

impl Auditor {
    /// The events that repairs put on record as missing, and when.
    pub(super) fn vouched(&self) -> Vouched {
        let mut vouched = Vouched::new();
        for (line, repair) in &self.repairs {
            for id in &repair.missing {
                vouched.entry(*id).or_insert(Vouch { at: self.moment(*line), line: *line });
            }
        }
        vouched
    }

    /// The ids of lines that are wrong by themselves: whoever follows them is not at fault.
    fn claimed(&self) -> BTreeSet<EventId> {
        self.bad.iter().flat_map(|bad| bad.ids).flatten().collect()
    }

    pub(super) fn tell_ancestry(&mut self, found: &Ancestry, vouched: &Vouched) {
        let claimed = self.claimed();
        for (id, at) in &found.missing {
            match vouched.get(id) {
                Some(by) => self.tell(*at, Fault::Mended { missing: *id, at: by.at }),
                None if claimed.contains(id) => {}
                None => self.tell(*at, Fault::MissingParent(*id)),
            }
        }
        for (at, due) in &found.unfit {
            if let Some(written) = self.ledger.get(*at).map(|entry| entry.seq) {
                self.tell(*at, Fault::WrongSeq { written, due: *due });
            }
        }
        if !found.early.is_empty() {
            let trunk = found.trunk(&self.ledger);
            for (at, parent) in &found.early {
                let proven = self.ledger.get(*at).is_some_and(|entry| entry.seq <= trunk);
                let parent = self.place_of(*parent);
                self.tell(*at, Fault::OutOfOrder { parent, proven });
            }
        }
        for (at, parent) in &found.branches {
            self.tell(*at, Fault::Branch(self.place_of(*parent)));
        }
        for at in &found.beginnings {
            self.tell(*at, Fault::Beginning);
        }
        for (at, parent) in &found.backwards {
            let (own, parent) = (self.moment(*at), self.moment(*parent));
            self.tell(*at, Fault::Backwards { at: own, parent });
        }
        // After a repair, the last event before a gap counts as a head until the gap is closed.
        if self.repairs.is_empty() {
            for (at, ancestor) in &found.not_heads {
                if let Some(id) = self.ledger.get(*ancestor).map(|entry| entry.id) {
                    self.tell(*at, Fault::NotHeads(id));
                }
            }
        }
    }

    /// Tells of repeated lines, those that stand one after the other together.
    pub(super) fn tell_repeats(&mut self) {
        let repeats = self.ledger.repeats().map(|(repeat, first)| (repeat.spot, first.spot));
        for (repeat, first, lines) in runs(repeats) {
            let first = self.place(first);
            self.find(repeat, Fault::Repeated { lines, first });
        }
    }

    /// Tells of line ends that were converted, those that stand one after the other together.
    pub(super) fn tell_converted(&mut self) {
        for (spot, (), lines) in runs(self.converted.iter().map(|spot| (*spot, ()))) {
            self.find(spot, Fault::CrLf { lines });
        }
    }

    /// Tells what was cut out and when, and what of it is there again.
    pub(super) fn tell_repairs(&mut self, found: &Ancestry, vouched: &Vouched) {
        for (at, repair) in mem::take(&mut self.repairs) {
            for cut in &repair.cut {
                self.tell(at, Fault::Cut { cut: cut.clone(), at: self.moment(at) });
            }
            self.repairs.push((at, repair));
        }
        for (id, by) in vouched {
            if let Some(at) = self.ledger.find(*id) {
                self.tell(at, Fault::Returned { at: by.at });
            } else if !found.missing.contains_key(id) {
                self.tell(by.line, Fault::OnRecord(*id));
            }
        }
    }

    pub(super) fn tell_people(&mut self) {
        let people = mem::take(&mut self.people);
        for (persona, (spot, more)) in people.nobody {
            self.find(spot, Fault::Nobody { persona, more });
        }
        for (kind, (spot, count)) in people.unknown {
            self.find(spot, Fault::UnknownType { kind, count });
        }
        for (version, (spot, count)) in people.newer {
            self.find(spot, Fault::NewerVersion { version, count });
        }
        for warning in self.view.roster.warnings() {
            if let Warning::TwoHolders(persona, _) = &warning {
                let spot = people.lent_again.get(persona);
                let place = spot.map(|spot| self.place(*spot));
                self.findings.push(Finding { place, fault: Fault::TwoHolders(warning) });
            }
        }
    }

    /// Tells of sealed files whose names are not those that a seal gives them.
    pub(super) fn tell_names(&mut self) {
        for (index, piece) in self.pieces.iter().enumerate().filter(|(_, of)| of.is_sealed()) {
            let was_cut =
                |(_, repair): &(usize, Repair)| repair.cut.iter().any(|cut| cut.file == piece.name);
            if self.bad.iter().any(|bad| bad.spot.piece == index)
                || self.repairs.iter().any(was_cut)
            {
                continue;
            }
            let fault = match (self.ends.get(&index), piece.named_ends()) {
                (None, _) => Fault::EmptySegment,
                (Some((first, last)), Some((depth, digits)))
                    if *first == depth && last.to_string().starts_with(digits) =>
                {
                    continue;
                }
                (Some((first, last)), _) => Fault::SegmentName { first: *first, last: *last },
            };
            let place = Some(Place::file(index, piece.name.clone()));
            self.findings.push(Finding { place, fault });
        }
    }

    /// Tells what the checkpoint shows of the log, or the log of it.
    pub(super) fn tell_checkpoint(&mut self, vouched: &Vouched) {
        let claimed = self.claimed();
        let is_told = |id: &EventId| claimed.contains(id) || vouched.contains_key(id);
        self.findings.extend(self.kept.finding(&self.ledger, self.bytes, is_told));
    }

    /// Tells which heads that were noted earlier the history contains.
    pub(super) fn tell_noted(
        &mut self,
        noted: &[IdPrefix],
        vouched: &Vouched,
    ) -> Result<Vec<NotedHead>, AmbiguousHead> {
        let mut told = Vec::new();
        for noted in noted {
            let event = match self.ledger.with_prefix(noted) {
                [] => None,
                [(id, _)] => Some(*id),
                _ => return Err(AmbiguousHead(noted.clone())),
            };
            if event.is_none() {
                let vouched = vouched.range(noted.range().clone()).next().map(|(_, by)| by.at);
                let fault = Fault::HeadGone { noted: noted.clone(), vouched };
                self.findings.push(Finding { place: None, fault });
            }
            told.push(NotedHead { noted: noted.clone(), event });
        }
        Ok(told)
    }

    fn moment(&self, at: usize) -> Timestamp {
        self.ledger.get(at).map(|entry| entry.at).unwrap_or_default()
    }

    fn tell(&mut self, at: usize, fault: Fault) {
        let place = Some(self.place_of(at));
        self.findings.push(Finding { place, fault });
    }

    fn place_of(&self, at: usize) -> Place {
        let spot = self.ledger.get(at).map(|entry| entry.spot);
        spot.map_or_else(|| Place::file(usize::MAX, SmolStr::default()), |spot| self.place(spot))
    }
}

/// The first of the lines that stand one after the other, and how many those are.
fn runs<T>(lines: impl Iterator<Item = (Spot, T)>) -> Vec<(Spot, T, u64)> {
    let mut runs: Vec<(Spot, T, u64)> = Vec::new();
    for (line, with) in lines {
        match runs.last_mut() {
            Some((first, _, lines))
                if (first.piece, first.line + *lines) == (line.piece, line.line) =>
            {
                *lines += 1;
            }
            _ => runs.push((line, with, 1)),
        }
    }
    runs
}
