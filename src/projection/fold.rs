//! What each event does to the roster.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use jiff::Timestamp;

use super::index::position;
use super::judgement::{Judgement, JudgementKey, RecordedJudgement};
use super::participation::Participation;
use super::roster::Activity;
use super::{Lease, LessonStatus, Origin, Persona, RoleRecord, Roster, Status, WorkScope};
use crate::events::{
    Assign, Definition, Delivery, Event, EventId, FORMAT_VERSION, Outcome, PersonaName, Record,
    Release, ReleaseReason, RoleName, SessionId,
};

impl Roster {
    /// Applies the next event in fold order.
    ///
    /// What it needs ([`Needs::event`](super::Needs::event)) has to be loaded.
    pub(crate) fn apply(&mut self, record: &Record) {
        self.totals.newest_version = self.totals.newest_version.max(record.v);
        let at = record.at;
        match &record.event {
            Event::Seed(definition) => self.create(record, Origin::Seed, definition),
            Event::Grow(definition) => self.create(record, Origin::Grown, definition),
            Event::Revise(definition) => {
                if let Some((_, persona)) = self.get_mut(&definition.name) {
                    persona.definition = definition.clone();
                    persona.definition_id = record.id;
                    persona.defined_at = at;
                }
            }
            Event::Assign(assign) => self.assign(at, assign),
            Event::Release(release) => self.release(at, release),
            Event::Delivery(delivery) => self.deliver(at, delivery),
            Event::Outcome(outcome) => {
                self.note_activity(&outcome.session, at);
                self.measure(outcome);
                let key = JudgementKey::of_outcome(outcome);
                let result = Judgement::Outcome(outcome.result);
                self.judge(record, key, &outcome.persona, &outcome.role, result);
            }
            Event::Feedback(feedback) => {
                self.totals.feedback += 1;
                if let Some(session) = &feedback.session {
                    self.note_activity(session, at);
                }
                let key = JudgementKey::of_feedback(feedback);
                let key = key.unwrap_or(JudgementKey::of_id(record.id));
                let verdict = Judgement::Verdict(feedback.sentiment);
                self.judge(record, key, &feedback.persona, &feedback.role, verdict);
            }
            Event::Lesson(lesson) => self.teach(record, lesson),
            Event::Unlearn(unlearn) => self.withdraw(unlearn.lesson, LessonStatus::Unlearned),
            Event::Note(note) => {
                self.note_activity(&note.session, at);
                self.note(record, note);
            }
            Event::Retract(retract) => {
                self.retract(retract.event);
                self.withdraw(retract.event, LessonStatus::Retracted);
            }
            Event::Forget(forget) => self.forget(forget.event),
            Event::Retire(retire) => {
                self.set_status(&retire.persona, Status::Archived(retire.reason));
            }
            Event::Reactivate(reactivate) => self.set_status(&reactivate.persona, Status::Active),
            Event::Compact(compact) => {
                if self.totals.compacted_before.is_none_or(|before| before < compact.before) {
                    self.compact(compact.before);
                }
            }
            Event::Repair(_) => {}
            // There is a warning about the newer version, whatever its types.
            Event::Unknown { .. } if record.v > FORMAT_VERSION => {}
            Event::Unknown { kind } => {
                *self.totals.unknown.entry(kind.clone()).or_default() += 1;
            }
        }
    }

    /// The persona of that name and its position, if there is one.
    pub(super) fn get_mut(&mut self, name: &PersonaName) -> Option<(usize, &mut Persona)> {
        let index = self.position(name).ok()?;
        let persona = self.personas.get_mut(index)?.as_deref_mut();
        debug_assert!(persona.is_some(), "`{name}` is not loaded");
        Some((index, persona?))
    }

    /// The first event that names a persona defines it.
    fn create(&mut self, record: &Record, origin: Origin, definition: &Definition) {
        if let Err(place) = self.position(&definition.name) {
            let persona = Persona::new(record.id, record.at, origin, definition.clone());
            self.by_name.insert(place, position(self.names.len()));
            self.names.push(definition.name.clone());
            self.personas.push(Some(Box::new(persona)));
        }
    }

