//! What the events add up to.

use std::collections::BTreeMap;

use crate::event::Event;
use crate::fact::{Definition, Fact, Sentiment, Slot};
use crate::history::History;
use crate::moment::Moment;

/// The personas by name, and what is lent.
#[derive(Debug, Default)]
pub struct Roster {
    pub personas: BTreeMap<String, Persona>,
    /// In the order in which they were opened.
    pub leases: Vec<Lease>,
}

#[derive(Debug)]
pub struct Persona {
    pub id: String,
    pub grown: bool,
    pub archived: bool,
    pub definition: Definition,
    pub counts: BTreeMap<String, u64>,
    /// How often each was said of its work in a role.
    pub verdicts: BTreeMap<String, BTreeMap<Sentiment, u64>>,
    pub created_at: Moment,
    pub last_assigned: Option<Moment>,
}

#[derive(Debug)]
pub struct Lease {
    pub session: String,
    pub slot: Slot,
    pub project: String,
    pub since: Moment,
}

impl Persona {
    pub fn tally(&self, role: &str, sentiment: Sentiment) -> u64 {
        self.verdicts.get(role).and_then(|verdicts| verdicts.get(&sentiment)).copied().unwrap_or(0)
    }
}

impl Roster {
    pub fn of(history: &History) -> Self {
        let limits = history.events.iter().filter_map(|event| match event.fact {
            Fact::Compacted { before } => Some(before),
            _ => None,
        });
        let limit = limits.max();
        let mut roster = Self::default();
        for event in &history.events {
            let compacted = limit.is_some_and(|limit| event.at < limit);
            roster.apply(event, compacted);
        }
        roster
    }

    fn apply(&mut self, event: &Event, compacted: bool) {
        match &event.fact {
            Fact::Created { grown, definition } => self.create(event, *grown, definition),
            Fact::Revised(definition) => {
                self.change(&definition.name, |persona| persona.definition = definition.clone());
            }
            Fact::Assigned { session, project, slots } => {
                for slot in slots {
                    self.lend(event.at, session, project, slot);
                }
            }
            Fact::Released { session, counts, slots } => {
                for slot in slots {
                    self.take_back(session, slot, *counts);
                }
            }
            Fact::Judged { persona, role, sentiment } if !compacted => {
                self.change(persona, |persona| {
                    let verdicts = persona.verdicts.entry(role.clone()).or_default();
                    *verdicts.entry(*sentiment).or_default() += 1;
                });
            }
            Fact::Retired { persona } => self.change(persona, |persona| persona.archived = true),
            Fact::Reactivated { persona } => {
                self.change(persona, |persona| persona.archived = false);
            }
            Fact::Judged { .. }
            | Fact::Compacted { .. }
            | Fact::Repaired { .. }
            | Fact::Unknown => {}
        }
    }

    /// Changes a persona that exists.
    fn change(&mut self, name: &str, change: impl FnOnce(&mut Persona)) {
        if let Some(persona) = self.personas.get_mut(name) {
            change(persona);
        }
    }

    fn create(&mut self, event: &Event, grown: bool, definition: &Definition) {
        self.personas.entry(definition.name.clone()).or_insert_with(|| Persona {
            id: event.id.clone(),
            grown,
            archived: false,
            definition: definition.clone(),
            counts: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            created_at: event.at,
            last_assigned: None,
        });
    }

    fn lend(&mut self, at: Moment, session: &str, project: &str, slot: &Slot) {
        let Some(persona) = self.personas.get_mut(&slot.persona) else {
            return;
        };
        persona.last_assigned = persona.last_assigned.max(Some(at));
        if self.open(session, slot).is_none() {
            let (session, project) = (session.to_owned(), project.to_owned());
            self.leases.push(Lease { session, slot: slot.clone(), project, since: at });
        }
    }

    fn take_back(&mut self, session: &str, slot: &Slot, counts: bool) {
        let Some(open) = self.open(session, slot) else {
            return;
        };
        self.leases.remove(open);
        if counts {
            self.change(&slot.persona, |persona| {
                *persona.counts.entry(slot.role.clone()).or_default() += 1;
            });
        }
    }

    /// Where the lease of just this session, slot, persona and role is.
    fn open(&self, session: &str, slot: &Slot) -> Option<usize> {
        self.leases.iter().position(|lease| lease.session == session && lease.slot == *slot)
    }
}
