//! The seeding of a new store, and the rest of one that was cut off.
//!
//! All personas of the seed are one write, and a process that dies in it leaves a beginning of them. Nobody
//! was told of that write, so whoever opens the store next finishes it, with the lines that it would have had.

use jiff::Timestamp;

use super::{Store, StoreError, TRIES};
use crate::broker::{Decision, Seed};
use crate::events::{
    Append, Definition, Event, EventId, Log, LogStorage as _, Position, Presence, Read,
};
use crate::projection::{Cutoff, Needs, Origin, Persona};
use crate::wording::Count;

/// What a seeding that was cut off still has to record.
struct Unseeded {
    /// The events that are there.
    there: Vec<EventId>,
    /// The personas that are not.
    rest: Vec<Definition>,
    /// When the seeding began: its lines have one time.
    at: Timestamp,
}

impl<L: Log> Store<L> {
    /// Seeds a store in which nothing happened yet, and makes it if need be.
    pub(super) fn make(&mut self, rng: &mut fastrand::Rng) -> Result<(), StoreError> {
        let is_new = self.log.storage().presence()? == Presence::Absent;
        self.require_seed()?;
        self.log.storage().create()?;
        let (personas, now) = (self.seed.personas(), self.now);
        let seeded = self.execute(&Needs::nothing(), now, rng, |situation| {
            let new = situation.roster.is_empty();
            let events = if new { personas.clone() } else { Vec::new() };
            let events = events.into_iter().map(Event::Seed).collect();
            Ok(Decision::new(events, ()))
        });
        // Of a fleet, somebody else may have seeded it.
        self.is_made = is_new && !self.recorded.is_empty();
        seeded.map(drop)
    }

    /// Records the rest of a seeding that was cut off, if the log is the beginning of one.
    pub(super) fn finish_seeding(&mut self) -> Result<(), StoreError> {
        if self.unseeded()?.is_none() {
            return Ok(());
        }
        for _ in 0..TRIES {
            let guard = self.lock()?;
            self.catch_up()?;
            let Some(Unseeded { there, rest, at }) = self.unseeded()? else { return Ok(()) };
            let more = Count(rest.len() as u64, "persona");
            let recorded = self.record(guard, at, rest.into_iter().map(Event::Seed).collect())?;
            if let Append::Done { .. } = recorded {
                // That is no answer to anybody.
                self.recorded.clear();
                self.allow_own(&there);
                self.notices.push(format!(
                    "the making of this store was cut off; its seed is complete now: {more} {} added",
                    more.agree("was", "were")
                ));
                return Ok(());
            }
        }
        Err(self.keeps_moving())
    }

    /// The same for one who only reads: where it cannot be recorded, what is missing is read all the same.
    pub(super) fn try_to_finish_seeding(&mut self) -> Result<(), StoreError> {
        let Err(error) = self.finish_seeding() else { return Ok(()) };
        self.notices.push(format!(
            "the making of this store was cut off, and its seed could not be completed: {error}"
        ));
        self.assume_seeding_finished()
    }

    /// Goes on as if a seeding that was cut off had been finished, without recording anything.
    pub(super) fn assume_seeding_finished(&mut self) -> Result<(), StoreError> {
        let Some(Unseeded { rest, at, .. }) = self.unseeded()? else { return Ok(()) };
        let lines = self.encode(at, rest.into_iter().map(Event::Seed).collect())?.lines;
        self.take_in(&lines)
    }

    /// Returns whether the log, of which nothing need be read yet, is short enough to be a seeding that
    /// was cut off.
    pub(super) fn is_short(&mut self) -> Result<bool, StoreError> {
        let mut lines = Vec::new();
        let read = self.log.read(&Position::START, &mut lines)?;
        let lines = memchr::memchr_iter(b'\n', &lines).count();
        Ok(read == Read::Lines { left: 0 } && lines < self.seed.most_personas())
    }

    /// What is left to record of a seeding that was cut off, if the log is a beginning of one: nothing
    /// but the first personas of the seed, as this machine's seed or the built-in one defines them.
    ///
    /// A log with all personas of either seed is finished, and so is one with a persona whose words were
    /// allowed, which is done when they are recorded. So what is added to the user's file later waits
    /// for `seed --sync`.
    fn unseeded(&mut self) -> Result<Option<Unseeded>, StoreError> {
        let events = usize::try_from(self.view.events).unwrap_or(usize::MAX);
        let is_short = events > 0 && events < self.seed.most_personas();
        if !is_short || self.flaw.is_some() || self.view.cutoff != Cutoff::All {
            return Ok(None);
        }
        self.ensure(&Needs::everyone())?;
        let (personas, Some(at)) = (self.view.roster.personas(), self.view.last_at) else {
            return Ok(None);
        };
        let is_beginning = |seed: &[Definition]| {
            let same = |(it, seed): (&&Persona, &Definition)| {
                it.origin == Origin::Seed && it.definition == *seed && it.created_at == at
            };
            personas.len() <= seed.len() && personas.iter().zip(seed).all(same)
        };
        // Each event made one of them, so that nothing else happened.
        let is_all = personas.len() == events && self.view.heads.ids().len() == 1;
        if !is_all || personas.iter().any(|it| self.allowed.contains(it.id)) {
            return Ok(None);
        }
        let mut seeds = vec![self.seed.personas(), Seed::default().personas()];
        seeds.retain(|seed| is_beginning(seed));
        if seeds.iter().any(|seed| seed.len() == events) {
            return Ok(None);
        }
        let seed = seeds.into_iter().next();
        let there: Vec<_> = personas.iter().map(|it| it.id).collect();
        Ok(seed.map(|mut seed| Unseeded { rest: seed.split_off(there.len()), there, at }))
    }
}
