//! What a decision is made from, what it is, and why there is none.

use jiff::Timestamp;

use super::{Rules, Seed};
use crate::events::{AgentName, Event, EventId, PersonaName, RoleName, SessionId};
use crate::projection::Roster;
use crate::wording::{LISTED, quoted_first, shortened};

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
    pub(crate) fn new(events: Vec<Event>, outcome: T) -> Self {
        Self { events, outcome, notices: Vec::new() }
    }
}

/// The most roles in one `assign`.
pub const ROLE_LIMIT: usize = 64;

/// Why a request cannot be done. Nothing is recorded.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// An `assign` without a role.
    #[error("no role was asked for")]
    NoRole,
    /// An `assign` with more roles than one event may hold.
    #[error("{0} roles were asked for; the limit is {ROLE_LIMIT}")]
    TooManyRoles(usize),
    /// No persona has that name.
    #[error("there is no persona named `{}`", shortened(name))]
    UnknownPersona {
        /// What was asked for.
        name: String,
        /// The persona whose name is nearest, if one is near.
        nearest: Option<PersonaName>,
    },
    /// A new name that is too like one that is there.
    #[error("`{name}` differs from the persona `{known}` only in case or accents")]
    NamesAlike {
        /// The name of the new persona.
        name: PersonaName,
        /// The one that is there.
        known: PersonaName,
    },
    /// Another persona has that name, whatever its case and accents.
    #[error("`{name}` is taken: there is `{by}`")]
    NameTaken {
        /// The name that was asked for.
        name: PersonaName,
        /// The persona that has it.
        by: PersonaName,
    },
    /// Several names begin that way.
    #[error("`{}` could be any of {}", shortened(name), quoted_first(LISTED, candidates))]
    AmbiguousName {
        /// What was asked for.
        name: String,
        /// The names that begin so.
        candidates: Vec<PersonaName>,
    },
    /// No role has that name, alias or beginning.
    #[error("there is no role named `{role}`")]
    UnknownRole {
        /// What was asked for.
        role: RoleName,
        /// The role whose name or alias is nearest, if one is near.
        nearest: Option<RoleName>,
        /// All roles.
        known: Vec<RoleName>,
    },
    /// The agent was never lent a persona in the session.
    #[error("the agent `{agent}` was never lent a persona in the session `{session}`")]
    NeverLent {
        /// The session.
        session: SessionId,
        /// The agent.
        agent: AgentName,
    },
    /// An event that is neither feedback nor an outcome nor a lesson, or that was taken back before.
    #[error("`{event}` is no feedback, outcome or lesson that counts")]
    NotRetractable {
        /// Its id.
        event: EventId,
    },
    /// An event without a text.
    #[error("`{event}` is a `{kind}` event, which has no text that could be forgotten")]
    NoText {
        /// Its id.
        event: EventId,
        /// Its type.
        kind: String,
    },
    /// A text that the id covers.
    #[error(
        "the text of `{event}` cannot be taken off its line: in format version 1 it is part of what the id covers"
    )]
    TextInData {
        /// The event's id.
        event: EventId,
    },
    /// An event that is no lesson, or one that was unlearned or taken back before.
    #[error("`{event}` is no lesson that is offered")]
    NotOffered {
        /// Its id.
        event: EventId,
    },
    /// The session, or the agent, has no open slot.
    #[error("{} holds no persona", holder(session, agent.as_ref()))]
    HoldsNobody {
        /// The session.
        session: SessionId,
        /// The one agent of it that was asked for.
        agent: Option<AgentName>,
    },
    /// The persona is held.
    #[error("`{persona}` is held by the session `{session}`")]
    IsHeld {
        /// The persona.
        persona: PersonaName,
        /// The session that holds it.
        session: SessionId,
    },
}

fn holder(session: &SessionId, agent: Option<&AgentName>) -> String {
    let agent = agent.map(|agent| format!("the agent `{agent}` of "));
    format!("{}the session `{session}`", agent.unwrap_or_default())
}
