//! The beginning of an id, as people note it down.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::EventId;

/// The first digits of an id, enough of them to tell it from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdPrefix {
    digits: String,
    /// The ids that begin so.
    range: RangeInclusive<EventId>,
}

/// What is wrong with the beginning of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id has from {} to {} lower-case hex digits", IdPrefix::SHORTEST, EventId::DIGITS)]
pub struct IdPrefixError;

impl IdPrefix {
    /// The fewest digits that are taken.
    pub const SHORTEST: usize = 8;

    /// The ids that begin with these digits.
    #[must_use]
    pub fn range(&self) -> &RangeInclusive<EventId> {
        &self.range
    }
}

impl FromStr for IdPrefix {
    type Err = IdPrefixError;

    fn from_str(digits: &str) -> Result<Self, IdPrefixError> {
        if digits.len() < Self::SHORTEST {
            return Err(IdPrefixError);
        }
        let end = |fill: char| {
            let filled = format!("{digits}{}", String::from_iter([fill; EventId::DIGITS]));
            EventId::parse(filled.as_bytes().get(..EventId::DIGITS.max(digits.len()))?)
        };
        let (Some(first), Some(last)) = (end('0'), end('f')) else {
            return Err(IdPrefixError);
        };
        Ok(Self { digits: digits.to_owned(), range: first..=last })
    }
}

impl fmt::Display for IdPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.digits)
    }
}

impl Serialize for IdPrefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_that_begin_so_are_in_its_range() {
        let id = EventId::of(b"");
        for digits in ["af1349b9", "af1349b9f5f9a1a6", "af1349b9f5f9a1a6a0404dea36dcc949"] {
            let prefix: IdPrefix = digits.parse().unwrap();
            assert!(prefix.range().contains(&id), "{digits}");
            assert_eq!(prefix.to_string(), digits);
        }
        let other: IdPrefix = "af1349ba".parse().unwrap();
        assert!(!other.range().contains(&id));
    }

    #[test]
    fn what_begins_no_id_is_refused() {
        for wrong in
            ["", "af1349b", "AF1349B9", "af1349bx", "é1349b9f", "af1349b9f5f9a1a6a0404dea36dcc9490"]
        {
            assert!(wrong.parse::<IdPrefix>().is_err(), "{wrong}");
        }
    }
}
