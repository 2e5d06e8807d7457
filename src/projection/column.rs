//! How a checkpoint writes what it has for each of many personas: numbers, in one text.
//!
//! A choice reads thousands of them, and reads one text several times faster than a JSON array.
//!
//! - A list of numbers: each is ended by a comma, `3,0,,17,`; one that is missing is empty.
//! - Counts of something: its number and the counts are joined by dots, `7.2..1`. A count of zero is
//!   left out, and so are the dots at the end.
//! - The months of a record: the counts of each month, joined by commas, `24314.2..1,24315.4`.
//! - The records of a role: for each persona its position with the positive and the negative feedback,
//!   then the months, and a semicolon, `0.1,24314.2..1,24315.4;7,24314.1;`.

use std::fmt::Write as _;

use serde::{Deserialize, Deserializer, Serializer};

use super::index::{RoleRecords, RoleRow};
use super::month_tally::{Month, MonthTally};

/// A list of numbers, for serde.
pub mod numbers {
    use super::{Deserialize, Deserializer, Number, Reader, Serializer, wrong};

    pub fn serialize<T: Number, S: Serializer>(
        all: &[T],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(all.len() * 6);
        for number in all {
            number.write(&mut text);
            text.push(',');
        }
        serializer.serialize_str(&text)
    }

    pub fn deserialize<'de, T: Number, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<T>, D::Error> {
        let mut reader = Reader::of(<&str>::deserialize(deserializer)?);
        let mut all = Vec::with_capacity(reader.left.len() / 3);
        while !reader.is_empty() {
            let number = T::read(&mut reader).filter(|_| reader.skip(b','));
            all.push(number.ok_or_else(wrong)?);
        }
        Ok(all)
    }
}

/// The months of one record, for serde.
pub mod months {
    use super::{Deserialize, Deserializer, MonthTally, Reader, Serializer, write_months, wrong};

    pub fn serialize<S: Serializer>(all: &[MonthTally], serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(all.len() * 16);
        write_months(&mut text, all);
        serializer.serialize_str(text.strip_prefix(',').unwrap_or_default())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<MonthTally>, D::Error> {
        let mut reader = Reader::of(<&str>::deserialize(deserializer)?);
        let mut all = Vec::new();
        let mut is_more = !reader.is_empty();
        while is_more {
            all.push(reader.month().ok_or_else(wrong)?);
            is_more = reader.skip(b',');
        }
        if reader.is_empty() { Ok(all) } else { Err(wrong()) }
    }
}

/// The records of a role, for serde.
pub mod records {
    use super::{
        Deserialize, Deserializer, Reader, RoleRecords, Serializer, write_counts, write_months,
        wrong,
    };

    pub fn serialize<S: Serializer>(all: &RoleRecords, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(all.rows.len() * 40);
        let mut from = 0;
        for row in &all.rows {
            write_counts(&mut text, row.persona, &[row.positive, row.negative]);
            write_months(&mut text, all.months.get(from..row.months_until).unwrap_or_default());
            text.push(';');
            from = row.months_until;
        }
        serializer.serialize_str(&text)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<RoleRecords, D::Error> {
        let mut reader = Reader::of(<&str>::deserialize(deserializer)?);
        let bytes = reader.left.len();
        let mut all = RoleRecords {
            rows: Vec::with_capacity(bytes / 32),
            months: Vec::with_capacity(bytes / 16),
        };
        while !reader.is_empty() {
            let row = reader.record(&mut all.months).ok_or_else(wrong)?;
            all.rows.push(row);
        }
        Ok(all)
    }
}

/// What a list of numbers may hold.
pub trait Number: Sized {
    fn write(&self, text: &mut String);
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
}

impl Number for u32 {
    fn write(&self, text: &mut String) {
        let _ = write!(text, "{self}");
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.number()?.try_into().ok()
    }
}

impl Number for u64 {
    fn write(&self, text: &mut String) {
        let _ = write!(text, "{self}");
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.number()
    }
}

impl Number for Option<i64> {
    fn write(&self, text: &mut String) {
        let _ = self.map(|number| write!(text, "{number}"));
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        if reader.left.first() == Some(&b',') {
            return Some(None);
        }
        let is_negative = reader.skip(b'-');
        let number = i64::try_from(reader.number()?).ok()?;
        Some(Some(if is_negative { -number } else { number }))
    }
}

/// What is left to read of a text.
pub struct Reader<'a> {
    left: &'a [u8],
}

/// What these answer is `None` if something else stands there.
impl<'a> Reader<'a> {
    fn of(text: &'a str) -> Self {
        Self { left: text.as_bytes() }
    }

    fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Passes a byte, if it is the next.
    fn skip(&mut self, byte: u8) -> bool {
        let rest = self.left.split_first().filter(|(first, _)| **first == byte);
        self.left = rest.map_or(self.left, |(_, rest)| rest);
        rest.is_some()
    }

    fn number(&mut self) -> Option<u64> {
        let before = self.left.len();
        let number = self.digits()?;
        (self.left.len() < before).then_some(number)
    }

    /// A number, which is zero if it is left out.
    fn digits(&mut self) -> Option<u64> {
        let (mut number, mut length) = (0_u64, 0);
        let digits = self.left.iter().map(|byte| byte.wrapping_sub(b'0'));
        for digit in digits.take_while(|digit| *digit <= 9) {
            // Of 19 digits no number overflows; the few that are longer are looked at with care.
            number = match length {
                0..19 => number.wrapping_mul(10).wrapping_add(digit.into()),
                _ => number.checked_mul(10)?.checked_add(digit.into())?,
            };
            length += 1;
        }
        self.left = self.left.get(length..)?;
        Some(number)
    }

