//! How well a persona fits a role, now.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde::Serialize;

use super::{Role, Rules};
use crate::events::{Definition, PersonaName, Points, RoleName, Tag};
use crate::projection::{Candidate, Month, MonthTally, Persona, RoleRecord, Roster};

/// How the score is computed; the default is built in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scoring {
    pub(super) model: Model,
    /// What an assignment takes off on its day.
    pub(super) recency: Points,
    /// How much less it is for each whole day since.
    pub(super) recency_per_day: Points,
}

impl Scoring {
    /// What a recent assignment takes off.
    fn recency(&self, it: &Candidate<'_>, now: Timestamp) -> Points {
        let Some(last) = it.last_assigned else { return Points::ZERO };
        let days = now.as_second().saturating_sub(last) / 86_400;
        let faded = self.recency_per_day.times(u64::try_from(days).unwrap_or(0));
        self.recency.minus(faded).max(Points::ZERO)
    }

    /// Returns whether anything in a record counts.
    #[must_use]
    pub fn knows(&self, record: &RoleRecord) -> bool {
        let is_judged = record.closed() + record.tally.total() > 0;
        match self.model {
            Model::Record(_) => is_judged || !record.months.is_empty(),
            Model::Share(_) => is_judged,
        }
    }
}

/// How a record becomes a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Model {
    /// The mean of a Beta distribution for each role.
    Record(RecordWeights),
    /// The role's share of all work, with praise and blame.
    Share(ShareWeights),
}

/// The numbers of the model `record`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecordWeights {
    /// How much evidence the start is worth.
    pub prior: Points,
    /// The affinity without any evidence, from 0 to 1.
    pub start: Points,
    /// What expertise adds or takes off without any evidence.
    pub tag: Points,
    pub verdict: Points,
    pub outcome: Points,
    pub work: Points,
    /// By age in months: what is left of a weight, and of that of a verdict once it is compacted,
    /// in 10⁻¹⁸. Older evidence does not count.
    pub by_age: Vec<(u64, u64)>,
}

/// The numbers of the model `share`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ShareWeights {
    pub overlap: Points,
    pub positive: Points,
    pub negative: Points,
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
    /// The standard deviation of affinity and expertise, to three decimals; none in the model
    /// `share`.
    pub doubt: Option<Points>,
    /// What the affinity rests on; nothing in the model `share`.
    #[serde(skip)]
    pub evidence: Option<Evidence>,
}

/// What is known of a persona in a role. A verdict of this month counts as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What speaks for it.
    pub good: Points,
    /// What speaks against it.
    pub bad: Points,
    /// What the start counts as.
    pub start: Points,
}

impl Score {
    /// Scores a persona for a role that asks for these fields of expertise (design, section 8).
    pub(crate) fn of(
        it: &Candidate<'_>,
        expertise: &[Tag],
        scoring: &Scoring,
        now: Timestamp,
    ) -> Self {
        let (recency, qualifies) = (scoring.recency(it, now), qualifies(it, expertise));
        match &scoring.model {
            Model::Record(weights) => weights.score(it, qualifies, recency, now),
            Model::Share(weights) => weights.score(it, qualifies, recency),
        }
    }

    /// The total of [`Score::of`] alone: the best of a thousand is found by it.
    fn total(it: &Candidate<'_>, expertise: &[Tag], scoring: &Scoring, now: Timestamp) -> Points {
        let Model::Record(weights) = &scoring.model else {
            return Self::of(it, expertise, scoring, now).total;
        };
        let (affinity, expertise, _) = weights.parts(it, qualifies(it, expertise), now);
        affinity.plus(expertise).minus(scoring.recency(it, now))
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
        Some(Self::of(&it, &role.expertise, scoring, now))
    }

    /// Scores a persona that has no record yet.
    pub(crate) fn of_newcomer(definition: &Definition, role: &Role, scoring: &Scoring) -> Self {
        let knows = definition.expertise.iter().any(|tag| role.expertise.contains(tag));
        let it = Candidate::newcomer(&definition.name, knows);
        Self::of(&it, &role.expertise, scoring, Timestamp::UNIX_EPOCH)
    }

