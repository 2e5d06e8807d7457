//! What a command works with: the store's options, and the messages beside its answer.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use muzzle_persona::broker::{AssignRequest, Assigned, Decision, Refusal, Seed, Situation};
use muzzle_persona::events::{EventId, visible};
use muzzle_persona::projection::{CutoffSpec, Moment, Needs};
use muzzle_persona::wording::Count;
use muzzle_persona::{Disk, Options, PendingCheckpoint, Progress, Snapshot, Store, StoreError};

use super::{Failure, environment, minute, output};

/// The moment that a reading command asks about.
#[derive(Debug, Default, Args)]
pub struct AtArgs {
    /// As it was then: a time, a date, `yesterday`, `3d` ago, a sequence number, how an event's id
    /// begins, or `git:REV`
    #[arg(long, value_name = "MOMENT", value_parser = Moment::parse)]
    at: Option<Moment>,
}

impl AtArgs {
    /// Returns whether no moment was named: the question is about the present.
    pub fn is_none(&self) -> bool {
        self.at.is_none()
    }
}

pub struct Context {
    pub options: Options,
    pub program: Option<PathBuf>,
    /// Text for stderr that was asked for beside the answer; it has its own lines.
    pub notes: Vec<String>,
    /// The warnings for stderr, to be written after the answer and the notes.
    pub warnings: Vec<String>,
    /// Whether what is decided is not recorded.
    pub dry_run: bool,
    /// The zone in which times are shown: that of who sits before the terminal, else UTC.
    pub zone: TimeZone,
    rng: fastrand::Rng,
}

impl Context {
    pub fn new(
        store: Option<PathBuf>,
        wait: Duration,
        pending: PendingCheckpoint,
    ) -> Result<Self, Failure> {
        let (now, dir) = (environment::now()?, environment::store_dir(store)?);
        let progress = output::progress();
        let options =
            Options { dir, wait, now, is_hook: false, progress, disk: Disk::default(), pending };
        let (program, rng) = (std::env::current_exe().ok(), environment::rng());
        let (notes, warnings) = (Vec::new(), Vec::new());
        let zone = if output::is_read() { environment::time_zone() } else { TimeZone::UTC };
        Ok(Self { options, program, notes, warnings, dry_run: false, zone, rng })
    }

    /// What was meant by a moment that was typed.
    pub fn meant(&self, moment: &Moment) -> CutoffSpec {
        moment.meant(self.options.now, &environment::time_zone())
    }

    /// Randomness for what the store does not record.
    pub fn rng(&mut self) -> fastrand::Rng {
        self.rng.fork()
    }

