//! `--at`: ask a store as it was.

use clap::Args;
use jiff::Timestamp;
use muzzle_persona::broker::{Refusal, Rules};
use muzzle_persona::events::Record;
use muzzle_persona::projection::{Line, LineDamage, Moment, Needs, Roster, View};
use muzzle_persona::{Past, Store, StoreError};

use super::Context;
use super::failure::Failure;
use super::persona::minute;

/// The moment that a reading command asks about.
#[derive(Debug, Args)]
pub struct AtArgs {
    /// As it was then: a time, a date, a sequence number or how an event's id begins
    #[arg(long, value_name = "MOMENT", value_parser = Moment::parse)]
    at: Option<Moment>,
}

/// A store that is asked, as it is or as it was.
pub enum Reading {
    Now(Box<Store>, Timestamp),
    Then(Box<Past>, Timestamp),
}

/// What there is to be asked.
pub struct Scene<'a> {
    pub view: &'a View,
    pub roster: &'a Roster,
    pub rules: &'a Rules,
    /// What time it is there.
    pub now: Timestamp,
}

impl Context {
    /// Opens the store to read, and notes what its reader should know.
    pub fn read(&mut self, args: &AtArgs) -> Result<Reading, Failure> {
        let reading = self.read_quietly(args)?;
        let warnings = reading.scene().roster.warnings();
        self.warnings.extend(warnings.iter().map(ToString::to_string));
        Ok(reading)
    }

    /// Opens the store to read, for a command that tells the warnings itself.
    pub fn read_quietly(&mut self, args: &AtArgs) -> Result<Reading, Failure> {
        let now = self.now();
        let Some(moment) = &args.at else {
            return Ok(Reading::Now(Box::new(self.open_quietly()?), now));
        };
        let past = Store::open_at(&self.options, moment)?;
        if past.view().events == 0 {
            self.warnings.push(match past.begins() {
                Some(first) => {
                    format!("nothing had happened by then: the log begins {}", minute(first))
                }
                None => "nothing ever happened: the log is empty".to_owned(),
            });
        }
        let now = past.now().unwrap_or(now);
        Ok(Reading::Then(Box::new(past), now))
    }
}

impl Reading {
    /// Asks something.
    pub fn look<T>(
        &mut self,
        needs: &Needs,
        question: impl FnOnce(Scene<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Failure> {
        match self {
            Self::Now(store, now) => {
                let question =
                    |store: &Store| question(Scene::new(store.view(), store.rules(), *now));
                Ok(store.look(needs, question)?)
            }
            Self::Then(..) => question(self.scene()).map_err(|refusal| match refusal {
                Refusal::UnknownPersona { name, .. } => Failure::not_then(&name),
                other => other.into(),
            }),
        }
    }

    /// Hands the events that may matter to `visit`, in fold order: see [`Store::visit`].
    pub fn visit(
        &mut self,
        needles: &[&str],
        visit: impl FnMut(&Record),
    ) -> Result<(), StoreError> {
        match self {
            Self::Now(store, _) => store.visit(needles, visit),
            Self::Then(past, _) => past.visit(needles, visit),
        }
    }

    /// Hands the lines that may matter to `visit`, in fold order: see [`Store::visit_lines`].
    pub fn visit_lines(
        &mut self,
        needles: &[&str],
        visit: impl FnMut(Line<'_>) -> Result<(), LineDamage>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Now(store, _) => store.visit_lines(needles, visit),
            Self::Then(past, _) => past.visit_lines(needles, visit),
        }
    }

    /// Says where a line is damaged.
    pub fn damaged(&self, damage: LineDamage) -> Failure {
        match self {
            Self::Now(store, _) => store.damaged(damage).into(),
            Self::Then(past, _) => past.damaged(damage).into(),
        }
    }

    /// The roles and numbers in force today.
    pub fn rules(&self) -> &Rules {
        self.scene().rules
    }

    fn scene(&self) -> Scene<'_> {
        match self {
            Self::Now(store, now) => Scene::new(store.view(), store.rules(), *now),
            Self::Then(past, now) => Scene::new(past.view(), past.rules(), *now),
        }
    }
}

impl<'a> Scene<'a> {
    fn new(view: &'a View, rules: &'a Rules, now: Timestamp) -> Self {
        Self { view, roster: &view.roster, rules, now }
    }
}
