//! What counts for a persona in one role, by calendar month.

use jiff::{Timestamp, civil::Date, tz::Offset};

use super::judgement::Judgement;
use crate::events::{OutcomeResult, Sentiment};

/// A calendar month (UTC), counted from the year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(pub(super) i32);

impl Month {
    /// The month of a moment.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let date = Offset::UTC.to_datetime(at);
        Self(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
    }

    /// Its first day.
    pub(super) fn first_day(self) -> Date {
        let year = i16::try_from(self.0.div_euclid(12)).unwrap_or_default();
        let month = i8::try_from(self.0.rem_euclid(12) + 1).unwrap_or(1);
        Date::new(year, month, 1).unwrap_or_default()
    }

    /// How many months before `now` it is; an event of the future counts as of this month.
    pub(crate) fn age(self, now: Self) -> usize {
        usize::try_from(now.0.saturating_sub(self.0)).unwrap_or_default()
    }
}

/// How often each thing that counts happened in one month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthTally {
    /// Which month.
    pub(crate) month: Month,
    /// Slots that were released with their work done.
    pub(crate) closed: u32,
    /// Runs that ended well.
    pub(crate) ok: u32,
    /// Runs that ended badly.
    pub(crate) bad: u32,
    /// Verdicts that are compacted and those that are not.
    pub(crate) positive: u32,
    pub(crate) negative: u32,
    pub(crate) compacted_positive: u32,
    pub(crate) compacted_negative: u32,
}

impl MonthTally {
    pub(super) fn of(month: Month) -> Self {
        Self::with_counts(month, [0; 7])
    }

    /// A tally with the counts of [`counts`](Self::counts).
    pub(super) fn with_counts(month: Month, counts: [u32; 7]) -> Self {
        let [closed, ok, bad, positive, negative, compacted_positive, compacted_negative] = counts;
        Self { month, closed, ok, bad, positive, negative, compacted_positive, compacted_negative }
    }

    /// Where a judgement is counted, if it speaks for or against anybody.
    pub(super) fn column(
        judgement: Judgement,
        is_compacted: bool,
    ) -> Option<fn(&mut Self) -> &mut u32> {
        Some(match (judgement, is_compacted) {
            (Judgement::Verdict(Sentiment::Positive), false) => |it| &mut it.positive,
            (Judgement::Verdict(Sentiment::Positive), true) => |it| &mut it.compacted_positive,
            (Judgement::Verdict(Sentiment::Negative), false) => |it| &mut it.negative,
            (Judgement::Verdict(Sentiment::Negative), true) => |it| &mut it.compacted_negative,
            (Judgement::Outcome(OutcomeResult::Ok), _) => |it| &mut it.ok,
            (Judgement::Outcome(OutcomeResult::Bad), _) => |it| &mut it.bad,
            (
                Judgement::Verdict(Sentiment::Neutral) | Judgement::Outcome(OutcomeResult::Stopped),
                _,
            ) => return None,
        })
    }

    /// All counts, those that are zero more often behind the others.
    pub(super) fn counts(&self) -> [u32; 7] {
        let Self { month: _, closed, ok, bad, positive, negative, .. } = *self;
        [closed, ok, bad, positive, negative, self.compacted_positive, self.compacted_negative]
    }

    /// Returns whether nothing counts any more.
    pub(super) fn is_empty(&self) -> bool {
        self.counts().iter().all(|count| *count == 0)
    }
}
