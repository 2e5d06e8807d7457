//! A moment as people write it: the one grammar of every option that takes one.

use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp, ZonedDateTime};

use super::{CutoffError, CutoffSpec};

/// What was typed to name a moment, which may depend on the clock and the time zone of who typed it.
#[derive(Debug, Clone)]
pub enum Moment {
    /// It names the same for everybody, at any time.
    Fixed(CutoffSpec),
    /// The first and the last instant of a day or a minute, in the time zone of who typed it.
    Local(RangeInclusive<DateTime>),
    /// A day, so many before today.
    DaysBack(i8),
    /// The present.
    Now,
    /// So long ago.
    Ago(Span),
}

impl Moment {
    /// Reads a moment: a time as in RFC 3339; a day or a minute, as `2026-03-25` and
    /// `2026-03-25 15:30`, which may end with an offset as tables show it; `now`, `today` or
    /// `yesterday`; how long ago, as `3d`, `90min` or `2 hours ago`; a `seq`; the beginning of an
    /// id; or `git:` and a revision.
    ///
    /// What can be read in two ways is taken for the first of these: digits alone, a `seq` (eight
    /// or more may be an id: see [`CutoffSpec::Number`]); fewer than eight digits and letters that
    /// are digits and one `d` behind them, days; other hex digits, an id.
    pub fn parse(text: &str) -> Result<Self, CutoffError> {
        match text {
            "now" => return Ok(Self::Now),
            "today" => return Ok(Self::DaysBack(0)),
            "yesterday" => return Ok(Self::DaysBack(1)),
            _ => {}
        }
        if let Some(span) = ago(text).filter(|_| is_span(text)) {
            return Ok(Self::Ago(span));
        }
        let fixed = || CutoffSpec::parse(text).ok().map(Self::Fixed);
        let local = || day(text).or_else(|| minute(text)).map(Self::Local);
        minute_at_offset(text).or_else(fixed).or_else(local).ok_or(CutoffError::Unreadable)
    }

    /// What is meant where the clock says `now`, in a time zone.
    ///
    /// A day or a minute that a change of the clocks makes longer is taken as a whole. What is
    /// beyond all times is the first or the last of them.
    #[must_use]
    pub fn meant(&self, now: Timestamp, zone: &TimeZone) -> CutoffSpec {
        let local = |first: DateTime, last: DateTime| {
            let first = zone.to_ambiguous_timestamp(first).compatible();
            let last = zone.to_ambiguous_timestamp(last).later();
            let (first, last) = (first.unwrap_or(Timestamp::MIN), last.unwrap_or(Timestamp::MAX));
            CutoffSpec::Time(first..=last)
        };
        match self {
            Self::Fixed(spec) => spec.clone(),
            Self::Now => CutoffSpec::Time(now..=now),
            Self::Local(range) => local(*range.start(), *range.end()),
            Self::DaysBack(days) => {
                let today = zone.to_datetime(now).date();
                let day = today.saturating_sub(Span::new().days(*days));
                local(day.to_datetime(Time::MIN), day.to_datetime(Time::MAX))
            }
            Self::Ago(span) => {
                let then = ZonedDateTime::new(now, zone.clone()).checked_sub(*span);
                let then = then.map_or(Timestamp::MIN, |then| then.timestamp());
                CutoffSpec::Time(then..=then)
            }
        }
    }
}

/// The fewest characters that make an id of what would else be days.
const ID_SHOWN: usize = 8;

/// Whether a text that tells how long ago something was is no id's beginning.
fn is_span(text: &str) -> bool {
    let is_hex = text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    let is_days = text.strip_suffix('d').is_some_and(|n| n.bytes().all(|it| it.is_ascii_digit()));
    !is_hex || (is_days && text.len() < ID_SHOWN)
}

/// How long ago something was: a number and its unit, or several.
fn ago(text: &str) -> Option<Span> {
    let begins = text.starts_with(|first: char| first.is_ascii_digit());
    let has_unit = text.contains(|it: char| it.is_ascii_alphabetic());
    text.parse::<Span>().ok().filter(|_| begins && has_unit).map(Span::abs)
}

/// A day, written `2026-03-25`.
fn day(text: &str) -> Option<RangeInclusive<DateTime>> {
    let day = Date::strptime("%Y-%m-%d", text).ok()?;
    Some(day.to_datetime(Time::MIN)..=day.to_datetime(Time::MAX))
}

/// A minute, written `2026-03-25 15:30`; or a second of one.
fn minute(text: &str) -> Option<RangeInclusive<DateTime>> {
    let text = text.replacen('T', " ", 1);
    let end = |start: DateTime, second| {
        start.with().second(second).subsec_nanosecond(999_999_999).build().ok()
    };
    if let Ok(start) = DateTime::strptime("%Y-%m-%d %H:%M", &text) {
        return Some(start..=end(start, 59)?);
    }
    let start = DateTime::strptime("%Y-%m-%d %H:%M:%S", &text).ok()?;
    Some(start..=end(start, start.second())?)
}

/// How a minute is written.
const MINUTE: &str = "2026-03-25 15:30";

/// A minute with its offset, as tables show it: `2026-03-25 15:30Z`, `2026-03-25 17:30+02`.
fn minute_at_offset(text: &str) -> Option<Moment> {
    let (text, offset) = if let Some(text) = text.strip_suffix(['Z', 'z']) {
        (text, Offset::UTC)
    } else {
        // A date has hyphens, too.
        let at = text.rfind(['+', '-']).filter(|at| *at >= MINUTE.len())?;
        let (text, written) = text.split_at(at);
        (text, offset(written)?)
    };
    // With seconds, it is a time like any other.
    let range = minute(text.trim_end()).filter(|_| text.trim_end().len() == MINUTE.len())?;
    let at = |time: &DateTime| offset.to_timestamp(*time).ok();
    Some(Moment::Fixed(CutoffSpec::Time(at(range.start())?..=at(range.end())?)))
}

