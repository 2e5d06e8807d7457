//! A store as it was.

use jiff::Timestamp;

use super::{Options, Order, Store, StoreError, read_ahead};
use crate::broker::Rules;
use crate::events::{Damage, FileLog, Log, LogError, Position, Read, Record, Revision};
use crate::projection::{Fold, Line, LineDamage, Moment, Rewind, Roster, Until, View, pipeline};

/// A store as it was at a moment, or at a revision of git's.
///
/// It can be asked, and nothing else: nothing is recorded, no store is created,
/// and no checkpoint is used or written. The rules are those of today.
pub struct Past {
    /// The store, whose view is the one of then.
    store: Store,
    until: Until,
    /// The log of then, if it is git that has it.
    revision: Option<Revision>,
    /// When the moment was, if it was given as a time.
    time: Option<Timestamp>,
    /// When the first event of the whole log was written.
    begins: Option<Timestamp>,
}

impl Store<FileLog> {
    /// Opens a store as it was at a moment.
    pub fn open_at(options: &Options, moment: &Moment) -> Result<Past, StoreError> {
        let mut store = Self::existing(options)?;
        let until = store.until(moment)?;
        store.rewound(until)
    }

    /// Opens a store as it was when certain events had happened.
    pub fn open_until(options: &Options, until: Until) -> Result<Past, StoreError> {
        Self::existing(options)?.rewound(until)
    }

    /// Opens a store as git has it at a revision.
    pub fn open_revision(options: &Options, name: &str) -> Result<Past, StoreError> {
        if !options.dir.is_dir() {
            return Err(StoreError::NoStore(options.dir.clone()));
        }
        let mut store = Self::closed(options)?;
        let revision = Revision::read(&options.dir, name)?;
        let rewind = Rewind::of(revision.log(), Until::End).map_err(|damage| {
            let (path, line) = revision.place(damage.line);
            LogError::Damaged(Box::new(Damage { path, line, reason: damage.reason }))
        })?;
        let begins = rewind.begins();
        store.view = rewind.into_view();
        Ok(Past { store, until: Until::End, revision: Some(revision), time: None, begins })
    }

    /// A store that is there, of whose log nothing was read yet.
    pub(super) fn existing(options: &Options) -> Result<Self, StoreError> {
        let mut store = Self::closed(options)?;
        if store.log.exists()? { Ok(store) } else { Err(StoreError::NoStore(options.dir.clone())) }
    }

    fn rewound(mut self, until: Until) -> Result<Past, StoreError> {
        let rewind = self.look_back(until)?;
        let begins = rewind.begins();
        self.view = rewind.into_view();
        let time = if let Until::Time(time) = until { Some(time) } else { None };
        Ok(Past { store: self, until, revision: None, time, begins })
    }
}

impl<L: Log> Store<L> {
    /// Folds what had happened, without a lock; what looks like damage is looked at once more.
    fn look_back(&mut self, until: Until) -> Result<Rewind, LogError> {
        match self.rewind(until) {
            Err(LogError::Damaged(seen)) => {
                let Ok(_turn) = self.take_turn() else {
                    return Err(LogError::Damaged(seen));
                };
                self.rewind(until)
            }
            other => other,
        }
    }

    fn rewind(&mut self, until: Until) -> Result<Rewind, LogError> {
        loop {
            let (mut rewind, mut first) = (Rewind::new(until), Vec::new());
            let Read::Lines { left } = self.log.read(&Position::START, &mut first)? else {
                continue;
            };
            let next = read_ahead(&mut self.log, &self.progress, Position::START, first, left);
            let folded =
                pipeline::fold_ahead(|line, length| rewind.fold_decoded(line, length), next)?;
            match folded.map_err(|damage| self.damaged(damage))? {
                Fold::Done => return Ok(rewind),
                Fold::Merged => {
                    let whole = self.read_all()?;
                    let rewind = Rewind::of_merged(&whole, until);
                    return rewind.map_err(|damage| self.damaged(damage));
                }
                Fold::Lost => {}
            }
        }
    }
}

