//! The `[scoring]` of a seed file.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::score::{Model, RecordWeights, ShareWeights};
use super::{Scoring, built_in};
use crate::events::Points;

/// The key of `[scoring]` that is no number, and what may stand there.
pub const MODEL: &str = "model";
const RECORD: &str = "record";
const SHARE: &str = "share";
pub const MODELS: [&str; 2] = [RECORD, SHARE];
/// The numbers that the model `share` alone looks at.
const ONLY_SHARE: [&str; 3] = ["overlap", "positive", "negative"];
/// What the numbers that both models have are in the model `share`, unless they are set.
const SHARE_NUMBERS: &[(&str, f64)] = &[("recency", 0.5), ("recency_per_day", 0.05)];

/// The model and the numbers of the score; what a file leaves out is as built in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct ScoringTable(pub BTreeMap<Spanned<String>, Spanned<Value>>);

impl Default for Scoring {
    fn default() -> Self {
        ScoringTable::default().scoring()
    }
}

impl ScoringTable {
    fn get(&self, name: &str) -> Option<&Value> {
        let mut values = self.0.iter();
        values.find_map(|(key, value)| (key.get_ref() == name).then(|| value.get_ref()))
    }

    /// Returns whether the model is `share`.
    fn is_share(&self) -> bool {
        self.get(MODEL).and_then(Value::as_str) == Some(SHARE)
    }

    /// The name of the model.
    pub fn model(&self) -> &'static str {
        if self.is_share() { SHARE } else { RECORD }
    }

    /// The number of that name where none is set.
    fn built_in(&self, name: &str) -> f64 {
        let share = SHARE_NUMBERS.iter().filter(|_| self.is_share());
        let mut built_in = share.chain(built_in::SCORING);
        let found = built_in.find_map(|(known, number)| (*known == name).then_some(*number));
        found.unwrap_or_default()
    }

    fn number(&self, name: &str) -> f64 {
        self.get(name).and_then(as_number).unwrap_or_else(|| self.built_in(name))
    }

    /// All numbers, each with what it is where none is set, and whether the model looks at it.
    pub fn numbers(&self) -> impl Iterator<Item = (&'static str, f64, f64, bool)> {
        built_in::SCORING.iter().map(|(name, _)| {
            let of_both = SHARE_NUMBERS.iter().any(|(known, _)| known == name);
            let is_used = of_both || ONLY_SHARE.contains(name) == self.is_share();
            (*name, self.number(name), self.built_in(name), is_used)
        })
    }

    /// The scoring that a checked file asks for.
    pub fn scoring(&self) -> Scoring {
        let number = |name: &str| self.number(name);
        let points = |name| Points::from_f64(number(name));
        let model = if self.is_share() {
            Model::Share(ShareWeights {
                overlap: points("overlap"),
                positive: points("positive"),
                negative: points("negative"),
            })
        } else {
            Model::Record(RecordWeights {
                prior: points("prior"),
                start: points("start"),
                tag: points("tag"),
                verdict: points("verdict"),
                outcome: points("outcome"),
                work: points("work"),
                by_age: weights_by_age(points("per_month"), points("compacted"), number("months")),
            })
        };
        let (recency, recency_per_day) = (points("recency"), points("recency_per_day"));
        Scoring { model, recency, recency_per_day }
    }
}

/// What is left of a weight at each age in months, and of that of a compacted verdict, in 10⁻¹⁸.
fn weights_by_age(per_month: Points, compacted: Points, months: f64) -> Vec<(u64, u64)> {
    const ALL: u64 = 1_000_000_000_000_000_000;
    let times = |left: u64, part: Points| {
        let left = u128::from(left) * u128::from(part.billionths()) + 500_000_000;
        u64::try_from(left / 1_000_000_000).unwrap_or(ALL)
    };
    let ages = std::iter::successors(Some(ALL), |left| Some(times(*left, per_month)));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 120")]
    ages.take(months as usize + 1).map(|left| (left, times(left, compacted))).collect()
}

pub fn as_number(value: &Value) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "the range is checked later")]
    value.as_float().or_else(|| value.as_integer().map(|number| number as f64))
}
