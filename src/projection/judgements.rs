//! All verdicts and outcomes, by what they are about: of one thing, only the last counts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::{io, mem};

use super::buckets::{ByKey, Part};
use super::judgement::{JudgementKey, RecordedJudgement};
use super::stored::Stored;
use crate::events::EventId;

/// A second part of so many keys is not yet too large, however small the first is.
const SECOND_PART: u64 = 512;

/// Judgements by their keys, each list in fold order, none of them retracted or empty.
///
/// Of those of a checkpoint, only what was [loaded](Self::load) is in memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Judgements {
    by_key: ByKey<RecordedJudgement>,
    /// The key of each event, once anything was taken back: most logs never need it.
    by_id: Option<BTreeMap<EventId, JudgementKey>>,
    /// Where the others are.
    stored: Option<Arc<Stored>>,
}

impl Judgements {
    pub(super) fn stored(stored: Arc<Stored>) -> Self {
        Self { stored: Some(stored), ..Self::default() }
    }

    /// Returns whether there are more in a checkpoint than in memory.
    pub(super) fn is_partial(&self) -> bool {
        self.stored.is_some()
    }

    /// Loads those of one key; `None` if the checkpoint cannot be read.
    pub(super) fn load(&mut self, key: JudgementKey) -> Option<()> {
        if let Some(stored) = self.stored.as_ref().filter(|_| !self.by_key.contains_key(&key)) {
            let list = stored.judgements_of(key)?;
            if !list.is_empty() {
                self.by_key.insert(key, list);
            }
        }
        Some(())
    }

    /// Loads all; `None` if the checkpoint cannot be read.
    pub(super) fn load_all(&mut self) -> Option<()> {
        let Some(stored) = &self.stored else { return Some(()) };
        let newer = mem::replace(&mut self.by_key, stored.judgements()?);
        self.by_key.extend(newer);
        self.stored = None;
        Some(())
    }

    /// Those of one key, which has to be loaded, in fold order.
    pub(super) fn of(&self, key: JudgementKey) -> &[RecordedJudgement] {
        self.by_key.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Adds the last of a key, and returns the one that it replaces.
    pub(super) fn add(
        &mut self,
        key: JudgementKey,
        judged: RecordedJudgement,
    ) -> Option<&RecordedJudgement> {
        if let Some(by_id) = &mut self.by_id {
            by_id.insert(judged.id, key);
        }
        let list = self.by_key.entry(key).or_default();
        list.push(judged);
        list.len().checked_sub(2).and_then(|before| list.get(before))
    }

    /// Takes one out; all have to be loaded. Returns it and, if it was the last of its key, what
    /// is the last now.
    pub(super) fn take(
        &mut self,
        id: EventId,
    ) -> Option<(RecordedJudgement, bool, Option<RecordedJudgement>)> {
        debug_assert!(!self.is_partial(), "not all judgements are loaded");
        let by_id = self.by_id.get_or_insert_with(|| {
            let lists = self.by_key.iter();
            lists.flat_map(|(key, list)| list.iter().map(|it| (it.id, *key))).collect()
        });
        let key = by_id.remove(&id)?;
        let list = self.by_key.get_mut(&key)?;
        let place = list.iter().position(|it| it.id == id)?;
        let (taken, was_last) = (list.remove(place), place == list.len());
        let before = list.last().filter(|_| was_last).cloned();
        if list.is_empty() {
            self.by_key.remove(&key);
        }
        Some((taken, was_last, before))
    }

    /// All that are in memory, and whether each is the last of its key.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&RecordedJudgement, bool)> {
        self.by_key.values().flat_map(|list| {
            list.iter().enumerate().map(|(at, judged)| (judged, at + 1 == list.len()))
        })
    }
}

/// Equal are those that hold the same judgements in memory.
impl PartialEq for Judgements {
    fn eq(&self, other: &Self) -> bool {
        self.by_key == other.by_key
    }
}