    fn set_status(&mut self, name: &PersonaName, status: Status) {
        if let Some((_, persona)) = self.get_mut(name) {
            persona.status = status;
        }
    }

    fn assign(&mut self, at: Timestamp, assign: &Assign) {
        let mut shared = None;
        for (place, assigned) in assign.slots.iter().enumerate() {
            self.totals.assignments += 1;
            let Ok(index) = self.position(&assigned.persona) else { continue };
            let lease = Lease::new(assign, assigned, at);
            let is_opened = if let Some(Some(persona)) = self.personas.get_mut(index) {
                persona.lend(at, assign, assigned);
                persona.leases.open(lease)
            } else {
                let assign = shared.get_or_insert_with(|| Arc::new(assign.clone()));
                self.deferred(index).add(at, assign, place, lease)
            };
            if is_opened {
                let new = || Activity { last: at, holds: BTreeMap::new() };
                let activity = self.sessions.entry(assign.session.clone()).or_insert_with(new);
                *activity.holds.entry(position(index)).or_default() += 1;
            }
        }
        self.note_activity(&assign.session, at);
    }

    fn release(&mut self, at: Timestamp, release: &Release) {
        for released in &release.slots {
            let Some((index, persona)) = self.get_mut(&released.persona) else { continue };
            let closed = persona.leases.close(&release.session, &released.slot, &released.role);
            let Some(lease) = closed else { continue };
            if release.reason.counts() {
                let record = persona.roles.entry(released.role.clone()).or_default();
                let month = record.month(at);
                month.closed = month.closed.saturating_add(1);
            }
            if let Some(activity) = self.sessions.get_mut(&release.session)
                && let Entry::Occupied(mut held) = activity.holds.entry(position(index))
            {
                // A checkpoint may have said anything.
                match held.get().checked_sub(1) {
                    Some(slots @ 1..) => *held.get_mut() = slots,
                    Some(0) | None => drop(held.remove()),
                }
            }
            // A call that never became a run did no work.
            if release.reason != ReleaseReason::NotStarted {
                self.take_part(index, lease, at);
            }
        }
        self.note_activity(&release.session, at);
        if self.sessions.get(&release.session).is_some_and(|activity| activity.holds.is_empty()) {
            self.sessions.remove(&release.session);
        }
    }

    /// Notes in what a persona took part, once its slot is closed.
    fn take_part(&mut self, index: usize, lease: Lease, at: Timestamp) {
        let until = lease.since.max(at).as_second();
        let Lease { session, project, work, role, .. } = lease;
        for (_, key) in (WorkScope { session, project, work }).keys() {
            let (persona, role) = (position(index), role.clone());
            self.participations.add(key, Participation { persona, role, until });
        }
    }

    /// A run began in a slot. Where that is not open, nothing changes.
    fn deliver(&mut self, at: Timestamp, delivery: &Delivery) {
        let Delivery { session, slot, .. } = delivery;
        self.totals.has_deliveries = true;
        self.note_activity(session, at);
        let Some(activity) = self.sessions.get(session) else { return };
        // Who is in the slot is loaded. After a merge it may be several; each is told once.
        for index in activity.holds.keys() {
            let persona = self.personas.get_mut(*index as usize).and_then(Option::as_deref_mut);
            if let Some(persona) = persona {
                persona.leases.change_slot(session, slot, |lease| lease.deliver(delivery));
            }
        }
    }

    /// Something was measured of a run. Whatever becomes of the judgement, the run is over if it is.
    fn measure(&mut self, outcome: &Outcome) {
        let Outcome { session, slot, role, .. } = outcome;
        let Some((_, persona)) = self.get_mut(&outcome.persona) else { return };
        if let Some(lease) = persona.leases.get_mut(session, slot, role) {
            lease.measure(outcome);
        }
    }

