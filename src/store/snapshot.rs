//! A store opened read-only, as it is or as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;

use super::{Options, Store, StoreError};
use crate::broker::{self, Refusal, Rules, TextPlace};
use crate::disk::Disk;
use crate::events::{
    AgentName, AssignedSlot, DETACHED_SINCE, Event, EventId, LineError, Log, Position, Read,
    Record, ReleasedSlot, RunId, SessionId, Slot, prefilter, text_of, written_id,
};
use crate::file_log::FileLog;
use crate::fleet::LocalLog;
use crate::git::Revision;
use crate::projection::line::line_ranges;
use crate::projection::{Cutoff, CutoffSpec, FoldKey, Line, LineDamage, Needs, Roster, View};

/// A store as it is, as it was at a cut-off in its log, or as git has it at a revision.
///
/// It is read, and nothing is recorded. In a snapshot of the past, no
/// checkpoint is used or written. The rules are always those of today.
pub struct Snapshot<L: Log = LocalLog> {
    /// The store, whose view ends at the cut-off.
    store: Store<L>,
    /// The commit, if it is git that has the log.
    commit: Option<String>,
    /// What time it is there.
    now: Timestamp,
}

impl Snapshot {
    /// Opens a store as it was at what was typed.
    pub fn open(options: &Options, spec: &CutoffSpec) -> Result<Self, StoreError> {
        if let CutoffSpec::Revision(name) = spec {
            return Self::open_revision(options, name);
        }
        Self::open_log(options.log()?, options, spec)
    }

    /// Opens a store with the events within a cut-off.
    pub fn open_until(options: &Options, cutoff: Cutoff) -> Result<Self, StoreError> {
        Self::unread(options.log()?, options)?.read_until(cutoff)
    }

    fn open_revision(options: &Options, name: &str) -> Result<Self, StoreError> {
        if !options.dir.is_dir() {
            return Err(StoreError::NoStore(options.dir.clone()));
        }
        let revision = Revision::read(&options.dir, name)?;
        let (commit, dir) = (Some(revision.commit.clone()), revision.dir.clone());
        // Whose words are trusted, the store says as it is now.
        let mut store = Store::closed(options.log()?, options)?;
        store.log = FileLog::new(Disk::new(revision), dir).into();
        store.catch_up()?;
        // What was forgotten since is not told of a commit either. Should the present log be
        // damaged, or none, the commit alone is asked.
        let present = Store::peek(options).ok();
        for event in present.iter().flat_map(|present| present.roster().forgotten()) {
            store.view.roster.forget(*event);
        }
        let now = store.view.last_at.unwrap_or(options.now);
        Ok(Self { store, commit, now })
    }
}

impl<L: Log> Snapshot<L> {
    /// A store as it is.
    #[must_use]
    pub fn present(store: Store<L>, now: Timestamp) -> Self {
        Self { store, commit: None, now }
    }

    /// Opens a store whose events are in `log` as it was at what was typed, which is no revision.
    pub fn open_log(log: L, options: &Options, spec: &CutoffSpec) -> Result<Self, StoreError> {
        let mut snapshot = Self::unread(log, options)?;
        let cutoff = snapshot.resolve(spec)?.end;
        snapshot.read_until(cutoff)
    }

