//! What a decision is made from, and what it is.

use jiff::Timestamp;

use super::{Rules, Seed};
use crate::events::Event;
use crate::projection::Roster;

/// All that a rule may look at.
pub struct Situation<'a> {
    pub(crate) roster: &'a Roster,
    pub(crate) rules: &'a Rules,
    /// Where the rarely used words come from.
    pub(crate) seed: &'a Seed,
    pub(crate) now: Timestamp,
    /// The source of randomness, for growth only.
    pub(crate) rng: &'a mut fastrand::Rng,
}

/// What a rule decided: the events to record, in order, and the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<T> {
    /// What is to be recorded. Every prefix of it is a valid history.
    pub events: Vec<Event>,
    /// What the request asked for.
    pub outcome: T,
    /// What did not go as asked, but well enough, as sentences.
    pub notices: Vec<String>,
}

impl<T> Decision<T> {
    /// A decision of which there is nothing to note.
    pub(super) fn new(events: Vec<Event>, outcome: T) -> Self {
        Self { events, outcome, notices: Vec::new() }
    }
}
