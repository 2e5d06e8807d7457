//! How well a persona fits a role, now.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde::Serialize;

use super::decision::seconds_since;
use super::{Role, Rules};
use crate::events::Definition;
use crate::projection::{AffinityWeights, Persona, Points};

/// The five numbers of the score, in points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scoring {
    /// Added when the persona knows a field that the role asks for.
    pub overlap: Points,
    /// Taken off on the day of an assignment.
    pub recency: Points,
    /// By how much less for each whole day since.
    pub recency_per_day: Points,
    /// What a feedback is worth in the affinity.
    pub affinity: AffinityWeights,
}

/// A persona's score for a role, with its parts: `total = affinity + expertise − recency`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
    #[must_use]
    pub fn of(persona: &Persona, role: &Role, scoring: &Scoring, now: Timestamp) -> Self {
        let affinity = persona.affinity(&role.name, scoring.affinity);
        let recency = persona.last_assigned.map_or(Points::ZERO, |last| {
            let days = u64::try_from(seconds_since(last, now) / 86_400).unwrap_or(0);
            (scoring.recency - scoring.recency_per_day.times(days)).max(Points::ZERO)
        });
        let newcomer = Self::of_newcomer(&persona.definition, role, scoring);
        Self { total: affinity + newcomer.expertise - recency, affinity, recency, ..newcomer }
    }

    /// Scores a persona that has no record yet.
    #[must_use]
    pub fn of_newcomer(definition: &Definition, role: &Role, scoring: &Scoring) -> Self {
        let knows = |tag| definition.expertise.contains(tag);
        let qualified = role.expertise.is_empty() || role.expertise.iter().any(knows);
        let expertise = if qualified { scoring.overlap } else { Points::ZERO };
        Self { total: expertise, affinity: Points::ZERO, expertise, recency: Points::ZERO }
    }
}

/// Ranks personas for a role, best first.
///
/// Of equal scores, first those with an instruction of their own for the
/// role; then those never assigned, then those assigned longest ago; then
/// those created earlier, which is the order in which `personas` come.
pub(super) fn rank<'a>(
    personas: impl Iterator<Item = &'a Persona>,
    role: &Role,
    rules: &Rules,
    now: Timestamp,
) -> Vec<(&'a Persona, Score)> {
    let mut ranking: Vec<_> =
        personas.map(|p| (p, Score::of(p, role, &rules.scoring, now))).collect();
    ranking.sort_by_key(|(persona, score)| {
        let has_own = persona.definition.instructions.contains_key(&role.name);
        (Reverse(score.total), Reverse(has_own), persona.last_assigned)
    });
    ranking
}