    /// A store that is there, of whose log nothing was read yet.
    fn unread(log: L, options: &Options) -> Result<Self, StoreError> {
        let mut store = Store::unread(log, options)?;
        if store.is_short()? {
            // It may be one whose seeding was cut off.
            match store.bring_up_to_date() {
                Ok(()) | Err(StoreError::NoStore(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self::present(store, options.now))
    }

    fn read_until(mut self, cutoff: Cutoff) -> Result<Self, StoreError> {
        self.store.view = View::until(cutoff);
        self.store.read()?;
        self.now = match cutoff {
            Cutoff::All => self.now,
            Cutoff::Time(time) => time,
            _ => self.view().last_at.unwrap_or(self.now),
        };
        Ok(self)
    }

    /// The store alone.
    pub(super) fn into_store(self) -> Store<L> {
        self.store
    }

    /// Why the user's seed cannot be used, if it cannot, and the built-in one is in force.
    #[must_use]
    pub fn seed_flaw(&self) -> Option<&StoreError> {
        self.store.seed_flaw()
    }

    /// The personas.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        self.store.roster()
    }

    /// The personas, and the history that they come from.
    #[must_use]
    pub fn view(&self) -> &View {
        self.store.view()
    }

    /// The roles and numbers in force today.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        self.store.rules()
    }

    /// Returns whether the words of an event may reach a prompt on this machine today.
    #[must_use]
    pub fn is_allowed(&self, event: EventId) -> bool {
        self.store.is_allowed(event)
    }

    /// The time of the cut-off, else that of the last event before it; the present one if
    /// there is no cut-off, or no event.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The commit whose log this is, if it is git that has it.
    #[must_use]
    pub fn commit(&self) -> Option<&str> {
        self.commit.as_deref()
    }

    /// Asks something, with what it needs in memory.
    pub fn look<T>(
        &mut self,
        needs: &Needs,
        question: impl FnOnce(&Self) -> Result<T, Refusal>,
    ) -> Result<T, StoreError> {
        self.store.ensure(needs)?;
        let is_past = self.commit.is_some() || self.view().cutoff != Cutoff::All;
        question(self).map_err(|refusal| match refusal {
            Refusal::UnknownPersona { name, .. } if is_past => StoreError::UnknownThen(name),
            refusal => refusal.into(),
        })
    }

    /// Finds what was typed in the log: the cut-offs just before it and just after it.
    pub fn resolve(&mut self, spec: &CutoffSpec) -> Result<Range<Cutoff>, StoreError> {
        let Some(prefix) = spec.prefix() else { return Ok(spec.resolve(&BTreeSet::new(), 0)?) };
        let is_meant = |id| prefix.range().contains(&id);
        let (found, end) = self.lines_with(is_meant, |found: &mut BTreeSet<_>, line| {
            found.insert(FoldKey::of(&line.decode()?));
            Ok(())
        })?;
        Ok(spec.resolve(&found, end.lines)?)
    }

    /// The slots in which an agent was lent personas: those that are open; if none is, the last
    /// of each that the log has.
    pub fn slots_of(
        &mut self,
        session: &SessionId,
        agent: &AgentName,
    ) -> Result<Vec<ReleasedSlot>, StoreError> {
        let open = broker::open_slots(self.roster(), session, Some(agent));
        if !open.is_empty() {
            return Ok(open);
        }
        let mut last = BTreeMap::new();
        self.visit(&[session.as_str(), agent.as_str()], |record| {
            let Event::Assign(it) = &record.event else { return };
            if (&it.session, &it.agent) == (session, agent) {
                last.extend(it.slots.iter().map(|it| {
                    let AssignedSlot { slot, persona, role, .. } = it.clone();
                    (slot.clone(), ReleasedSlot { slot, persona, role })
                }));
            }
        })?;
        Ok(last.into_values().collect())
    }

    /// Hands the lines whose ids are wanted to `take`, in the order of the log; from the beginning
    /// again should the log be replaced meanwhile. Returns what was gathered and the end of the log.
    fn lines_with<T: Default>(
        &mut self,
        is_wanted: impl Fn(EventId) -> bool,
        take: impl Fn(&mut T, Line<'_>) -> Result<(), LineDamage>,
    ) -> Result<(T, Position), StoreError> {
        self.store.read_through(|gathered, start, batch, _| {
            for (bytes, number) in batch.split(|byte| *byte == b'\n').zip(start.lines + 1..) {
                if written_id(bytes).is_some_and(&is_wanted) {
                    take(gathered, Line::new(number, bytes))?;
                }
            }
            Ok(())
        })
    }

    /// An event, without its text if that was forgotten, and where the text is.
    pub fn text_of(&mut self, event: EventId) -> Result<Option<(Record, TextPlace)>, StoreError> {
        let is_forgotten = self.roster().is_forgotten(event);
        let (found, _) = self.lines_with(
            |id| id == event,
            |found: &mut Option<_>, line| {
                let record = Line { is_forgotten, ..line }.decode()?;
                let is_behind_id = record.v >= DETACHED_SINCE && record.event.may_have_text();
                let place = match (is_behind_id, text_of(line.bytes)) {
                    (true, _) | (_, Some(_)) => TextPlace::BehindId,
                    _ if record.event.may_have_text() => TextPlace::InData,
                    _ => TextPlace::Nowhere,
                };
                found.get_or_insert((record, place));
                Ok(())
            },
        )?;
        Ok(found)
    }

    /// The slot of a session that a run was in, as it was lent for that run; if it was never told
    /// that the run began, as it was lent last.
    pub fn slot_of_run(
        &mut self,
        session: &SessionId,
        slot: &Slot,
        run: &RunId,
    ) -> Result<Option<ReleasedSlot>, StoreError> {
        let (mut last, mut found) = (None, None);
        self.visit(&[session.as_str(), slot.as_str()], |record| match &record.event {
            Event::Assign(it) if it.session == *session => {
                let assigned = it.slots.iter().find(|it| it.slot == *slot).cloned();
                let assigned = assigned.map(|AssignedSlot { slot, persona, role, .. }| {
                    ReleasedSlot { slot, persona, role }
                });
                last = assigned.or_else(|| last.take());
            }
            Event::Delivery(it)
                if (&it.session, &it.slot, &it.agent_id) == (session, slot, run) =>
            {
                found.clone_from(&last);
            }
            _ => {}
        })?;
        Ok(found.or(last))
    }

    /// Hands the events that may matter to `visit`, in fold order.
    ///
    /// Lines that cannot hold each of `texts` as a JSON string are passed over unread: `visit` gets
    /// at least those that do, and each `retract`, which does not say whom it is about.
    pub fn visit(
        &mut self,
        texts: &[&str],
        mut visit: impl FnMut(&Record),
    ) -> Result<(), StoreError> {
        let sets: &[&[&str]] = &[texts, &["retract"]];
        let (mut next, mut buffer) = (Some(Position::START), Vec::new());
        while let Some(page) = next {
            next = self.visit_page(&page, false, sets, &mut buffer, |line| {
                visit(&line.decode()?);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Hands the lines of one page that may matter to `visit`, each event once, in fold order or
    /// `newest_first`, and returns where the next page begins, if there is one.
    ///
    /// Lines that cannot hold each text of one of the `sets` as a JSON string are passed over.
    /// `visit` reads of the others what it needs, and says so if one is damaged.
    ///
    /// A page is what one read brings, about a MiB; but a log whose order is not that of the
    /// fold, as after most merges, is one page, and in memory as a whole. The first page begins
    /// at [`Position::START`].
    pub fn visit_page(
        &mut self,
        page: &Position,
        newest_first: bool,
        sets: &[&[&str]],
        buffer: &mut Vec<u8>,
        mut visit: impl FnMut(Line<'_>) -> Result<(), LineDamage>,
    ) -> Result<Option<Position>, StoreError> {
        let (may_match, view) = (prefilter(sets), self.store.view());
        let (cutoff, forgotten) = (view.cutoff, view.roster.forgotten().clone());
        let visit = |mut line: Line<'_>| {
            line.is_forgotten = !forgotten.is_empty()
                && written_id(line.bytes).is_some_and(|id| forgotten.contains(&id));
            let is_visited = may_match(line.bytes)
                && (cutoff == Cutoff::All || cutoff.includes(&line.decode()?));
            if is_visited { visit(line) } else { Ok(()) }
        };
        let visit_all = |mut lines: Vec<Line<'_>>| {
            if newest_first {
                lines.reverse();
            }
            lines.into_iter().try_for_each(visit)
        };
        if self.view().reordered {
            let whole = self.store.read_all()?;
            let visited = View::in_order(&whole).and_then(|lines| visit_all(lines.collect()));
            return visited.map(|()| None).map_err(|damage| self.store.damaged(damage).into());
        }
        let Read::Lines { left } = self.store.log.read(page, buffer)? else {
            return Err(self.keeps_moving());
        };
        let mut end = *page;
        end.advance(buffer);
        let lines = line_ranges(buffer).filter_map(|range| buffer.get(range));
        let lines = lines.zip(page.lines + 1..).map(|(bytes, number)| Line::new(number, bytes));
        visit_all(lines.collect()).map_err(|damage| self.store.damaged(damage))?;
        if end.last.is_none() && left > 0 {
            // A line that ends with no id is damage, whatever it was looked through for.
            let (line, reason) = (end.lines, LineError::NoId.into());
            return Err(self.store.damaged(LineDamage { line, reason }).into());
        }
        self.store.progress.report_read(&end, left);
        Ok((left > 0).then_some(end))
    }

    /// The error that another log is there than the one that is read.
    #[must_use]
    pub fn keeps_moving(&self) -> StoreError {
        self.store.keeps_moving()
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
    use crate::disk::Disk;
    use crate::events::decode;
    use crate::projection::CutoffError;
    use crate::projection::testing::{History, anything, seed};
    use crate::{PendingCheckpoint, Progress};

    fn options(dir: &Path) -> Options {
        let now = "2026-03-25T15:30:00Z".parse().unwrap();
        let wait = Duration::ZERO;
        Options {
            dir: dir.to_owned(),
            wait,
            now,
            is_hook: false,
            progress: Progress::default(),
            disk: Disk::default(),
            pending: PendingCheckpoint::default(),
        }
    }

    /// A store that has nothing but these lines.
    #[expect(clippy::disallowed_methods, reason = "a test may write a log")]
    fn store(lines: &[String]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("events.jsonl"), lines.concat()).unwrap();
        dir
    }

    fn at(dir: &Path, typed: &str) -> Result<Snapshot, StoreError> {
        Snapshot::open(&options(dir), &CutoffSpec::parse(typed).unwrap())
    }

    fn record(line: &str) -> Record {
        decode(line.trim_end().as_bytes()).unwrap()
    }

    #[track_caller]
    fn assert_same(then: &Snapshot, ended: &Snapshot) {
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
                    Snapshot::open_until(&options(store(&lines).path()), Cutoff::All).unwrap()
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
            matches!(&refused, StoreError::Cutoff(CutoffError::AmbiguousId(_, ids)) if ids.len() == 2)
        );
        let last = history.heads[0].to_string();
        let unique = at(dir.path(), &last[..12.max(start.len())]).unwrap();
        assert_eq!(unique.view().events, history.lines.len() as u64);
        let unknown = at(dir.path(), &"f".repeat(32)).err().unwrap();
        assert!(matches!(unknown, StoreError::Cutoff(CutoffError::UnknownId(_))));
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
    fn digits_are_a_seq_unless_they_are_eight_and_begin_an_id_and_no_log_has_it() {
        let history = numbered(9).then(seed("Zoe")).clone();
        let id = record(&history.lines[1]).id.to_string();
        let dir = store(&history.lines);
        let events = |typed: &str| at(dir.path(), typed).unwrap().view().events;
        assert_eq!(events(&id[..9]), 2, "nine digits");
        assert_eq!(events(&id[..8]), 2, "eight, as ids are shown");
        assert_eq!(events(&id[..7]), 3, "seven are a seq");
        assert_eq!(events("00000002"), 2, "a seq that the log has, or no id");
        assert_eq!(events("99999999"), 3, "past the end is the whole log");
    }

    #[test]
    fn the_time_is_the_one_that_was_given_or_that_of_the_last_event() {
        let history = History::of([seed("Ann"), seed("Bo")]);
        let dir = store(&history.lines);
        let now = |typed: &str| at(dir.path(), typed).unwrap().now().as_second();
        assert_eq!(now("1"), 1);
        assert_eq!(now(&history.heads[0].to_string()[..32]), 2);
        assert_eq!(now("1970-01-01T00:00:09Z"), 9);
        assert_eq!(now("0"), options(dir.path()).now.as_second());
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
            let mut snapshot = at(dir.path(), "3").unwrap();
            let is_of = |record: &Record| record.event.personas().any(|it| it.as_str() == "Ann");
            snapshot
                .visit(&["Ann"], |record| seen.extend(is_of(record).then_some(record.seq.0)))
                .unwrap();
            assert_eq!(seen, [1, 3], "{is_merged}");
        }
    }

    #[test]
    fn a_snapshot_that_is_read_again_keeps_its_cutoff_and_writes_no_checkpoint() {
        let history = History::of((0..400).map(|n| seed(&format!("P{n}"))));
        let dir = store(&history.lines);
        let mut snapshot = at(dir.path(), "300").unwrap();
        snapshot.store.forget();
        snapshot.store.read().unwrap();
        snapshot.store.keep_if(true);
        assert_eq!(snapshot.view().events, 300);
        drop(snapshot);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
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