/// An offset from UTC, written `+02`, `-0330` or `-03:30`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+')?),
    };
    let two = |digits: &str| digits.parse::<u8>().ok().filter(|_| digits.len() == 2);
    let (hours, minutes) = (digits.get(..2)?, digits.get(2..)?);
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let minutes = if digits.len() == 2 { 0 } else { two(minutes)? };
    Offset::from_seconds(sign * (i32::from(two(hours)?) * 60 + i32::from(minutes)) * 60).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Seq;

    /// Berlin's time, without a database of time zones.
    fn berlin() -> TimeZone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
    }

    fn times(first: &str, last: &str) -> CutoffSpec {
        CutoffSpec::Time(first.parse().unwrap()..=last.parse().unwrap())
    }

    /// What is meant at half past three in the afternoon of 6 April 2026, UTC.
    #[track_caller]
    fn meant(text: &str) -> CutoffSpec {
        let now = "2026-04-06T15:30:00Z".parse().unwrap();
        Moment::parse(text).unwrap_or_else(|_| panic!("{text}")).meant(now, &berlin())
    }

    #[test]
    fn a_day_and_a_minute_are_those_of_who_typed_them() {
        let end = |text: &str| format!("{text}.999999999Z");
        for (text, first, last) in [
            ("2026-04-06", "2026-04-05T22:00:00Z", end("2026-04-06T21:59:59")),
            ("today", "2026-04-05T22:00:00Z", end("2026-04-06T21:59:59")),
            ("yesterday", "2026-04-04T22:00:00Z", end("2026-04-05T21:59:59")),
            ("2026-04-06 12:00", "2026-04-06T10:00:00Z", end("2026-04-06T10:00:59")),
            ("2026-04-06T12:00", "2026-04-06T10:00:00Z", end("2026-04-06T10:00:59")),
            ("2026-04-06T12:00:05", "2026-04-06T10:00:05Z", end("2026-04-06T10:00:05")),
            ("2026-04-06 12:00Z", "2026-04-06T12:00:00Z", end("2026-04-06T12:00:59")),
            ("2026-04-06 12:00+02", "2026-04-06T10:00:00Z", end("2026-04-06T10:00:59")),
            ("2026-04-06 12:00 -03:30", "2026-04-06T15:30:00Z", end("2026-04-06T15:30:59")),
            // The clocks are put forward: 23 hours, and a minute that there is not.
            ("2026-03-29", "2026-03-28T23:00:00Z", end("2026-03-29T21:59:59")),
            ("2026-03-29 02:30", "2026-03-29T01:30:00Z", end("2026-03-29T01:30:59")),
            // They are put back: 25 hours, and a minute that there is twice.
            ("2025-10-26", "2025-10-25T22:00:00Z", end("2025-10-26T22:59:59")),
            ("2025-10-26 02:30", "2025-10-26T00:30:00Z", end("2025-10-26T01:30:59")),
        ] {
            assert_eq!(meant(text), times(first, &last), "{text}");
        }
    }

    #[test]
    fn how_long_ago_is_counted_from_now() {
        for (text, then) in [
            ("now", "2026-04-06T15:30:00Z"),
            ("3d", "2026-04-03T15:30:00Z"),
            ("120d", "2025-12-07T16:30:00Z"),
            ("2h", "2026-04-06T13:30:00Z"),
            ("2 hours ago", "2026-04-06T13:30:00Z"),
            ("1h30m", "2026-04-06T14:00:00Z"),
            ("1 week ago", "2026-03-30T15:30:00Z"),
            // By the calendar: the clocks were put forward in between.
            ("9 days ago", "2026-03-28T16:30:00Z"),
            ("2 months ago", "2026-02-06T16:30:00Z"),
        ] {
            assert_eq!(meant(text), times(then, then), "{text}");
        }
        let CutoffSpec::Time(first) = meant("19000 years ago") else { panic!() };
        assert_eq!(*first.start(), Timestamp::MIN);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_the_one_that_is_documented() {
        assert_eq!(meant("20260406"), CutoffSpec::parse("20260406").unwrap());
        assert_eq!(meant("41"), CutoffSpec::Seq(Seq(41)));
        for id in ["5b1f", "dead", "1e3d", "1234567d"] {
            assert!(matches!(meant(id), CutoffSpec::Event(_)), "{id}");
        }
        assert!(matches!(Moment::parse("123456d"), Ok(Moment::Ago(_))));
        let day = CutoffSpec::Revision("yesterday".to_owned());
        assert_eq!(meant("git:yesterday"), day);
    }

    #[test]
    fn anything_else_is_no_moment() {
        for text in [
            "",
            " 41",
            "-1",
            "-3d",
            "3",
            "3 ",
            "tomorrow",
            "HEAD",
            "git:",
            "2026-02-30",
            "2026-03",
            "2026-04-06 25:00",
            "2026-04-06 12:00+2",
            "2026-04-06 12:00+99",
            "d",
            "3x",
            "PT3H",
        ] {
            let is_seq = text == "3";
            assert_eq!(Moment::parse(text).is_err(), !is_seq, "{text}");
        }
    }
}
