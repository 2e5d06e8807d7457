//! Giving personas back: as asked for, or as their session fell silent.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::lending::{is_silent, open_slots, releases};
use super::{Decision, Refusal, Situation};
use crate::events::{
    AgentName, Event, PersonaName, ReleaseReason, ReleasedSlot, Retire, RetireReason, SessionId,
};
use crate::projection::{Candidate, Hold, Lease, Roster};

/// A session, or one of its agents, gives its personas back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRequest {
    /// The session.
    pub session: SessionId,
    /// The one agent; without it, all of the session's.
    pub agent: Option<AgentName>,
    /// Why.
    pub reason: ReleaseReason,
}

/// What a release did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Released {
    /// The slots that are closed.
    pub slots: Vec<ReleasedSlot>,
    /// The personas that are retired, because they were not assigned for long.
    pub retired: Vec<PersonaName>,
}

/// A silent session, the last event that named it, and the slots that are released.
pub type Orphaned = (SessionId, Timestamp, Vec<ReleasedSlot>);

/// Closes the open slots of a session, then retires the inactive.
///
/// It is one event, unless the slots are too many for a line.
///
/// When nothing is open, nothing is recorded.
pub fn release(
    situation: &mut Situation<'_>,
    request: &ReleaseRequest,
) -> Result<Decision<Released>, Refusal> {
    let ReleaseRequest { session, agent, reason } = request;
    let slots = open_slots(situation.roster, session, agent.as_ref());
    if slots.is_empty() {
        return Ok(Decision::new(Vec::new(), Released::default()));
    }
    let retired = inactive(situation, request, &slots);
    let (unseen, done) = by_sign(situation.roster, session, &slots);
    let mut events = releases(session, agent.as_ref(), *reason, &done);
    events.extend(releases(session, agent.as_ref(), ReleaseReason::NotStarted, &unseen));
    events.extend(retired.iter().map(|persona| {
        Event::Retire(Retire { persona: persona.clone(), reason: RetireReason::Inactive })
    }));
    Ok(Decision::new(events, Released { slots, retired }))
}

/// Slots of a session of which there is no sign that a call became a run, and the others.
///
/// Where a client never told of any run, that says nothing.
fn by_sign(
    roster: &Roster,
    session: &SessionId,
    slots: &[ReleasedSlot],
) -> (Vec<ReleasedSlot>, Vec<ReleasedSlot>) {
    if !roster.has_deliveries() {
        return (Vec::new(), slots.to_vec());
    }
    let open = roster.open_slots(session).into_iter();
    let unseen = open.filter(|(_, lease)| matches!(lease.hold(), Hold::Unseen(_)));
    let unseen: BTreeSet<_> =
        unseen.map(|(name, lease)| (name, &lease.slot, &lease.role)).collect();
    let is_unseen = |it: &ReleasedSlot| unseen.contains(&(&it.persona, &it.slot, &it.role));
    slots.iter().cloned().partition(is_unseen)
}

/// The personas that will be free once `closing` is closed, and were last assigned too long ago.
fn inactive(
    situation: &Situation<'_>,
    request: &ReleaseRequest,
    closing: &[ReleasedSlot],
) -> Vec<PersonaName> {
    let Situation { roster, rules, now, .. } = situation;
    let limit = rules.lifecycle.inactive_after().as_secs();
    let is_closing = |lease: &Lease| lease.is_of(&request.session, request.agent.as_ref());
    let closed: BTreeSet<_> = closing.iter().map(|slot| &slot.persona).collect();
    let will_be_free = |persona: &PersonaName| {
        closed.contains(persona) && roster.leases(persona).iter().all(is_closing)
    };
    let is_inactive = |it: &Candidate<'_>| {
        it.is_active()
            && it.last_assigned.is_some_and(|last| now.as_second().saturating_sub(last) > limit)
            && (!it.is_held() || will_be_free(it.name))
    };
    let inactive = roster.candidates().filter(is_inactive);
    let mut inactive: Vec<_> = inactive.map(|it| it.name.clone()).collect();
    inactive.sort();
    inactive
}