    /// Adds a judgement, which takes the place of the one before it with the same key.
    fn judge(
        &mut self,
        record: &Record,
        key: JudgementKey,
        persona: &PersonaName,
        role: &RoleName,
        judgement: Judgement,
    ) {
        let Ok(index) = self.position(persona) else { return };
        let (id, at, role) = (record.id, record.at, role.clone());
        let judged = RecordedJudgement { id, at, persona: position(index), role, judgement };
        let before = self.judgements.add(key, judged.clone()).cloned();
        if let Some(before) = before {
            self.count(&before, false);
        }
        self.count(&judged, true);
        self.tally(&judged, true);
    }

    /// Takes a judgement back; the one before it with the same key counts again.
    fn retract(&mut self, id: EventId) {
        let Some((judged, was_last, last)) = self.judgements.take(id) else { return };
        self.tally(&judged, false);
        if was_last {
            self.count(&judged, false);
        }
        if let Some(last) = last {
            self.count(&last, true);
        }
    }

    /// Compacts the feedback from before a moment.
    fn compact(&mut self, before: Timestamp) {
        let due = self.feedback_due(before).map(|(it, is_last)| (it.clone(), is_last));
        let due: Vec<_> = due.collect();
        // It counts as it did, is taken out, and counts anew as compacted.
        for (judged, is_last) in &due {
            self.tally(judged, false);
            if *is_last {
                self.count(judged, false);
            }
        }
        self.totals.compacted_before = Some(before);
        for (judged, _) in due.iter().filter(|(_, is_last)| *is_last) {
            self.count(judged, true);
        }
    }

    /// Returns whether a judgement is feedback from before the latest compaction.
    pub(super) fn is_compacted(&self, judged: &RecordedJudgement) -> bool {
        matches!(judged.judgement, Judgement::Verdict(_))
            && self.totals.compacted_before.is_some_and(|before| judged.at < before)
    }

    /// Counts a judgement under its month, once more or once less.
    fn count(&mut self, judged: &RecordedJudgement, more: bool) {
        let is_compacted = self.is_compacted(judged);
        if let Some(record) = self.record_of(judged) {
            record.count(judged.at, judged.judgement, is_compacted, more);
        }
    }

    /// Counts a feedback that is not compacted, once more or once less.
    fn tally(&mut self, judged: &RecordedJudgement, more: bool) {
        let Judgement::Verdict(sentiment) = judged.judgement else { return };
        if self.is_compacted(judged) {
            return;
        }
        if let Some(record) = self.record_of(judged) {
            let count = record.tally.of(sentiment);
            *count = if more { count.saturating_add(1) } else { count.saturating_sub(1) };
        }
    }

    /// The record of the role that was judged.
    fn record_of(&mut self, judged: &RecordedJudgement) -> Option<&mut RoleRecord> {
        let persona = self.personas.get_mut(judged.persona as usize)?.as_deref_mut();
        debug_assert!(persona.is_some(), "the persona that was judged is not loaded");
        Some(persona?.roles.entry(judged.role.clone()).or_default())
    }

