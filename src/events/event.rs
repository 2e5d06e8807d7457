//! What can happen: the event types and their data.
//!
//! Events are facts. They hold no rules: what they add up to is decided by
//! the projection, whether they may happen by the broker. The fields and
//! their order are those of the log's lines (`docs/format.md`).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    AgentName, EventId, Observation, PersonaName, ProjectName, RoleName, SessionId, Slot, Source,
    Tag, TeamName, ToolUseId,
};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// A persona exists, from the seed.
    Seed(Definition),
    /// A persona exists, made by the broker.
    Grow(Definition),
    /// A persona's definition is replaced.
    Revise(Definition),
    /// Personas are lent to an agent.
    Assign(Assign),
    /// Slots are closed.
    Release(Release),
    /// Someone judged a persona's work.
    Feedback(Feedback),
    /// A persona is archived.
    Retire(Retire),
    /// A persona is active again.
    Reactivate(Reactivate),
    /// Old feedback leaves the affinity.
    Compact(Compact),
    /// A gap in the log is put on record.
    Repair(Repair),
    /// An event of a type or a format version that this build does not know; never written.
    Unknown(Unknown),
}

impl Event {
    /// The event's type, as the log spells it.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Seed(_) => "seed",
            Self::Grow(_) => "grow",
            Self::Revise(_) => "revise",
            Self::Assign(_) => "assign",
            Self::Release(_) => "release",
            Self::Feedback(_) => "feedback",
            Self::Retire(_) => "retire",
            Self::Reactivate(_) => "reactivate",
            Self::Compact(_) => "compact",
            Self::Repair(_) => "repair",
            Self::Unknown(unknown) => &unknown.kind,
        }
    }

    /// The personas that the event names, in the order of its line.
    pub fn personas(&self) -> impl Iterator<Item = &PersonaName> {
        let (mut one, mut assigned, mut released, mut summaries) = (None, None, None, None);
        match self {
            Self::Seed(of) | Self::Grow(of) | Self::Revise(of) => one = Some(&of.name),
            Self::Assign(of) => assigned = Some(of.slots.iter().map(|slot| &slot.persona)),
            Self::Release(of) => released = Some(of.slots.iter().map(|slot| &slot.persona)),
            Self::Feedback(of) => one = Some(&of.persona),
            Self::Retire(of) => one = Some(&of.persona),
            Self::Reactivate(of) => one = Some(&of.persona),
            Self::Compact(of) => summaries = Some(of.summaries.iter().map(|one| &one.persona)),
            Self::Repair(_) | Self::Unknown(_) => {}
        }
        let several = assigned.into_iter().flatten().chain(released.into_iter().flatten());
        one.into_iter().chain(several).chain(summaries.into_iter().flatten())
    }

    /// The session that the event belongs to.
    #[must_use]
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Assign(of) => Some(&of.session),
            Self::Release(of) => Some(&of.session),
            Self::Feedback(of) => of.session.as_ref(),
            Self::Seed(_)
            | Self::Grow(_)
            | Self::Revise(_)
            | Self::Retire(_)
            | Self::Reactivate(_)
            | Self::Compact(_)
            | Self::Repair(_)
            | Self::Unknown(_) => None,
        }
    }

    /// The project that the event names.
    #[must_use]
    pub fn project(&self) -> Option<&ProjectName> {
        match self {
            Self::Assign(of) => Some(&of.project),
            Self::Feedback(of) => of.project.as_ref(),
            Self::Seed(_)
            | Self::Grow(_)
            | Self::Revise(_)
            | Self::Release(_)
            | Self::Retire(_)
            | Self::Reactivate(_)
            | Self::Compact(_)
            | Self::Repair(_)
            | Self::Unknown(_) => None,
        }
    }

    /// The roles in which somebody worked or was judged, in the order of the event's line.
    pub fn roles(&self) -> impl Iterator<Item = &RoleName> {
        let (mut one, mut assigned, mut released, mut summaries) = (None, None, None, None);
        match self {
            Self::Assign(of) => assigned = Some(of.slots.iter().map(|slot| &slot.role)),
            Self::Release(of) => released = Some(of.slots.iter().map(|slot| &slot.role)),
            Self::Feedback(of) => one = Some(&of.role),
            Self::Compact(of) => summaries = Some(of.summaries.iter().map(|one| &one.role)),
            Self::Seed(_)
            | Self::Grow(_)
            | Self::Revise(_)
            | Self::Retire(_)
            | Self::Reactivate(_)
            | Self::Repair(_)
            | Self::Unknown(_) => {}
        }
        let several = assigned.into_iter().flatten().chain(released.into_iter().flatten());
        one.into_iter().chain(several).chain(summaries.into_iter().flatten())
    }
}