    /// Returns whether the totals of two differ by less than their doubts allow to tell.
    #[must_use]
    pub fn is_told_apart_from(&self, other: &Self) -> bool {
        match (self.doubt, other.doubt) {
            (Some(a), Some(b)) => !self.total.is_near(other.total, a, b),
            _ => true,
        }
    }
}

/// Returns whether a persona has what a role needs; every persona has, if it asks for nothing.
fn qualifies(it: &Candidate<'_>, expertise: &[Tag]) -> bool {
    it.knows || expertise.is_empty()
}

/// Scores a persona for a role by its name; one that is none any more asks for no expertise.
#[must_use]
pub fn score(persona: &Persona, role: &RoleName, rules: &Rules, now: Timestamp) -> Score {
    let known = rules.roles.all().iter().find(|known| known.name == *role);
    let expertise = known.map_or(&[][..], |known| &known.expertise);
    Score::of(&persona.candidate_for(0, role, expertise), expertise, &rules.scoring, now)
}

/// How well a persona's record fits a role, from 0 to 1: see [`Score`].
#[must_use]
pub fn affinity(persona: &Persona, role: &RoleName, scoring: &Scoring, now: Timestamp) -> Points {
    let it = persona.candidate_for(0, role, &[]);
    match &scoring.model {
        Model::Record(weights) => weights.parts(&it, false, now).0,
        Model::Share(weights) => weights.affinity(&it),
    }
}

impl ShareWeights {
    fn score(&self, it: &Candidate<'_>, qualifies: bool, recency: Points) -> Score {
        let affinity = self.affinity(it);
        let expertise = if qualifies { self.overlap } else { Points::ZERO };
        let total = affinity.plus(expertise).minus(recency);
        Score { total, affinity, expertise, recency, doubt: None, evidence: None }
    }

    /// `clamp(closed in the role / closed in all + positive · p − negative · n, 0, 1)`
    /// (design, section 8); the first term is 0 while nothing is closed.
    fn affinity(&self, it: &Candidate<'_>) -> Points {
        let share = Points::fraction(it.closed().into(), it.closed_in_all.into());
        let (praise, blame) = (self.positive.times(it.positive), self.negative.times(it.negative));
        share.plus(praise).minus(blame).clamp(Points::ZERO, Points::ONE)
    }
}

/// Sums of evidence count in 10⁻²⁷: a weight is in billionths, and what age leaves of it in 10⁻¹⁸.
const UNIT: u128 = 1_000_000_000_000_000_000;

impl RecordWeights {
    /// With `N = prior + good + bad`, the affinity is `(prior · start + good) / N`, the expertise
    /// `± prior · tag / N`, and the doubt `√(s (1 − s) / (N + 1))` of their sum `s`: mean and
    /// standard deviation of a Beta distribution (design, section 8).
    fn score(&self, it: &Candidate<'_>, qualifies: bool, recency: Points, now: Timestamp) -> Score {
        let (affinity, expertise, sums) = self.parts(it, qualifies, now);
        let mean = affinity.plus(expertise);
        let [good, bad, all] = sums.map(|sum| Points::fraction(sum, UNIT * 1_000_000_000));
        Score {
            total: mean.minus(recency),
            affinity,
            expertise,
            recency,
            doubt: Some(doubt(mean, all)),
            evidence: Some(Evidence { good, bad, start: self.prior }),
        }
    }

    /// Affinity and expertise, and the sums that they rest on: good, bad, and all with the start.
    fn parts(
        &self,
        it: &Candidate<'_>,
        qualifies: bool,
        now: Timestamp,
    ) -> (Points, Points, [u128; 3]) {
        let (good, bad) = self.evidence(it.months, Month::of(now));
        let prior = u128::from(self.prior.billionths());
        let of_prior = |part: Points| prior * u128::from(part.billionths()) * 1_000_000_000;
        let all = (prior * UNIT).saturating_add(good).saturating_add(bad);
        let (affinity, expertise) = if all == 0 {
            (self.start, self.tag)
        } else {
            let affinity = Points::fraction(of_prior(self.start).saturating_add(good), all);
            (affinity, Points::fraction(of_prior(self.tag), all))
        };
        let expertise = if qualifies { expertise } else { Points::ZERO.minus(expertise) };
        (affinity, expertise, [good, bad, all])
    }