impl Judgements {
    /// Writes the parts of a checkpoint. Those that are not in memory are copied from the one that
    /// they are in, unless there is too much that is newer.
    ///
    /// `None` if that cannot be read.
    pub(super) fn write(&mut self, to: &mut Vec<u8>) -> io::Result<Option<Vec<Part>>> {
        if let Some((first, bytes, mut second)) =
            self.stored.as_ref().and_then(|it| it.split(it.judgement_parts()))
        {
            let newer = self.by_key.iter().map(|(key, list)| (*key, list.clone()));
            second.extend(newer);
            if second.len() as u64 <= SECOND_PART.max(first.keys / 4) {
                to.extend(bytes);
                return Ok(Some(vec![first, Part::write(to, &second)?]));
            }
        }
        if self.load_all().is_none() {
            return Ok(None);
        }
        Ok(Some(vec![Part::write(to, &self.by_key)?]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::disk::Disk;
    use crate::events::RoleName;
    use crate::projection::view::tests::{
        History, Said, anything, assign, compact, feedback, outcome, release, retract, seed,
    };
    use crate::projection::{Fold, Month, MonthTally, Needs, View, checkpoint};

    /// Goes on from the checkpoint in a directory with more lines, and writes it anew.
    fn go_on(dir: &std::path::Path, lines: &[String]) -> View {
        let mut view = checkpoint::load(&Disk::default(), dir).unwrap_or_default();
        assert_eq!(view.fold(lines.concat().as_bytes()).unwrap(), Fold::Done);
        checkpoint::write(&Disk::default(), dir, &mut view).unwrap();
        let mut recalled = checkpoint::load(&Disk::default(), dir).unwrap();
        recalled.roster.load(&Needs::everything()).unwrap();
        recalled
    }

    fn parts(view: &View) -> Vec<u64> {
        let dir = tempfile::tempdir().unwrap();
        checkpoint::write(&Disk::default(), dir.path(), &mut view.clone()).unwrap();
        let recalled = checkpoint::load(&Disk::default(), dir.path()).unwrap();
        let stored = recalled.roster.judgements.stored.unwrap();
        stored.judgements.iter().map(|part| part.keys).collect()
    }

    #[test]
    fn what_is_new_is_kept_apart_until_it_is_a_fourth_of_what_is_old() {
        let runs = |from: usize, to: usize, result: &'static str| {
            (from..to).map(move |n| outcome(&format!("s{n}"), "Ann", "testing", result))
        };
        let mut history = History::of([seed("Ann")].into_iter().chain(runs(0, 2100, "ok")));
        let dir = tempfile::tempdir().unwrap();
        let mut done = 0;
        for (to, expected) in [(2100, vec![2100]), (2200, vec![2100, 200]), (2650, vec![2650])] {
            // Some that are new, and some in place of older ones.
            history.extend(runs(done.min(2000), done.min(2000) + 100, "bad"));
            history.extend(runs(done, to, "ok"));
            let all = history.lines.len();
            let known = checkpoint::load(&Disk::default(), dir.path())
                .map_or(0, |view| usize::try_from(view.position.lines).unwrap());
            let mut view = checkpoint::load(&Disk::default(), dir.path()).unwrap_or_default();
            assert_eq!(
                view.fold(history.lines[known..all].concat().as_bytes()).unwrap(),
                Fold::Done
            );
            assert_eq!(parts(&view), expected, "up to {to}");
            let recalled = go_on(dir.path(), &history.lines[known..all]);
            assert_eq!(recalled, history.view(), "up to {to}");
            done = to;
        }
    }

    /// Anything, or taking back one of the events before it.
    fn deeds() -> impl Strategy<Value = Vec<(Said, Option<prop::sample::Index>)>> {
        let back = prop::option::weighted(0.3, any::<prop::sample::Index>());
        prop::collection::vec((anything(), back), 0..24)
    }

    fn written(deeds: Vec<(Said, Option<prop::sample::Index>)>) -> History {
        let mut history = History::of([seed("Ann"), seed("Bo")]);
        let mut ids = history.heads.clone();
        for (said, back) in deeds {
            history.then(back.map_or(said, |at| retract(*at.get(&ids))));
            ids.extend(history.heads.iter().copied());
        }
        history
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn tallies_are_what_the_judgements_that_count_add_up_to(deeds in deeds()) {
            let roster = written(deeds).view().roster;
            let mut sums = BTreeMap::new();
            for (judged, is_last) in roster.judgements.iter() {
                let column = MonthTally::column(judged.judgement, roster.is_compacted(judged));
                let Some(count) = column.filter(|_| is_last) else { continue };
                let month = Month::of(judged.at);
                let of = (judged.persona, judged.role.clone(), month);
                *count(sums.entry(of).or_insert(MonthTally::of(month))) += 1;
            }
            let mut tallies = BTreeMap::new();
            for (index, persona) in (0..).zip(roster.personas()) {
                for (role, record) in &persona.roles {
                    for tally in &record.months {
                        let tally = MonthTally { closed: 0, ..*tally };
                        if !tally.is_empty() {
                            tallies.insert((index, role.clone(), tally.month), tally);
                        }
                    }
                }
            }
            prop_assert_eq!(tallies, sums);
        }

        #[test]
        fn with_checkpoints_in_between_it_is_the_same(
            deeds in deeds(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        ) {
            let history = written(deeds);
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(history.lines.len() + 1)).collect();
            cuts.sort_unstable();
            let dir = tempfile::tempdir().unwrap();
            let mut done = 0;
            for cut in cuts.into_iter().chain([history.lines.len()]) {
                let recalled = go_on(dir.path(), &history.lines[done..cut]);
                done = cut;
                if cut == history.lines.len() {
                    prop_assert_eq!(&recalled, &history.view());
                }
            }
        }
    }

    #[test]
    fn the_work_for_an_event_does_not_grow_with_those_before_it() {
        // How often memory is asked for is a measure that is the same on every machine.
        let work = |count: usize| {
            let mut history = History::of([seed("Ann")]);
            for n in 0..count {
                history.then(outcome(&format!("s{n}"), "Ann", "testing", "bad"));
                let run = history.heads[0];
                history.then(feedback(Some(&format!("s{}", n / 2)), "Ann", "testing", "positive"));
                history.then(retract(run));
            }
            let lines = history.lines.concat();
            let fold = || assert_eq!(View::default().fold(lines.as_bytes()).unwrap(), Fold::Done);
            allocation_counter::measure(fold).count_total
        };
        let (few, many) = (work(100), work(1600));
        assert!(many < 20 * few, "{few}, {many}");
    }

    #[test]
    fn a_compaction_moves_what_counts_and_a_retraction_takes_it_from_where_it_is() {
        let mut history = History::of([
            seed("Ann"),
            assign("s", "w-0", "Ann", "testing"),
            release("s", "w-0", "Ann", "testing", "manual"),
            feedback(Some("s"), "Ann", "testing", "positive"),
        ]);
        let praise = history.heads[0];
        history.then(compact(1000));
        let months = |history: &History| {
            let ann = history.persona("Ann");
            let months = &ann.roles[&RoleName::unchecked("testing")].months;
            let it = months[0];
            (months.len(), it.closed, it.positive, it.compacted_positive)
        };
        assert_eq!(months(&history), (1, 1, 0, 1));
        history.then(retract(praise));
        assert_eq!(months(&history), (1, 1, 0, 0));
    }
}