    /// So many counts at most, each after a dot.
    fn counts<T: TryFrom<u64> + Default + Copy, const N: usize>(&mut self) -> Option<[T; N]> {
        let mut counts = [T::default(); N];
        for count in &mut counts {
            if !self.skip(b'.') {
                break;
            }
            *count = self.digits()?.try_into().ok()?;
        }
        Some(counts)
    }

    fn month(&mut self) -> Option<MonthTally> {
        let month = Month(self.number()?.try_into().ok()?);
        Some(MonthTally::with_counts(month, self.counts()?))
    }

    /// The record of one persona; its months go to those of the others.
    fn record(&mut self, months: &mut Vec<MonthTally>) -> Option<RoleRow> {
        let persona = self.number()?.try_into().ok()?;
        let [positive, negative] = self.counts()?;
        while self.skip(b',') {
            months.push(self.month()?);
        }
        let row = RoleRow { persona, positive, negative, months_until: months.len() };
        self.skip(b';').then_some(row)
    }
}

fn write_counts<T: Copy + Into<u64>>(text: &mut String, of: impl std::fmt::Display, counts: &[T]) {
    let _ = write!(text, "{of}");
    let mut used = text.len();
    for count in counts {
        text.push('.');
        let count: u64 = (*count).into();
        if count != 0 {
            let _ = write!(text, "{count}");
            used = text.len();
        }
    }
    text.truncate(used);
}

/// Writes months, each after a comma.
fn write_months(text: &mut String, months: &[MonthTally]) {
    for tally in months {
        text.push(',');
        write_counts(text, tally.month.0, &tally.counts());
    }
}

fn wrong<E: serde::de::Error>() -> E {
    E::custom("no column of numbers")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Columns {
        #[serde(with = "super::numbers")]
        counts: Vec<u64>,
        #[serde(with = "super::numbers")]
        moments: Vec<Option<i64>>,
        #[serde(with = "super::months")]
        months: Vec<MonthTally>,
        #[serde(with = "super::records")]
        records: RoleRecords,
    }

    fn tally(month: i32, counts: [u32; 7]) -> MonthTally {
        MonthTally::with_counts(Month(month), counts)
    }

    /// A persona's record.
    type Record = (u32, u64, u64, Vec<MonthTally>);

    fn columns(
        counts: Vec<u64>,
        moments: Vec<Option<i64>>,
        months: Vec<MonthTally>,
        of_role: Vec<Record>,
    ) -> Columns {
        let mut records = RoleRecords::default();
        for (persona, positive, negative, months) in of_role {
            records.months.extend(months);
            let months_until = records.months.len();
            records.rows.push(RoleRow { persona, positive, negative, months_until });
        }
        Columns { counts, moments, months, records }
    }

    #[test]
    fn zeros_are_left_out() {
        let months = [
            tally(24314, [2, 0, 1, 0, 0, 0, 0]),
            tally(24315, [4, 0, 0, 0, 0, 0, 0]),
            tally(24317, [0, 0, 0, 0, 0, 0, 9]),
        ];
        let columns = columns(
            vec![3, 0, 17],
            vec![Some(-5), None, Some(0)],
            months.to_vec(),
            vec![
                (0, 1, 0, months[..2].to_vec()),
                (7, 0, 0, vec![]),
                (8, 0, 2, months[2..].to_vec()),
            ],
        );
        let json = serde_json::to_value(&columns).unwrap();
        let due = serde_json::json!({
            "counts": "3,0,17,",
            "moments": "-5,,0,",
            "months": "24314.2..1,24315.4,24317.......9",
            "records": "0.1,24314.2..1,24315.4;7;8..2,24317.......9;",
        });
        assert_eq!(json, due);
        let read = |json: &serde_json::Value| serde_json::from_str::<Columns>(&json.to_string());
        assert_eq!(read(&due).unwrap(), columns);
        for (column, texts) in [
            ("counts", &["x", "1", "1,,", "-1,", "18446744073709551616,"][..]),
            ("moments", &["1", "-,", "9223372036854775808,"]),
            ("months", &["1,", ",1", "1.x", "1,,2", "99999999999", "1.4294967296", "1........"]),
            ("records", &["1", "1,;", "1.1.1.1;", ";", "4294967296;", "1;2"]),
        ] {
            for text in texts {
                let mut wrong = due.clone();
                wrong[column] = (*text).into();
                assert!(read(&wrong).is_err(), "{column}: {text}");
            }
        }
    }

    prop_compose! {
        fn anything_of_months()(
            months in prop::collection::vec((0..100_000, any::<[u32; 7]>()), 0..4),
        ) -> Vec<MonthTally> {
            months.into_iter().map(|(month, counts)| tally(month, counts)).collect()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_column_is_read_as_it_was_written(
            counts in any::<Vec<u64>>(),
            moments in prop::collection::vec(prop::option::of(-1_000_000..i64::MAX), 0..4),
            months in anything_of_months(),
            records in prop::collection::vec((any::<u32>(), any::<u64>(), any::<u64>(), anything_of_months()), 0..4),
        ) {
            let columns = columns(counts, moments, months, records);
            let json = serde_json::to_string(&columns).unwrap();
            prop_assert_eq!(serde_json::from_str::<Columns>(&json).unwrap(), columns);
        }
    }
}