impl Past {
    /// The personas as they were.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        self.store.roster()
    }

    /// The personas as they were, and how far in which history they stood.
    #[must_use]
    pub fn view(&self) -> &View {
        self.store.view()
    }

    /// The roles and numbers in force today.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        self.store.rules()
    }

    /// When the log begins, if anything ever happened.
    #[must_use]
    pub fn begins(&self) -> Option<Timestamp> {
        self.begins
    }

    /// The commit whose log this is, if it is git that has it.
    #[must_use]
    pub fn commit(&self) -> Option<&str> {
        self.revision.as_ref().map(Revision::commit)
    }

    /// What time it was: the one that was given, else that of the last event.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        self.time.or(self.view().last_at)
    }

    /// Hands the events of then that may matter to `visit`, in fold order.
    ///
    /// As with [`Store::visit`], those that cannot hold each of `needles` may be left out.
    pub fn visit(
        &mut self,
        needles: &[&str],
        mut visit: impl FnMut(&Record),
    ) -> Result<(), StoreError> {
        let (mut next, mut buffer) = (Some(Position::START), Vec::new());
        while let Some(page) = next {
            next = self.visit_page(&page, Order::OldestFirst, needles, &mut buffer, |line| {
                visit(&line.decode()?);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Hands the lines of one page to `visit`: see [`Store::visit_page`]. What git has is one page.
    pub fn visit_page(
        &mut self,
        page: &Position,
        order: Order,
        needles: &[&str],
        buffer: &mut Vec<u8>,
        mut visit: impl FnMut(Line<'_>) -> Result<(), LineDamage>,
    ) -> Result<Option<Position>, StoreError> {
        let until = self.until;
        let visit = |line: Line<'_>| {
            if until.takes(&line.decode()?) { visit(line) } else { Ok(()) }
        };
        let Some(revision) = &self.revision else {
            return self.store.visit_page(page, order, needles, buffer, visit);
        };
        let visited = View::in_order(revision.log());
        let visited = visited.and_then(|lines| order.try_for_each(lines, visit));
        visited.map(|()| None).map_err(|damage| self.damaged(damage).into())
    }

    /// Says that another log is there than the one that is read.
    #[must_use]
    pub fn keeps_moving(&self) -> StoreError {
        self.store.keeps_moving()
    }

    /// Says where in which file a line is damaged.
    #[must_use]
    pub fn damaged(&self, damage: LineDamage) -> LogError {
        let Some(revision) = &self.revision else {
            return self.store.damaged(damage);
        };
        let (path, line) = revision.place(damage.line);
        LogError::Damaged(Box::new(Damage { path, line, reason: damage.reason }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::Progress;
    use crate::events::Disk;
    use crate::events::decode;
    use crate::projection::testing::{History, anything, seed};
    use crate::projection::{FoldKey, MomentError};

    fn options(dir: &Path) -> Options {
        let now = "2026-03-25T15:30:00Z".parse().unwrap();
        let wait = Duration::ZERO;
        Options {
            dir: dir.to_owned(),
            wait,
            now,
            progress: Progress::default(),
            disk: Disk::default(),
        }
    }

    /// A store that has nothing but these lines.
    #[expect(clippy::disallowed_methods, reason = "a test may write a log")]
    fn store(lines: &[String]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("events.jsonl"), lines.concat()).unwrap();
        dir
    }

    fn at(dir: &Path, moment: &str) -> Result<Past, StoreError> {
        Store::open_at(&options(dir), &Moment::parse(moment).unwrap())
    }

    fn record(line: &str) -> Record {
        decode(line.trim_end().as_bytes()).unwrap()
    }

    #[track_caller]
    fn assert_same(then: &Past, ended: &Past) {
        assert_eq!(then.roster(), ended.roster());
        assert_eq!(then.view().heads, ended.view().heads);
        assert_eq!(then.view().events, ended.view().events);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_store_at_every_event_is_one_whose_log_ends_there(
            left in prop::collection::vec(anything(), 0..5),
            right in prop::collection::vec(anything(), 0..5),
        ) {
            let base = History::of([seed("Ann"), seed("Bo")]);
            let merged = base.clone().extend(left).merged(base.clone().extend(right));
            let dir = store(&merged.lines);
            let mut ordered = merged.lines.clone();
            ordered.sort_by_key(|line| FoldKey::of(&record(line)));
            for (n, line) in ordered.iter().enumerate() {
                let it = record(line);
                let ended = |is_in: &dyn Fn(&Record) -> bool| {
                    let lines: Vec<_> =
                        ordered.iter().filter(|line| is_in(&record(line))).cloned().collect();
                    Store::open_until(&options(store(&lines).path()), Until::End).unwrap()
                };
                let id = it.id.to_string();
                let ends_there = ended(&|other| FoldKey::of(other) <= FoldKey::of(&it));
                prop_assert_eq!(ends_there.view().events, n as u64 + 1);
                assert_same(&at(dir.path(), &id).unwrap(), &ends_there);
                assert_same(&at(dir.path(), &it.seq.to_string()).unwrap(), &ended(&|other| other.seq <= it.seq));
                assert_same(&at(dir.path(), &it.at.to_string()).unwrap(), &ended(&|other| other.at <= it.at));
            }
            prop_assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was written");
        }
    }

    /// A linear history in which the ids of two events begin alike.
    fn alike() -> (History, String) {
        let mut seen = BTreeSet::new();
        let mut history = History::default();
        loop {
            let name = format!("P{}", history.lines.len());
            history.then(seed(&name));
            let start: String = history.heads[0].to_string().chars().take(4).collect();
            if start.bytes().any(|b| b.is_ascii_lowercase()) && !seen.insert(start.clone()) {
                return (history, start);
            }
        }
    }

    #[test]
    fn an_id_is_named_by_its_beginning_if_no_other_begins_so() {
        let (history, start) = alike();
        let dir = store(&history.lines);
        let refused = at(dir.path(), &start).err().unwrap();
        assert!(
            matches!(&refused, StoreError::Moment(MomentError::AmbiguousId(_, ids)) if ids.len() == 2)
        );
        let last = history.heads[0].to_string();
        let unique = at(dir.path(), &last[..12.max(start.len())]).unwrap();
        assert_eq!(unique.view().events, history.lines.len() as u64);
        let unknown = at(dir.path(), &"f".repeat(32)).err().unwrap();
        assert!(matches!(unknown, StoreError::Moment(MomentError::UnknownId(_))));
    }

    /// A history whose last event has an id that begins with so many decimal digits.
    fn numbered(digits: usize) -> History {
        let base = History::of([seed("Ann")]);
        (0..1_000_000)
            .map(|n| base.clone().then(seed(&format!("P{n}"))).clone())
            .find(|history| {
                let id = history.heads[0].digits();
                id[..digits].iter().all(u8::is_ascii_digit)
            })
            .unwrap()
    }

    #[test]
    fn digits_are_a_depth_unless_they_are_eight_and_begin_an_id_and_no_log_is_so_deep() {
        let history = numbered(9).then(seed("Zoe")).clone();
        let id = record(&history.lines[1]).id.to_string();
        let dir = store(&history.lines);
        let events = |moment: &str| at(dir.path(), moment).unwrap().view().events;
        assert_eq!(events(&id[..9]), 2, "nine digits");
        assert_eq!(events(&id[..8]), 2, "eight, as ids are shown");
        assert_eq!(events(&id[..7]), 3, "seven are a depth");
        assert_eq!(events("00000002"), 2, "a depth that the log has, or no id");
        assert_eq!(events("99999999"), 3, "past the end is the whole log");
    }

    #[test]
    fn the_time_is_the_one_that_was_given_or_that_of_the_last_event() {
        let history = History::of([seed("Ann"), seed("Bo")]);
        let dir = store(&history.lines);
        let now = |moment: &str| at(dir.path(), moment).unwrap().now().map(Timestamp::as_second);
        assert_eq!(now("1"), Some(1));
        assert_eq!(now(&history.heads[0].to_string()[..32]), Some(2));
        assert_eq!(now("1970-01-01T00:00:09Z"), Some(9));
        assert_eq!(now("0"), None);
    }

    #[test]
    fn events_are_visited_in_fold_order_as_far_as_they_had_happened() {
        let mut history = History::of([seed("Ann"), seed("Bo"), seed("Ann"), seed("Ann")]);
        for is_merged in [false, true] {
            if is_merged {
                history = history.merged(&History::of([seed("Cy")]));
                history.lines.rotate_left(2);
            }
            let dir = store(&history.lines);
            let mut seen = Vec::new();
            let mut past = at(dir.path(), "3").unwrap();
            let is_of = |record: &Record| record.event.personas().any(|it| it.as_str() == "Ann");
            past.visit(&["Ann"], |record| seen.extend(is_of(record).then_some(record.seq.0)))
                .unwrap();
            assert_eq!(seen, [1, 3], "{is_merged}");
        }
    }

    #[test]
    fn a_store_that_is_not_there_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(at(dir.path(), "1"), Err(StoreError::NoStore(_))));
        let missing = dir.path().join("missing");
        assert!(matches!(at(&missing, "1"), Err(StoreError::NoStore(_))));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
