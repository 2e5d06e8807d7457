//! How well a persona fits a role: affinity + expertise − recency, and how sure that is.

use serde_json::{Value, json};

use crate::fact::{OutcomeResult, Sentiment};
use crate::moment::Moment;
use crate::number::Decimal;
use crate::roster::{Persona, RoleRecord};
use crate::seed::{Recency, Record, Scoring, Share};

/// One, in billionths.
const ONE: i128 = 1_000_000_000;

/// A score in billionths.
#[derive(Debug, Clone, Copy)]
pub struct Score {
    affinity: i128,
    expertise: i128,
    recency: i128,
    /// Good and bad, what the start counts as, and the doubt in thousandths.
    known: Option<([i128; 3], u64)>,
}

impl Score {
    /// The score of a persona in a role that asks for this expertise.
    pub fn of(persona: &Persona, role: &str, asked: &[String], on: &Scoring, now: Moment) -> Self {
        let none = RoleRecord::default();
        let record = persona.roles.get(role).unwrap_or(&none);
        let expertise = &persona.definition.expertise;
        let fits = asked.is_empty() || expertise.iter().any(|tag| asked.contains(tag));
        match on {
            Scoring::Record(numbers, recency) => {
                by_record(record, fits, numbers, recent(persona, recency, now), now)
            }
            Scoring::Share(numbers, recency) => Self {
                affinity: share(persona, record, numbers),
                expertise: if fits { billionths(&numbers.overlap) } else { 0 },
                recency: recent(persona, recency, now),
                known: None,
            },
        }
    }

    pub fn total(self) -> i128 {
        self.affinity + self.expertise - self.recency
    }

    /// Whether the totals differ by less than the root of the sum of the squares of both doubts.
    pub fn is_near(self, other: Self) -> bool {
        let (Some((_, one)), Some((_, two))) = (self.known, other.known) else {
            return false;
        };
        let square = |doubt: u64| (i128::from(doubt) * ONE / 1_000).pow(2);
        (self.total() - other.total()).pow(2) < square(one) + square(two)
    }

    pub fn affinity(self) -> Value {
        number(self.affinity)
    }

    /// In the model `record`: what the affinity rests on.
    pub fn evidence(self) -> Option<Value> {
        self.known.map(|([good, bad, start], _)| {
            json!({"good": number(good), "bad": number(bad), "start": number(start)})
        })
    }

    /// In the model `record`: the standard deviation.
    pub fn doubt(self) -> Option<Value> {
        self.known.map(|(_, doubt)| number(i128::from(doubt) * ONE / 1_000))
    }

    pub fn shown(self) -> Value {
        json!({
            "total": number(self.total()),
            "affinity": self.affinity(),
            "expertise": number(self.expertise),
            "recency": number(self.recency),
            "doubt": self.doubt(),
        })
    }
}

/// The mean of a Beta distribution.
fn by_record(
    record: &RoleRecord,
    fits: bool,
    numbers: &Record,
    recency: i128,
    now: Moment,
) -> Score {
    let [good, bad] = evidence(record, numbers, now);
    let rests_on = [&good, &bad, &numbers.prior].map(billionths);
    let mut prior = numbers.prior.clone();
    if prior.plus(&good).plus(&bad).is_nothing() {
        // However little the start counts as, it is all that is known.
        prior = Decimal::whole(1);
    }
    let sum = prior.plus(&good).plus(&bad);
    let start = prior.times(&numbers.start);
    let tag = prior.times(&numbers.tag);
    let affinity = start.plus(&good);
    let score = if fits { affinity.plus(&tag) } else { affinity.minus(&tag) };
    // √(s(1 − s)/(N + 1)) for s = score/N
    let one = Decimal::whole(1);
    let variance = score.times(&sum.minus(&score));
    let known = numbers.prior.plus(&good).plus(&bad);
    let doubt = variance.root_over(&sum.times(&sum).times(&known.plus(&one)));
    let expertise = tag.over(&sum);
    Score {
        affinity: affinity.over(&sum),
        expertise: if fits { expertise } else { -expertise },
        recency,
        known: Some((rests_on, doubt)),
    }
}

/// What speaks for and against a persona.
fn evidence(record: &RoleRecord, numbers: &Record, now: Moment) -> [Decimal; 2] {
    let mut sums = [Decimal::default(), Decimal::default()];
    let mut add = |side: usize, at: Moment, counts: Decimal| {
        let age = (now.month() - at.month()).max(0);
        if age <= numbers.months {
            let weight = numbers.per_month.power(u32::try_from(age).unwrap());
            sums[side] = sums[side].plus(&counts.times(&weight));
        }
    };
    for verdict in record.last_verdicts() {
        let full = numbers.verdict.clone();
        let counts = if verdict.compacted { full.times(&numbers.compacted) } else { full };
        match verdict.sentiment {
            Sentiment::Positive => add(0, verdict.at, counts),
            Sentiment::Negative => add(1, verdict.at, counts),
            Sentiment::Neutral => {}
        }
    }
    for (at, result) in &record.outcomes {
        match result {
            OutcomeResult::Ok => add(0, *at, numbers.outcome.clone()),
            OutcomeResult::Bad => add(1, *at, numbers.outcome.clone()),
            OutcomeResult::Stopped => {}
        }
    }
    for at in &record.finished {
        add(0, *at, numbers.work.clone());
    }
    sums
}

/// The share of all work, and what was said of it.
fn share(persona: &Persona, record: &RoleRecord, numbers: &Share) -> i128 {
    let all: usize = persona.roles.values().map(|record| record.finished.len()).sum();
    let [done, all] = [record.finished.len(), all].map(|count| Decimal::whole(count as u64));
    let share = if all.is_nothing() { 0 } else { done.over(&all) };
    let verdicts = |sentiment| i128::from(record.tally(sentiment));
    let sum = share + billionths(&numbers.positive) * verdicts(Sentiment::Positive)
        - billionths(&numbers.negative) * verdicts(Sentiment::Negative);
    sum.clamp(0, ONE)
}

/// What is taken off for a late assignment.
fn recent(persona: &Persona, numbers: &Recency, now: Moment) -> i128 {
    let days = persona.last_assigned.map(|at| at.whole_days_until(now).max(0));
    let left =
        |days: i64| billionths(&numbers.start) - billionths(&numbers.per_day) * i128::from(days);
    days.map_or(0, |days| left(days).max(0))
}

fn billionths(number: &Decimal) -> i128 {
    number.over(&Decimal::whole(1))
}

/// As JSON: a decimal of at most nine places.
fn number(billionths: i128) -> Value {
    let sign = if billionths < 0 { "-" } else { "" };
    let (whole, part) =
        (billionths.unsigned_abs() / 1_000_000_000, billionths.unsigned_abs() % 1_000_000_000);
    let places = format!("{part:09}");
    let places = places.trim_end_matches('0');
    let places = if places.is_empty() { "0" } else { places };
    serde_json::from_str(&format!("{sign}{whole}.{places}")).expect("a number")
}
