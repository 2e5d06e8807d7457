//! One request, from the lock to the answer.
//!
//! A [`Store`] is a log and the roster that it adds up to, and strings the other rooms together: lock,
//! catch up, load what a rule needs, have it decide, append, unlock, sync, answer. It has no rule of its
//! own; no rule decides on a roster that is behind the log, and what was recorded is durable before it is
//! answered. The checkpoint is written after that, and where one is lost the log is folded again. Whoever
//! only reads takes no lock: a [`Snapshot`] is the store as it is, or as it was at a cut-off.

use std::mem;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use self::allowed::Allowed;
use crate::broker::{
    self, AssignRequest, Assigned, Choice, Decision, Refusal, Rules, Seed, Situation,
};
use crate::disk::Disk;
use crate::events::{
    Append, Event, EventId, FORMAT_VERSION, Log, LogError, LogStorage as _, NextLines, TornTail,
};
use crate::fleet::LocalLog;
use crate::projection::{Needs, Roster, View};

mod allowed;
mod allowing;
mod condition;
#[cfg(unix)]
#[cfg(test)]
mod crash;
mod error;
mod follow;
mod forget;
#[cfg(unix)]
#[cfg(test)]
mod in_memory;
mod join;
#[cfg(unix)]
#[cfg(test)]
mod machine;
mod marks;
mod membership;
mod opening;
mod options;
mod reading;
mod repair;
mod seeding;
pub mod served;
mod snapshot;
pub mod stopped;
mod verify;
mod waiting;

pub use condition::Condition;
pub use error::StoreError;
pub use follow::Follower;
pub use forget::{ForgottenText, TakenAway};
pub use join::{JoinError, JoinOutcome};
pub use membership::{
    Difference, DifferenceKind, FleetCheck, FleetStatus, Joined, LatestEvent, Left,
    MembershipError, MirrorRepair, Restored, Rights,
};
pub use opening::{hook_settings, user_seed};
pub use options::{Options, PendingCheckpoint, Progress, Work};
pub use repair::{CutLine, LineEnds, MissingEvent, RepairOutcome};
pub use snapshot::Snapshot;

/// How often a log may be replaced under a writer before it gives up.
const TRIES: u32 = 8;

/// The writer whose events fill another this many that the checkpoint has not writes it anew. Of many
/// writers at once that is one: the others would write the same.
const UNSAVED_BY_WRITERS: u64 = 128;
/// A reader that finds more than this writes it: it is not there to write.
const UNSAVED_BY_READERS: u64 = 256;

/// An active file of more bytes than this is sealed by a compaction.
const SEALED_PAST: u64 = 4 * 1024 * 1024;

/// A directory with a log in it, and the roster that the log adds up to.
pub struct Store<L: Log = LocalLog> {
    log: L,
    seed: Seed,
    rules: Rules,
    /// Why the user's seed cannot be used, if it cannot: then the built-in one is in force.
    flaw: Option<StoreError>,
    wait: Duration,
    /// What time it is.
    now: Timestamp,
    progress: Progress,
    view: View,
    disk: Disk,
    dir: PathBuf,
    /// Where the checkpoint is kept.
    cache: PathBuf,
    /// How many of the view's events the checkpoint has.
    checkpointed: u64,
    /// Whether the checkpoint is to be written anew once the answer is given.
    is_due: bool,
    pending: PendingCheckpoint,
    /// The events that the last decision recorded, and that are durable.
    recorded: Vec<EventId>,
    /// Whether there was no store before.
    is_made: bool,
    /// What was cut from the end of the log, until the caller takes it.
    torn: Option<TornTail>,
    allowed: Allowed,
    /// What the caller should know besides, until it is taken.
    notices: Vec<String>,
}

impl<L: Log> Store<L> {
    /// What was cut from the end of the log before something was recorded, if nobody took it yet.
    pub fn take_torn(&mut self) -> Option<TornTail> {
        self.torn.take()
    }

    /// Returns whether there was no store before this one was opened.
    #[must_use]
    pub fn is_made(&self) -> bool {
        self.is_made
    }

    /// Returns whether the store belongs to a fleet.
    #[must_use]
    pub fn is_mirror(&self) -> bool {
        self.log.is_mirror()
    }

    /// The events that the last decision recorded, in order.
    #[must_use]
    pub fn recorded(&self) -> &[EventId] {
        &self.recorded
    }