    pub fn warn(&mut self, warnings: impl IntoIterator<Item: ToString>) {
        for warning in warnings.into_iter().map(|warning| warning.to_string()) {
            // A command that opens the store twice warns once.
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    pub fn open(&mut self) -> Result<Store, Failure> {
        let store = self.open_quietly()?;
        self.warn(store.roster().warnings());
        Ok(store)
    }

    /// Opens the store for a command that reports the warnings of its log itself.
    pub fn open_quietly(&mut self) -> Result<Store, Failure> {
        let mut store = self.open_for_allow()?;
        self.note_what_waits(&mut store);
        Ok(store)
    }

    /// Opens the store for the command that itself says what waits.
    pub fn open_for_allow(&mut self) -> Result<Store, Failure> {
        let store = Store::open_existing(&self.options)?;
        Ok(self.opened(store))
    }

    /// Opens the store to record something in it, and says where it was made if there was none. A dry
    /// run makes none.
    fn open_to_write(&mut self) -> Result<Store, Failure> {
        let store = if self.dry_run {
            Store::open_existing(&self.options)?
        } else {
            Store::open(&self.options, &mut self.rng)?
        };
        if store.is_made() {
            let (dir, personas) = (self.options.dir.display(), store.roster().names().count());
            let personas = Count(personas as u64, "persona");
            self.notes
                .push(visible(&format!("note: made a store at `{dir}`, with {personas}")) + "\n");
        }
        Ok(store)
    }

    /// Says on a terminal what a person could do about the store.
    fn note_what_waits(&mut self, store: &mut Store) {
        if output::is_seen() {
            self.notes.extend(waiting_note(store));
            self.notes.extend(seed_note(store));
        }
    }

    fn opened(&mut self, mut store: Store) -> Store {
        self.warn(store.take_torn());
        self.warn(store.take_notices());
        self.warn_of_seed(store.seed_flaw());
        store
    }

    /// The words and roles in force, of a store that need not be there yet.
    pub fn seed(&mut self) -> Result<Seed, Failure> {
        Ok(muzzle_persona::user_seed(&self.options)?)
    }

    /// Opens the store to look through its log as it is now.
    pub fn present(&mut self) -> Result<Snapshot, Failure> {
        Ok(Snapshot::present(self.open_quietly()?, self.options.now))
    }

    /// Opens the store for a command that goes by the user's seed.
    pub fn open_with_seed(&mut self) -> Result<Store, Failure> {
        let mut store = self.open_to_write()?;
        self.warn(store.take_torn());
        self.warn(store.roster().warnings());
        store.require_seed()?;
        Ok(store)
    }

    /// Says once that the user's seed cannot be used, if it cannot.
    fn warn_of_seed(&mut self, flaw: Option<&StoreError>) {
        let warning = flaw.map(|flaw| format!("{flaw}; the built-in seed is used instead"));
        let warning = warning.filter(|warning| !self.warnings.contains(warning));
        self.warn(warning);
    }

    pub fn read(&mut self, args: &AtArgs) -> Result<Snapshot, Failure> {
        let snapshot = self.read_quietly(args)?;
        self.warn(snapshot.roster().warnings());
        Ok(snapshot)
    }

    /// Opens the store to read, for a command whose answer holds the warnings itself.
    pub fn read_quietly(&mut self, args: &AtArgs) -> Result<Snapshot, Failure> {
        let Some(moment) = &args.at else { return self.present() };
        let snapshot = Snapshot::open(&self.options, &self.meant(moment))?;
        self.warn_of_seed(snapshot.seed_flaw());
        if snapshot.view().events == 0 {
            self.warn([match snapshot.view().first_excluded {
                Some(first) => {
                    let first = minute(first, &self.zone);
                    format!("nothing had happened by then: the log begins {first}")
                }
                None => "nothing ever happened: the log is empty".to_owned(),
            }]);
        }
        Ok(snapshot)
    }

    pub fn assign(&mut self, request: &AssignRequest) -> Result<Vec<Assigned>, Failure> {
        let (mut store, now, rng) = (self.open_with_seed()?, self.options.now, &mut self.rng);
        let (assigned, notices) = if self.dry_run {
            store.rehearse_assign(request, now, rng)?
        } else {
            let answer = store.assign(request, now, rng)?;
            self.warn(store.take_torn());
            self.warn(store.take_notices());
            answer
        };
        self.warn(notices);
        Ok(assigned)
    }

    /// Opens the store, has a rule decide and records the decision.
    pub fn execute<T>(
        &mut self,
        needs: &Needs,
        rule: impl FnMut(&mut Situation<'_>) -> Result<Decision<T>, Refusal>,
    ) -> Result<(Store, T), Failure> {
        let store = self.open_to_write()?;
        let mut store = self.opened(store);
        self.note_what_waits(&mut store);
        self.warn(store.roster().warnings());
        let (now, rng) = (self.options.now, &mut self.rng);
        if self.dry_run {
            let (rehearsed, outcome, notices) = store.rehearse(needs, now, rng, rule)?;
            self.warn(notices);
            return Ok((rehearsed, outcome));
        }
        let (outcome, notices) = store.execute(needs, now, rng, rule)?;
        self.warn(store.take_torn());
        self.warn(store.take_notices());
        self.warn(notices);
        Ok((store, outcome))
    }
}

/// The events whose texts were forgotten in the store, if there is one that can be read.
pub fn forgotten(store: Option<PathBuf>) -> BTreeSet<EventId> {
    let peek = || {
        let options = Options {
            dir: environment::store_dir(store).ok()?,
            wait: Duration::ZERO,
            now: Timestamp::UNIX_EPOCH,
            is_hook: false,
            progress: Progress::default(),
            disk: Disk::default(),
            pending: PendingCheckpoint::default(),
        };
        Store::peek(&options).ok()
    };
    peek().map_or_else(BTreeSet::new, |store| store.roster().forgotten().clone())
}

/// Says how many personas of the user's seed are not in the roster, if there are any.
fn seed_note(store: &Store) -> Option<String> {
    let new = Count(store.seed().not_in(store.roster()).len() as u64, "persona");
    let (are, them) = (new.agree("is", "are"), new.agree("it", "them"));
    (new.0 > 0).then(|| {
        format!(
            "note: `seed.toml` has {new} that {are} not in the roster; `muzzle-persona seed --sync` adds {them}\n"
        )
    })
}

/// Says how many texts wait, if any does. That is asked only where somebody sees it: it takes all
/// personas.
fn waiting_note(store: &mut Store) -> Option<String> {
    let texts = store.prompt_texts().ok()?;
    let waiting = Count(texts.iter().filter(|(_, is_allowed)| !is_allowed).count() as u64, "text");
    let (wait, reach) = (waiting.agree("waits", "wait"), waiting.agree("reaches", "reach"));
    (waiting.0 > 0).then(|| {
        format!(
            "note: {waiting} {wait} and {reach} no prompt; `muzzle-persona allow` shows {}\n",
            waiting.agree("it", "them")
        )
    })
}
