//! A moment of a log: how it is written, and which events had happened by then.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::events::{EventId, IdPrefix, Record, Seq};
use crate::wording::Quoted;

/// A moment, as somebody writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// By the depth of its events.
    Depth(Seq),
    /// By what their clocks said.
    Time(Timestamp),
    /// By the event with which it ends.
    Event(IdPrefix),
    /// A depth; or an event, if no log is as deep as that.
    Number(Seq, IdPrefix),
}

/// Which events of a certain log had happened at a moment.
///
/// All but a time take a beginning of the fold order, which holds the parents
/// of all its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// All.
    End,
    /// Those that are at most so deep.
    Depth(Seq),
    /// Those that were written by then, as their own clocks have it.
    Time(Timestamp),
    /// Those up to this one, and this one.
    Event(FoldKey),
    /// Those before this one.
    Before(FoldKey),
}

/// The place of an event in the fold order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoldKey {
    seq: Seq,
    at: Timestamp,
    id: EventId,
}

/// Why a moment cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// The text is none.
    #[error(
        "it is none of: a time as `2026-03-25T15:30:00Z`, a date, a sequence number, an id's first 4 or more hex digits"
    )]
    Unreadable,
    /// No event's id begins so.
    #[error("no event has an id that begins with `{0}`")]
    UnknownId(IdPrefix),
    /// Several events' ids begin so.
    #[error("`{0}` could be any of {ids}", ids = Quoted::first(LISTED, .1))]
    AmbiguousId(IdPrefix, Vec<EventId>),
}

/// The most ids that an error lists.
const LISTED: usize = 5;

/// Digits that are no more than this may be a sequence number.
const LONGEST_NUMBER: usize = 19;

impl Moment {
    /// Reads a sequence number, a time, a date (its end, in UTC), a minute as
    /// the tables show it (its end, too), or the beginning of an id.
    ///
    /// Nothing but digits is a number. Eight of them or more, as ids are shown,
    /// may still be the beginning of an id: see [`Moment::Number`].
    pub fn parse(text: &str) -> Result<Self, MomentError> {
        let prefix = IdPrefix::parse(text);
        if let Some(seq) = number(text) {
            let prefix = prefix.filter(|_| text.len() >= IdPrefix::SHOWN);
            return Ok(prefix.map_or(Self::Depth(seq), |prefix| Self::Number(seq, prefix)));
        }
        let time =
            || text.parse().ok().or_else(|| end_of_day(text)).or_else(|| end_of_minute(text));
        match prefix {
            Some(prefix) => Ok(Self::Event(prefix)),
            None => time().map(Self::Time).ok_or(MomentError::Unreadable),
        }
    }

    /// How the id begins that has to be looked for in the log, if one has to.
    #[must_use]
    pub fn prefix(&self) -> Option<&IdPrefix> {
        match self {
            Self::Depth(_) | Self::Time(_) => None,
            Self::Event(prefix) | Self::Number(_, prefix) => Some(prefix),
        }
    }

    /// Says which events had happened in a log of so many lines, in which those
    /// that were `found` have ids that begin with the prefix.
    pub fn until(&self, found: &[FoldKey], lines: u64) -> Result<Until, MomentError> {
        let prefix = match self {
            Self::Depth(depth) => return Ok(Until::Depth(*depth)),
            Self::Time(time) => return Ok(Until::Time(*time)),
            // An event of that depth has as many before it.
            Self::Number(depth, _) if found.is_empty() || depth.0 <= lines => {
                return Ok(Until::Depth(*depth));
            }
            Self::Event(prefix) | Self::Number(_, prefix) => prefix.clone(),
        };
        match found {
            [] => Err(MomentError::UnknownId(prefix)),
            [place] => Ok(Until::Event(*place)),
            several => {
                let ids = several.iter().map(|place| place.id).collect();
                Err(MomentError::AmbiguousId(prefix, ids))
            }
        }
    }
}

/// A number that a depth can be.
fn number(text: &str) -> Option<Seq> {
    let is_number = text.len() <= LONGEST_NUMBER && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_number).map(Seq)
}

/// The end of a day, written `2026-03-25`: whoever names a day means all of it.
fn end_of_day(text: &str) -> Option<Timestamp> {
    in_utc(Date::strptime("%Y-%m-%d", text).ok()?.to_datetime(Time::MAX))
}

