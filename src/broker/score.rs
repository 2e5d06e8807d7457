//! How well a persona fits a role, now.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde::Serialize;

use super::Role;
use crate::events::{Definition, PersonaName};
use crate::projection::{AffinityWeights, Candidate, Points, Roster};

/// The five numbers of the score, in points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scoring {
    pub(crate) overlap: Points,
    pub(crate) recency: Points,
    pub(crate) recency_per_day: Points,
    /// What a feedback is worth in the affinity.
    pub affinity: AffinityWeights,
}

/// A persona's score for a role, with its parts: `total = affinity + expertise − recency`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// The sum.
    pub total: Points,
    /// How well its record fits, from 0 to 1.
    pub affinity: Points,
    /// What its expertise adds.
    pub expertise: Points,
    /// What a recent assignment takes off.
    pub recency: Points,
}

impl Score {
    /// Scores a persona for a role (design, section 8).
    pub(crate) fn of(it: &Candidate<'_>, role: &Role, scoring: &Scoring, now: Timestamp) -> Self {
        let affinity = it.affinity(scoring.affinity);
        let recency = it.last_assigned.map_or(Points::ZERO, |last| {
            let days = now.as_second().saturating_sub(last) / 86_400;
            let days = u64::try_from(days).unwrap_or(0);
            scoring.recency.minus(scoring.recency_per_day.times(days)).max(Points::ZERO)
        });
        let expertise = overlap(it.knows, role, scoring);
        let total = affinity.plus(expertise).minus(recency);
        Self { total, affinity, expertise, recency }
    }

    /// Scores the persona of that name for a role.
    pub(crate) fn of_persona(
        roster: &Roster,
        name: &PersonaName,
        role: &Role,
        scoring: &Scoring,
        now: Timestamp,
    ) -> Option<Self> {
        let mut candidates = roster.candidates_for(&role.name, &role.expertise);
        let it = candidates.find(|it| it.name == name)?;
        Some(Self::of(&it, role, scoring, now))
    }

    /// Scores a persona that has no record yet.
    pub(crate) fn of_newcomer(definition: &Definition, role: &Role, scoring: &Scoring) -> Self {
        let knows = definition.expertise.iter().any(|tag| role.expertise.contains(tag));
        let expertise = overlap(knows, role, scoring);
        Self { total: expertise, affinity: Points::ZERO, expertise, recency: Points::ZERO }
    }
}

/// What it adds to know a field that the role asks for; all do, if it asks for none.
fn overlap(knows: bool, role: &Role, scoring: &Scoring) -> Points {
    if knows || role.expertise.is_empty() { scoring.overlap } else { Points::ZERO }
}

/// A persona that could be chosen, and how well it fits.
pub type Ranked<'a> = (Candidate<'a>, Score);

/// Ranks personas for a role, best first.
///
/// Of equal scores, first those with an instruction of their own for the
/// role; then those never assigned, then those assigned longest ago; then
/// those created earlier.
pub fn rank<'a>(
    candidates: impl Iterator<Item = Candidate<'a>>,
    role: &Role,
    scoring: &Scoring,
    now: Timestamp,
) -> Vec<Ranked<'a>> {
    let mut ranking: Vec<_> = scored(candidates, role, scoring, now).collect();
    ranking.sort_by_key(order);
    ranking
}

/// The first of the ranking of [`rank`].
pub fn best<'a>(
    candidates: impl Iterator<Item = Candidate<'a>>,
    role: &Role,
    scoring: &Scoring,
    now: Timestamp,
) -> Option<Ranked<'a>> {
    scored(candidates, role, scoring, now).min_by_key(order)
}

fn scored<'a>(
    candidates: impl Iterator<Item = Candidate<'a>>,
    role: &Role,
    scoring: &Scoring,
    now: Timestamp,
) -> impl Iterator<Item = Ranked<'a>> {
    candidates.map(move |it| (it, Score::of(&it, role, scoring, now)))
}

/// What the ranking is sorted by.
fn order((it, score): &Ranked<'_>) -> impl Ord + use<> {
    (Reverse(score.total), Reverse(it.has_own), it.last_assigned, it.index)
}

/// What puts the first before the second when their scores are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TieBreak {
    /// It has an instruction of its own for the role.
    OwnInstruction,
    /// It was never assigned, or longer ago.
    LongestAgo,
    /// It was created earlier.
    CreatedEarlier,
}

