//! The name of an event, a digest of its line; and the beginning of one, as people type it.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

/// The first 128 bits of the BLAKE3 digest of an event's line.
///
/// It is the event's checksum, its name and its deduplication key in one.
/// Because a line names its parents by their ids, an id also vouches for the
/// whole history behind its event. Written as 32 lower-case hex digits; the
/// order of ids is the order of that text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId([u8; 16]);

impl EventId {
    /// The number of hex digits in which an id is written.
    pub const DIGITS: usize = 32;

    /// Stands for the id of the line before in an event that is not written yet: of lines that are
    /// written together, no id is known until all of them are. No line has this id.
    pub(crate) const OF_LINE_BEFORE: Self = Self([0; 16]);

    /// Computes the id of a line from its bytes up to, not including, `,"id":`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes().first_chunk().unwrap_or(&[0; 16]))
    }

    /// Reads an id from its 32 hex digits.
    #[must_use]
    pub fn parse(digits: &[u8]) -> Option<Self> {
        let digits: &[u8; Self::DIGITS] = digits.try_into().ok()?;
        let (mut nibbles, mut are_digits) = ([0; Self::DIGITS], true);
        // No early end, so that the compiler can look at many digits at once.
        for (nibble, byte) in nibbles.iter_mut().zip(digits) {
            let (digit, letter) = (byte.wrapping_sub(b'0'), byte.wrapping_sub(b'a'));
            are_digits &= digit < 10 || letter < 6;
            *nibble = if digit < 10 { digit } else { letter.wrapping_add(10) };
        }
        let (pairs, _) = nibbles.as_chunks::<2>();
        let mut id = [0; 16];
        for (to, [high, low]) in id.iter_mut().zip(pairs) {
            *to = high << 4 | low;
        }
        are_digits.then_some(Self(id))
    }

    /// The first 64 bits.
    pub(crate) fn first_bits(self) -> u64 {
        u64::from_be_bytes(*self.0.first_chunk().unwrap_or(&[0; 8]))
    }

    /// The hex digits, as ASCII bytes.
    #[must_use]
    pub(crate) fn digits(&self) -> [u8; Self::DIGITS] {
        const HEX: [u8; 16] = *b"0123456789abcdef";
        let hex = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
        let mut digits = [0; Self::DIGITS];
        let (pairs, _) = digits.as_chunks_mut::<2>();
        for ([high, low], byte) in pairs.iter_mut().zip(self.0) {
            *high = hex(byte >> 4);
            *low = hex(byte & 15);
        }
        digits
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        f.pad(str::from_utf8(&digits).unwrap_or_default())
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(str::from_utf8(&self.digits()).map_err(ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;

        impl de::Visitor<'_> for Digits {
            type Value = EventId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an id of {} lower-case hex digits", EventId::DIGITS)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<EventId, E> {
                EventId::parse(text.as_bytes())
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Digits)
    }
}

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

    /// Returns whether an id begins with these digits.
    #[must_use]
    pub fn begins(&self, id: EventId) -> bool {
        self.range.contains(&id)
    }

    /// The ids that begin with these digits.
    #[must_use]
    pub(crate) fn range(&self) -> &RangeInclusive<EventId> {
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
    fn an_id_is_the_start_of_the_blake3_digest() {
        // The digest of the empty input, from the BLAKE3 test vectors.
        assert_eq!(EventId::of(b"").to_string(), "af1349b9f5f9a1a6a0404dea36dcc949");
    }

    #[test]
    fn digits_are_read_back_and_nothing_else_is() {
        let id = EventId::of(b"x");
        assert_eq!(EventId::parse(&id.digits()), Some(id));
        for wrong in
            ["", "af13", "AF1349B9F5F9A1A6A0404DEA36DCC949", "zf1349b9f5f9a1a6a0404dea36dcc949"]
        {
            assert_eq!(EventId::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn the_ids_that_begin_so_are_in_its_range() {
        let id = EventId::of(b"");
        for digits in ["af13", "af1349b9", "af1349b9f5f9a1a6a0404dea36dcc949"] {
            let prefix = IdPrefix::parse(digits).unwrap();
            assert!(prefix.range().contains(&id) && prefix.begins(id), "{digits}");
            assert_eq!((prefix.to_string().as_str(), prefix.len()), (digits, digits.len()));
        }
        let other = IdPrefix::parse("af1349ba").unwrap();
        assert!(!other.range().contains(&id) && !other.begins(id));
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
