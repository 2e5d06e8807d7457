//! What the judgements of a roster say.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use super::judgement::{Judgement, JudgementKey, RecordedJudgement};
use super::participation::ParticipationKey;
use super::{Month, OutcomeTally, Roster, Tally};
use crate::events::{
    EventId, Feedback, OutcomeResult, PersonaName, RoleName, RunId, Sentiment, Slot, Source,
};

/// The judgements of a month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MonthlyVerdicts {
    /// The verdicts.
    pub feedback: Tally,
    /// The runs whose end was measured as good or bad.
    pub outcomes: OutcomeTally,
}

impl Roster {
    /// The judgements by calendar month (UTC), each month by its first day: those that are not taken back,
    /// of one thing the last, and of these the ones that `counts` takes. All have to be loaded.
    pub fn monthly_verdicts(
        &self,
        counts: impl Fn(EventId) -> bool,
    ) -> BTreeMap<Date, MonthlyVerdicts> {
        debug_assert!(!self.judgements.is_partial(), "not all judgements are loaded");
        let mut months: BTreeMap<_, MonthlyVerdicts> = BTreeMap::new();
        let last = self.judgements.iter().filter(|(it, is_last)| *is_last && counts(it.id));
        for (it, _) in last {
            let month = months.entry(Month::of(it.at).first_day()).or_default();
            match it.judgement {
                Judgement::Verdict(sentiment) => *month.feedback.of(sentiment) += 1,
                Judgement::Outcome(OutcomeResult::Ok) => month.outcomes.ok += 1,
                Judgement::Outcome(OutcomeResult::Bad) => month.outcomes.bad += 1,
                Judgement::Outcome(OutcomeResult::Stopped) => {}
            }
        }
        months
    }

    /// The feedback from before a moment that is not compacted, and whether each is the last with
    /// its key. All have to be loaded.
    pub(super) fn feedback_due(
        &self,
        before: Timestamp,
    ) -> impl Iterator<Item = (&RecordedJudgement, bool)> {
        debug_assert!(!self.judgements.is_partial(), "not all judgements are loaded");
        let is_due = move |(it, _): &(&RecordedJudgement, bool)| {
            matches!(it.judgement, Judgement::Verdict(_))
                && it.at < before
                && !self.is_compacted(it)
        };
        self.judgements.iter().filter(is_due)
    }

    /// The verdicts from before a moment that are not compacted. All have to be loaded.
    pub(crate) fn feedback_before(
        &self,
        before: Timestamp,
    ) -> impl Iterator<Item = (&PersonaName, &RoleName, Timestamp, Sentiment)> {
        self.feedback_due(before).filter_map(|(it, _)| {
            let Judgement::Verdict(sentiment) = it.judgement else { return None };
            Some((self.names.get(it.persona as usize)?, &it.role, it.at, sentiment))
        })
    }

    /// What is known of a judgement that counts: its persona and role. All have to be loaded.
    pub(crate) fn judgement(&self, id: EventId) -> Option<(&PersonaName, &RoleName)> {
        let (judged, _) = self.judgements.iter().find(|(it, _)| it.id == id)?;
        Some((self.names.get(judged.persona as usize)?, &judged.role))
    }

    /// Returns whether a feedback that was recorded replaced an earlier one.
    #[must_use]
    pub fn has_replaced(&self, feedback: &Feedback) -> bool {
        let key = JudgementKey::of_feedback(feedback);
        key.is_some_and(|key| self.judgements.of(key).len() > 1)
    }

    /// What the last outcome of a run, slot and source says; it has to be loaded.
    pub(crate) fn last_result(
        &self,
        run: &RunId,
        slot: &Slot,
        source: &Source,
    ) -> Option<OutcomeResult> {
        match self.judgements.of(JudgementKey::of_run(run, slot, source)).last()?.judgement {
            Judgement::Outcome(result) => Some(result),
            Judgement::Verdict(_) => None,
        }
    }

    /// Who took part in some work, which has to be loaded, and ended that in this second or later:
    /// positions and roles.
    pub(crate) fn participations(
        &self,
        key: ParticipationKey,
        since: i64,
    ) -> impl Iterator<Item = (usize, &RoleName)> {
        let found = self.participations.of(key, since);
        found.map(|(index, role)| (index as usize, role))
    }

    /// Leaves out of the next checkpoint who took part in what and ended that before a second.
    pub(crate) fn keep_participations_since(&mut self, second: i64) {
        self.participations.want_since(second);
    }
}
