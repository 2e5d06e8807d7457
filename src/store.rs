//! One request, from the lock to the answer.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::broker::{Decision, Notice, Refusal, Rules, Seed, SeedError, Situation};
use crate::events::{
    Append, Damage, Event, FORMAT_VERSION, FileLog, LineError, Log, LogError, Position, Read,
    Record, TornTail, decode, encode,
};
use crate::projection::{Fold, LineDamage, Roster, View};

/// How often a log may be replaced under a writer before it gives up.
const TRIES: u32 = 8;

/// A directory with a log in it, and the roster that the log adds up to.
///
/// This is the one place that strings a request together: take the lock,
/// catch up with the log, decide, append, unlock, sync, answer.
pub struct Store<L: Log = FileLog> {
    log: L,
    seed: Seed,
    rules: Rules,
    wait: Duration,
    view: View,
    /// What was cut from the log when it was seeded, for the next answer to tell.
    torn: Option<TornTail>,
}

/// What a store needs to know of the world around it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The store's directory.
    pub dir: PathBuf,
    /// How long to wait for other writers.
    pub wait: Duration,
    /// What time it is.
    pub now: Timestamp,
}

/// What was recorded, and what to tell.
#[derive(Debug)]
pub struct Answer<T> {
    /// What the request asked for.
    pub outcome: T,
    /// What whoever asked should know.
    pub notices: Vec<Notice>,
    /// What was cut from the end of the log first.
    pub torn: Option<TornTail>,
}

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The log could not be read or written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The broker said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store's `seed.toml` cannot be used.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The event does not fit into a line.
    #[error("could not record the event: {0}")]
    TooLong(LineError),
    /// A newer build wrote to this log.
    #[error(
        "the log holds events of format version {0}; this build writes version {FORMAT_VERSION} and leaves the log alone"
    )]
    NewerFormat(u32),
    /// Something puts another file in the log's place again and again, or while it is read through.
    #[error("the log at `{}` is being replaced while it is in use", .0.display())]
    KeepsMoving(PathBuf),
}

impl Store<FileLog> {
    /// Opens a store; one that does not exist is created and seeded.
    ///
    /// What is in the log already is read, without a lock.
    pub fn open(options: &Options, rng: &mut fastrand::Rng) -> Result<Self, StoreError> {
        let seed = read_seed(&options.dir.join("seed.toml"))?;
        let rules = seed.rules()?;
        let log = FileLog::new(options.dir.clone());
        let mut store =
            Self { log, seed, rules, wait: options.wait, view: View::default(), torn: None };
        store.read()?;
        if store.view.events == 0 {
            store.log.create_store()?;
            let personas = store.seed.personas()?;
            let seeded = store.execute(options.now, rng, |situation| {
                let new = situation.roster.personas().is_empty();
                let events = if new { personas.clone() } else { Vec::new() };
                let events = events.into_iter().map(Event::Seed).collect();
                Ok(Decision { events, outcome: (), notices: Vec::new() })
            })?;
            store.torn = seeded.torn;
        }
        Ok(store)
    }
}

/// Reads the user's seed, if the store has one.
fn read_seed(path: &Path) -> Result<Seed, StoreError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Seed::with_user(path, &text)?),
        Err(error) => match error.kind() {
            // A store that is a file is for the log to report, with its own path.
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Ok(Seed::default()),
            _ => Err(LogError::io("read", path)(error).into()),
        },
    }
}

impl<L: Log> Store<L> {
    /// What was cut from the end of the log when the store was seeded, if nobody told it yet.
    pub fn take_torn(&mut self) -> Option<TornTail> {
        self.torn.take()
    }

