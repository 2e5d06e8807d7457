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

/// Parses how many at the most; 0 is all.
pub fn limit(text: &str) -> Result<usize, String> {
    let number = text.parse().map_err(|_| "it is not a whole number".to_owned())?;
    Ok(if number == 0 { usize::MAX } else { number })
}

/// Says how many a limit left out, if it did.
pub fn beyond_limit(more: usize) -> Option<String> {
    (more > 0).then(|| format!("Not listed: {more} more; `--limit 0` lists all."))
}
