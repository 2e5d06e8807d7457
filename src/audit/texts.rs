//! The texts that stand after ids: which are there, and which should be.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use super::{Auditor, Fault};
use crate::events::{Event, EventId, Record, TextLoss};

/// What was seen of texts; lines are named by their indices in the graph.
#[derive(Debug, Default)]
pub struct Texts {
    /// Events whose texts were forgotten, each with the first line that says so.
    pub forgotten: BTreeMap<EventId, usize>,
    /// Lines with anything after their ids.
    pub standing: Vec<usize>,
    /// Lines without the text that their data vouches for.
    missing: Vec<usize>,
    /// Lines with another text than that.
    changed: Vec<usize>,
    /// Lines with a text that has no salt.
    unsalted: Vec<usize>,
}

impl Texts {
    /// Takes the next sound line; `has_text` says whether anything stands after its id.
    pub fn take(&mut self, at: usize, record: &Record, has_text: bool) {
        if let Event::Forget(forget) = &record.event {
            self.forgotten.entry(forget.event).or_insert(at);
        }
        if has_text {
            self.standing.push(at);
        }
        match record.event.text_loss() {
            Some(TextLoss::Missing) => self.missing.push(at),
            Some(TextLoss::Changed) => self.changed.push(at),
            Some(TextLoss::Forgotten) | None => {}
        }
        if has_text && !record.event.has_salt() {
            match record.event {
                // What a text of theirs has to hold is not known.
                Event::Unknown { .. } => {}
                _ if record.event.has_text() => self.unsalted.push(at),
                _ if record.event.text_loss().is_none() => self.changed.push(at),
                _ => {}
            }
        }
    }
}

impl Auditor {
    pub(super) fn report_texts(&mut self) {
        let texts = mem::take(&mut self.texts);
        let forgotten = |at: &usize| {
            let id = self.graph.get(*at)?.id;
            texts.forgotten.get(&id).map(|by| self.time(*by))
        };
        let (mut faults, mut told) = (Vec::new(), BTreeSet::new());
        for at in &texts.standing {
            faults.extend(forgotten(at).map(|by| (*at, Fault::TextReturned { at: by })));
        }
        for at in texts.changed.iter().filter(|at| forgotten(at).is_none()) {
            faults.push((*at, Fault::TextChanged { elsewhere: self.graph.has_text(*at) }));
        }
        for at in texts.unsalted.iter().filter(|at| forgotten(at).is_none()) {
            faults.push((*at, Fault::TextUnsalted));
        }
        for at in texts.missing.iter().filter(|at| !self.graph.has_text(**at)) {
            // Of copies of one line, the first is named.
            if self.graph.get(*at).is_some_and(|node| told.insert(node.id)) {
                let fault = forgotten(at).map_or(Fault::TextMissing, |at| Fault::Forgotten { at });
                faults.push((*at, fault));
            }
        }
        self.texts = texts;
        for (at, fault) in faults {
            self.report(at, fault);
        }
    }
}
