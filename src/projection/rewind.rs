//! The fold that stops at a moment.

use std::mem;

use jiff::Timestamp;

use super::view::fold_lines;
use super::{Fold, LineDamage, Until, View, merge};
use crate::events::{LineError, Record};

/// A fold of those events of a log that had happened at a moment.
///
/// It reads the whole log all the same, and holds every line to its parents:
/// whether a log was merged, or is damaged, may show in its last line only.
#[derive(Debug)]
pub struct Rewind {
    until: Until,
    /// How far the log was read. Nobody is in its roster.
    whole: View,
    /// What the events that had happened add up to.
    then: View,
}

impl Rewind {
    /// A fold that has read nothing yet.
    #[must_use]
    pub fn new(until: Until) -> Self {
        Self { until, whole: View::default(), then: View::default() }
    }

    /// Folds a whole log, in whatever order its lines are.
    pub fn of(log: &[u8], until: Until) -> Result<Self, LineDamage> {
        let mut rewind = Self::new(until);
        match fold_lines(log, |decoded, length| rewind.fold_decoded(decoded, length))? {
            Fold::Done => Ok(rewind),
            Fold::Merged | Fold::Lost => Self::of_merged(log, until),
        }
    }

    /// Folds a whole log that was merged.
    pub fn of_merged(log: &[u8], until: Until) -> Result<Self, LineDamage> {
        let mut rewind = Self::new(until);
        let merged = merge::order(log)?;
        rewind.whole.reordered = merged.reordered;
        merged.visit(log, |record, length| rewind.take(record, length));
        Ok(rewind)
    }

    /// Folds the next line of a log that was not merged; `length` is its bytes without its line end.
    pub fn fold_decoded(
        &mut self,
        decoded: Result<Record, LineError>,
        length: usize,
    ) -> Result<Fold, LineDamage> {
        let record = decoded.map_err(|error| self.whole.damaged(error.into()))?;
        let follows = self.whole.follow(&record)?;
        if follows != Fold::Done {
            return Ok(follows);
        }
        self.take(&record, length);
        self.whole.advance(&record, length);
        Ok(Fold::Done)
    }

    /// Takes in the next event in fold order, if it had happened.
    fn take(&mut self, record: &Record, length: usize) {
        self.whole.count(record, length);
        if self.until.takes(record) {
            self.then.apply(record, length);
            let mut heads: Vec<_> = mem::take(&mut self.then.heads).into();
            heads.retain(|head| !record.prev.ids().contains(head));
            heads.push(record.id);
            self.then.heads = heads.into();
        }
    }

    /// When the first event of the whole log was written, in fold order.
    #[must_use]
    pub fn begins(&self) -> Option<Timestamp> {
        self.whole.first_at
    }

