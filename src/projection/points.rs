//! Exact decimal arithmetic for scores.

use std::fmt;

use serde::{Serialize, Serializer};

/// A number of points, to nine decimal places.
///
/// Scores are compared to find a best persona, and the answer must be the
/// same on every machine: sums of integers are exact, so two personas tie
/// exactly when the formula says that they do. It saturates at its ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Points(i64);

impl Points {
    pub(crate) const ZERO: Self = Self(0);
    pub(crate) const ONE: Self = Self(1_000_000_000);

    /// Takes a number from a configuration file, if it is finite and between 0 and 1,000.
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    pub(crate) fn from_weight(weight: f64) -> Option<Self> {
        (0.0..=1000.0).contains(&weight).then(|| Self((weight * 1e9).round() as i64))
    }

    /// The share `part / whole`, rounded to the nearest; nothing of nothing.
    pub(crate) fn share(part: u64, whole: u64) -> Self {
        if whole == 0 {
            return Self::ZERO;
        }
        let (part, whole) = (u128::from(part), u128::from(whole));
        let one = u128::from(Self::ONE.0.unsigned_abs());
        Self(i64::try_from((part * one + whole / 2) / whole).unwrap_or(i64::MAX))
    }

    /// This many times as much.
    pub(crate) fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX)))
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The number as a float, for people and JSON; the same digits on every machine.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "shown to nine decimals at the most")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_f64().fmt(f)
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}

/// What one feedback is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AffinityWeights {
    pub(crate) positive: Points,
    pub(crate) negative: Points,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_that_are_equal_on_paper_are_equal() {
        let tenth = Points::from_weight(0.1).unwrap();
        assert_eq!(tenth.times(3), Points::from_weight(0.3).unwrap());
        assert_eq!(tenth.times(3).to_string(), "0.3");
        assert_eq!(serde_json::to_string(&(tenth.plus(tenth).plus(tenth))).unwrap(), "0.3");
    }

    #[test]
    fn shares_are_rounded_to_the_nearest_billionth() {
        assert_eq!(Points::share(2, 3).to_string(), "0.666666667");
        assert_eq!(Points::share(1, 0), Points::ZERO);
        assert_eq!(Points::share(u64::MAX, u64::MAX), Points::ONE);
    }

    #[test]
    fn a_weight_must_be_a_sensible_number() {
        for wrong in [f64::NAN, f64::INFINITY, -0.1, 1000.1] {
            assert_eq!(Points::from_weight(wrong), None, "{wrong}");
        }
    }
}
