//! Which slot of an agent a role gets.
//!
//! A slot is called by the agent's name. A call that is made again finds the slot that it opened;
//! another call by the same name may come of an agent that goes on, of a call that was refused, or
//! of a second agent.

use jiff::{SignedDuration, Timestamp};

use super::lending::is_silent;
use super::{AssignRequest, Start};
use crate::events::{PersonaName, Slot};
use crate::projection::{Hold, Lease, Roster};

/// Calls that a client makes at once are asked for within so much time. Whoever makes a call again
/// that was refused has thought about it first.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(5);

/// The open slots of the agent that asks.
pub struct AgentSlots<'a, 'r> {
    request: &'r AssignRequest,
    open: Vec<(&'a PersonaName, &'a Lease)>,
    /// Whether this store is told of runs.
    is_told_of_runs: bool,
    now: Timestamp,
}

impl<'a, 'r> AgentSlots<'a, 'r> {
    pub fn of(roster: &'a Roster, request: &'r AssignRequest, now: Timestamp) -> Self {
        let mut open = roster.open_slots(&request.session);
        open.retain(|(_, lease)| lease.slot.belongs_to(&request.agent));
        Self { request, open, is_told_of_runs: roster.has_deliveries(), now }
    }

    /// The slot for the role at this place of the request.
    pub fn find(&self, index: usize, is_used: impl Fn(&Slot) -> bool) -> Slot {
        let is_own = |lease: &&Lease| is_of_call(lease, self.request) && !is_used(&lease.slot);
        if let Some(own) = self.open.iter().map(|(_, lease)| *lease).find(is_own) {
            return own.slot.clone();
        }
        let others = (self.request.roles.len()..).map(|index| Slot::of(&self.request.agent, index));
        let mut slots = [Slot::of(&self.request.agent, index)].into_iter().chain(others);
        let is_free = |slot: &Slot| !self.held(slot).any(|(_, lease)| self.is_anothers(lease));
        slots.find(is_free).unwrap_or_else(|| Slot::of(&self.request.agent, index))
    }

    /// Who is in a slot: after a merge there may be several.
    pub fn held(&self, slot: &Slot) -> impl Iterator<Item = &(&'a PersonaName, &'a Lease)> {
        self.open.iter().filter(move |(_, lease)| lease.slot == *slot)
    }

    /// Those in a slot whose call was refused.
    pub fn refused(&self, slot: &Slot) -> impl Iterator<Item = &(&'a PersonaName, &'a Lease)> {
        let is_unseen = |lease: &Lease| matches!(lease.hold(), Hold::Unseen(_));
        self.held(slot).filter(move |(_, lease)| {
            self.is_told_of_runs && is_unseen(lease) && self.is_of_another_call(lease)
        })
    }

    /// Returns whether a slot was opened by another call than this one.
    fn is_of_another_call(&self, lease: &Lease) -> bool {
        lease.call.is_some()
            && self.request.tool_use_id.is_some()
            && !is_of_call(lease, self.request)
    }

    /// Returns whether a slot is that of another agent of the same name, which is at work or about
    /// to be.
    fn is_anothers(&self, lease: &Lease) -> bool {
        let is_at_work = match lease.hold() {
            Hold::Free | Hold::Ended => false,
            // Whoever says that a run starts will tell of it, and of the one before it.
            Hold::Unseen(_) => {
                self.request.start != Start::Unknown || !is_silent(lease.since, AT_ONCE, self.now)
            }
            Hold::UnderWay => true,
        };
        is_at_work && self.is_of_another_call(lease)
    }
}

/// Returns whether a slot was opened by just the call that asks.
pub fn is_of_call(lease: &Lease, request: &AssignRequest) -> bool {
    lease.call.is_some() && lease.call == request.tool_use_id
}
