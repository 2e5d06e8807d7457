//! What a decision is made from, and what it is.

use std::fmt;

use jiff::Timestamp;

use super::{Rules, Seed};
use crate::events::{Event, PersonaName, SessionId, Slot};
use crate::projection::Roster;

/// All that a rule may look at.
pub struct Situation<'a> {
    /// The personas as they are.
    pub roster: &'a Roster,
    /// The roles and numbers in force.
    pub rules: &'a Rules,
    /// Where the rarely used words come from.
    pub seed: &'a Seed,
    /// The moment of the decision.
    pub now: Timestamp,
    /// The source of randomness, for growth only.
    pub rng: &'a mut fastrand::Rng,
}

/// What a rule decided: the events to record, in order, and the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<T> {
    /// What is to be recorded. Every prefix of it is a valid history.
    pub events: Vec<Event>,
    /// What the request asked for.
    pub outcome: T,
    /// What the caller should know.
    pub notices: Vec<Notice>,
}

impl<T> Decision<T> {
    /// A decision of which there is nothing to note.
    pub(super) fn new(events: Vec<Event>, outcome: T) -> Self {
        Self { events, outcome, notices: Vec::new() }
    }
}

/// Something that did not go as asked, but well enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A summoned persona is at work elsewhere.
    SummonedIsHeld {
        /// The persona that was summoned.
        persona: PersonaName,
        /// The session that holds it.
        session: SessionId,
    },
    /// An agent that has a persona summoned another.
    SlotIsTaken {
        /// The persona that was summoned.
        summoned: PersonaName,
        /// The agent's slot.
        slot: Slot,
        /// The persona in it.
        persona: PersonaName,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SummonedIsHeld { persona, session } => write!(
                f,
                "`{persona}` is held by the session `{session}`, which was active in the last hours; chose by score instead"
            ),
            Self::SlotIsTaken { summoned, slot, persona } => write!(
                f,
                "`{slot}` keeps `{persona}`; `{summoned}` was not summoned, release the slot first"
            ),
        }
    }
}
