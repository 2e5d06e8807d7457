//! What counts for a persona in one role, by calendar month.

use std::fmt;

use jiff::{Timestamp, tz::Offset};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::judgement::Judgement;
use crate::events::{OutcomeResult, Sentiment};

/// A calendar month (UTC), counted from the year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Month(i32);

impl Month {
    /// The month of a moment.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let date = Offset::UTC.to_datetime(at);
        Self(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
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
    pub(super) const fn of(month: Month) -> Self {
        Self {
            month,
            closed: 0,
            ok: 0,
            bad: 0,
            positive: 0,
            negative: 0,
            compacted_positive: 0,
            compacted_negative: 0,
        }
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

    fn counts(&self) -> [u32; 7] {
        let Self { month: _, closed, ok, bad, positive, negative, .. } = *self;
        [closed, ok, bad, positive, negative, self.compacted_positive, self.compacted_negative]
    }

    /// Returns whether nothing counts any more.
    pub(super) fn is_empty(&self) -> bool {
        self.counts().iter().all(|count| *count == 0)
    }
}

/// A list of the month and the counts, without the zeros at its end: there may be thousands of them.
impl Serialize for MonthTally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts = self.counts();
        let used = counts.iter().rposition(|count| *count != 0).map_or(0, |last| last + 1);
        let month = i64::from(self.month.0);
        let counts = counts.iter().take(used).map(|count| i64::from(*count));
        serializer.collect_seq(std::iter::once(month).chain(counts))
    }
}

impl<'de> Deserialize<'de> for MonthTally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counts;

        impl<'de> Visitor<'de> for Counts {
            type Value = MonthTally;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a month and its counts")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<MonthTally, A::Error> {
                let month = seq.next_element()?.map_or(Month(0), Month);
                let mut tally = MonthTally::of(month);
                let MonthTally { closed, ok, bad, positive, negative, .. } = &mut tally;
                for count in [closed, ok, bad, positive, negative] {
                    *count = seq.next_element()?.unwrap_or_default();
                }
                tally.compacted_positive = seq.next_element()?.unwrap_or_default();
                tally.compacted_negative = seq.next_element()?.unwrap_or_default();
                Ok(tally)
            }
        }

        deserializer.deserialize_seq(Counts)
    }
}
