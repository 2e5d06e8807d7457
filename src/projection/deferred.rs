//! Assignments of a persona whose details are still in the checkpoint.
//!
//! Most of those whom other processes lent since the checkpoint are never asked about: a choice needs to
//! know that they are held, and no more. The rest is applied when the persona is loaded.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Lease, Leases, Persona};
use crate::events::Assign;

/// What was lent of one persona since the checkpoint, oldest first.
#[derive(Debug, Clone)]
pub(super) struct Deferred {
    /// Its open slots, those of the checkpoint among them.
    pub leases: Leases,
    /// When it was last lent.
    pub last: Timestamp,
    /// The assignments, each with the place of the persona's slot in it.
    assignments: Vec<(Timestamp, Arc<Assign>, usize)>,
}

impl Deferred {
    /// Nothing yet, of a persona that has these open slots in the checkpoint.
    pub fn new(leases: Leases) -> Self {
        Self { leases, last: Timestamp::MIN, assignments: Vec::new() }
    }

    /// Adds an assignment, and returns whether it opened a slot.
    pub fn add(&mut self, at: Timestamp, assign: &Arc<Assign>, place: usize, lease: Lease) -> bool {
        self.last = self.last.max(at);
        self.assignments.push((at, Arc::clone(assign), place));
        self.leases.open(lease)
    }

    /// Applies all of it to the persona as the checkpoint has it.
    pub fn apply(self, persona: &mut Persona) {
        for (at, assign, place) in &self.assignments {
            if let Some(slot) = assign.slots.get(*place) {
                persona.lend(*at, assign, slot);
            }
        }
        persona.leases = self.leases;
    }
}
