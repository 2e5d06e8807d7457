//! Archiving personas and bringing them back, by hand.

use super::{Decision, Refusal, Situation, given_up, lending, names};
use crate::events::{
    Event, PersonaName, Reactivate, ReactivateReason, ReleaseReason, ReleasedSlot, Retire,
    RetireReason,
};
use crate::projection::Lease;

/// What a change of status came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// The persona.
    pub persona: PersonaName,
    /// Whether anything changed.
    pub changed: bool,
    /// The slots that were closed first.
    pub released: Vec<ReleasedSlot>,
}

/// Archives a persona. One that is at work is left alone, unless `force` releases it first.
pub fn retire(
    situation: &mut Situation<'_>,
    typed: &str,
    force: bool,
) -> Result<Decision<StatusChange>, Refusal> {
    let persona = names::find_candidate(situation.roster, typed)?;
    let name = persona.name.clone();
    let (mut events, mut released) = (Vec::new(), Vec::new());
    if persona.is_active() {
        let leases = situation.roster.leases(&name);
        let Situation { roster, rules, now, .. } = *situation;
        let given_up = |it: &Lease| given_up::given_up(it.hold(), roster, rules, now);
        let at_work = leases.iter().find(|lease| given_up(lease).is_none());
        if let Some(lease) = at_work.filter(|_| !force) {
            return Err(Refusal::IsHeld { session: lease.session.clone(), persona: name });
        }
        for lease in leases.iter() {
            let slot = [lending::released_slot(&name, lease)];
            let reason = given_up(lease).unwrap_or(ReleaseReason::Manual);
            events.extend(lending::releases(&lease.session, None, reason, &slot));
            released.extend(slot);
        }
        events.push(Event::Retire(Retire { persona: name.clone(), reason: RetireReason::Manual }));
    }
    let changed = !events.is_empty();
    Ok(Decision::new(events, StatusChange { persona: name, changed, released }))
}

/// Makes an archived persona active again.
pub fn reactivate(
    situation: &mut Situation<'_>,
    typed: &str,
) -> Result<Decision<StatusChange>, Refusal> {
    let persona = names::find_candidate(situation.roster, typed)?;
    let (name, changed) = (persona.name.clone(), !persona.is_active());
    let back = Reactivate { persona: name.clone(), reason: ReactivateReason::Manual };
    let events = changed.then_some(Event::Reactivate(back)).into_iter().collect();
    Ok(Decision::new(events, StatusChange { persona: name, changed, released: Vec::new() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, name, released};
    use crate::projection::RoleRecord;

    fn retired(world: &mut World, force: bool) -> Result<Decision<StatusChange>, Refusal> {
        retire(&mut world.situation(), "ann", force)
    }

    #[test]
    fn a_persona_that_is_held_is_not_archived_unless_forced() {
        let mut world = World::of(&["Ann Li"]);
        world.lent("s1", "w", "Ann Li", "testing");
        let refusal = retired(&mut world, false).unwrap_err();
        assert_eq!(refusal.to_string(), "`Ann Li` is held by the session `s1`");

        world.lent("s2", "w", "Ann Li", "general");
        let decision = retired(&mut world, true).unwrap();
        let kinds: Vec<_> = decision.events.iter().map(Event::kind).collect();
        assert_eq!(kinds, ["release", "release", "retire"]);
        let slots = [released("w", 0, "Ann Li", "testing"), released("w", 0, "Ann Li", "general")];
        assert_eq!(decision.outcome.released, slots);
        for event in decision.events {
            world.given(event);
        }
        let ann = world.roster.get(&name("Ann Li")).unwrap();
        assert!(!ann.is_active() && !ann.is_held());
        assert_eq!(
            ann.roles.values().map(RoleRecord::closed).sum::<u64>(),
            2,
            "manual work counts"
        );
    }

    #[test]
    fn what_is_so_already_is_not_recorded() {
        let mut world = World::of(&["Ann Li"]);
        let active = reactivate(&mut world.situation(), "ann").unwrap();
        assert_eq!((active.events, active.outcome.changed), (Vec::new(), false));
        world.retired("Ann Li", RetireReason::Manual);
        let archived = retired(&mut world, true).unwrap();
        assert_eq!((archived.events, archived.outcome.changed), (Vec::new(), false));
        let back = reactivate(&mut world.situation(), "ann").unwrap();
        assert!(back.outcome.changed);
        let reason = ReactivateReason::Manual;
        let persona = name("Ann Li");
        assert_eq!(back.events, [Event::Reactivate(Reactivate { persona, reason })]);
    }
}
