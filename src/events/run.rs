//! What a client tells of the runs of its agents.

#![expect(missing_docs, reason = "names that say it all, and the format's description")]

use serde::{Deserialize, Serialize};

use super::{PersonaName, RoleName, RunId, SessionId, Slot, Source};

/// Which run of the client a slot is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub session: SessionId,
    pub slot: Slot,
    /// The client's id of the run: the `run` of its outcomes.
    pub agent_id: RunId,
    /// How the preamble was handed over.
    pub channel: Channel,
    /// Whether the run began with the preamble.
    pub arrived: bool,
    /// Whether the run is a teammate's: it rests between its turns, and is not over then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teammate: Option<bool>,
}

/// How a preamble is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By a mod, which starts the run with it.
    Mod,
    /// In the rewritten prompt of the call.
    Prompt,
    /// As context that is added when the run starts.
    Context,
}

/// How one run of an agent ended, as it was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub session: SessionId,
    pub slot: Slot,
    pub persona: PersonaName,
    pub role: RoleName,
    /// The client's id of the run; by hand, the session and the agent: `session:agent`.
    pub run: RunId,
    pub result: OutcomeResult,
    /// Who or what measured it.
    pub source: Source,
    /// Whether the run is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measures: Option<Measures>,
}

/// What was counted of a whole run so far, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measures {
    /// Its tool calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// Those of them that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// The distinct files that it wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// The lines that it added, and those that it removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<u64>,
    /// How its last tests ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<TestResult>,
    /// In milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// With those that were cached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
}

/// How a test command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestResult {
    Passed,
    Failed,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeResult {
    /// It ended with an answer, and its last tests passed.
    Ok,
    /// It ended with an error or a refusal, or its last tests failed.
    Bad,
    /// Neither is known.
    Stopped,
}

impl OutcomeResult {
    pub const ALL: [Self; 3] = [Self::Ok, Self::Bad, Self::Stopped];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Bad => "bad",
            Self::Stopped => "stopped",
        }
    }
}
