//! Releasing what sessions hold that fell silent.

use jiff::{SignedDuration, Timestamp};

use super::{Decision, Refusal, Situation, lending};
use crate::events::{ReleaseReason, ReleasedSlot, SessionId};

/// A silent session whose slots are released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphaned {
    /// The session.
    pub session: SessionId,
    /// The last event that named it.
    pub last: Timestamp,
    /// The slots.
    pub slots: Vec<ReleasedSlot>,
}

/// Releases all that is held by sessions without an event for `age` or longer.
///
/// Their work does not count: it would teach the affinity from abandoned work.
pub fn clean_up(
    situation: &mut Situation<'_>,
    age: SignedDuration,
) -> Result<Decision<Vec<Orphaned>>, Refusal> {
    let roster = situation.roster;
    let silent =
        roster.sessions().filter(|(_, last)| lending::is_silent(*last, age, situation.now));
    let orphaned = silent.map(|(session, last)| {
        let slots = lending::open_slots(roster, session, None);
        Orphaned { session: session.clone(), last, slots }
    });
    let orphaned: Vec<_> = orphaned.collect();
    let reason = ReleaseReason::Orphaned;
    let events = orphaned
        .iter()
        .flat_map(|orphaned| lending::releases(&orphaned.session, None, reason, &orphaned.slots))
        .collect();
    Ok(Decision { events, outcome: orphaned, notices: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, name, released};
    use crate::events::Event;

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
        assert_eq!(decision.outcome[0].slots, slots);
        for event in decision.events.clone() {
            world.given(event);
        }
        let ann = world.roster.get(&name("Ann Li")).unwrap();
        assert!(ann.is_free());
        assert_eq!(ann.roles.values().map(|role| role.closed).sum::<u64>(), 0);
    }
}
