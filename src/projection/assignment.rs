//! One assignment, how its runs went and what was said of it.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::events::{
    AgentName, Detached, EventId, Measures, NoteText, Observation, OutcomeResult, PersonaName,
    ProjectName, ReleaseReason, RoleName, RunId, Sentiment, SessionId, Slot, Source, WorkName,
    serialize_words,
};

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assignment {
    /// Who was lent.
    #[serde(skip)]
    pub persona: PersonaName,
    /// In which role.
    pub role: RoleName,
    /// On which project.
    pub project: ProjectName,
    /// For what there, if that is known.
    pub work: Option<WorkName>,
    /// For which session.
    pub session: SessionId,
    /// For which of its agents.
    pub agent: AgentName,
    /// In which slot.
    pub slot: Slot,
    /// Since when.
    pub assigned_at: Timestamp,
    /// Until when; not while it lasts.
    pub released_at: Option<Timestamp>,
    /// Why it ended; not while it lasts.
    pub reason: Option<ReleaseReason>,
    /// What was recorded of its independence.
    #[serde(skip)]
    pub(crate) independent: Option<bool>,
    /// The events that began and ended it, by their place in fold order.
    #[serde(skip)]
    pub(crate) events: (u64, Option<u64>),
    /// The last note that was left in its slot, as far as its words are known.
    pub note: Option<NoteText>,
    /// What was measured of its runs, but for what was taken back.
    #[serde(serialize_with = "last_outcomes")]
    pub(super) outcomes: Vec<RunOutcome>,
    /// What was said of it, but for what was taken back.
    #[serde(serialize_with = "last_verdicts")]
    pub(super) verdicts: Vec<Verdict>,
}

/// What was measured of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunOutcome {
    /// The event that says so.
    pub id: EventId,
    /// When it was told.
    pub at: Timestamp,
    /// The run.
    pub run: RunId,
    /// Who or what measured it.
    pub source: Source,
    /// What it came to.
    pub result: OutcomeResult,
    /// Whether it is over.
    pub ended: bool,
    /// What was counted, if anything was.
    pub measures: Option<Measures>,
}

/// What somebody said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The event that says so.
    pub id: EventId,
    /// When it was said.
    pub at: Timestamp,
    /// The slot that it is of; nothing if it is of the session.
    #[serde(skip)]
    pub(super) slot: Option<Slot>,
    /// Whether it is for or against the persona.
    pub sentiment: Sentiment,
    /// Who or what says so.
    pub source: Source,
    /// What was observed, if anything was said.
    #[serde(serialize_with = "serialize_words")]
    pub observation: Detached<Observation>,
}

impl Assignment {
    /// What was measured of its runs: of one run and source the last.
    pub fn outcomes(&self) -> impl Iterator<Item = &RunOutcome> {
        last_of_each(&self.outcomes, |it| (&it.run, &it.source))
    }

    /// What was said of it: of one source the last.
    pub fn verdicts(&self) -> impl Iterator<Item = &Verdict> {
        last_of_each(&self.verdicts, |it| (&it.slot, &it.source))
    }
}

/// The last with each key, in their order.
fn last_of_each<'a, T, K: PartialEq>(
    all: &'a [T],
    key: impl Fn(&'a T) -> K,
) -> impl Iterator<Item = &'a T> {
    all.iter().enumerate().filter_map(move |(index, it)| {
        let mut later = all.iter().skip(index + 1);
        (!later.any(|later| key(later) == key(it))).then_some(it)
    })
}

fn last_outcomes<S: Serializer>(all: &[RunOutcome], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(last_of_each(all, |it| (&it.run, &it.source)))
}

fn last_verdicts<S: Serializer>(all: &[Verdict], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(last_of_each(all, |it| (&it.slot, &it.source)))
}
