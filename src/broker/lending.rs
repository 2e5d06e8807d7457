//! Which persona is held by which session.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::four_eyes::Participants;
use super::given_up::given_up;
use super::score::{best, rank};
use super::{Ranked, Role, Rules};
use crate::events::{
    AgentName, Event, LINE_LIMIT, PersonaName, Release, ReleaseReason, ReleasedSlot, RoleName,
    SessionId, Slot,
};
use crate::projection::{Candidate, Lease, Roster};

/// The slot of a lease, as a `release` names it.
pub fn released_slot(persona: &PersonaName, lease: &Lease) -> ReleasedSlot {
    let Lease { slot, role, .. } = lease.clone();
    ReleasedSlot { slot, persona: persona.clone(), role }
}

/// The open slots of a session, or of one of its agents, sorted by slot.
pub fn open_slots(
    roster: &Roster,
    session: &SessionId,
    agent: Option<&AgentName>,
) -> Vec<ReleasedSlot> {
    let mut slots: Vec<_> = roster
        .open_slots(session)
        .into_iter()
        .filter(|(_, lease)| lease.is_of(session, agent))
        .map(|(persona, lease)| released_slot(persona, lease))
        .collect();
    slots.sort_by(|a, b| (&a.slot, &a.persona, &a.role).cmp(&(&b.slot, &b.persona, &b.role)));
    slots
}

/// Returns whether a choice may take a persona: nobody retired it by hand, and nobody holds it who
/// still needs it.
#[must_use]
pub fn is_candidate(it: &Candidate<'_>, roster: &Roster, rules: &Rules, now: Timestamp) -> bool {
    it.may_be_lent() && given_up(it.hold, roster, rules, now).is_some()
}

/// The candidates for a role, and those that are given back, unless they are taken.
///
/// They come best first; or only the best, unless `all` are asked for.
pub fn pool<'a>(
    participants: &Participants<'a>,
    now: Timestamp,
    role: &'a Role,
    given_back: &BTreeSet<&PersonaName>,
    is_taken: impl Fn(&PersonaName) -> bool,
    all: bool,
) -> Vec<Ranked<'a>> {
    let (roster, rules) = (participants.roster(), participants.rules());
    let everyone = roster.candidates_for(&role.name, &role.expertise);
    let is_given_back = |it: &Candidate<'_>| it.may_be_lent() && given_back.contains(it.name);
    let candidates = everyone.filter(|it| {
        let is_one = is_candidate(it, roster, rules, now) || is_given_back(it);
        is_one && !is_taken(it.name)
    });
    let candidates = candidates.map(|it| Candidate { took_part: participants.include(&it), ..it });
    if all {
        rank(candidates, role, &rules.scoring, now)
    } else {
        best(candidates, role, &rules.scoring, now).into_iter().collect()
    }
}

/// What is closed before a choice is made: all slots of some sessions, and some slots besides.
#[derive(Debug, Default)]
pub struct Closed {
    sessions: BTreeSet<SessionId>,
    slots: BTreeSet<(SessionId, Slot, PersonaName, RoleName)>,
}

impl Closed {
    pub fn add_session(&mut self, session: &SessionId) {
        self.sessions.insert(session.clone());
    }

    pub fn add_slot(&mut self, session: &SessionId, slot: &ReleasedSlot) {
        self.slots.insert(key(session, slot));
    }

    pub fn has(&self, persona: &PersonaName, lease: &Lease) -> bool {
        self.sessions.contains(&lease.session)
            || self.has_slot(&lease.session, &released_slot(persona, lease))
    }

    /// Returns whether a slot is closed that was named itself.
    pub fn has_slot(&self, session: &SessionId, slot: &ReleasedSlot) -> bool {
        !self.slots.is_empty() && self.slots.contains(&key(session, slot))
    }

    /// The personas that nobody needs any more once all that is closed.
    pub fn given_back<'a>(
        &self,
        roster: &'a Roster,
        rules: &Rules,
        now: Timestamp,
    ) -> BTreeSet<&'a PersonaName> {
        let of_slots = self.slots.iter().map(|(session, ..)| session);
        let sessions: BTreeSet<_> = self.sessions.iter().chain(of_slots).collect();
        let open = sessions.into_iter().flat_map(|session| roster.open_slots(session));
        let closed = open.filter(|(name, lease)| self.has(name, lease));
        let mut given_back: BTreeSet<_> = closed.map(|(name, _)| name).collect();
        given_back.retain(|name| {
            roster.leases(name).iter().all(|lease| {
                self.has(name, lease) || given_up(lease.hold(), roster, rules, now).is_some()
            })
        });
        given_back
    }
}

fn key(
    session: &SessionId,
    ReleasedSlot { slot, persona, role }: &ReleasedSlot,
) -> (SessionId, Slot, PersonaName, RoleName) {
    (session.clone(), slot.clone(), persona.clone(), role.clone())
}

/// Returns whether a session has been silent for so long that its personas may be taken.
pub fn is_stale(roster: &Roster, session: &SessionId, rules: &Rules, now: Timestamp) -> bool {
    let last = roster.last_activity(session);
    last.is_none_or(|last| is_silent(last, rules.lifecycle.stale_after(), now))
}

/// Returns whether the last event of a session is as old as `age`, to the second, or older.
pub fn is_silent(last: Timestamp, age: SignedDuration, now: Timestamp) -> bool {
    now.as_second().saturating_sub(last.as_second()) >= age.as_secs()
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
    let release =
        |slots| Release { session: session.clone(), agent: agent.cloned(), reason, slots };
    parts.into_iter().map(release).map(Event::Release).collect()
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
            open_slots(&world.roster, &session("s"), None),
            [
                released("a", 0, "Cy", "testing"),
                released("w", 0, "Ann", "general"),
                released("w", 0, "Ann", "testing"),
                released("w", 0, "Bo", "testing"),
            ]
        );
    }
}
