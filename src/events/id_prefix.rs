//! The beginning of an id, as people type it or note it down.

use std::fmt;
use std::ops::RangeInclusive;

use serde::Serialize;

use super::EventId;

/// The first digits of an id: 4 to 32 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct IdPrefix {
    digits: String,
    #[serde(skip)]
    range: RangeInclusive<EventId>,
}

impl IdPrefix {
    /// The fewest digits that can be meant as an id.
    pub const SHORTEST: usize = 4;
    /// How many digits of an id are shown, and the fewest that vouch for it.
    pub const SHOWN: usize = 8;

    /// Takes the digits, if they are some.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        if digits.len() < Self::SHORTEST {
            return None;
        }
        let end = |fill: char| {
            let filled = format!("{digits}{}", String::from_iter([fill; EventId::DIGITS]));
            EventId::parse(filled.as_bytes().get(..EventId::DIGITS.max(digits.len()))?)
        };
        Some(Self { digits: digits.to_owned(), range: end('0')?..=end('f')? })
    }

    /// How many digits it has.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.digits.len()
    }

    /// The ids that begin with these digits.
    #[must_use]
    pub fn range(&self) -> &RangeInclusive<EventId> {
        &self.range
    }
}

impl fmt::Display for IdPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_that_begin_so_are_in_its_range() {
        let id = EventId::of(b"");
        for digits in ["af13", "af1349b9", "af1349b9f5f9a1a6a0404dea36dcc949"] {
            let prefix = IdPrefix::parse(digits).unwrap();
            assert!(prefix.range().contains(&id), "{digits}");
            assert_eq!(prefix.to_string(), digits);
        }
        let other = IdPrefix::parse("af1349ba").unwrap();
        assert!(!other.range().contains(&id));
    }

    #[test]
    fn what_begins_no_id_is_refused() {
        for wrong in
            ["", "af1", "AF1349B9", "af1349bx", "é1349b9f", "af1349b9f5f9a1a6a0404dea36dcc9490"]
        {
            assert_eq!(IdPrefix::parse(wrong), None, "{wrong}");
        }
    }
}
