//! Small facts about who holds whom.

use jiff::Timestamp;

use super::Rules;
use super::decision::seconds_since;
use crate::events::{AgentName, Event, Release, ReleaseReason, ReleasedSlot, SessionId};
use crate::projection::{Lease, Persona, Roster};

/// The slot of a lease, as a `release` names it.
pub fn released_slot(persona: &Persona, lease: &Lease) -> ReleasedSlot {
    ReleasedSlot {
        slot: lease.slot.clone(),
        persona: persona.name().clone(),
        role: lease.role.clone(),
    }
}

/// The open slots of a session, or of one of its agents, sorted by slot.
pub fn open_slots(
    roster: &Roster,
    session: &SessionId,
    agent: Option<&AgentName>,
) -> Vec<ReleasedSlot> {
    let mut slots: Vec<_> = roster
        .open_slots(session)
        .filter(|(_, lease)| agent.is_none_or(|agent| lease.slot.belongs_to(agent)))
        .map(|(persona, lease)| released_slot(persona, lease))
        .collect();
    slots.sort_by(|a, b| (&a.slot, &a.persona, &a.role).cmp(&(&b.slot, &b.persona, &b.role)));
    slots
}

/// Tells whether a session has been silent for so long that it no longer holds on.
pub fn is_stale(roster: &Roster, session: &SessionId, rules: &Rules, now: Timestamp) -> bool {
    roster
        .last_activity(session)
        .is_none_or(|last| seconds_since(last, now) >= rules.lifecycle.stale_after.as_secs())
}

/// Releases all that a silent session holds.
pub fn orphan(roster: &Roster, session: &SessionId) -> Event {
    Event::Release(Release {
        session: session.clone(),
        agent: None,
        reason: ReleaseReason::Orphaned,
        slots: open_slots(roster, session, None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, session};

    const DAY: i64 = 86_400;

    #[test]
    fn a_session_is_stale_after_24_hours_without_an_event() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.lent("s", "w", "Ann", "testing").after(DAY / 2).lent("s", "v", "Bo", "testing");
        let stale = |world: &World| is_stale(&world.roster, &session("s"), &world.rules, world.now);
        assert!(!stale(world.after(DAY - 1)), "one second before the limit");
        assert!(stale(world.after(1)), "at the limit");
        assert!(!stale(world.after(-3 * DAY)), "a clock that was set back");
    }

    #[test]
    fn the_open_slots_of_a_session_are_sorted_by_slot() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.lent("s", "w", "Ann", "testing").lent("s", "a", "Bo", "testing");
        let slots = open_slots(&world.roster, &session("s"), None);
        assert_eq!(slots.iter().map(|s| s.slot.as_str()).collect::<Vec<_>>(), ["a-0", "w-0"]);
    }
}