    /// What speaks for and against a persona.
    fn evidence(&self, months: &[MonthTally], now: Month) -> (u128, u128) {
        // No count and no weight is so large that a product of the two overflows.
        let weigh = |n: u32, weight: Points| u128::from(n) * u128::from(weight.billionths());
        let add = |sum: u128, part: u128, left: u64| match part {
            0 => sum,
            _ => sum.saturating_add(part.saturating_mul(left.into())),
        };
        let (mut good, mut bad) = (0, 0);
        for it in months {
            let Some((left, compacted)) = self.by_age.get(it.month.age(now)).copied() else {
                continue;
            };
            let praise = weigh(it.positive, self.verdict);
            let blame = weigh(it.negative, self.verdict);
            let (done, failed) = (weigh(it.ok, self.outcome), weigh(it.bad, self.outcome));
            good = add(good, praise + done + weigh(it.closed, self.work), left);
            good = add(good, weigh(it.compacted_positive, self.verdict), compacted);
            bad = add(bad, blame + failed, left);
            bad = add(bad, weigh(it.compacted_negative, self.verdict), compacted);
        }
        (good, bad)
    }
}

/// `√(s (1 − s) / (N + 1))`, to three decimals, half up: on every machine, and where it is a tie.
fn doubt(mean: Points, all: Points) -> Points {
    let mean = mean.clamp(Points::ZERO, Points::ONE);
    let part = u128::from(mean.billionths()) * u128::from(Points::ONE.minus(mean).billionths());
    let whole = u128::from(all.plus(Points::ONE).billionths()) * 1_000_000_000;
    // In half thousandths, so that an odd number is one to round up.
    let halves = (part * 4_000_000 / whole).isqrt();
    let thousandth = Points::fraction(1, 1_000);
    thousandth.times(u64::try_from(halves.div_ceil(2)).unwrap_or_default())
}

/// A persona that could be chosen, and how well it fits.
pub type Ranked<'a> = (Candidate<'a>, Score);

/// Ranks personas for a role, best first.
///
/// Those who took part in the work that the role judges come last. Of equal
/// scores, first those with an instruction of their own for the
/// role; then those never assigned, then those assigned longest ago; then
/// those created earlier.
pub fn rank<'a>(
    candidates: impl Iterator<Item = Candidate<'a>>,
    role: &Role,
    scoring: &Scoring,
    now: Timestamp,
) -> Vec<Ranked<'a>> {
    let score = |it: &Candidate<'_>| Score::of(it, &role.expertise, scoring, now);
    let mut ranking: Vec<_> = candidates.map(|it| (it, score(&it))).collect();
    ranking.sort_by_cached_key(|(it, score)| order(it, score.total));
    ranking
}

/// The first of the ranking of [`rank`].
pub fn best<'a>(
    candidates: impl Iterator<Item = Candidate<'a>>,
    role: &Role,
    scoring: &Scoring,
    now: Timestamp,
) -> Option<Ranked<'a>> {
    let total = |it: &Candidate<'_>| Score::total(it, &role.expertise, scoring, now);
    let best = candidates.min_by_key(|it| order(it, total(it)))?;
    Some((best, Score::of(&best, &role.expertise, scoring, now)))
}

/// What the ranking is sorted by.
fn order(it: &Candidate<'_>, total: Points) -> impl Ord + use<> {
    (it.took_part, order_by_score(it, total))
}

/// The same, whoever took part in what.
fn order_by_score(it: &Candidate<'_>, total: Points) -> impl Ord + use<> {
    (Reverse(total), Reverse(it.has_own), it.last_assigned, it.index)
}

/// Returns whether one comes before the other, whoever took part in what.
pub fn ranks_before((one, score): &Ranked<'_>, (other, other_score): &Ranked<'_>) -> bool {
    order_by_score(one, score.total) < order_by_score(other, other_score.total)
}