/// The end of a minute, written `2026-03-25 15:30`, as the tables round it off.
fn end_of_minute(text: &str) -> Option<Timestamp> {
    let minute = DateTime::strptime("%Y-%m-%d %H:%M", text.replace('T', " ")).ok()?;
    in_utc(minute.with().second(59).subsec_nanosecond(999_999_999).build().ok()?)
}

fn in_utc(time: DateTime) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(time).ok()
}

impl Until {
    /// Tells whether an event had happened.
    #[must_use]
    pub fn takes(&self, record: &Record) -> bool {
        match self {
            Self::End => true,
            Self::Depth(depth) => record.seq <= *depth,
            Self::Time(time) => record.at <= *time,
            Self::Event(place) => FoldKey::of(record) <= *place,
            Self::Before(place) => FoldKey::of(record) < *place,
        }
    }
}

impl FoldKey {
    /// The place of an event.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        Self { seq: record.seq, at: record.at, id: record.id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Moment {
        Moment::Event(IdPrefix::parse(text).unwrap())
    }

    fn time(text: &str) -> Moment {
        Moment::Time(text.parse().unwrap())
    }

    #[test]
    fn a_moment_is_a_number_a_time_a_date_or_the_beginning_of_an_id() {
        let depth = |seq| Moment::Depth(Seq(seq));
        for (text, moment) in [
            ("0", depth(0)),
            ("41", depth(41)),
            ("0041", depth(41)),
            ("1234567", depth(1_234_567)),
            ("12345678", Moment::Number(Seq(12_345_678), IdPrefix::parse("12345678").unwrap())),
            (
                "9999999999999999999",
                Moment::Number(
                    Seq(9_999_999_999_999_999_999),
                    IdPrefix::parse("9999999999999999999").unwrap(),
                ),
            ),
            ("99999999999999999999", id("99999999999999999999")),
            ("5b1f", id("5b1f")),
            ("dead", id("dead")),
            ("2026-03-25T15:30:00Z", time("2026-03-25T15:30:00Z")),
            ("2026-03-25T16:30:00.5+01:00", time("2026-03-25T15:30:00.5Z")),
            ("2026-03-25", time("2026-03-25T23:59:59.999999999Z")),
            ("2026-03-25 15:30", time("2026-03-25T15:30:59.999999999Z")),
            ("2026-03-25T15:30", time("2026-03-25T15:30:59.999999999Z")),
        ] {
            assert_eq!(Moment::parse(text), Ok(moment), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            " 41",
            "-1",
            "+1",
            "4.1",
            "5b1",
            "5B1F",
            "5b1g",
            "HEAD",
            "yesterday",
            "2026-02-30",
            "2026-03-25T15:30:00",
            "2026-03",
            "9999-12-31",
            "123456789012345678901234567890123",
        ] {
            assert_eq!(Moment::parse(text), Err(MomentError::Unreadable), "{text}");
        }
    }

    #[test]
    fn digits_that_begin_an_id_are_a_depth_if_the_log_may_be_so_deep() {
        let place =
            |n: u8| FoldKey { seq: Seq(1), at: Timestamp::UNIX_EPOCH, id: EventId::of(&[n]) };
        let number = Moment::parse("00000400").unwrap();
        assert_eq!(number.until(&[place(1)], 399), Ok(Until::Event(place(1))));
        assert_eq!(number.until(&[place(1)], 400), Ok(Until::Depth(Seq(400))));
        assert_eq!(number.until(&[], 399), Ok(Until::Depth(Seq(400))));
        let several = number.until(&[place(1), place(2)], 399);
        assert!(matches!(several, Err(MomentError::AmbiguousId(_, ids)) if ids.len() == 2));
    }

    #[test]
    fn an_error_lists_a_few_ids_and_counts_the_rest() {
        let ids: Vec<_> = (0..7_u8).map(|n| EventId::of(&[n])).collect();
        let prefix = IdPrefix::parse("0000").unwrap();
        let error = MomentError::AmbiguousId(prefix.clone(), ids.clone()).to_string();
        assert!(error.starts_with(&format!("`0000` could be any of `{}`, ", ids[0])), "{error}");
        assert!(error.ends_with(&format!("`{}` and 2 more", ids[4])), "{error}");
        let error = MomentError::AmbiguousId(prefix, ids[..2].to_vec()).to_string();
        assert!(error.ends_with(&format!("`{}`, `{}`", ids[0], ids[1])), "{error}");
    }
}