    /// What the events that had happened add up to.
    ///
    /// Its position says nothing; whether it is reordered is said of the whole log.
    #[must_use]
    pub fn into_view(mut self) -> View {
        self.then.reordered = self.whole.reordered;
        self.then
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::events::{EventId, Heads, Seq, decode};
    use crate::projection::view::tests::{History, anything, seed};
    use crate::projection::{FoldKey, Roster};

    /// A log, merged or not, with its lines in any order that git may leave, some of them twice.
    fn log() -> impl Strategy<Value = Vec<String>> {
        let said = |n| prop::collection::vec(anything(), 0..n);
        (said(6), said(6), said(3), -3_i64..3, any::<bool>()).prop_flat_map(
            |(left, right, last, lag, is_merged)| {
                let base = History::of([seed("Ann"), seed("Bo")]);
                let mut history = base.clone().extend(left).clone();
                if is_merged {
                    let mut other = base;
                    other.now += lag;
                    history = history.merged(other.extend(right));
                }
                let lines = history.extend(last).lines.clone();
                let repeats = if is_merged { lines.clone() } else { Vec::new() };
                let repeats = prop::sample::subsequence(repeats.clone(), 0..=repeats.len().min(2));
                let shuffled = if is_merged {
                    Just(lines).prop_shuffle().boxed()
                } else {
                    Just(lines).boxed()
                };
                (shuffled, repeats).prop_map(|(lines, repeats)| [lines, repeats].concat())
            },
        )
    }

    fn record(line: &str) -> Record {
        decode(line.trim_end().as_bytes()).unwrap()
    }

    /// The lines in fold order, each once.
    fn in_order(mut lines: Vec<String>) -> Vec<String> {
        lines.sort_by_key(|line| FoldKey::of(&record(line)));
        lines.dedup();
        lines
    }

    fn rewound(lines: &[String], until: Until) -> View {
        Rewind::of(lines.concat().as_bytes(), until).unwrap().into_view()
    }

    #[track_caller]
    fn assert_same(then: &View, ended: &View) {
        assert_eq!(then.roster, ended.roster);
        assert_eq!(then.heads, ended.heads);
        assert_eq!((then.events, then.bytes), (ended.events, ended.bytes));
        assert_eq!((then.first_at, then.last_at), (ended.first_at, ended.last_at));
        assert_eq!(then.next_seq(), ended.next_seq());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_roster_at_an_event_is_that_of_a_log_that_ends_there(lines in log()) {
            let ordered = in_order(lines.clone());
            let ended = |n: usize| View::fold_all(ordered[..n].concat().as_bytes()).unwrap();
            for (n, line) in ordered.iter().enumerate() {
                let at = record(line);
                assert_same(&rewound(&lines, Until::Event(FoldKey::of(&at))), &ended(n + 1));
                assert_same(&rewound(&lines, Until::Before(FoldKey::of(&at))), &ended(n));
                let deep = ordered.iter().filter(|line| record(line).seq <= at.seq).count();
                assert_same(&rewound(&lines, Until::Depth(at.seq)), &ended(deep));
            }
            assert_same(&rewound(&lines, Until::End), &ended(ordered.len()));
            assert_same(&rewound(&lines, Until::Depth(Seq(0))), &View::default());
        }

        #[test]
        fn the_roster_at_a_time_is_that_of_the_events_that_were_written_by_then(lines in log(), second in -1_i64..20) {
            let until = Until::Time(Timestamp::from_second(second).unwrap());
            let records: Vec<_> = in_order(lines.clone()).iter().map(|line| record(line)).collect();
            let by_then: Vec<_> = records.iter().filter(|it| it.at.as_second() <= second).collect();
            let mut roster = Roster::default();
            for record in &by_then {
                roster.apply(record);
            }
            let then = rewound(&lines, until);
            prop_assert_eq!(&then.roster, &roster);
            prop_assert_eq!(then.events, by_then.len() as u64);
            let is_head = |id: &EventId| !by_then.iter().any(|it| it.prev.ids().contains(id));
            let heads: Vec<_> = by_then.iter().map(|it| it.id).filter(is_head).collect();
            prop_assert_eq!(then.heads, Heads::from(heads));
        }
    }

    #[test]
    fn damage_is_told_wherever_it_is() {
        let mut history = History::of([seed("Ann"), seed("Bo"), seed("Cy")]);
        history.lines[2] = history.lines[2].replace("calm", "wild");
        let log = history.lines.concat();
        let damage = Rewind::of(log.as_bytes(), Until::Depth(Seq(1))).unwrap_err();
        assert_eq!(damage.line, 3);
    }

    #[test]
    fn the_beginning_is_told_whatever_the_moment() {
        for is_merged in [false, true] {
            let mut history = History::of([seed("Ann"), seed("Bo")]);
            if is_merged {
                history = history.merged(History::of([seed("Ann")]).extend([seed("Cy")]));
            }
            let rewind = Rewind::of(history.lines.concat().as_bytes(), Until::Depth(Seq(0)));
            let rewind = rewind.unwrap();
            assert_eq!(rewind.begins().unwrap().as_second(), 1);
            assert!(rewind.into_view().roster.is_empty());
        }
    }
}
