//! Compacting old feedback, which then counts less.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use smol_str::format_smolstr;

use super::{Decision, Refusal, Situation};
use crate::events::{Compact, Event, Summary};
use crate::projection::Tally;

/// The most summaries in one event: with the longest names they fit into a line.
const PER_EVENT: usize = 100;

/// Compacts the feedback that is older than `age`, and keeps a
/// summary of it for each persona, role and month (UTC).
///
/// When no feedback is that old, nothing is recorded. The answer is the moment before which
/// feedback no longer counts, and what left the affinity.
pub fn compact(
    situation: &mut Situation<'_>,
    age: SignedDuration,
) -> Result<Decision<(Timestamp, Vec<Summary>)>, Refusal> {
    let before = situation.now.checked_sub(age).unwrap_or(Timestamp::MIN);
    let before = Timestamp::from_second(before.as_second()).unwrap_or(before);
    let mut tallies: BTreeMap<_, Tally> = BTreeMap::new();
    for (persona, role, at, sentiment) in situation.roster.feedback_before(before) {
        let month = format_smolstr!("{}", at.strftime("%Y-%m"));
        *tallies.entry((persona, role, month)).or_default().of(sentiment) += 1;
    }
    let summaries = tallies.into_iter().map(|((persona, role, month), tally)| {
        let (persona, role) = (persona.clone(), role.clone());
        let Tally { positive, negative, neutral } = tally;
        Summary { persona, role, month, positive, negative, neutral }
    });
    let summaries: Vec<_> = summaries.collect();
    let events = summaries
        .chunks(PER_EVENT)
        .map(|part| Event::Compact(Compact { before, summaries: part.to_vec() }))
        .collect();
    Ok(Decision::new(events, (before, summaries)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, name};
    use crate::events::{RoleName, Sentiment};

    const DAY: i64 = 86_400;
    const AGE: SignedDuration = SignedDuration::from_hours(30 * 24);

    fn compacted(world: &mut World) -> Vec<Summary> {
        let decision = compact(&mut world.situation(), AGE).unwrap();
        for event in decision.events {
            world.given(event);
        }
        decision.outcome.1
    }

    fn counted(world: &World) -> u64 {
        let role = RoleName::parse("testing").unwrap();
        world.roster.get(&name("Ann Li")).unwrap().roles.get(&role).unwrap().tally.total()
    }

    #[test]
    fn feedback_leaves_the_affinity_one_second_after_its_limit() {
        for (age, left) in [(29 * DAY, 1), (30 * DAY - 1, 1), (30 * DAY, 1), (30 * DAY + 1, 0)] {
            let mut world = World::of(&["Ann Li"]);
            world.judged("Ann Li", "testing", Sentiment::Positive).after(age);
            compacted(&mut world);
            assert_eq!(counted(&world), left, "after {age} s");
        }
    }

    #[test]
    fn what_left_is_summed_up_by_persona_role_and_month() {
        let mut world = World::of(&["Ann Li", "Bo Chen"]);
        world.judged("Bo Chen", "testing", Sentiment::Neutral);
        world.judged("Ann Li", "testing", Sentiment::Positive);
        world.after(7 * DAY).judged("Ann Li", "testing", Sentiment::Negative); // April
        world.judged("Ann Li", "testing", Sentiment::Negative);
        world.judged("Ann Li", "debugging", Sentiment::Positive);
        let outcome = compacted(world.after(31 * DAY));
        let told: Vec<_> = outcome
            .iter()
            .map(|s| {
                (
                    s.persona.as_str(),
                    s.role.as_str(),
                    s.month.as_str(),
                    [s.positive, s.negative, s.neutral],
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("Ann Li", "debugging", "2026-04", [1, 0, 0]),
                ("Ann Li", "testing", "2026-03", [1, 0, 0]),
                ("Ann Li", "testing", "2026-04", [0, 2, 0]),
                ("Bo Chen", "testing", "2026-03", [0, 0, 1]),
            ]
        );
        assert_eq!(compacted(&mut world), [], "once is enough");
    }

    #[test]
    fn nothing_old_means_nothing_recorded() {
        let mut world = World::of(&["Ann Li"]);
        assert_eq!(compact(&mut world.situation(), AGE).unwrap().events, []);
        world.judged("Ann Li", "testing", Sentiment::Positive);
        assert_eq!(compact(&mut world.situation(), AGE).unwrap().events, []);
    }

    #[test]
    fn many_summaries_are_several_events_that_each_fit_into_a_line() {
        let names: Vec<_> = (0..150).map(|n| format!("{n:\u{1f600}>64}")).collect();
        let mut world = World::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let role = "\u{1f600}".repeat(64);
        for name in &names {
            world.judged(name, &role, Sentiment::Positive);
        }
        world.after(31 * DAY);
        let decision = compact(&mut world.situation(), AGE).unwrap();
        assert_eq!(decision.events.len(), 2);
        for event in decision.events {
            world.given(event); // which encodes it as a line
        }
    }
}