    /// The personas.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.view.roster
    }

    /// The personas, and how far in which history they stand.
    #[must_use]
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// The roles and numbers in force.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The words and personas in force.
    #[must_use]
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Why the user's seed cannot be used, if it cannot, and the built-in one is in force.
    #[must_use]
    pub fn seed_flaw(&self) -> Option<&StoreError> {
        self.flaw.as_ref()
    }

    /// Makes sure that the user's seed is in force, if there is one: what chooses or makes personas
    /// must not do so by other rules than the user's.
    pub fn require_seed(&mut self) -> Result<(), StoreError> {
        self.flaw.take().map_or(Ok(()), Err)
    }

    /// Has a rule decide, and records what it decided. Answers with the outcome and with what the
    /// caller should know when that is durable.
    ///
    /// When the log is replaced meanwhile, as by a checkout, the rule decides
    /// again on the log that is there now. When it decides that nothing is to
    /// be recorded, nothing is written.
    pub fn execute<T>(
        &mut self,
        needs: &Needs,
        now: Timestamp,
        rng: &mut fastrand::Rng,
        mut rule: impl FnMut(&mut Situation<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<(T, Vec<String>), StoreError> {
        self.tell_if_reachable()?;
        let (mut replaced, mut is_fresh) = (0, false);
        while replaced < TRIES {
            let guard = self.lock()?;
            self.catch_up()?;
            if !self.load(needs) {
                self.catch_up()?;
            }
            match rule(&mut self.situation(now, rng)) {
                Ok(Decision { events, outcome, notices }) if !events.is_empty() => {
                    let Some(encoded) = self.prepare(now, events)? else {
                        replaced += 1;
                        continue;
                    };
                    match self.append(guard, &encoded) {
                        Ok(Append::Done { .. }) => return Ok((outcome, notices)),
                        Ok(Append::Moved) => replaced += 1,
                        Ok(Append::Behind) => {}
                        Err(error) => {
                            self.keep_for_later(&encoded.lines, error)?;
                            return Ok((outcome, notices));
                        }
                    }
                }
                decided => {
                    drop(guard);
                    // What is recorded is compared with the whole log. A refusal is not.
                    if !mem::replace(&mut is_fresh, true)
                        && self.log.refresh(&self.view.position)?
                    {
                        continue;
                    }
                    self.notices.extend(self.log.take_notice());
                    let Decision { outcome, notices, .. } = decided?;
                    self.log.sync()?;
                    return Ok((outcome, notices));
                }
            }
        }
        Err(self.keeps_moving())
    }

    /// Records events under the lock, and has them durable. Unless that was done, the log or the checkpoint
    /// was found to be another one, or others were faster, and it has to be looked at again.
    fn record(
        &mut self,
        guard: L::Guard,
        now: Timestamp,
        events: Vec<Event>,
    ) -> Result<Append, StoreError> {
        match self.prepare(now, events)? {
            Some(encoded) => self.append(guard, &encoded),
            None => Ok(Append::Moved),
        }
    }

    /// Writes events as lines, once what they change is loaded; nothing if the checkpoint is lost.
    fn prepare(
        &mut self,
        now: Timestamp,
        events: Vec<Event>,
    ) -> Result<Option<Encoded>, StoreError> {
        self.check_version()?;
        if !events.iter().all(|event| self.load(&Needs::event(event))) {
            return Ok(None);
        }
        self.encode(now, events).map(Some)
    }

    fn append(&mut self, guard: L::Guard, encoded: &Encoded) -> Result<Append, StoreError> {
        let Encoded { lines, ids, texts } = encoded;
        let appended = self.log.append(guard, &self.view.position, lines)?;
        if let Append::Done { torn } = &appended {
            self.recorded.clone_from(ids);
            self.torn = torn.clone().or_else(|| self.torn.take());
            self.allow_own(texts);
            let before = self.unsaved();
            self.take_in(lines).map_err(|error| self.after_recording(error))?;
            self.keep_if(before / UNSAVED_BY_WRITERS < self.unsaved() / UNSAVED_BY_WRITERS);
        }
        Ok(appended)
    }

    /// Lends personas, and answers with all that there is to say of them.
    pub fn assign(
        &mut self,
        request: &AssignRequest,
        now: Timestamp,
        rng: &mut fastrand::Rng,
    ) -> Result<(Vec<Assigned>, Vec<String>), StoreError> {
        self.require_seed()?;
        let needs = request.needs(&self.rules, now);
        let (choices, notices) =
            self.execute(&needs, now, rng, |it| broker::assign(it, request))?;
        Ok((self.complete(request, choices)?, notices))
    }

    /// Answers as [`Store::assign`] would, and records nothing.
    pub fn rehearse_assign(
        mut self,
        request: &AssignRequest,
        now: Timestamp,
        rng: &mut fastrand::Rng,
    ) -> Result<(Vec<Assigned>, Vec<String>), StoreError> {
        self.require_seed()?;
        let needs = request.needs(&self.rules, now);
        let rule = |it: &mut Situation<'_>| broker::assign(it, request);
        let (mut rehearsed, choices, notices) = self.rehearse(&needs, now, rng, rule)?;
        Ok((rehearsed.complete(request, choices)?, notices))
    }

    /// Adds to each choice what there is to say of the persona.
    fn complete(
        &mut self,
        request: &AssignRequest,
        choices: Vec<Choice>,
    ) -> Result<Vec<Assigned>, StoreError> {
        let chosen = Needs::personas(choices.iter().map(|choice| &choice.persona));
        self.look(&chosen, |Self { view, rules, allowed, .. }| {
            let is_allowed = |event| allowed.contains(event);
            let of = |choice| Assigned::of(choice, request, &view.roster, rules, &is_allowed);
            Ok(choices.into_iter().filter_map(of).collect())
        })
    }

    /// Asks something of the store.
    pub fn look<T>(
        &mut self,
        needs: &Needs,
        question: impl FnOnce(&Self) -> Result<T, Refusal>,
    ) -> Result<T, StoreError> {
        self.ensure(needs)?;
        Ok(question(self)?)
    }

    /// Seals the active file if it is long, or whenever it holds anything if `always`; returns the
    /// segment's path and its length in bytes.
    pub fn seal(&mut self, always: bool) -> Result<Option<(PathBuf, u64)>, StoreError> {
        self.try_to_seal(always).map_err(|error| self.after_recording(error))
    }

    fn try_to_seal(&mut self, always: bool) -> Result<Option<(PathBuf, u64)>, StoreError> {
        for _ in 0..TRIES {
            let guard = self.lock()?;
            self.catch_up()?;
            self.check_version()?;
            let bytes = self.log.storage().unsealed_bytes(&self.view.position);
            if bytes <= if always { 0 } else { SEALED_PAST } {
                return Ok(None);
            }
            let sealed = self.log.storage().seal(guard, &self.view.position)?;
            if let Some((path, bytes, torn)) = sealed {
                self.torn = torn;
                return Ok(Some((path, bytes)));
            }
        }
        Err(self.keeps_moving())
    }

    fn situation<'a>(&'a self, now: Timestamp, rng: &'a mut fastrand::Rng) -> Situation<'a> {
        Situation { roster: &self.view.roster, rules: &self.rules, seed: &self.seed, now, rng }
    }

    /// Makes sure that no newer build wrote to the log.
    fn check_version(&self) -> Result<(), StoreError> {
        match self.view.roster.newest_version() {
            newest if newest > FORMAT_VERSION => Err(StoreError::NewerFormat(newest)),
            _ => Ok(()),
        }
    }

    /// Waits for the right to append, and says so if others have it.
    fn lock(&mut self) -> Result<L::Guard, LogError> {
        // Without a list nothing is allowed: what is in the way of it is told when it is written to.
        let _ = self.allowed.begin();
        match self.log.lock(Duration::ZERO) {
            Err(LogError::Busy { .. }) => {
                self.progress.report((0, 0));
                self.log.lock(self.wait)
            }
            locked => locked,
        }
    }

    /// Says of an error that it came after an event was recorded, if it did.
    fn after_recording(&self, error: StoreError) -> StoreError {
        if self.recorded.is_empty() { error } else { StoreError::Recorded(Box::new(error)) }
    }

    fn keeps_moving(&self) -> StoreError {
        StoreError::KeepsMoving(self.log.path().to_owned())
    }

    /// Has a rule decide, and goes on as if it had been recorded, without recording it.
    pub fn rehearse<T>(
        mut self,
        needs: &Needs,
        now: Timestamp,
        rng: &mut fastrand::Rng,
        mut rule: impl FnMut(&mut Situation<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<(Self, T, Vec<String>), StoreError> {
        if !self.load(needs) {
            self.read()?;
        }
        let mut decision = rule(&mut self.situation(now, rng))?;
        if !decision.events.iter().all(|event| self.load(&Needs::event(event))) {
            self.read()?;
            decision = rule(&mut self.situation(now, rng))?;
        }
        let Decision { events, outcome, notices } = decision;
        if !events.is_empty() {
            self.check_version()?;
        }
        let Encoded { lines, texts, .. } = self.encode(now, events)?;
        self.allowed.trust(&texts);
        // What was not recorded is not to be kept either.
        self.take_in(&lines)?;
        Ok((self, outcome, notices))
    }

    /// Writes events as lines that follow from the heads.
    fn encode(&self, at: Timestamp, events: Vec<Event>) -> Result<Encoded, StoreError> {
        let (seq, deepest) = (self.view.next_seq(), self.view.deepest_head());
        let mut lines = NextLines::new(seq, &self.view.heads, deepest, at);
        let (mut ids, mut texts) = (Vec::new(), Vec::new());
        for event in events {
            let needs_leave = broker::needs_leave(&event);
            let id = lines.push(event).map_err(StoreError::CannotEncode)?;
            ids.push(id);
            texts.extend(needs_leave.then_some(id));
        }
        Ok(Encoded { lines: lines.into_parts().0, ids, texts })
    }
}

/// Events as lines of the log.
struct Encoded {
    lines: Vec<u8>,
    ids: Vec<EventId>,
    /// Those of the events whose words need leave to reach a prompt.
    texts: Vec<EventId>,
}

impl<L: Log> Drop for Store<L> {
    fn drop(&mut self) {
        if self.is_due {
            self.forget_old_participations();
            let (disk, dir) = (self.disk.clone(), mem::take(&mut self.dir));
            self.pending.set(disk, dir, mem::take(&mut self.view));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    #[cfg(unix)]
    use std::io::Write as _;
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::events::{
        MemoryGuard, MemoryLog, PersonaName, Position, Read, Retire, RetireReason,
    };
    use crate::projection::Candidate;

    fn options(dir: &Path, wait: Duration) -> Options {
        Options {
            dir: dir.to_owned(),
            wait,
            now: "2026-03-25T15:30:00Z".parse().unwrap(),
            is_hook: false,
            progress: Progress::default(),
            disk: Disk::default(),
            pending: PendingCheckpoint::default(),
        }
    }

    fn open(dir: &Path) -> (Store, Options, fastrand::Rng) {
        let options = options(dir, Duration::from_secs(5));
        let mut rng = fastrand::Rng::with_seed(1);
        (Store::open(&options, &mut rng).unwrap(), options, rng)
    }

    fn retire(situation: &Situation<'_>) -> Decision<usize> {
        let free = situation.roster.candidates().filter(Candidate::is_active);
        let reason = RetireReason::Manual;
        let persona = PersonaName::unchecked("Elena Vasquez");
        let events = vec![Event::Retire(Retire { persona, reason })];
        Decision::new(events, free.count())
    }

    #[cfg(unix)]
    #[test]
    fn when_a_checkout_replaces_the_log_the_rule_decides_again_on_the_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let (mut store, options, mut rng) = open(dir.path());
        // What a checkout brings: the same history with one event more.
        let original = fs::read(&path).unwrap();
        store.execute(&Needs::nothing(), options.now, &mut rng, |s| Ok(retire(s))).unwrap();
        let other = dir.path().join("other");
        fs::copy(&path, &other).unwrap();
        let with_more = fs::read(&other).unwrap();
        assert!(with_more.len() > original.len());
        let mut seen = Vec::new();
        let (outcome, _) = store
            .execute(&Needs::nothing(), options.now, &mut rng, |situation| {
                if seen.is_empty() {
                    fs::rename(&other, &path).unwrap();
                }
                seen.push(situation.roster.names().count());
                Ok(retire(situation))
            })
            .unwrap();
        assert_eq!(seen.len(), 2, "decided twice");
        assert_eq!(outcome, 11);
        let log = fs::read(&path).unwrap();
        assert!(log.starts_with(&with_more) && log.len() > with_more.len());
        assert_eq!(open(dir.path()).0.view().heads, store.view().heads);
    }

    #[cfg(unix)]
    #[test]
    fn a_log_that_was_replaced_since_it_was_read_is_read_again_and_appended_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let (mut store, options, mut rng) = open(dir.path());
        let (mut other, ..) = open(dir.path());
        let original = dir.path().join("original");
        fs::copy(&path, &original).unwrap();
        other.execute(&Needs::nothing(), options.now, &mut rng, |s| Ok(retire(s))).unwrap();
        store.execute(&Needs::nothing(), options.now, &mut rng, |s| Ok(retire(s))).unwrap();
        // A checkout of what was there before.
        fs::rename(&original, &path).unwrap();
        let (outcome, _) =
            store.execute(&Needs::nothing(), options.now, &mut rng, |s| Ok(retire(s))).unwrap();
        assert_eq!((outcome, store.view().events), (12, 13));
        assert_eq!(open(dir.path()).0.view(), store.view());
    }

    #[cfg(unix)]
    #[test]
    fn a_log_that_a_checkout_took_away_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let (mut store, options, mut rng) = open(dir.path());
        let log = fs::read(&path).unwrap();
        for opened_before in [true, false] {
            fs::remove_file(&path).unwrap();
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(Duration::from_millis(10));
                    let mut file = fs::File::create_new(&path).unwrap();
                    std::thread::sleep(Duration::from_millis(10));
                    file.write_all(&log).unwrap();
                });
                if opened_before {
                    store
                        .execute(&Needs::nothing(), options.now, &mut rng, |s| Ok(retire(s)))
                        .unwrap();
                } else {
                    open(dir.path());
                }
            });
            assert!(fs::read(&path).unwrap().starts_with(&log), "no other history was begun");
            assert_eq!(open(dir.path()).0.view().events, 12 + u64::from(opened_before));
        }
    }

    #[cfg(unix)]
    #[test]
    fn half_a_log_that_a_checkout_is_writing_is_not_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let (mut store, options, mut rng) = open(dir.path());
        let log = fs::read(&path).unwrap();
        let (first, rest) = log.split_at(log.len() / 2);
        fs::remove_file(&path).unwrap();
        let mut file = fs::File::create_new(&path).unwrap();
        file.write_all(first).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                file.write_all(rest).unwrap();
            });
            store.execute(&Needs::nothing(), options.now, &mut rng, |s| Ok(retire(s))).unwrap();
        });
        assert!(fs::read(&path).unwrap().starts_with(&log));
        assert_eq!(store.view().events, 13);
    }

    #[test]
    fn a_refusal_records_nothing_and_gives_the_lock_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let (mut store, options, mut rng) = open(dir.path());
        let before = fs::read(&path).unwrap();
        let refused =
            store.execute::<()>(&Needs::nothing(), options.now, &mut rng, |_| Err(Refusal::NoRole));
        assert!(matches!(refused, Err(StoreError::Refused(Refusal::NoRole))));
        assert_eq!(fs::read(&path).unwrap(), before);
        let mut impatient = Options { wait: Duration::ZERO, ..options };
        impatient.dir = dir.path().to_owned();
        let mut other = Store::open(&impatient, &mut rng).unwrap();
        other.execute(&Needs::nothing(), impatient.now, &mut rng, |s| Ok(retire(s))).unwrap();
    }

    /// The numbers of the lines that may hold all of these texts.
    fn visited(snapshot: &mut Snapshot, texts: &[&str]) -> Vec<u64> {
        let mut numbers = Vec::new();
        let (first, mut buffer) = (Position::START, Vec::new());
        let visited = snapshot.visit_page(&first, false, &[texts], &mut buffer, |line| {
            numbers.push(line.number);
            line.decode().map(drop)
        });
        assert_eq!(visited.unwrap(), None);
        numbers
    }

    #[expect(clippy::disallowed_methods, reason = "a test may merge as git does")]
    #[test]
    fn lines_that_cannot_matter_are_passed_over_in_whatever_order_the_log_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let (mut store, options, mut rng) = open(dir.path());
        store.execute(&Needs::nothing(), options.now, &mut rng, |s| Ok(retire(s))).unwrap();
        let seeded = |line| (1..=12).contains(&line);
        let mut store = Snapshot::present(store, options.now);
        assert_eq!(visited(&mut store, &[]), (1..=13).collect::<Vec<_>>());
        assert_eq!(visited(&mut store, &["Elena Vasquez", "retire"]), [13]);
        assert!(visited(&mut store, &["seed"]).into_iter().all(seeded));

        // The last lines change places, and one is there twice.
        let log = fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = log.split_inclusive('\n').collect();
        let merged = [&lines[..11], &[lines[12], lines[11], lines[0]]].concat().concat();
        fs::write(&path, merged).unwrap();
        let mut store = Snapshot::present(open(dir.path()).0, options.now);
        assert_eq!(visited(&mut store, &["Elena Vasquez", "retire"]), [12]);
        assert_eq!(visited(&mut store, &[]), (1..=11).chain([13, 12]).collect::<Vec<_>>());
    }

    #[test]
    fn the_answer_is_that_of_a_fold_from_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, options, mut rng) = open(dir.path());
        for _ in 0..3 {
            store.execute(&Needs::nothing(), options.now, &mut rng, |s| Ok(retire(s))).unwrap();
        }
        let (again, ..) = open(dir.path());
        assert_eq!(again.view(), store.view());
    }

    /// Changes a byte of what the checkpoint keeps of every persona, in place.
    #[expect(clippy::disallowed_methods, reason = "a test may damage what it likes")]
    fn damage_checkpoint(dir: &Path) {
        let path = dir.join(".cache/checkpoint.json");
        let text = fs::read_to_string(&path).unwrap();
        let (head, personas) = text.split_once('\n').unwrap();
        let damaged = personas.replace("\"traits\"", "\"Traits\"");
        assert_ne!(damaged, personas);
        fs::write(&path, format!("{head}\n{damaged}")).unwrap();
    }

    /// A store that was opened by its checkpoint.
    fn open_kept(dir: &Path) -> (Store, Options, fastrand::Rng) {
        let (mut store, ..) = open(dir);
        store.checkpoint().unwrap();
        let opened = open(dir);
        assert_eq!(opened.0.checkpointed, opened.0.view.events, "nothing was folded");
        opened
    }

    #[test]
    fn a_question_is_asked_of_the_log_when_the_checkpoint_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, ..) = open_kept(dir.path());
        damage_checkpoint(dir.path());
        let everyone = store.look(&Needs::everyone(), |store| Ok(store.roster().personas().len()));
        assert_eq!(everyone.unwrap(), 12);
        fs::remove_dir_all(dir.path().join(".cache")).unwrap();
        assert!(store.view() == open(dir.path()).0.view());
    }

    #[test]
    fn a_rule_decides_on_the_log_when_the_checkpoint_is_lost() {
        for (rehearse, is_needed) in [(false, true), (true, true), (false, false), (true, false)] {
            let dir = tempfile::tempdir().unwrap();
            let (mut store, options, mut rng) = open_kept(dir.path());
            damage_checkpoint(dir.path());
            let needs = if is_needed { Needs::everyone() } else { Needs::nothing() };
            let mut asked = 0;
            let mut rule = |situation: &mut Situation<'_>| {
                asked += 1;
                Ok(retire(situation))
            };
            if rehearse {
                let rehearsed = store.rehearse(&needs, options.now, &mut rng, &mut rule);
                let (rehearsed, outcome, _) = rehearsed.unwrap();
                assert_eq!((outcome, rehearsed.view().events), (12, 13));
            } else {
                let (outcome, _) = store.execute(&needs, options.now, &mut rng, &mut rule).unwrap();
                assert_eq!((outcome, store.view().events), (12, 13));
            }
            let due = if is_needed { 1 } else { 2 };
            assert_eq!(asked, due, "again where only what was decided shows the loss");
        }
    }

    #[test]
    fn events_after_a_lost_checkpoint_are_folded_from_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, options, mut rng) = open_kept(dir.path());
        damage_checkpoint(dir.path());
        // Others retired her meanwhile; this store has not loaded her.
        open(dir.path())
            .0
            .execute(&Needs::nothing(), options.now, &mut rng, |s| Ok(retire(s)))
            .unwrap();
        store.execute(&Needs::nothing(), options.now, &mut rng, |s| Ok(retire(s))).unwrap();
        let (other, ..) = open(dir.path());
        assert_eq!((store.view(), store.view().events), (other.view(), 14));
    }

    #[test]
    fn a_long_log_is_read_ahead_and_its_reader_is_told_how_far() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, options, mut rng) = open(dir.path());
        // More than one batch, by some.
        store
            .execute(&Needs::nothing(), options.now, &mut rng, |situation| {
                let Decision { events, outcome, notices } = retire(situation);
                let events = events.into_iter().cycle().take(6000).collect();
                Ok(Decision { events, outcome, notices })
            })
            .unwrap();
        store.checkpoint().unwrap();
        let told = Arc::new(std::sync::Mutex::new(Vec::new()));
        let listener = Arc::clone(&told);
        let progress =
            Progress::new(move |_, done, all| listener.lock().unwrap().push((done, all)));
        let bytes = fs::metadata(dir.path().join("events.jsonl")).unwrap().len();
        for kept in [true, false] {
            told.lock().unwrap().clear();
            if !kept {
                fs::remove_dir_all(dir.path().join(".cache")).unwrap();
            }
            let options = Options { progress: progress.clone(), ..options.clone() };
            let mut opened = Store::open(&options, &mut rng).unwrap();
            assert!(opened.load(&Needs::everyone()) && opened.view() == store.view());
            let told = told.lock().unwrap();
            assert_eq!(told.is_empty(), kept, "with its checkpoint there is little to read");
            let is_reading = |(_, all): &(u64, u64)| *all == bytes;
            assert!(told.is_sorted() && told.iter().all(is_reading), "{told:?}");
            assert!(kept || told.last() == Some(&(bytes, bytes)), "{told:?}");
        }
    }

    /// A log that branched after its first event and was merged: Bo and somebody else were added.
    fn merged(other: &str) -> String {
        use crate::projection::testing::{History, seed};

        let base = History::of([seed("Ann")]);
        let last = base.clone().then(seed("Bo")).clone();
        let [first, other] = base.clone().then(seed(other)).lines.clone().try_into().unwrap();
        [first, other, last.lines[1].clone()].concat()
    }

    #[expect(clippy::disallowed_methods, reason = "a test may write what git writes")]
    #[test]
    fn a_checkpoint_is_that_of_a_log_with_all_its_heads_in_their_places() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let names = |store: &Store| {
            let names = store.roster().names();
            names.map(ToString::to_string).collect::<Vec<_>>()
        };
        fs::write(&path, merged("Cy")).unwrap();
        let (mut store, ..) = open(dir.path());
        assert_eq!(names(&store), ["Ann", "Bo", "Cy"]);
        store.checkpoint().unwrap();
        assert_eq!(open(dir.path()).0.checkpointed, 3);
        // As long, and with the same last line: only the other head tells them apart.
        let other = merged("Di");
        assert_eq!(other.len(), merged("Cy").len());
        fs::write(&path, other).unwrap();
        assert_eq!(names(&open(dir.path()).0), ["Ann", "Bo", "Di"]);
    }

    /// A log of which each read, counted from 1, finds what a script says.
    #[derive(Debug)]
    struct Scripted {
        reads: u32,
        script: fn(u32, &mut Vec<u8>) -> Read,
        kept: MemoryLog,
    }

    impl Log for Scripted {
        type Guard = MemoryGuard;
        type Storage = MemoryLog;

        fn read(&mut self, _: &Position, lines: &mut Vec<u8>) -> Result<Read, LogError> {
            self.reads += 1;
            assert!(self.reads < 100, "it is read without end");
            lines.clear();
            Ok((self.script)(self.reads, lines))
        }

        fn holds(&mut self, _: &Position) -> Result<bool, LogError> {
            Ok(false)
        }

        fn lock(&mut self, wait: Duration) -> Result<MemoryGuard, LogError> {
            self.kept.lock(wait)
        }

        fn append(&mut self, _: MemoryGuard, _: &Position, _: &[u8]) -> Result<Append, LogError> {
            Ok(Append::Moved)
        }

        fn sync(&mut self) -> Result<(), LogError> {
            Ok(())
        }

        fn storage(&mut self) -> &mut MemoryLog {
            &mut self.kept
        }

        fn path(&self) -> &Path {
            Path::new("store/events.jsonl")
        }

        fn locate(&self, line: u64) -> (PathBuf, u64) {
            ("store/segments/1-01234567.jsonl".into(), line)
        }
    }

    fn scripted(script: fn(u32, &mut Vec<u8>) -> Read) -> Store<Scripted> {
        let options = options(Path::new("/nonexistent"), Duration::ZERO);
        let log = Scripted { reads: 0, script, kept: MemoryLog::default() };
        Store::closed(log, &options).unwrap()
    }

    #[test]
    fn a_log_that_is_replaced_while_it_is_read_is_read_from_its_start() {
        use crate::projection::testing::{History, seed};

        let replaced = || {
            scripted(|read, lines| match read {
                1 => {
                    lines.extend(History::of([seed("Zoe")]).lines.concat().bytes());
                    Read::Lines { left: 1 }
                }
                2 => Read::Moved,
                _ => {
                    lines.extend(History::of([seed("Ann"), seed("Bo")]).lines.concat().bytes());
                    Read::Lines { left: 0 }
                }
            })
        };
        let there = History::of([seed("Ann"), seed("Bo")]);
        let mut store = replaced();
        store.read().unwrap();
        assert!(store.view == there.view());
        assert!(replaced().read_all().unwrap() == there.lines.concat().into_bytes());
    }

    #[test]
    fn a_log_that_is_replaced_at_every_look_is_given_up_and_named() {
        type Reading = fn(&mut Store<Scripted>) -> Result<(), StoreError>;
        let reading: [Reading; 4] = [
            |store| store.read(),
            |store| store.read_all().map(drop),
            |store| store.read_through(|(): &mut (), _, _, _| Ok(())).map(drop),
            |store| {
                let (now, mut rng) = (Timestamp::UNIX_EPOCH, fastrand::Rng::with_seed(1));
                store.execute(&Needs::nothing(), now, &mut rng, |it| Ok(retire(it))).map(drop)
            },
        ];
        for read in reading {
            let mut store = scripted(|_, _| Read::Moved);
            let told = read(&mut store).unwrap_err().to_string();
            assert_eq!(
                told,
                "the log at `store/events.jsonl` is being replaced while it is in use"
            );
        }
    }

    #[test]
    fn what_fails_after_an_event_was_recorded_is_told_with_that() {
        for records in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("events.jsonl");
            let (mut store, options, mut rng) = open_kept(dir.path());
            if records {
                store.execute(&Needs::nothing(), options.now, &mut rng, |s| Ok(retire(s))).unwrap();
            }
            damage_checkpoint(dir.path());
            store.log = options.log().unwrap();
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
            let lost = store.look(&Needs::everyone(), |_| Ok(()));
            let told = lost.unwrap_err().to_string();
            assert_eq!(told.starts_with("the event is recorded, and "), records, "{told}");
            assert!(told.contains("could not "), "{told}");
        }
    }

    /// Records so many events in one command.
    fn record(store: &mut Store, count: usize) {
        let (now, mut rng) = (store.now, fastrand::Rng::with_seed(1));
        let rule = |it: &mut Situation<'_>| {
            let Decision { events, outcome, notices } = retire(it);
            let events = events.into_iter().cycle().take(count).collect();
            Ok(Decision { events, outcome, notices })
        };
        store.execute(&Needs::nothing(), now, &mut rng, rule).unwrap();
    }

    #[test]
    fn a_checkpoint_is_written_once_the_answer_is_given() {
        let dir = tempfile::tempdir().unwrap();
        let checkpoint = dir.path().join(".cache/checkpoint.json");
        let (mut store, options, _) = open(dir.path());
        let answering = options.pending.clone();
        record(&mut store, 128);
        drop((store, options));
        assert!(!checkpoint.exists());
        drop(answering);
        let (opened, ..) = open(dir.path());
        assert_eq!((opened.checkpointed, opened.view.events), (140, 140));
    }

    #[test]
    fn of_several_writers_the_one_that_fills_the_number_writes_the_checkpoint() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, ..) = open(dir.path());
        let seeded = usize::try_from(store.view.events).unwrap();
        record(&mut store, 127 - seeded);
        assert!(!store.is_due);
        let (mut filling, mut next) = (open(dir.path()), open(dir.path()));
        record(&mut filling.0, 1);
        record(&mut next.0, 1);
        assert_eq!((filling.0.is_due, next.0.is_due), (true, false));
        // Should the one have died, the next number is another's.
        drop((store, next));
        filling.0.is_due = false;
        drop(filling);
        let (mut later, ..) = open(dir.path());
        record(&mut later, 126);
        assert!(!later.is_due);
        record(&mut later, 1);
        assert!(later.is_due);
    }

    #[expect(clippy::disallowed_methods, reason = "a test may write what git writes")]
    #[test]
    fn a_log_with_any_number_of_repeats_and_heads_has_a_checkpoint() {
        use crate::projection::testing::{History, seed};

        let base = History::of([seed("Ann")]);
        let branch = |n: usize| base.clone().then(seed(&format!("P{n}"))).lines[1].clone();
        let heads: String = (0..1500).map(branch).collect();
        let line = History::of((0..1500).map(|n| seed(&format!("P{n}")))).lines.concat();
        for log in [base.lines.concat() + &heads, line.repeat(2)] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("events.jsonl"), log).unwrap();
            let (first, ..) = open(dir.path());
            let view = first.view().clone();
            drop(first);
            let (mut opened, ..) = open(dir.path());
            assert_eq!(opened.checkpointed, opened.view.events, "nothing was folded");
            assert!(opened.load(&Needs::everyone()));
            assert!(opened.view == view);
        }
    }
}
