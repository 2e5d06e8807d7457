//! What can happen: the event types and their data.
//!
//! Events are facts. They hold no rules: what they add up to is decided by
//! the projection, whether they may happen by the broker. The fields and
//! their order are those of the log's lines, and described in `docs/format.md`.

#![expect(missing_docs, reason = "names that say it all, and the format's description")]

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    AgentName, DETACHED_SINCE, Delivery, Detached, EventId, LessonText, NoteText, Observation,
    Outcome, PersonaName, Points, ProjectName, Reason, Repair, RoleName, SessionId, Slot, Source,
    Tag, TeamName, ToolUseId, WorkName,
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
    /// It is known which run of the client a slot is.
    Delivery(Delivery),
    /// It is known how a run ended.
    Outcome(Outcome),
    /// A persona's work is judged.
    Feedback(Feedback),
    /// A persona is taught something.
    Lesson(Lesson),
    /// A lesson is offered no more.
    Unlearn(Unlearn),
    /// An agent leaves word of where it stopped.
    Note(Note),
    /// A feedback, an outcome or a lesson counts no more.
    Retract(Retract),
    /// The text of an event is taken away.
    Forget(Forget),
    /// A persona is archived.
    Retire(Retire),
    /// A persona is active again.
    Reactivate(Reactivate),
    /// Old feedback leaves the affinity.
    Compact(Compact),
    /// A gap in the log is put on record.
    Repair(Repair),
    /// An event of a type or a format version that this build does not know; never written.
    Unknown { kind: SmolStr },
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
            Self::Delivery(_) => "delivery",
            Self::Outcome(_) => "outcome",
            Self::Feedback(_) => "feedback",
            Self::Lesson(_) => "lesson",
            Self::Unlearn(_) => "unlearn",
            Self::Note(_) => "note",
            Self::Retract(_) => "retract",
            Self::Forget(_) => "forget",
            Self::Retire(_) => "retire",
            Self::Reactivate(_) => "reactivate",
            Self::Compact(_) => "compact",
            Self::Repair(_) => "repair",
            Self::Unknown { kind } => kind,
        }
    }

    /// The version of the format that the event is written in.
    #[must_use]
    pub(super) fn version(&self) -> u32 {
        match self {
            Self::Feedback(_) | Self::Lesson(_) | Self::Note(_) => DETACHED_SINCE,
            _ => 1,
        }
    }
}

/// A persona's definition: from the seed, growth or a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
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
    pub session: SessionId,
    pub agent: AgentName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamName>,
    pub project: ProjectName,
    /// What is worked on there, such as a branch, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<WorkName>,
    /// A slot for each persona.
    pub slots: Vec<AssignedSlot>,
    /// The client's call that asked, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_use_id: Option<ToolUseId>,
}

/// A slot that is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedSlot {
    pub slot: Slot,
    pub persona: PersonaName,
    pub role: RoleName,
    /// The role as it was asked for.
    pub requested: RoleName,
    /// Why this persona; older lines do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ChoiceReason>,
    /// The total of its score then; older lines do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Points>,
    /// `false` in a role that judges work, if the persona took part in that work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub independent: Option<bool>,
}

/// Why a persona is in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChoiceReason {
    /// The agent had it in this role already; nothing is recorded.
    Reused,
    /// The agent had it in another role.
    Kept,
    /// It was asked for by name.
    Summoned,
    /// It was the best candidate, and free.
    BestFree,
    /// It was the best candidate, and archived for inactivity.
    BroughtBack,
    /// There was no candidate.
    Grown,
}

/// Slots that are closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub session: SessionId,
    /// The one agent whose slots these are; without it they are the session's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentName>,
    pub reason: ReleaseReason,
    pub slots: Vec<ReleasedSlot>,
}

/// A slot that is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedSlot {
    pub slot: Slot,
    pub persona: PersonaName,
    pub role: RoleName,
}

/// Why slots are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseReason {
    /// The client said that the session is over.
    SessionEnd,
    /// It was asked for, or the agent took another role.
    Manual,
    /// The session fell silent. Its work does not count.
    Orphaned,
    /// The run was over, and another agent needed the persona.
    Finished,
    /// The call never became a run. There is no work to count.
    NotStarted,
}

impl ReleaseReason {
    /// Returns whether the work of a slot that is closed for this reason counts.
    #[must_use]
    pub fn counts(self) -> bool {
        match self {
            Self::SessionEnd | Self::Manual | Self::Finished => true,
            Self::Orphaned | Self::NotStarted => false,
        }
    }
}

/// A feedback, an outcome or a lesson counts no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retract {
    /// The event that is taken back.
    pub event: EventId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// A judgement of a persona's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    pub persona: PersonaName,
    pub role: RoleName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The run that is judged; without it, the verdict is on the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Slot>,
    /// The verdict, taken when the feedback was given.
    pub sentiment: Sentiment,
    pub source: Source,
    /// What was observed. In version 1 it stands in the data.
    #[serde(default, rename = "text", skip_serializing_if = "Detached::is_unvouched")]
    pub observation: Detached<Observation>,
}

/// A persona is taught something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    pub persona: PersonaName,
    /// The role it is for; without one, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    /// The project it is for; without one, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectName>,
    /// The feedback that it was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<EventId>,
    #[serde(default, rename = "text", skip_serializing_if = "Detached::is_unvouched")]
    pub lesson: Detached<LessonText>,
}

/// A lesson is offered no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlearn {
    /// The event that taught it.
    pub lesson: EventId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// Where a persona left a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub session: SessionId,
    pub slot: Slot,
    pub persona: PersonaName,
    pub project: ProjectName,
    #[serde(default, rename = "text", skip_serializing_if = "Detached::is_unvouched")]
    pub note: Detached<NoteText>,
}

/// The text of an event is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forget {
    /// The event that loses its text.
    pub event: EventId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// A verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sentiment {
    Positive,
    Negative,
    /// Neither.
    Neutral,
}

impl Sentiment {
    pub const ALL: [Self; 3] = [Self::Positive, Self::Negative, Self::Neutral];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::Neutral => "neutral",
        }
    }

    /// 1 for good, -1 for bad, 0 for neither.
    #[must_use]
    pub(crate) fn sign(self) -> i64 {
        match self {
            Self::Positive => 1,
            Self::Negative => -1,
            Self::Neutral => 0,
        }
    }
}

/// A persona is archived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retire {
    pub persona: PersonaName,
    pub reason: RetireReason,
}

/// Why a persona is archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetireReason {
    Manual,
    /// It was not assigned for a long time.
    Inactive,
}

/// A persona is active again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reactivate {
    pub persona: PersonaName,
    pub reason: ReactivateReason,
}

/// Why a persona is active again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReactivateReason {
    Manual,
    /// An agent summoned it by name.
    Summon,
    /// It was the best candidate for a role.
    Needed,
    /// No persona was free. Older builds wrote it.
    PoolEmpty,
}

/// Feedback from before a moment leaves the affinity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compact {
    /// Feedback from before this moment does not count.
    #[serde(deserialize_with = "super::moment::deserialize")]
    pub before: Timestamp,
    /// What left the affinity, for the record.
    pub summaries: Vec<Summary>,
}

/// The feedback of one persona in one role and month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub persona: PersonaName,
    pub role: RoleName,
    /// The month (UTC), as `2026-03`.
    pub month: SmolStr,
    pub positive: u64,
    pub negative: u64,
    pub neutral: u64,
}