/// What decided between the first two of a ranking; nothing if their scores did.
pub fn tie_break(ranking: &[Ranked<'_>]) -> Option<TieBreak> {
    match ranking {
        [(_, first), (_, second), ..] if first.total != second.total => None,
        [(first, _), (second, _), ..] if first.has_own != second.has_own => {
            Some(TieBreak::OwnInstruction)
        }
        [(first, _), (second, _), ..] if first.last_assigned != second.last_assigned => {
            Some(TieBreak::LongestAgo)
        }
        [_, _, ..] => Some(TieBreak::CreatedEarlier),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, definition, name};
    use crate::events::{Definition, Event, ReleaseReason, RoleName, Sentiment};

    const DAY: i64 = 86_400;

    fn score(world: &World, persona: &str, role: &str) -> Score {
        let role = world.rules.roles.resolve(role);
        let scoring = &world.rules.scoring;
        Score::of_persona(&world.roster, &name(persona), role, scoring, world.now).unwrap()
    }

    /// A world with personas that have an instruction of their own for these roles.
    fn instructed(personas: &[(&str, &[&str])]) -> World {
        let mut world = World::of(&[]);
        for (persona, roles) in personas {
            let own = roles.iter().map(|role| (RoleName::unchecked(role), "Look.".to_owned()));
            let instructions = own.collect();
            world.given(Event::Seed(Definition { instructions, ..definition(persona, &[]) }));
        }
        world
    }

    /// A persona was lent at this moment, and nothing counts of it.
    fn borrowed(world: &mut World, persona: &str) {
        world.lent("s", "w", persona, "general");
        world.closed("s", "w", persona, "general", ReleaseReason::Orphaned);
    }

    #[test]
    fn the_score_is_affinity_and_overlap_less_recency() {
        let mut world = World::of(&[]);
        world.given(Event::Seed(definition("Ann", &["testing"])));
        world.worked("Ann", "testing").worked("Ann", "debugging");
        world.judged("Ann", "testing", Sentiment::Positive);
        world.judged("Ann", "testing", Sentiment::Negative);
        let Score { total, affinity, expertise, recency } =
            score(world.after(3 * DAY), "Ann", "testing");
        assert_eq!(
            [affinity, expertise, recency, total].map(|points| points.to_string()),
            ["0.49", "0.3", "0.35", "0.44"]
        );
        assert_eq!(score(&world, "Ann", "debugging").total.to_string(), "0.15");
        assert_eq!(score(&world, "Ann", "red-team").total.to_string(), "-0.35");
    }

    #[test]
    fn overlap_asks_for_one_of_the_roles_fields_or_for_none() {
        for (expertise, role, points) in [
            (&[][..], "testing", "0"),
            (&["security"], "testing", "0"),
            (&["security", "reliability"], "testing", "0.3"),
            (&["testing", "reliability"], "testing", "0.3"),
            (&[], "general", "0.3"),
        ] {
            let mut world = World::of(&[]);
            world.given(Event::Seed(definition("Ann", expertise)));
            let score = score(&world, "Ann", role);
            assert_eq!(score.expertise.to_string(), points, "{expertise:?} for {role}");
            let role = world.rules.roles.resolve(role);
            let newcomer =
                Score::of_newcomer(&definition("Ann", expertise), role, &world.rules.scoring);
            assert_eq!(newcomer, score, "who has no record is scored as a newcomer");
        }
    }

    #[test]
    fn recency_fades_by_the_whole_day() {
        for (seconds, points) in [
            (-2 * DAY, "0.5"),
            (0, "0.5"),
            (DAY - 1, "0.5"),
            (DAY, "0.45"),
            (9 * DAY, "0.05"),
            (10 * DAY, "0"),
            (400 * DAY, "0"),
        ] {
            let mut world = World::of(&["Ann"]);
            assert_eq!(score(&world, "Ann", "general").recency, Points::ZERO, "never assigned");
            borrowed(&mut world, "Ann");
            let score = score(world.after(seconds), "Ann", "general");
            assert_eq!(score.recency.to_string(), points, "after {seconds} s");
        }
    }

    #[test]
    fn the_best_score_wins_over_everything_that_breaks_ties() {
        let mut world = instructed(&[("Ann", &["testing"]), ("Bo", &[])]);
        world.worked("Bo", "testing").after(10 * DAY);
        assert_eq!(world.chosen("testing"), "Bo");
    }

    #[test]
    fn of_equal_scores_an_own_instruction_for_the_role_wins_first() {
        let mut world = instructed(&[("Ann", &["debugging", "general"]), ("Bo", &["testing"])]);
        borrowed(&mut world, "Bo");
        assert_eq!(world.after(10 * DAY).chosen("testing"), "Bo", "though lent before");
    }

    #[test]
    fn of_equal_scores_the_never_assigned_wins_and_then_the_one_assigned_longest_ago() {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        borrowed(&mut world, "Ann");
        borrowed(world.after(-DAY), "Bo");
        world.after(20 * DAY);
        assert_eq!(world.chosen("general"), "Cy");
        borrowed(&mut world, "Cy");
        assert_eq!(world.after(10 * DAY).chosen("general"), "Bo");
    }

    #[test]
    fn of_equal_scores_the_one_created_earlier_wins_last() {
        assert_eq!(World::of(&["Zed", "Ann"]).chosen("general"), "Zed");
        assert_eq!(World::of(&["Ann", "Zed"]).chosen("general"), "Ann");
    }
}