/// What puts the first before the second when their scores are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TieBreak {
    /// It took no part in the work that the role judges.
    Independent,
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
        [(first, _), (second, _), ..] if first.took_part != second.took_part => {
            Some(TieBreak::Independent)
        }
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
    use proptest::prelude::*;

    use super::*;
    use crate::broker::testing::{World, definition, name};
    use crate::events::{
        Compact, Definition, Event, OutcomeResult, ReleaseReason, Retract, RoleName, Sentiment,
    };

    const DAY: i64 = 86_400;

    fn score(world: &World, persona: &str, role: &str) -> Score {
        let role = world.rules.roles.resolve(role);
        let scoring = &world.rules.scoring;
        Score::of_persona(&world.roster, &name(persona), role, scoring, world.now).unwrap()
    }

    /// A world with personas that have an instruction of their own for these roles.
    fn instructed(personas: &[(&str, &[&str])]) -> World {
        let mut world = World::of(&[]).sharing();
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
        let mut world = World::of(&[]).sharing();
        world.given(Event::Seed(definition("Ann", &["testing"])));
        world.worked("Ann", "testing").worked("Ann", "debugging");
        world.judged("Ann", "testing", Sentiment::Positive);
        world.judged("Ann", "testing", Sentiment::Negative);
        let Score { total, affinity, expertise, recency, doubt, evidence } =
            score(world.after(3 * DAY), "Ann", "testing");
        assert_eq!((doubt, evidence), (None, None));
        assert_eq!(
            [affinity, expertise, recency, total].map(|points| points.to_string()),
            ["0.49", "0.3", "0.35", "0.44"]
        );
        assert_eq!(score(&world, "Ann", "debugging").total.to_string(), "0.15");
        assert_eq!(score(&world, "Ann", "red-team").total.to_string(), "-0.35");
    }

    /// Ann's affinity for testing: so much work in testing and elsewhere, so much praise and blame.
    fn share(testing: u8, elsewhere: u8, positive: u8, negative: u8) -> String {
        let mut world = World::of(&["Ann"]).sharing();
        for (role, times) in [("testing", testing), ("debugging", elsewhere)] {
            for _ in 0..times {
                world.worked("Ann", role);
            }
        }
        let verdicts = [(Sentiment::Positive, positive), (Sentiment::Negative, negative)];
        for (sentiment, times) in verdicts.into_iter().chain([(Sentiment::Neutral, 2)]) {
            for _ in 0..times {
                world.judged("Ann", "testing", sentiment);
            }
        }
        score(&world, "Ann", "testing").affinity.to_string()
    }

    #[test]
    fn in_the_model_share_affinity_is_the_share_of_work_with_praise_and_blame() {
        assert_eq!(share(1, 3, 0, 0), "0.25");
        assert_eq!(share(1, 3, 3, 0), "0.31");
        assert_eq!(share(1, 3, 0, 3), "0.16");
        assert_eq!(share(1, 3, 3, 3), "0.22");
        assert_eq!(share(0, 0, 0, 0), "0");
        assert_eq!(share(0, 0, 2, 0), "0.04", "without work it is feedback alone");
        assert_eq!(share(0, 4, 2, 0), "0.04");
        assert_eq!(share(2, 0, 1, 0), "1");
        assert_eq!(share(0, 0, 1, 1), "0");
        assert_eq!(share(2, 0, 1, 1), "0.99", "only the sum is clamped");
    }

    #[test]
    fn in_the_model_share_work_that_is_not_done_yet_has_no_share() {
        let mut world = World::of(&["Ann"]).sharing();
        world.lent("s", "w", "Ann", "testing");
        assert_eq!(score(&world, "Ann", "testing").affinity, Points::ZERO);
        world.closed("s", "w", "Ann", "testing", ReleaseReason::Manual);
        world.lent("s", "w", "Ann", "debugging");
        assert_eq!(score(&world, "Ann", "testing").affinity, Points::ONE);
    }

    #[test]
    fn a_record_tells_something_once_work_is_over() {
        for mut world in [World::of(&["Ann"]), World::of(&["Ann"]).sharing()] {
            let knows = |world: &World| {
                let persona = world.roster.get(&name("Ann")).unwrap();
                world.rules.scoring.knows(&persona.roles[&RoleName::unchecked("testing")])
            };
            world.lent("s", "w", "Ann", "testing");
            assert!(!knows(&world));
            world.closed("s", "w", "Ann", "testing", ReleaseReason::SessionEnd);
            assert!(knows(&world));
        }
    }

    /// What is told of Ann in testing: total, affinity, expertise, doubt, good and bad evidence.
    fn told(world: &World) -> [String; 6] {
        let Score { total, affinity, expertise, doubt, evidence, .. } =
            score(world, "Ann", "testing");
        let Evidence { good, bad, start } = evidence.unwrap();
        assert_eq!(start.to_string(), "8");
        [total, affinity, expertise, doubt.unwrap(), good, bad].map(|it| it.to_string())
    }

    #[test]
    fn without_evidence_a_record_is_the_start_and_the_expertise() {
        let mut world = World::of(&["Ann"]);
        assert_eq!(told(&world), ["0.45", "0.5", "-0.05", "0.166", "0", "0"]);
        assert_eq!(score(&world, "Ann", "general").total.to_string(), "0.55", "it asks for none");
        world = World::of(&[]);
        world.given(Event::Seed(definition("Ann", &["testing"])));
        assert_eq!(told(&world), ["0.55", "0.5", "0.05", "0.166", "0", "0"]);
        let newcomer = definition("Ann", &["testing"]);
        let role = world.rules.roles.resolve("testing");
        let newcomer = Score::of_newcomer(&newcomer, role, &world.rules.scoring);
        assert_eq!(newcomer, score(&world, "Ann", "testing"));
    }

    #[test]
    fn a_record_is_the_mean_of_its_evidence() {
        let mut world = World::of(&["Ann"]);
        world.judged("Ann", "testing", Sentiment::Positive);
        // 5 / 9, 0.4 / 9
        assert_eq!(told(&world), ["0.511111112", "0.555555556", "-0.044444444", "0.158", "1", "0"]);
        world.judged("Ann", "testing", Sentiment::Negative);
        world.judged("Ann", "testing", Sentiment::Neutral);
        assert_eq!(told(&world), ["0.46", "0.5", "-0.04", "0.15", "1", "1"]);
        world.worked("Ann", "testing").worked("Ann", "debugging");
        world.ended("s1", "Ann", "testing", OutcomeResult::Ok);
        world.ended("s2", "Ann", "testing", OutcomeResult::Bad);
        world.ended("s3", "Ann", "testing", OutcomeResult::Stopped);
        let [.., good, bad] = told(&world);
        assert_eq!([good, bad], ["1.33", "1.3"]);
    }

    #[test]
    fn evidence_fades_by_the_calendar_month() {
        let mut world = World::of(&["Ann"]);
        world.judged("Ann", "testing", Sentiment::Positive);
        for (moment, good) in [
            ("2020-01-01T00:00:00Z", "1"),
            ("2026-03-31T23:59:59Z", "1"),
            ("2026-04-01T00:00:00Z", "0.8"),
            ("2026-05-31T00:00:00Z", "0.64"),
            ("2027-03-01T00:00:00Z", "0.068719477"),
            ("2027-04-01T00:00:00Z", "0"),
        ] {
            world.now = moment.parse().unwrap();
            assert_eq!(told(&world)[4], good, "{moment}");
        }
    }

    #[test]
    fn of_one_source_and_session_the_last_verdict_counts_and_of_one_run_the_last_outcome() {
        let mut world = World::of(&["Ann", "Bo"]);
        let evidence = |world: &World| {
            let [.., good, bad] = told(world);
            format!("{good} {bad}")
        };
        world.judged_in("s1", "Ann", "testing", Sentiment::Positive);
        world.judged_in("s1", "Ann", "testing", Sentiment::Positive);
        assert_eq!(evidence(&world), "1 0");
        world.judged_in("s2", "Ann", "testing", Sentiment::Positive);
        assert_eq!(evidence(&world), "2 0");
        world.judged_in("s1", "Ann", "testing", Sentiment::Negative);
        assert_eq!(evidence(&world), "1 1");
        world.ended("s1", "Ann", "testing", OutcomeResult::Bad);
        world.ended("s1", "Ann", "testing", OutcomeResult::Ok);
        assert_eq!(evidence(&world), "1.3 1");
        world.ended("s1", "Bo", "testing", OutcomeResult::Ok);
        assert_eq!(evidence(&world), "1 1", "the run was Bo's");
    }

    #[test]
    fn what_is_taken_back_counts_no_more_and_what_it_replaced_counts_again() {
        let mut world = World::of(&["Ann"]);
        world.judged_in("s1", "Ann", "testing", Sentiment::Positive);
        world.judged_in("s1", "Ann", "testing", Sentiment::Negative);
        let last = world.records.last().unwrap().id;
        world.given(Event::Retract(Retract { event: last, reason: None }));
        assert_eq!(told(&world)[4..], ["1", "0"]);
        world.given(Event::Retract(Retract { event: last, reason: None }));
        assert_eq!(told(&world)[4..], ["1", "0"]);
        let first = world.records[1].id;
        world.given(Event::Retract(Retract { event: first, reason: None }));
        assert_eq!(told(&world)[4..], ["0", "0"]);
    }

    #[test]
    fn compacted_feedback_counts_half() {
        let mut world = World::of(&["Ann"]);
        world.judged("Ann", "testing", Sentiment::Positive);
        world.after(60).judged("Ann", "testing", Sentiment::Negative);
        let before = world.now;
        world.given(Event::Compact(Compact { before, summaries: Vec::new() }));
        assert_eq!(told(&world)[4..], ["0.5", "1"]);
        world.after(-60).judged("Ann", "testing", Sentiment::Negative);
        assert_eq!(told(&world)[4..], ["0.5", "1.5"], "whichever of the two folds first");
    }

    #[test]
    fn two_are_told_apart_once_their_totals_differ_by_more_than_their_doubts() {
        let mut world = World::of(&["Ann", "Bo"]);
        let is_told_apart = |world: &World| {
            let scores = ["Ann", "Bo"].map(|name| score(world, name, "testing"));
            scores[0].is_told_apart_from(&scores[1])
        };
        let mut verdicts = 0;
        while !is_told_apart(&world) {
            world.judged("Ann", "testing", Sentiment::Positive);
            verdicts += 1;
        }
        assert_eq!(verdicts, 5);
        assert!(is_told_apart(&world.sharing()), "in the model `share` there is no doubt");
    }

    fn judgement() -> impl Strategy<Value = (u8, bool, i64)> {
        (0..3_u8, any::<bool>(), -400 * DAY..DAY)
    }

    /// Ann is praised or blamed, or a run of hers ends, at some time.
    fn judge(world: &mut World, (kind, good, ago): (u8, bool, i64), role: &str, number: usize) {
        let (sentiment, result) = if good {
            (Sentiment::Positive, OutcomeResult::Ok)
        } else {
            (Sentiment::Negative, OutcomeResult::Bad)
        };
        let session = format!("s{number}");
        world.after(ago);
        match kind {
            0 => world.judged("Ann", role, sentiment),
            1 => world.judged_in(&session, "Ann", role, sentiment),
            _ => world.ended(&session, "Ann", role, result),
        };
        world.after(-ago);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn praise_never_lowers_a_score_and_blame_never_raises_it(
            before in prop::collection::vec(judgement(), 0..12), next in judgement(), knows: bool,
        ) {
            let tags: &[&str] = if knows { &["testing"] } else { &[] };
            let mut world = World::of(&[]);
            world.given(Event::Seed(definition("Ann", tags)));
            for (number, it) in before.into_iter().enumerate() {
                judge(&mut world, it, "testing", number);
            }
            let (first, elsewhere) = (score(&world, "Ann", "testing"), score(&world, "Ann", "general"));
            judge(&mut world, next, "testing", 99);
            let then = score(&world, "Ann", "testing");
            if next.1 {
                prop_assert!(then.total >= first.total, "{first:?} {then:?}");
            } else {
                prop_assert!(then.total <= first.total, "{first:?} {then:?}");
            }
            prop_assert_eq!(score(&world, "Ann", "general"), elsewhere, "work in another role");
        }
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
            let mut world = World::of(&[]).sharing();
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
            let mut world = World::of(&["Ann"]).sharing();
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
        let mut world = World::of(&["Ann", "Bo", "Cy"]).sharing();
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
