//! Exact decimal arithmetic for scores.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

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

    /// Takes a number to its nearest billionth; one that is too large becomes the largest.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
    pub fn from_f64(number: f64) -> Self {
        Self((number * 1e9).round() as i64)
    }

    /// Reads a number in the form in which scores are written: `-0.659`, with at least one digit
    /// before the point and nine at the most behind it.
    pub(crate) fn parse(number: &str) -> Option<Self> {
        let (is_negative, digits) = match number.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, number),
        };
        let (whole, part) = digits.split_once('.')?;
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_canonical = whole == "0" || !whole.starts_with('0');
        let is_short = (1..=6).contains(&whole.len()) && (1..=9).contains(&part.len());
        if !(is_short && is_canonical && is_digits(whole) && is_digits(part)) {
            return None;
        }
        let unit = 10_i64.pow(9 - u32::try_from(part.len()).ok()?);
        let points = whole.parse::<i64>().ok()? * Self::ONE.0 + part.parse::<i64>().ok()? * unit;
        Some(Self(if is_negative { -points } else { points }))
    }

    /// The fraction `part / whole`, rounded half away from zero to the nearest billionth; nothing
    /// of nothing. Of numbers past 10²⁸, the last digits may be lost.
    pub(crate) fn fraction(part: u128, whole: u128) -> Self {
        let one = u128::from(Self::ONE.0.unsigned_abs());
        let (mut part, mut whole) = (part, whole);
        while part.max(whole) > u128::MAX / one / 2 {
            (part, whole) = (part / 10, whole / 10);
        }
        let points = (part * one + whole / 2).checked_div(whole).unwrap_or_default();
        Self(i64::try_from(points).unwrap_or(i64::MAX))
    }

    /// How many billionths it is, if it is none below zero.
    pub(crate) fn billionths(self) -> u64 {
        u64::try_from(self.0).unwrap_or_default()
    }

    /// Returns whether this and another differ by less than the root of the sum of two squares.
    pub(crate) fn is_near(self, other: Self, a: Self, b: Self) -> bool {
        let square = |number: i64| i128::from(number) * i128::from(number);
        square(self.0.saturating_sub(other.0)) < square(a.0).saturating_add(square(b.0))
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

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(Self::from_f64)
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_that_are_equal_on_paper_are_equal() {
        let tenth = Points::from_f64(0.1);
        assert_eq!(tenth.times(3), Points::from_f64(0.3));
        assert_eq!(tenth.times(3).to_string(), "0.3");
        assert_eq!(serde_json::to_string(&(tenth.plus(tenth).plus(tenth))).unwrap(), "0.3");
    }

    #[test]
    fn fractions_are_rounded_half_away_from_zero_to_the_nearest_billionth() {
        assert_eq!(Points::fraction(2, 3).to_string(), "0.666666667");
        assert_eq!(Points::fraction(1, 2_000_000_000).to_string(), "0.000000001");
        assert_eq!(Points::fraction(1, 2_000_000_001), Points::ZERO);
        assert_eq!(Points::fraction(7, 2).to_string(), "3.5");
        assert_eq!(Points::fraction(1, 0), Points::ZERO);
        assert_eq!(Points::fraction(u128::MAX, u128::MAX), Points::ONE);
        assert_eq!(Points::fraction(u128::MAX / 3, u128::MAX).to_string(), "0.333333333");
    }

    #[test]
    fn a_score_is_read_as_it_is_written_and_in_no_other_form() {
        for points in [0, 1, 10, -659_000_000, 123_456_789, 1_000_000_000, -42_000_000_001] {
            let written = serde_json::to_string(&Points(points)).unwrap();
            assert_eq!(serde_json::from_str::<Points>(&written).unwrap(), Points(points));
            let is_plain = !written.contains('e');
            assert_eq!(Points::parse(&written), is_plain.then_some(Points(points)), "{written}");
        }
        for other in ["", "1", "-", ".5", "1.", "01.5", "+1.5", "1.5e3", "1.0000000001", "1.-5"] {
            assert_eq!(Points::parse(other), None, "{other}");
        }
    }

    #[test]
    fn numbers_are_near_that_differ_by_less_than_the_root_of_two_squares() {
        let points = |n: i64| Points(n * 100_000_000);
        assert!(points(1).is_near(points(-3), points(3), points(3)));
        assert!(!points(1).is_near(points(6), points(3), points(4)), "exactly the root");
        assert!(!points(1).is_near(points(1), points(0), points(0)));
    }
}
