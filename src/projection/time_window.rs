//! A stretch of time, cut into columns of equal and round length.

use jiff::Timestamp;

/// The lengths of a column, in seconds: a minute to four weeks. After that, it is doubled.
const STEPS: [i64; 16] = [
    60, 300, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600,
    2_419_200, 4_838_400, 9_676_800,
];

/// A stretch of time in columns, for people to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeWindow {
    /// The second in which the first column begins.
    from: i64,
    /// How many seconds a column is long.
    step: i64,
    columns: usize,
}

impl TimeWindow {
    /// A window that holds both moments, in at most `most` columns, and at least one.
    ///
    /// Its columns are as short as that allows, and begin at multiples of their length (UTC).
    #[must_use]
    pub fn new(from: Timestamp, until: Timestamp, most: usize) -> Self {
        let (from, until) = (from.as_second(), until.as_second().max(from.as_second()));
        let most = i64::try_from(most).unwrap_or(i64::MAX).max(1);
        let columns = |step: i64| until.div_euclid(step) - from.div_euclid(step) + 1;
        let last = STEPS.last().copied().unwrap_or(1);
        let mut steps = STEPS.into_iter().chain((1..40).map(|doublings| last << doublings));
        // The longest of them is longer than all time that there is.
        let step = steps.find(|step| columns(*step) <= most.max(2)).unwrap_or(last << 40);
        Self {
            from: from.div_euclid(step) * step,
            step,
            columns: usize::try_from(columns(step).min(most)).unwrap_or(1),
        }
    }

    /// How many columns there are.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How many seconds a column is long.
    #[must_use]
    pub fn step(&self) -> i64 {
        self.step
    }

    /// When a column begins; of the one past the last, when the window ends.
    #[must_use]
    pub fn start_of(&self, column: usize) -> Timestamp {
        let columns = i64::try_from(column).unwrap_or(i64::MAX);
        let second = self.from.saturating_add(columns.saturating_mul(self.step));
        let second = second.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        Timestamp::from_second(second).unwrap_or_default()
    }

    /// Returns whether a moment is before the first column.
    #[must_use]
    pub fn is_before(&self, at: Timestamp) -> bool {
        at.as_second() < self.from
    }

    /// The column of a moment; of one outside, the nearest.
    #[must_use]
    pub fn column(&self, at: Timestamp) -> usize {
        let column = at.as_second().saturating_sub(self.from).div_euclid(self.step);
        usize::try_from(column).unwrap_or_default().min(self.columns.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn columns_are_round_and_as_short_as_their_number_allows() {
        let (from, until) = (at("2026-03-01T10:20:00Z"), at("2026-03-29T15:30:00Z"));
        let window = TimeWindow::new(from, until, 120);
        assert_eq!((window.step(), window.columns()), (6 * 3600, 114));
        assert_eq!(window.start_of(0), at("2026-03-01T06:00:00Z"));
        assert_eq!(window.column(until), 113);
        assert_eq!(window.start_of(114), at("2026-03-29T18:00:00Z"));
        assert!(window.is_before(at("2026-03-01T05:59:59Z")) && !window.is_before(from));
        let narrow = TimeWindow::new(from, until, 30);
        assert_eq!((narrow.step(), narrow.columns()), (86_400, 29));
        let moment = TimeWindow::new(from, from, 120);
        assert_eq!((moment.step(), moment.columns()), (60, 1));
        let all = TimeWindow::new(Timestamp::MIN, Timestamp::MAX, 1);
        assert_eq!((all.columns(), all.column(Timestamp::MAX)), (1, 0));
    }

    proptest! {
        #[test]
        fn every_moment_between_is_in_the_column_that_begins_before_it(
            from in -99_999_999_999_i64..99_999_999_999,
            seconds in 0_i64..9_999_999_999,
            part in 0_i64..9_999_999_999,
            most in 2_usize..300,
        ) {
            let moment = |second| Timestamp::from_second(second).unwrap();
            let window = TimeWindow::new(moment(from), moment(from + seconds), most);
            prop_assert!((1..=most).contains(&window.columns()));
            let at = moment(from + part % (seconds + 1));
            let column = window.column(at);
            prop_assert!(window.start_of(column) <= at && at < window.start_of(column + 1));
        }
    }
}