/// Who a persona is: what the seed, growth or a revision says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Its name, which is its identity.
    pub name: PersonaName,
    /// How it works.
    pub traits: Vec<Tag>,
    /// What it knows.
    pub expertise: Vec<Tag>,
    /// How to work in a role; under `general`, in any other.
    pub instructions: BTreeMap<RoleName, String>,
}

/// Personas lent to one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assign {
    /// The session that borrows.
    pub session: SessionId,
    /// The agent that borrows.
    pub agent: AgentName,
    /// The agent's team, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamName>,
    /// What it works on.
    pub project: ProjectName,
    /// A seat for each persona.
    pub slots: Vec<AssignedSlot>,
    /// The client's call that asked, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_use_id: Option<ToolUseId>,
}

/// One persona in its seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedSlot {
    /// The seat.
    pub slot: Slot,
    /// Who sits there.
    pub persona: PersonaName,
    /// The role it was chosen for.
    pub role: RoleName,
    /// The role as it was asked for.
    pub requested: RoleName,
}

/// Slots that are closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The session that held them.
    pub session: SessionId,
    /// The one agent whose slots these are; without it they are the session's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentName>,
    /// Why they are closed.
    pub reason: ReleaseReason,
    /// The seats.
    pub slots: Vec<ReleasedSlot>,
}

/// One persona that leaves its seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedSlot {
    /// The seat.
    pub slot: Slot,
    /// Who sat there.
    pub persona: PersonaName,
    /// The role it had.
    pub role: RoleName,
}

/// Why slots are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseReason {
    /// The client said that the session is over.
    SessionEnd,
    /// Somebody asked for it, or the agent took another role.
    Manual,
    /// The session fell silent. Its work does not count.
    Orphaned,
}

/// A judgement of a persona's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// Who is judged.
    pub persona: PersonaName,
    /// The role in which it worked.
    pub role: RoleName,
    /// The project, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectName>,
    /// The session, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// What was observed.
    pub observation: Observation,
    /// The verdict, taken when the feedback was given.
    pub sentiment: Sentiment,
    /// Who or what judged.
    pub source: Source,
}

/// A verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sentiment {
    /// Good work.
    Positive,
    /// Bad work.
    Negative,
    /// Neither.
    Neutral,
}

/// A persona is archived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retire {
    /// Who.
    pub persona: PersonaName,
    /// Why.
    pub reason: RetireReason,
}

/// Why a persona is archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetireReason {
    /// Somebody asked for it.
    Manual,
    /// It was not assigned for a long time.
    Inactive,
}

/// A persona is active again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reactivate {
    /// Who.
    pub persona: PersonaName,
    /// Why.
    pub reason: ReactivateReason,
}

/// Why a persona is active again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReactivateReason {
    /// Somebody asked for it.
    Manual,
    /// An agent summoned it by name.
    Summon,
    /// No persona was free.
    PoolEmpty,
}

/// Feedback from before a moment leaves the affinity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compact {
    /// Feedback from before this moment does not count.
    pub before: Timestamp,
    /// What left the affinity, for the record.
    pub summaries: Vec<Summary>,
}

/// The feedback of one persona in one role and month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Who.
    pub persona: PersonaName,
    /// In which role.
    pub role: RoleName,
    /// In which month (UTC), as `2026-03`.
    pub month: SmolStr,
    /// How many were positive.
    pub positive: u64,
    /// How many were negative.
    pub negative: u64,
    /// How many were neutral.
    pub neutral: u64,
}

/// A gap in the log, vouched for; or, where nothing is listed, heads that are joined.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// The lines that were cut out.
    pub cut: Vec<Cut>,
    /// The ids that other lines name and no line has.
    pub missing: BTreeSet<EventId>,
}

/// One line that was cut out of the log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cut {
    /// The file it stood in.
    pub file: SmolStr,
    /// Its line number there, from 1.
    pub line: u64,
    /// The BLAKE3 digest of its bytes, without the line end.
    pub blake3: SmolStr,
    /// Its length, without the line end.
    pub bytes: u64,
}

/// What is known of an event that this build cannot read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// Its type, as the log spells it.
    pub kind: SmolStr,
}
