//! Whole numbers on the command line.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A parser of the whole numbers of a range, which says what it takes.
pub fn whole<N>(range: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, String> + Clone
where
    N: FromStr + PartialOrd + Display + Copy,
{
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        let (from, to) = (range.start(), range.end());
        number.ok_or_else(|| format!("it is not a whole number from {from} to {to}"))
    }
}

/// Parses how many at the most.
pub fn limit(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "it is not a whole number".to_owned())
}