    /// Notes that an event names a session, if that holds a persona.
    fn note_activity(&mut self, session: &SessionId, at: Timestamp) {
        if let Some(activity) = self.sessions.get_mut(session) {
            activity.last = activity.last.max(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::events::{RetireReason, RoleName};
    use crate::projection::Tally;
    use crate::projection::view::tests::{
        History, assign, compact, definition, feedback, reactivate, release, retire, seed,
    };

    fn testing() -> RoleName {
        RoleName::parse("testing").unwrap()
    }

    fn session(text: &str) -> SessionId {
        SessionId::parse(text).unwrap()
    }

    /// How often Ann was lent for testing, and came back from it.
    fn counts(history: &History) -> (u64, u64) {
        history
            .persona("Ann")
            .roles
            .get(&testing())
            .map_or((0, 0), |record| (record.assigned, record.closed()))
    }

    fn tally(history: &History) -> Tally {
        history.persona("Ann").roles.get(&testing()).map_or(Tally::default(), |record| record.tally)
    }

    #[test]
    fn a_seeded_and_a_grown_persona_exist_in_the_order_of_their_events() {
        let history = History::of([("grow", definition("Bo", "calm")), seed("Ann")]);
        let roster = history.view().roster;
        let found: Vec<_> = roster
            .personas()
            .iter()
            .map(|p| (p.name().as_str(), p.origin, p.created_at.as_second(), p.is_free()))
            .collect();
        assert_eq!(found, [("Bo", Origin::Grown, 1, true), ("Ann", Origin::Seed, 2, true)]);
        assert_eq!(roster.personas()[1].id, history.heads[0]);
        let by_name: Vec<_> = roster.by_name().iter().map(|p| p.name().as_str()).collect();
        assert_eq!(by_name, ["Ann", "Bo"]);
    }

    #[test]
    fn the_first_event_that_names_a_persona_defines_it() {
        let mut history = History::of([seed("Ann")]);
        let first = history.heads[0];
        history.then(("grow", definition("Ann", "wild")));
        let ann = history.persona("Ann");
        assert_eq!((ann.id, ann.origin), (first, Origin::Seed));
        assert_eq!(ann.definition.traits[0].as_str(), "calm");
        assert_eq!(history.view().roster.personas().len(), 1);
    }

    #[test]
    fn a_revision_replaces_the_definition_and_keeps_the_record() {
        let mut history = History::of([
            seed("Ann"),
            assign("s", "w-0", "Ann", "testing"),
            feedback(None, "Ann", "testing", "positive"),
            retire("Ann", "manual"),
        ]);
        let before = history.persona("Ann");
        history.then(("revise", definition("Ann", "wild")));
        let mut after = history.persona("Ann");
        assert_eq!(after.definition.traits[0].as_str(), "wild");
        assert_eq!((before.defined_at.as_second(), after.defined_at.as_second()), (1, 5));
        assert_eq!((before.definition_id, after.definition_id), (before.id, history.heads[0]));
        after.definition = before.definition.clone();
        after.definition_id = before.definition_id;
        after.defined_at = before.defined_at;
        assert_eq!(after, before);
    }

    #[test]
    fn an_assigned_persona_is_held_until_its_slot_is_released() {
        let mut history = History::of([seed("Ann"), assign("s", "w-0", "Ann", "testing")]);
        let ann = history.persona("Ann");
        assert!(ann.is_held() && !ann.is_free());
        let lease = ann.leases.first().unwrap();
        assert_eq!(
            (lease.session.as_str(), lease.slot.as_str(), lease.role.as_str()),
            ("s", "w-0", "testing")
        );
        assert_eq!((lease.project.as_str(), lease.since.as_second()), ("acme", 2));
        history.then(release("s", "w-0", "Ann", "testing", "session_end"));
        assert!(history.persona("Ann").is_free());
    }

    #[test]
    fn closed_work_counts_once_unless_it_is_orphaned() {
        for (reason, closed) in [("session_end", 1), ("manual", 1), ("orphaned", 0)] {
            let mut history = History::of([seed("Ann"), assign("s", "w-0", "Ann", "testing")]);
            assert_eq!(counts(&history), (1, 0));
            let release = || release("s", "w-0", "Ann", "testing", reason);
            history.extend([release(), release()]);
            assert_eq!(counts(&history), (1, closed), "{reason}");
            assert!(history.persona("Ann").is_free(), "{reason}");
        }
    }

    #[test]
    fn releasing_a_slot_that_is_not_open_changes_nothing() {
        let history = History::of([seed("Ann"), seed("Bo"), assign("s", "w-0", "Ann", "testing")]);
        for other in [
            release("other", "w-0", "Ann", "testing", "manual"),
            release("s", "w-1", "Ann", "testing", "manual"),
            release("s", "w-0", "Bo", "testing", "manual"),
            release("s", "w-0", "Nobody", "testing", "manual"),
            release("s", "w-0", "Ann", "general", "manual"),
        ] {
            let after = history.clone().then(other.clone()).view().roster;
            assert_eq!(after.personas(), history.view().roster.personas(), "{other:?}");
        }
    }

    #[test]
    fn a_slot_that_is_assigned_twice_is_open_once() {
        let assign = || assign("s", "w-0", "Ann", "testing");
        let mut history = History::of([seed("Ann"), assign(), assign()]);
        assert_eq!(history.persona("Ann").leases.len(), 1);
        assert_eq!(history.view().roster.warnings(), []);
        history.then(release("s", "w-0", "Ann", "testing", "manual"));
        assert!(history.persona("Ann").is_free());
        assert_eq!(history.view().roster.sessions().count(), 0);
    }

    #[test]
    fn a_slot_that_merged_branches_opened_in_two_roles_is_open_in_both() {
        let opened = ["testing", "general"].map(|role| assign("s", "w-0", "Ann", role));
        let mut history = History::of([seed("Ann")].into_iter().chain(opened));
        history.then(release("s", "w-0", "Ann", "testing", "manual"));
        let ann = history.persona("Ann");
        assert_eq!(ann.leases.iter().map(|l| l.role.as_str()).collect::<Vec<_>>(), ["general"]);
    }

    #[test]
    fn last_assigned_is_the_latest_moment_and_not_the_last_in_the_log() {
        let mut history = History::of([seed("Ann")]);
        assert_eq!(history.persona("Ann").last_assigned, None);
        for second in [500, 100, 300] {
            history.now = second - 1;
            history.then(assign("s", "w-0", "Ann", "testing"));
            assert_eq!(history.persona("Ann").last_assigned.unwrap().as_second(), 500);
        }
    }

    #[test]
    fn feedback_is_tallied_under_its_role() {
        let mut history = History::of([seed("Ann")]);
        for (sentiment, times) in [("positive", 3), ("negative", 2), ("neutral", 1)] {
            history.extend((0..times).map(|_| feedback(None, "Ann", "testing", sentiment)));
        }
        history.then(feedback(None, "Ann", "general", "positive"));
        history.then(feedback(None, "Nobody", "testing", "positive"));
        assert_eq!(tally(&history), Tally { positive: 3, negative: 2, neutral: 1 });
        assert_eq!(tally(&history).total(), 6);
        assert_eq!(history.view().roster.feedback(), 8);
    }

    #[test]
    fn feedback_from_before_a_compaction_does_not_count_whichever_folds_first() {
        let judged = |second: i64, history: &mut History| {
            history.now = second - 1;
            history.then(feedback(None, "Ann", "testing", "positive"));
        };
        for first in [true, false] {
            let mut history = History::of([seed("Ann")]);
            if first {
                history.then(compact(500));
            }
            judged(499, &mut history);
            judged(500, &mut history);
            if !first {
                history.then(compact(500));
            }
            assert_eq!(tally(&history).positive, 1, "compact first: {first}");
            let months = &history.persona("Ann").roles[&testing()].months;
            assert_eq!(
                months.iter().map(|it| (it.positive, it.compacted_positive)).collect::<Vec<_>>(),
                [(1, 1)]
            );
        }
    }

    #[test]
    fn the_latest_limit_of_all_compactions_holds() {
        let mut history = History::of([seed("Ann"), compact(500), compact(100)]);
        assert_eq!(history.view().roster.totals.compacted_before.unwrap().as_second(), 500);
        history.now = 300;
        history.then(feedback(None, "Ann", "testing", "positive"));
        assert_eq!(tally(&history).total(), 0);
        history.now = 600;
        history.then(feedback(None, "Ann", "testing", "positive")).then(compact(700));
        assert_eq!(tally(&history).total(), 0);
    }

    #[test]
    fn a_retired_persona_is_archived_until_it_is_reactivated() {
        for (reason, status) in
            [("manual", RetireReason::Manual), ("inactive", RetireReason::Inactive)]
        {
            let mut history = History::of([seed("Ann"), retire("Ann", reason)]);
            let ann = history.persona("Ann");
            assert_eq!(ann.status, Status::Archived(status));
            assert!(!ann.is_active() && !ann.is_free());
            history.then(reactivate("Ann"));
            assert!(history.persona("Ann").is_free());
        }
    }

    #[test]
    fn an_event_about_nobody_changes_no_persona() {
        let history = History::of([seed("Ann")]);
        for said in [
            ("revise", definition("Nobody", "calm")),
            assign("s", "w-0", "Nobody", "testing"),
            feedback(None, "Nobody", "testing", "positive"),
            retire("Nobody", "manual"),
            reactivate("Nobody"),
            ("repair", json!({ "cut": [], "missing": [] })),
        ] {
            let after = history.clone().then(said.clone()).view().roster;
            assert_eq!(after.personas(), history.view().roster.personas(), "{said:?}");
            assert_eq!(after.sessions().count(), 0, "{said:?}");
        }
    }

    #[test]
    fn an_unknown_type_is_skipped_with_a_warning() {
        let mut history = History::of([seed("Ann"), ("mystery", json!({ "persona": "Ann" }))]);
        let before = History::of([seed("Ann")]).view().roster;
        let warnings = |history: &History| -> Vec<String> {
            history.view().roster.warnings().iter().map(ToString::to_string).collect()
        };
        assert_eq!(history.view().roster.personas(), before.personas());
        assert_eq!(warnings(&history), ["skipped 1 event of the unknown type `mystery`"]);
        history.then(("mystery", json!({})));
        assert_eq!(warnings(&history), ["skipped 2 events of the unknown type `mystery`"]);
    }

    #[test]
    fn a_newer_format_is_noted() {
        let mut history = History::of([seed("Ann")]);
        assert_eq!(history.view().roster.newest_version(), 1);
        history.newer = Some(7);
        history.then(seed("Bo"));
        history.newer = None;
        history.then(seed("Cy"));
        let roster = history.view().roster;
        assert_eq!(roster.newest_version(), 7);
        assert_eq!(roster.personas().len(), 2, "what it says of Bo cannot be known");
        assert_eq!(
            roster.warnings()[0].to_string(),
            "the log holds events of format version 7; this build knows 2 and skips them"
        );
    }

    #[test]
    fn a_session_is_as_active_as_the_latest_event_that_names_it() {
        let mut history =
            History::of([seed("Ann"), seed("Bo"), assign("s", "a-0", "Ann", "testing")]);
        let active = |history: &History| {
            let roster = history.view().roster;
            roster.last_activity(&session("s")).map(Timestamp::as_second)
        };
        assert_eq!(active(&history), Some(3));
        history.then(assign("s", "b-0", "Bo", "testing"));
        assert_eq!(active(&history), Some(4));
        history.then(feedback(Some("s"), "Ann", "testing", "positive"));
        assert_eq!(active(&history), Some(5));
        history.then(feedback(Some("other"), "Ann", "testing", "positive"));
        assert_eq!(active(&history), Some(5));
        history.now = 1;
        history.then(feedback(Some("s"), "Ann", "testing", "positive"));
        assert_eq!(active(&history), Some(5), "a clock that was set back takes nothing away");
        history.now = 8;
        history.then(release("s", "a-0", "Ann", "testing", "manual"));
        assert_eq!(active(&history), Some(9));
        assert_eq!(history.view().roster.sessions().count(), 1);
        history.then(release("s", "b-0", "Bo", "testing", "manual"));
        assert_eq!(active(&history), None, "it holds nobody");
    }

    #[test]
    fn the_open_slots_of_a_session_are_its_own() {
        let history = History::of([
            seed("Ann"),
            seed("Bo"),
            assign("s", "a-0", "Bo", "testing"),
            assign("other", "a-0", "Ann", "testing"),
        ]);
        let roster = history.view().roster;
        let open: Vec<_> =
            roster.open_slots(&session("s")).into_iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(open, ["Bo"]);
        assert_eq!(roster.assignments(), 2);
    }
}