/// Releases all that is held by sessions without an event for `age` or longer.
///
/// Their work does not count: it would teach the affinity from abandoned work.
pub fn clean_up(
    situation: &mut Situation<'_>,
    age: SignedDuration,
) -> Result<Decision<Vec<Orphaned>>, Refusal> {
    let Situation { roster, now, .. } = *situation;
    let (mut events, mut orphaned) = (Vec::new(), Vec::new());
    for (session, last) in roster.sessions().filter(|(_, last)| is_silent(*last, age, now)) {
        let slots = open_slots(roster, session, None);
        events.extend(releases(session, None, ReleaseReason::Orphaned, &slots));
        orphaned.push((session.clone(), last, slots));
    }
    Ok(Decision::new(events, orphaned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, name, released, session};
    use crate::events::Release;
    use crate::projection::RoleRecord;

    const LIMIT: i64 = 30 * 86_400;

    fn decided_for(
        world: &mut World,
        agent: Option<&str>,
        reason: ReleaseReason,
    ) -> Decision<Released> {
        let agent = agent.map(|agent| AgentName::parse(agent).unwrap());
        let request = ReleaseRequest { session: session("s"), agent, reason };
        release(&mut world.situation(), &request).unwrap()
    }

    fn decided(world: &mut World, agent: Option<&str>) -> Decision<Released> {
        decided_for(world, agent, ReleaseReason::SessionEnd)
    }

    /// Who is retired when the session `s` ends.
    fn retired(world: &mut World) -> Vec<String> {
        decided(world, None).outcome.retired.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_session_gives_back_all_that_it_holds_in_one_event() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        world.lent("s", "w", "Ann", "testing").lent("s", "v", "Bo", "general");
        world.lent("other", "w", "Cy", "testing");
        let slots = vec![released("v", 0, "Bo", "general"), released("w", 0, "Ann", "testing")];
        let decision = decided(&mut world, None);
        assert_eq!(
            decision.events,
            [Event::Release(Release {
                session: session("s"),
                agent: None,
                reason: ReleaseReason::SessionEnd,
                slots: slots.clone(),
            })]
        );
        assert_eq!(decision.outcome, Released { slots, retired: vec![] });
    }

    #[test]
    fn an_agent_gives_back_its_own_slots_only() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.lent("s", "w", "Ann", "testing").lent("s", "w-1", "Bo", "general");
        let decision = decided(&mut world, Some("w"));
        assert_eq!(decision.outcome.slots, [released("w", 0, "Ann", "testing")]);
        let [Event::Release(release)] = &decision.events[..] else { panic!("it is one event") };
        assert_eq!(release.agent.as_ref().unwrap().as_str(), "w");
        assert_eq!(release.slots, decision.outcome.slots);
    }

    #[test]
    fn when_nothing_is_open_nothing_is_recorded() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.worked("Ann", "testing").after(LIMIT + 1).lent("other", "w", "Bo", "testing");
        assert_eq!(decided(&mut world, None), Decision::new(Vec::new(), Released::default()));
    }

    #[test]
    fn the_reason_is_recorded_as_it_was_given() {
        let mut world = World::of(&["Ann"]);
        world.lent("s", "w", "Ann", "testing");
        for given in [ReleaseReason::SessionEnd, ReleaseReason::Manual, ReleaseReason::Orphaned] {
            let decision = decided_for(&mut world, None, given);
            assert!(matches!(&decision.events[..], [Event::Release(r)] if r.reason == given));
        }
    }

    #[test]
    fn afterwards_personas_last_assigned_more_than_30_days_ago_are_retired() {
        for (seconds, names) in [(LIMIT, &[][..]), (LIMIT + 1, &["Ann", "Cy"])] {
            let mut world = World::of(&["Cy", "Bo", "Ann"]);
            world.worked("Ann", "testing").worked("Cy", "testing");
            world.after(seconds).lent("s", "w", "Bo", "testing");
            let decision = decided(&mut world, None);
            let expected: Vec<_> = names.iter().map(|text| name(text)).collect();
            assert_eq!(decision.outcome.retired, expected);
            let events = expected
                .into_iter()
                .map(|persona| Event::Retire(Retire { persona, reason: RetireReason::Inactive }));
            assert_eq!(decision.events[1..], events.collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_persona_that_comes_back_after_more_than_30_days_is_retired_at_once() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.lent("s", "w", "Ann", "testing").lent("s", "v", "Bo", "testing");
        assert_eq!(retired(world.after(LIMIT + 1)), ["Ann", "Bo"]);
    }

    #[test]
    fn a_persona_that_was_never_assigned_stays() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.after(LIMIT + 1).lent("s", "w", "Bo", "testing");
        assert_eq!(retired(&mut world), [""; 0]);
    }

    #[test]
    fn a_persona_that_is_still_held_stays() {
        let mut world = World::of(&["Ann", "Bo", "Cy", "Dee"]);
        world.lent("other", "w", "Ann", "testing").lent("s", "v", "Bo", "testing");
        // Merged branches lent Cy and Dee to the agent that is released, and elsewhere.
        world.lent("s", "w", "Cy", "testing").lent("other", "v", "Cy", "testing");
        world.lent("s", "w", "Dee", "testing").lent("s", "v", "Dee", "testing").after(LIMIT + 1);
        assert_eq!(decided(&mut world, Some("w")).outcome.retired, []);
    }

    #[test]
    fn a_persona_that_another_session_holds_in_the_same_seat_stays() {
        let mut world = World::of(&["Ann"]);
        world.lent("s", "w", "Ann", "testing").lent("other", "w", "Ann", "testing");
        assert_eq!(retired(world.after(LIMIT + 1)), [""; 0]);
    }

    #[test]
    fn an_archived_persona_is_not_retired_again() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.worked("Ann", "testing").retired("Ann", RetireReason::Manual);
        world.after(LIMIT + 1).lent("s", "w", "Bo", "testing");
        assert_eq!(retired(&mut world), [""; 0]);
    }

    #[test]
    fn what_never_started_is_released_apart_and_does_not_count_and_an_end_counts_once() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        world.called("s", "a", true, true);
        world.called("s", "b", true, false);
        world.called("s", "c", false, false);
        let decision = decided(&mut world, None);
        let reasons: Vec<_> = decision
            .events
            .iter()
            .map(|event| match event {
                Event::Release(it) => (it.reason, it.slots.len()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(reasons, [(ReleaseReason::SessionEnd, 2), (ReleaseReason::NotStarted, 1)]);
        assert_eq!(decision.outcome.slots.len(), 3);
        for event in decision.events {
            world.given(event);
        }
        let counted: Vec<u64> = world
            .roster
            .personas()
            .iter()
            .map(|it| it.roles.values().map(RoleRecord::closed).sum())
            .collect();
        assert_eq!(counted, [1, 1, 0]);
    }

    #[test]
    fn slots_that_are_too_many_for_a_line_are_closed_by_several_events() {
        let names: Vec<_> = (0..700).map(|n| format!("Persona {n}")).collect();
        let mut world = World::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
        for (n, name) in names.iter().enumerate() {
            world.lent(
                "s1",
                &format!("implementation-toolu_01ANONYMQ2rV9sKpA7-{n}"),
                name,
                "general",
            );
        }
        let session = SessionId::parse("s1").unwrap();
        for reason in [ReleaseReason::SessionEnd, ReleaseReason::Orphaned] {
            let request = ReleaseRequest { session: session.clone(), agent: None, reason };
            let decision = release(&mut world.situation(), &request).unwrap();
            assert_eq!(decision.events.len(), 2);
            assert_eq!(decision.outcome.slots.len(), 700);
        }
        let slots = open_slots(&world.roster, &session, None);
        for event in releases(&session, None, ReleaseReason::Orphaned, &slots) {
            world.given(event); // which encodes it as a line
        }
        assert_eq!(world.roster.open_slots(&session).len(), 0);
    }

    const HOUR: i64 = 3600;
    const AGE: SignedDuration = SignedDuration::from_hours(24);

    #[test]
    fn a_session_is_orphaned_after_a_day_of_silence_to_the_second() {
        for (silence, orphans) in
            [(23 * HOUR, 0), (24 * HOUR - 1, 0), (24 * HOUR, 1), (24 * HOUR + 1, 1)]
        {
            let mut world = World::of(&["Ann Li"]);
            world.lent("s1", "w", "Ann Li", "testing").after(silence);
            let orphaned = clean_up(&mut world.situation(), AGE).unwrap().outcome;
            assert_eq!(orphaned.len(), orphans, "after {silence} s");
        }
    }

    #[test]
    fn any_event_of_the_session_breaks_its_silence() {
        let mut world = World::of(&["Ann Li", "Bo Chen"]);
        world.lent("s1", "w", "Ann Li", "testing").after(20 * HOUR);
        world.lent("s1", "v", "Bo Chen", "testing").after(20 * HOUR);
        assert_eq!(clean_up(&mut world.situation(), AGE).unwrap().events, []);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_silent() {
        let mut world = World::of(&["Ann Li"]);
        world.lent("s1", "w", "Ann Li", "testing").after(-1000 * HOUR);
        assert_eq!(clean_up(&mut world.situation(), AGE).unwrap().events, []);
    }

    #[test]
    fn all_of_a_silent_session_is_released_and_does_not_count() {
        let mut world = World::of(&["Ann Li", "Bo Chen"]);
        world.lent("s1", "w", "Ann Li", "testing");
        world.lent("s1", "v", "Bo Chen", "testing").after(24 * HOUR);
        let decision = clean_up(&mut world.situation(), AGE).unwrap();
        let [Event::Release(release)] = decision.events.as_slice() else {
            panic!("{:?}", decision.events)
        };
        assert_eq!(release.reason, ReleaseReason::Orphaned);
        let slots = [released("v", 0, "Bo Chen", "testing"), released("w", 0, "Ann Li", "testing")];
        assert_eq!(release.slots, slots);
        assert_eq!(decision.outcome[0].2, slots);
        for event in decision.events.clone() {
            world.given(event);
        }
        let ann = world.roster.get(&name("Ann Li")).unwrap();
        assert!(ann.is_free());
        assert_eq!(ann.roles.values().map(RoleRecord::closed).sum::<u64>(), 0);
    }
}
