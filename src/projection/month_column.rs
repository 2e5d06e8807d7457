//! How a checkpoint writes the months of a role: one text, since there may be thousands of them and
//! a choice reads them all.
//!
//! Months are separated by commas, the month and its counts by dots. A count of zero is left out, and
//! so are the dots at the end: `24314.2..1,24315.4`.

use std::fmt::Write as _;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

use super::month_tally::{Month, MonthTally};

pub fn serialize<S: Serializer>(months: &[MonthTally], serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = String::with_capacity(months.len() * 16);
    for tally in months {
        if !text.is_empty() {
            text.push(',');
        }
        let _ = write!(text, "{}", tally.month.0);
        let end = text.len();
        let mut used = end;
        for count in tally.counts() {
            text.push('.');
            if count != 0 {
                let _ = write!(text, "{count}");
                used = text.len();
            }
        }
        text.truncate(used);
    }
    serializer.serialize_str(&text)
}

pub fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<MonthTally>, D::Error> {
    let text = <&str>::deserialize(deserializer)?;
    let wrong = || D::Error::custom("no months and counts");
    let mut months = Vec::with_capacity(text.len() / 12);
    for tally in text.split_terminator(',') {
        let (month, numbers) = tally.split_once('.').unwrap_or((tally, ""));
        let month = month.parse().map_err(|_| wrong())?;
        let mut counts = [0; 7];
        for (count, digits) in counts.iter_mut().zip(numbers.split('.')) {
            *count = number(digits).ok_or_else(wrong)?;
        }
        months.push(MonthTally::with_counts(Month(month), counts));
    }
    Ok(months)
}

/// Reads a number, which is zero if it is left out.
fn number(digits: &str) -> Option<u32> {
    digits.bytes().try_fold(0_u32, |number, digit| {
        let digit = digit.wrapping_sub(b'0');
        number.checked_mul(10)?.checked_add(digit.into()).filter(|_| digit < 10)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Column(#[serde(with = "super")] Vec<MonthTally>);

    fn tally(month: i32, counts: [u32; 7]) -> MonthTally {
        MonthTally::with_counts(Month(month), counts)
    }

    #[test]
    fn zeros_are_left_out() {
        let column = Column(vec![
            tally(24314, [2, 0, 1, 0, 0, 0, 0]),
            tally(24315, [4, 0, 0, 0, 0, 0, 0]),
            tally(24316, [0; 7]),
            tally(24317, [0, 0, 0, 0, 0, 0, 9]),
        ]);
        let json = serde_json::to_string(&column).unwrap();
        assert_eq!(json, r#""24314.2..1,24315.4,24316,24317.......9""#);
        assert_eq!(serde_json::from_str::<Column>(&json).unwrap(), column);
        for wrong in [r#""x""#, r#""1.x""#, r#""1,,2.-1""#, r#""99999999999""#] {
            assert!(serde_json::from_str::<Column>(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_column_is_read_as_it_was_written(
            months in prop::collection::vec((0..100_000, any::<[u32; 7]>()), 0..5),
        ) {
            let column = Column(months.into_iter().map(|(month, counts)| tally(month, counts)).collect());
            let json = serde_json::to_string(&column).unwrap();
            prop_assert_eq!(serde_json::from_str::<Column>(&json).unwrap(), column);
        }
    }
}
