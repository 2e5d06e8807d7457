//! A moment, as a line of the log has it.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::Offset;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// Returns whether a line can name a moment.
///
/// Four digits of a year, in UTC, are what RFC 3339 has. After the last second there is no
/// [`Timestamp`].
#[must_use]
pub fn is_moment(at: Timestamp) -> bool {
    Offset::UTC.to_datetime(at).date() >= date(0, 1, 1)
}

/// Reads a moment out of a line.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let text = Cow::<str>::deserialize(from)?;
    let at = text.parse().ok().filter(|at| is_moment(*at));
    at.ok_or_else(|| {
        D::Error::custom(
            "a time in it is not one of RFC 3339 from 0000-01-01T00:00:00Z to 9999-12-30T22:00:00Z",
        )
    })
}

/// The `at` of a line.
#[derive(Deserialize)]
pub(super) struct At(#[serde(deserialize_with = "deserialize")] pub Timestamp);
