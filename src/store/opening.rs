//! Opening a store: its seed, its settings, and what its log has so far.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::allowed::Allowed;
use super::{Options, Store, StoreError, TRIES, UNSAVED_BY_READERS};
use crate::broker::{HookSettings, Seed};
use crate::disk;
use crate::events::{EventId, Log, LogError, LogStorage as _, Presence};
use crate::projection::{View, checkpoint};

impl Store {
    /// Opens a store to write to it; one that does not exist is created and seeded.
    ///
    /// What is in the log already is read, without a lock: the checkpoint if it
    /// is that of this log, then what came after it.
    pub fn open(options: &Options, rng: &mut fastrand::Rng) -> Result<Self, StoreError> {
        Self::open_log(options.log()?, options, rng)
    }

    /// Opens a store that is there, and writes nothing but its checkpoint, and the rest of a seeding
    /// that was cut off. One of whose log no event is written yet is none.
    pub fn open_existing(options: &Options) -> Result<Self, StoreError> {
        Self::open_existing_log(options.log()?, options)
    }

    /// Opens a store that is there, only to look at it.
    ///
    /// It waits for nobody and writes nothing, not even the checkpoint: what
    /// looks like damage, and may be a write half seen, is an error at once.
    pub fn peek(options: &Options) -> Result<Self, StoreError> {
        Self::peek_log(options.log()?, options)
    }
}

impl<L: Log> Store<L> {
    /// Opens a store whose events are in `log`, as [`Store::open`] does.
    pub fn open_log(
        log: L,
        options: &Options,
        rng: &mut fastrand::Rng,
    ) -> Result<Self, StoreError> {
        let mut store = Self::closed(log, options)?;
        store.require_log()?;
        store.recall();
        store.read()?;
        if store.view.events == 0 {
            store.make(rng)?;
        }
        // Behind other events it would never be finished.
        store.finish_seeding()?;
        store.allow_what_older_builds_wrote();
        store.keep_if(store.unsaved() > UNSAVED_BY_READERS);
        Ok(store)
    }

    /// Opens a store whose events are in `log`, as [`Store::open_existing`] does.
    pub fn open_existing_log(log: L, options: &Options) -> Result<Self, StoreError> {
        let mut store = Self::unread(log, options)?;
        store.bring_up_to_date()?;
        Ok(store)
    }

    /// Reads a store of which nothing was read yet, with what a fleet has besides, and finishes what was
    /// left undone.
    pub(super) fn bring_up_to_date(&mut self) -> Result<(), StoreError> {
        self.recall();
        self.read()?;
        if self.log.refresh(&self.view.position)? {
            self.read()?;
        }
        self.notices.extend(self.log.take_notice());
        if let Err(error) = self.tell_if_reachable() {
            self.notices.push(format!("what waits for the fleet could not be told: {error}"));
        }
        if self.view.events == 0 {
            return Err(StoreError::NoStore(self.dir.clone()));
        }
        self.try_to_finish_seeding()?;
        self.allow_what_older_builds_wrote();
        self.keep_if(self.unsaved() > UNSAVED_BY_READERS);
        Ok(())
    }

    /// Opens a store whose events are in `log`, as [`Store::peek`] does.
    pub fn peek_log(log: L, options: &Options) -> Result<Self, StoreError> {
        let mut store = Self::unread(log, options)?;
        store.recall();
        store.catch_up()?;
        store.assume_seeding_finished()?;
        Ok(store)
    }

    pub(super) fn unread(log: L, options: &Options) -> Result<Self, StoreError> {
        let mut store = Self::closed(log, options)?;
        store.require_log()?;
        match store.log.storage().presence()? {
            Presence::Absent => Err(StoreError::NoStore(options.dir.clone())),
            Presence::Sealed | Presence::Whole => Ok(store),
        }
    }

    /// Makes sure that the log is not gone: a checkpoint that knows of more than is there tells that
    /// this is no store that never was. Without the active file, sealed segments alone are a log
    /// whose sealing was interrupted.
    fn require_log(&mut self) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            if self.log.storage().presence()? == Presence::Whole {
                return Ok(());
            }
            let Some(view) = checkpoint::load(&self.disk, &self.cache) else { return Ok(()) };
            if view.stands_in(&mut self.log) || self.has_heads(&view)? {
                return Ok(());
            }
            // A checkout takes the log away for a moment, and puts another one there.
            self.disk.pause(Duration::from_millis(10));
            self.log.storage().look_again();
        }
        Err(StoreError::LogGone(self.log.path().to_owned()))
    }

    /// A store of whose log nothing was read yet.
    pub(super) fn closed(log: L, options: &Options) -> Result<Self, StoreError> {
        let own = read_seed(&options.dir.join("seed.toml"));
        let own = own.and_then(|seed| Ok((seed.rules()?, seed)));
        // Most of what is asked of a store needs nothing of it.
        let (rules, seed, flaw) = match own {
            Ok((rules, seed)) => (rules, seed, None),
            Err(flaw) => (Seed::default().rules()?, Seed::default(), Some(flaw)),
        };
        let trusts_all = log.is_trusted();
        let allowed = Allowed::new(options.disk.clone(), options.dir.clone());
        Ok(Self {
            log,
            seed,
            rules,
            flaw,
            wait: options.wait,
            now: options.now,
            progress: options.progress.clone(),
            view: View::default(),
            disk: options.disk.clone(),
            dir: options.dir.clone(),
            cache: options.cache(),
            checkpointed: 0,
            is_due: false,
            pending: options.pending.clone(),
            recorded: Vec::new(),
            is_made: false,
            torn: None,
            allowed: allowed.trusting(trusts_all),
            notices: Vec::new(),
        })
    }

    /// Returns whether the events that a view ends with are in the log, wherever: a text that was
    /// forgotten moves what stands behind it.
    fn has_heads(&mut self, view: &View) -> Result<bool, StoreError> {
        let whole = self.read_all()?;
        let is_there = |id: &EventId| {
            let written = format!("\"id\":\"{id}\"");
            memchr::memmem::find(&whole, written.as_bytes()).is_some()
        };
        Ok(view.heads.ids().iter().all(is_there))
    }
}

/// Reads what the user's seed, if the store has one, says of a client's hooks.
pub fn hook_settings(options: &Options) -> Result<HookSettings, StoreError> {
    Ok(user_seed(options)?.hook().clone())
}

/// The seed in force in a store, which need not be there yet.
pub fn user_seed(options: &Options) -> Result<Seed, StoreError> {
    read_seed(&options.dir.join("seed.toml"))
}

/// Reads the user's seed, if the store has one.
///
/// It is the user's own, and may well be a link to elsewhere.
fn read_seed(path: &Path) -> Result<Seed, StoreError> {
    match disk::read_to_string(path) {
        Ok(text) => Ok(Seed::with_user(path, &text)?),
        Err(error) => match error.kind() {
            // A store that is a file is for the log to report, with its own path.
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(Seed::default()),
            _ => Err(LogError::io("read", path)(error).into()),
        },
    }
}
