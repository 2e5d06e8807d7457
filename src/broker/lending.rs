//! Small facts about who holds whom.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::decision::seconds_since;
use super::{Role, Rules};
use crate::events::{
    AgentName, Event, LINE_LIMIT, PersonaName, Release, ReleaseReason, ReleasedSlot, SessionId,
};
use crate::projection::{Lease, Lost, Persona, Presence, Roster, Standing, Status};

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
) -> Result<Vec<ReleasedSlot>, Lost> {
    let mut slots: Vec<_> = roster
        .open_slots(session)?
        .into_iter()
        .filter(|(_, lease)| agent.is_none_or(|agent| lease.slot.belongs_to(agent)))
        .map(|(persona, lease)| released_slot(persona, lease))
        .collect();
    slots.sort_by(|a, b| (&a.slot, &a.persona, &a.role).cmp(&(&b.slot, &b.persona, &b.role)));
    Ok(slots)
}

/// Who of a status could be lent for a role: those whom nobody holds, and those
/// who are given back; but nobody who is taken.
pub fn candidates<'a>(
    roster: &'a Roster,
    role: &'a Role,
    status: Status,
    given_back: BTreeSet<&'a PersonaName>,
    is_taken: impl Fn(&PersonaName) -> bool + 'a,
) -> Result<impl Iterator<Item = Standing<'a>>, Lost> {
    Ok(roster.standings(&role.name, &role.expertise)?.filter(move |standing| {
        let Presence { name, .. } = standing.presence;
        standing.presence.status == status
            && (!standing.presence.is_held() || given_back.contains(name))
            && !is_taken(name)
    }))
}

/// Whom nobody holds any more, once these sessions are released.
pub fn given_back<'a>(
    roster: &'a Roster,
    released: &[SessionId],
) -> Result<BTreeSet<&'a PersonaName>, Lost> {
    let mut given_back = BTreeSet::new();
    for session in released {
        for (persona, _) in roster.open_slots(session)? {
            if persona.leases.iter().all(|lease| released.contains(&lease.session)) {
                given_back.insert(persona.name());
            }
        }
    }
    Ok(given_back)
}

/// Tells whether a session has been silent for so long that it no longer holds on.
pub fn is_stale(roster: &Roster, session: &SessionId, rules: &Rules, now: Timestamp) -> bool {
    roster
        .last_activity(session)
        .is_none_or(|last| is_silent(last, rules.lifecycle.stale_after, now))
}

/// Tells whether the last event of a session is as old as `age`, to the second, or older.
pub fn is_silent(last: Timestamp, age: SignedDuration, now: Timestamp) -> bool {
    seconds_since(last, now) >= age.as_secs()
}

/// Releases all that a silent session holds.
pub fn orphan(roster: &Roster, session: &SessionId) -> Result<Vec<Event>, Lost> {
    let slots = open_slots(roster, session, None)?;
    Ok(releases(session, None, ReleaseReason::Orphaned, &slots))
}

/// Closes slots: in one event, or in as many as it takes for each to fit into a line.
pub fn releases(
    session: &SessionId,
    agent: Option<&AgentName>,
    reason: ReleaseReason,
    slots: &[ReleasedSlot],
) -> Vec<Event> {
    let mut parts: Vec<Vec<ReleasedSlot>> = Vec::new();
    let mut room = 0;
    for slot in slots {
        let bytes = serde_json::to_vec(slot).map_or(LINE_LIMIT, |json| json.len() + 1);
        match parts.last_mut() {
            Some(part) if bytes <= room => part.push(slot.clone()),
            _ => {
                room = SLOTS_ROOM;
                parts.push(vec![slot.clone()]);
            }
        }
        room = room.saturating_sub(bytes);
    }
    let release = |slots| {
        let (session, agent) = (session.clone(), agent.cloned());
        Event::Release(Release { session, agent, reason, slots })
    };
    parts.into_iter().map(release).collect()
}

/// The bytes of a line that its slots may take: the rest is ample for session, agent and heads.
const SLOTS_ROOM: usize = LINE_LIMIT - 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, released, session};

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
    fn the_open_slots_of_a_session_are_sorted_by_slot_and_then_by_persona_and_role() {
        let mut world = World::of(&["Bo", "Ann", "Cy"]);
        // Merged branches opened one slot more than once.
        world.lent("s", "w", "Bo", "testing").lent("s", "w", "Ann", "testing");
        world.lent("s", "w", "Ann", "general").lent("s", "a", "Cy", "testing");
        assert_eq!(
            open_slots(&world.roster, &session("s"), None).unwrap(),
            [
                released("a", 0, "Cy", "testing"),
                released("w", 0, "Ann", "general"),
                released("w", 0, "Ann", "testing"),
                released("w", 0, "Bo", "testing"),
            ]
        );
    }
}