    /// The personas.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.view.roster
    }

    /// The personas, and how far in which history they stand.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The roles and numbers in force.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Has a rule decide, and records what it decided. Answers when that is durable.
    ///
    /// When the log is replaced meanwhile, as by a checkout, the rule decides
    /// again on the log that is there now. When it decides that nothing is to
    /// be recorded, nothing is written.
    pub fn execute<T>(
        &mut self,
        now: Timestamp,
        rng: &mut fastrand::Rng,
        mut rule: impl FnMut(&mut Situation<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<Answer<T>, StoreError> {
        for _ in 0..TRIES {
            let turn = self.log.take_turn(self.wait)?;
            self.catch_up()?;
            let mut situation = Situation {
                roster: &self.view.roster,
                rules: &self.rules,
                seed: &self.seed,
                now,
                rng,
            };
            let Decision { events, outcome, notices } = rule(&mut situation)?;
            if events.is_empty() {
                return Ok(Answer { outcome, notices, torn: self.torn.take() });
            }
            let newest = self.view.roster.newest_version();
            if newest > FORMAT_VERSION {
                return Err(StoreError::NewerFormat(newest));
            }
            let lines = self.encode(now, events)?;
            if let Append::Done { torn } = self.log.append(turn, &self.view.position, &lines)? {
                self.fold(&lines)?;
                return Ok(Answer { outcome, notices, torn: torn.or_else(|| self.torn.take()) });
            }
        }
        Err(StoreError::KeepsMoving(self.log.place(0).0))
    }

    /// Has a rule decide, and goes on as if it had been recorded, without recording it.
    pub fn rehearse<T>(
        mut self,
        now: Timestamp,
        rng: &mut fastrand::Rng,
        rule: impl FnOnce(&mut Situation<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<(Self, Answer<T>), StoreError> {
        let mut situation =
            Situation { roster: &self.view.roster, rules: &self.rules, seed: &self.seed, now, rng };
        let Decision { events, outcome, notices } = rule(&mut situation)?;
        let lines = self.encode(now, events)?;
        self.fold(&lines)?;
        Ok((self, Answer { outcome, notices, torn: None }))
    }

    /// Hands the events that may matter to `visit`, in fold order.
    ///
    /// In a linear log, lines that cannot hold `needle` as a JSON string are
    /// passed over unread: `visit` gets at least those that do.
    pub fn visit(
        &mut self,
        needle: &str,
        mut visit: impl FnMut(&Record),
    ) -> Result<(), StoreError> {
        if self.view.is_reordered() {
            let whole = self.read_all()?;
            View::visit_all(&whole, visit).map_err(|damage| self.damaged(damage))?;
            return Ok(());
        }
        let needle =
            serde_json::to_vec(needle).map_err(|error| StoreError::TooLong(error.into()))?;
        let finder = memchr::memmem::Finder::new(&needle);
        let (mut position, mut batch) = (Position::START, Vec::new());
        loop {
            let Read::Lines { more } = self.log.read(&position, &mut batch)? else {
                return Err(StoreError::KeepsMoving(self.log.place(0).0));
            };
            for (line, number) in
                batch.split_inclusive(|byte| *byte == b'\n').zip(position.lines + 1..)
            {
                let line = line.strip_suffix(b"\n").unwrap_or(line);
                // A text with escapes may be spelt otherwise than the needle.
                if finder.find(line).is_none() && memchr::memchr(b'\\', line).is_none() {
                    continue;
                }
                let record = decode(line).map_err(|error| {
                    self.damaged(LineDamage { line: number, reason: error.into() })
                })?;
                visit(&record);
            }
            position.advance(&batch);
            if !more {
                return Ok(());
            }
        }
    }

    /// Writes events as lines that follow from the heads.
    fn encode(&self, at: Timestamp, events: Vec<Event>) -> Result<Vec<u8>, StoreError> {
        let mut lines = Vec::new();
        let (mut seq, mut heads) = (self.view.next_seq(), self.view.heads.clone());
        for event in events {
            let record = encode(&mut lines, seq, at, event, heads).map_err(StoreError::TooLong)?;
            (seq, heads) = (record.seq.next(), record.id.into());
        }
        Ok(lines)
    }

    /// Reads the log without a lock.
    ///
    /// What looks like damage may be a write half seen: it is looked at once
    /// more while no writer can be at work, where that can be had.
    fn read(&mut self) -> Result<(), LogError> {
        match self.catch_up() {
            Err(LogError::Damaged(seen)) => {
                let Ok(_turn) = self.log.take_turn(self.wait) else {
                    return Err(LogError::Damaged(seen));
                };
                self.view = View::default();
                self.catch_up()
            }
            other => other,
        }
    }

    /// Folds what is new in the log.
    fn catch_up(&mut self) -> Result<(), LogError> {
        let mut lines = Vec::new();
        loop {
            let more = match self.log.read(&self.view.position, &mut lines)? {
                Read::Lines { more } => more,
                Read::Moved => {
                    self.view = View::default();
                    continue;
                }
            };
            self.fold(&lines)?;
            if !more {
                return Ok(());
            }
        }
    }

    /// Folds lines that follow the position; all of the log, if it was merged.
    fn fold(&mut self, lines: &[u8]) -> Result<(), LogError> {
        match self.view.fold(lines) {
            Ok(Fold::Done) => Ok(()),
            Ok(Fold::Merged) => self.fold_all(),
            Err(damage) => Err(self.damaged(damage)),
        }
    }

    fn fold_all(&mut self) -> Result<(), LogError> {
        let whole = self.read_all()?;
        self.view = View::fold_all(&whole).map_err(|damage| self.damaged(damage))?;
        Ok(())
    }

    /// Reads the whole log.
    fn read_all(&mut self) -> Result<Vec<u8>, LogError> {
        let (mut whole, mut batch) = (Vec::new(), Vec::new());
        let mut position = Position::START;
        loop {
            let more = match self.log.read(&position, &mut batch)? {
                Read::Lines { more } => more,
                Read::Moved => {
                    whole.clear();
                    position = Position::START;
                    continue;
                }
            };
            position.advance(&batch);
            whole.append(&mut batch);
            if !more {
                return Ok(whole);
            }
        }
    }

    /// Says where in which file a line is damaged.
    fn damaged(&self, damage: LineDamage) -> LogError {
        let (path, line) = self.log.place(damage.line);
        LogError::Damaged(Box::new(Damage { path, line, reason: damage.reason }))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::events::{PersonaName, Retire, RetireReason};

    fn open(dir: &Path) -> (Store, Options, fastrand::Rng) {
        let now = "2026-03-25T15:30:00Z".parse().unwrap();
        let options = Options { dir: dir.to_owned(), wait: Duration::from_secs(5), now };
        let mut rng = fastrand::Rng::with_seed(1);
        (Store::open(&options, &mut rng).unwrap(), options, rng)
    }

    fn retire(situation: &Situation<'_>) -> Decision<usize> {
        let free = situation.roster.personas().iter().filter(|persona| persona.is_active());
        let reason = RetireReason::Manual;
        let persona = PersonaName::unchecked("Elena Vasquez");
        let events = vec![Event::Retire(Retire { persona, reason })];
        Decision { events, outcome: free.count(), notices: Vec::new() }
    }

    #[cfg(unix)]
    #[test]
    fn when_a_checkout_replaces_the_log_the_rule_decides_again_on_the_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let (mut store, options, mut rng) = open(dir.path());
        // What a checkout brings: the same history with one event more.
        let original = fs::read(&path).unwrap();
        store.execute(options.now, &mut rng, |s| Ok(retire(s))).unwrap();
        let other = dir.path().join("other");
        fs::copy(&path, &other).unwrap();
        let with_more = fs::read(&other).unwrap();
        assert!(with_more.len() > original.len());
        let mut seen = Vec::new();
        let answer = store
            .execute(options.now, &mut rng, |situation| {
                if seen.is_empty() {
                    fs::rename(&other, &path).unwrap();
                }
                seen.push(situation.roster.personas().len());
                Ok(retire(situation))
            })
            .unwrap();
        assert_eq!(seen.len(), 2, "decided twice");
        assert_eq!(answer.outcome, 11);
        let log = fs::read(&path).unwrap();
        assert!(log.starts_with(&with_more) && log.len() > with_more.len());
        assert_eq!(open(dir.path()).0.view().heads, store.view().heads);
    }

    #[test]
    fn a_refusal_records_nothing_and_gives_the_lock_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let (mut store, options, mut rng) = open(dir.path());
        let before = fs::read(&path).unwrap();
        let refused = store.execute::<()>(options.now, &mut rng, |_| Err(Refusal::NoRole));
        assert!(matches!(refused, Err(StoreError::Refused(Refusal::NoRole))));
        assert_eq!(fs::read(&path).unwrap(), before);
        let mut impatient = Options { wait: Duration::ZERO, ..options };
        impatient.dir = dir.path().to_owned();
        let mut other = Store::open(&impatient, &mut rng).unwrap();
        other.execute(impatient.now, &mut rng, |s| Ok(retire(s))).unwrap();
    }

    #[test]
    fn the_answer_is_that_of_a_fold_from_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, options, mut rng) = open(dir.path());
        for _ in 0..3 {
            store.execute(options.now, &mut rng, |s| Ok(retire(s))).unwrap();
        }
        let (again, ..) = open(dir.path());
        assert_eq!(again.view(), store.view());
    }
}
