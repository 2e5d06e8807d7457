//! A moment, as RFC 3339 writes it.

use std::fmt;
use std::str::FromStr;

const DAY: i64 = 24 * 60 * 60;
/// The second in which the year 0 begins, and the last that a line can name.
const FIRST: i64 = -62_167_219_200;
const LAST: i64 = 253_402_207_200;

/// A moment, in seconds since 1970 and billionths of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    second: i64,
    nano: u32,
}

impl Moment {
    /// The moment that is so many seconds later.
    pub fn later(self, seconds: i64) -> Self {
        Self { second: self.second + seconds, ..self }
    }

    /// The whole seconds from this moment to another, without regard to fractions of one.
    pub fn seconds_until(self, other: Self) -> i64 {
        other.second - self.second
    }

    /// The whole days from this moment to another, without regard to fractions of a second.
    pub fn whole_days_until(self, other: Self) -> i64 {
        (other.second - self.second).div_euclid(DAY)
    }

    /// The number of its calendar month, in UTC.
    pub fn month(self) -> i64 {
        let [year, month, _] = self.date();
        year * 12 + month
    }

    /// Year, month and day, in UTC.
    fn date(self) -> [i64; 3] {
        let days = self.second.div_euclid(DAY);
        // Never a later year than the right one.
        let mut year = 1970 + days.div_euclid(if days < 0 { 365 } else { 366 });
        while days_since_1970(year + 1, 1, 1) <= days {
            year += 1;
        }
        let mut month = 1;
        while month < 12 && days_since_1970(year, month + 1, 1) <= days {
            month += 1;
        }
        [year, month, days - days_since_1970(year, month, 1) + 1]
    }

    fn read(text: &str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let rest = rest.strip_prefix(['T', 't', ' '])?;
        let (time, rest) = rest.split_at_checked(8)?;
        let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
        let (nano, zone) = fraction(rest)?;
        let real = (1..=12).contains(&month)
            && (1..=days_of_month(year, month)).contains(&day)
            && hour <= 23
            && minute <= 59
            && second <= 60;
        // A leap second is told as the second before it.
        let time = hour * 3600 + minute * 60 + second.min(59);
        let second = days_since_1970(year, month, day) * DAY + time - offset(zone)?;
        (real && (FIRST..=LAST).contains(&second)).then_some(Self { second, nano })
    }
}

/// Numbers of these widths with separators between them.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let parts: Vec<&str> = text.split(separator).collect();
    let fit = parts.iter().map(|part| part.len()).eq(widths)
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let numbers: Vec<i64> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    numbers.try_into().ok().filter(|_| fit)
}

/// The billionths of a second, and what stands after them.
fn fraction(text: &str) -> Option<(u32, &str)> {
    let Some(rest) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    let (digits, zone) = rest.split_at(end);
    let known = (1..=9).contains(&digits.len());
    format!("{digits:0<9}").parse().ok().filter(|_| known).map(|nano| (nano, zone))
}

/// What local time is ahead of UTC, in seconds.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let [hours, minutes] = numbers(zone.strip_prefix(['+', '-'])?, ':', [2, 2])?;
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    let leap_days =
        before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - (492 - 19 + 4);
    let months: i64 = (1..month).map(|month| days_of_month(year, month)).sum();
    (year - 1970) * 365 + leap_days + months + day - 1
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::read(text).ok_or_else(|| format!("`{text}` is no RFC 3339 time"))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([year, month, day], time) = (self.date(), self.second.rem_euclid(DAY));
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.nano > 0 {
            write!(f, ".{}", format!("{:09}", self.nano).trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

#[test]
fn moments_are_read_and_written() {
    for (text, second, nano, written) in [
        ("1970-01-01T00:00:00Z", 0, 0, None),
        ("2000-02-29T23:59:59Z", 951_868_799, 0, None),
        ("2026-12-31T23:59:59Z", 1_798_761_599, 0, None),
        ("2027-01-01T00:00:00Z", 1_798_761_600, 0, None),
        ("1969-12-31T23:59:59Z", -1, 0, None),
        ("0000-01-01T00:00:00Z", FIRST, 0, None),
        ("9999-12-30T22:00:00.5Z", LAST, 500_000_000, None),
        ("2026-01-01T00:00:00.25Z", 1_767_225_600, 250_000_000, None),
        (
            "2026-01-01t02:00:00.50+02:00",
            1_767_225_600,
            500_000_000,
            Some("2026-01-01T00:00:00.5Z"),
        ),
        ("2025-12-31 19:30:00-04:30", 1_767_225_600, 0, Some("2026-01-01T00:00:00Z")),
        ("2026-01-01T00:00:60z", 1_767_225_659, 0, Some("2026-01-01T00:00:59Z")),
    ] {
        let moment: Moment = text.parse().unwrap();
        assert_eq!(moment, Moment { second, nano }, "{text}");
        assert_eq!(moment.to_string(), written.unwrap_or(text));
    }
    for text in [
        "yesterday",
        "2026-01-01",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00+2:00",
        "2026-01-+1T00:00:00Z",
        "-000001-12-31T23:59:59Z",
        "0000-01-01T00:00:00+00:01",
        "9999-12-30T22:00:01Z",
        "9999-12-31T23:59:59Z",
    ] {
        assert!(text.parse::<Moment>().is_err(), "{text}");
    }
}
