//! A verdict or an outcome, and what it is about.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::buckets::Key;
use crate::events::{
    Event, EventId, Feedback, Outcome, OutcomeResult, RoleName, RunId, Sentiment, Slot, Source,
};

/// Something that speaks for or against a persona, or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Somebody's verdict.
    Verdict(Sentiment),
    /// What was measured of a run.
    Outcome(OutcomeResult),
}

/// What a judgement is about, as a digest: a later one with the same key replaces it.
///
/// Of an outcome it is the run, the slot and the source; of a feedback that names a session, the
/// persona, the role, the session, the slot and the source; any other feedback stands for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct JudgementKey(EventId);

impl JudgementKey {
    pub(crate) fn of_outcome(outcome: &Outcome) -> Self {
        Self::of_run(&outcome.run, &outcome.slot, &outcome.source)
    }

    pub(crate) fn of_run(run: &RunId, slot: &Slot, source: &Source) -> Self {
        Self::digest(&["outcome", run.as_str(), slot.as_str(), source.as_str()])
    }

    /// The key of a feedback that names a session.
    pub(crate) fn of_feedback(feedback: &Feedback) -> Option<Self> {
        let Feedback { persona, role, session, slot, source, .. } = feedback;
        let (persona, role, session) =
            (persona.as_str(), role.as_str(), session.as_ref()?.as_str());
        let of_session = ["feedback", persona, role, session, source.as_str()];
        let slot = slot.as_ref().map(Slot::as_str);
        Some(Self::digest(&of_session.into_iter().chain(slot).collect::<Vec<_>>()))
    }

    /// The key of an event that may replace another one.
    pub(super) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Outcome(outcome) => Some(Self::of_outcome(outcome)),
            Event::Feedback(feedback) => Self::of_feedback(feedback),
            Event::Seed(_)
            | Event::Grow(_)
            | Event::Revise(_)
            | Event::Assign(_)
            | Event::Release(_)
            | Event::Delivery(_)
            | Event::Lesson(_)
            | Event::Unlearn(_)
            | Event::Note(_)
            | Event::Retract(_)
            | Event::Forget(_)
            | Event::Retire(_)
            | Event::Reactivate(_)
            | Event::Compact(_)
            | Event::Repair(_)
            | Event::Unknown { .. } => None,
        }
    }

    pub(super) fn of_id(id: EventId) -> Self {
        Self(id)
    }

    /// The parts with their lengths, so that no two lists of parts look alike.
    fn digest(parts: &[&str]) -> Self {
        let mut bytes = Vec::with_capacity(128);
        for part in parts {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part.as_bytes());
        }
        Self(EventId::of(&bytes))
    }
}

impl Key for JudgementKey {
    fn first_bits(self) -> u64 {
        self.0.first_bits()
    }

    fn digits(self) -> impl AsRef<[u8]> {
        self.0.digits()
    }
}

/// One verdict or outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordedJudgement {
    pub(crate) id: EventId,
    pub(crate) at: Timestamp,
    /// The persona's position in the roster.
    pub(super) persona: u32,
    pub(crate) role: RoleName,
    pub(crate) judgement: Judgement,
}
