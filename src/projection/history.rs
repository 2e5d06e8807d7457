//! The assignments of a persona, a project or a session, each from its beginning to its end.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;

use super::assignment::{Assignment, RunOutcome, Verdict};
use crate::events::{
    Assign, AssignedSlot, Event, EventId, Feedback, Note, Outcome, PersonaName, ProjectName,
    Record, Release, ReleasedSlot, RoleName, SessionId, Slot,
};

/// What a persona was lent for, or who was lent for a project or a session, in fold order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    subject: Subject,
    /// Oldest first.
    pub assignments: Vec<Assignment>,
    /// Which of the assignments last, by session, slot, persona and role. Those that are of
    /// something else are none of them.
    open: BTreeMap<(SessionId, Slot, PersonaName, RoleName), Option<usize>>,
    /// The last of the assignments that something can be said of.
    last: BTreeMap<Topic, usize>,
    /// Of which assignment a judgement is.
    judged: BTreeMap<EventId, usize>,
    /// How many events were applied.
    events: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Persona(PersonaName),
    Project(ProjectName),
    Session(SessionId),
}

/// What something is said of: a persona in a session, in one slot or any, in one role or any.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Topic {
    session: SessionId,
    persona: PersonaName,
    slot: Option<Slot>,
    role: Option<RoleName>,
}

impl History {
    /// The history of a persona before any event.
    #[must_use]
    pub fn of(persona: PersonaName) -> Self {
        Self::new(Subject::Persona(persona))
    }

    /// The history of a project before any event.
    #[must_use]
    pub fn of_project(project: ProjectName) -> Self {
        Self::new(Subject::Project(project))
    }

    /// The history of a session before any event.
    #[must_use]
    pub fn of_session(session: SessionId) -> Self {
        Self::new(Subject::Session(session))
    }

    fn new(subject: Subject) -> Self {
        let (open, last, judged) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { subject, assignments: Vec::new(), open, last, judged, events: 0 }
    }

    /// Applies the next event in fold order.
    pub fn apply(&mut self, record: &Record) {
        self.events += 1;
        match &record.event {
            Event::Assign(assign) => self.assign(record.at, assign),
            Event::Release(release) => self.release(record.at, release),
            Event::Note(note) => self.note(note),
            Event::Outcome(outcome) => self.measure(record, outcome),
            Event::Feedback(feedback) => self.judge(record, feedback),
            Event::Retract(retract) => self.retract(retract.event),
            Event::Seed(_)
            | Event::Grow(_)
            | Event::Revise(_)
            | Event::Delivery(_)
            | Event::Lesson(_)
            | Event::Unlearn(_)
            | Event::Forget(_)
            | Event::Retire(_)
            | Event::Reactivate(_)
            | Event::Compact(_)
            | Event::Repair(_)
            | Event::Unknown { .. } => {}
        }
    }

    fn assign(&mut self, at: Timestamp, assign: &Assign) {
        let Assign { session, agent, project, work, slots, .. } = assign;
        for assigned in slots {
            let is_it = match &self.subject {
                Subject::Persona(name) if *name != assigned.persona => continue,
                Subject::Persona(_) => true,
                Subject::Project(name) => name == project,
                Subject::Session(id) => id == session,
            };
            let AssignedSlot { slot, persona, role, independent, .. } = assigned.clone();
            let lease = (session.clone(), slot.clone(), persona.clone(), role.clone());
            // A lease that is open stays open, since when it was.
            let Entry::Vacant(lease) = self.open.entry(lease) else { continue };
            lease.insert(is_it.then_some(self.assignments.len()));
            if is_it {
                let topic = |slot: Option<&Slot>, role: Option<&RoleName>| Topic {
                    session: session.clone(),
                    persona: persona.clone(),
                    slot: slot.cloned(),
                    role: role.cloned(),
                };
                for it in [
                    topic(Some(&slot), None),
                    topic(Some(&slot), Some(&role)),
                    topic(None, Some(&role)),
                ] {
                    self.last.insert(it, self.assignments.len());
                }
                self.assignments.push(Assignment {
                    persona,
                    role,
                    project: project.clone(),
                    work: work.clone(),
                    session: session.clone(),
                    agent: agent.clone(),
                    slot,
                    assigned_at: at,
                    released_at: None,
                    reason: None,
                    independent,
                    events: (self.events, None),
                    note: None,
                    outcomes: Vec::new(),
                    verdicts: Vec::new(),
                });
            }
        }
    }

    /// The last assignment that something is said of, if it is one of this history.
    fn find(
        &self,
        session: &SessionId,
        persona: &PersonaName,
        slot: Option<&Slot>,
        role: Option<&RoleName>,
    ) -> Option<usize> {
        let (session, persona) = (session.clone(), persona.clone());
        let topic = Topic { session, persona, slot: slot.cloned(), role: role.cloned() };
        self.last.get(&topic).copied()
    }

    fn note(&mut self, note: &Note) {
        let last = self.find(&note.session, &note.persona, Some(&note.slot), None);
        if let Some(last) = last.and_then(|last| self.assignments.get_mut(last)) {
            last.note = note.note.words().cloned();
        }
    }

    fn measure(&mut self, record: &Record, outcome: &Outcome) {
        let Outcome { session, slot, persona, role, run, result, source, ended, measures } =
            outcome;
        let Some(index) = self.find(session, persona, Some(slot), Some(role)) else { return };
        let Some(assignment) = self.assignments.get_mut(index) else { return };
        assignment.outcomes.push(RunOutcome {
            id: record.id,
            at: record.at,
            run: run.clone(),
            source: source.clone(),
            result: *result,
            ended: *ended == Some(true),
            measures: *measures,
        });
        self.judged.insert(record.id, index);
    }

    fn judge(&mut self, record: &Record, feedback: &Feedback) {
        let Feedback { persona, role, session, slot, sentiment, source, observation, .. } =
            feedback;
        let Some(session) = session else { return };
        let Some(index) = self.find(session, persona, slot.as_ref(), Some(role)) else { return };
        let Some(assignment) = self.assignments.get_mut(index) else { return };
        assignment.verdicts.push(Verdict {
            id: record.id,
            at: record.at,
            slot: slot.clone(),
            sentiment: *sentiment,
            source: source.clone(),
            observation: observation.clone(),
        });
        self.judged.insert(record.id, index);
    }

    fn retract(&mut self, id: EventId) {
        let index = self.judged.get(&id);
        if let Some(it) = index.and_then(|index| self.assignments.get_mut(*index)) {
            it.outcomes.retain(|outcome| outcome.id != id);
            it.verdicts.retain(|verdict| verdict.id != id);
        }
    }

    fn release(&mut self, at: Timestamp, release: &Release) {
        for ReleasedSlot { slot, persona, role } in release.slots.iter().cloned() {
            let open = self.open.remove(&(release.session.clone(), slot, persona, role));
            if let Some(open) = open.flatten().and_then(|open| self.assignments.get_mut(open)) {
                open.released_at = Some(at);
                open.reason = Some(release.reason);
                open.events.1 = Some(self.events);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::ReleaseReason;
    use crate::projection::View;
    use crate::projection::view::tests::{History as Log, assign, release};

    #[test]
    fn each_assignment_is_told_from_its_beginning_to_its_end() {
        let log = Log::of([
            assign("s1", "w-0", "Ann Li", "testing"),
            assign("s1", "w-0", "Bo Chen", "testing"),
            release("s1", "w-0", "Ann Li", "testing", "session_end"),
            release("s1", "w-0", "Ann Li", "testing", "orphaned"), // not open any more
            assign("s2", "w-0", "Ann Li", "testing"),
            assign("s2", "w-0", "Ann Li", "testing"), // open already
        ]);
        let mut history = History::of(PersonaName::parse("Ann Li").unwrap());
        let log = log.lines.concat();
        for line in View::in_order(log.as_bytes()).unwrap() {
            history.apply(&line.decode().unwrap());
        }
        let told: Vec<_> = history
            .assignments
            .iter()
            .map(|past| {
                let released = past.released_at.map(Timestamp::as_second);
                (past.session.as_str(), past.assigned_at.as_second(), released, past.reason)
            })
            .collect();
        let end = Some(ReleaseReason::SessionEnd);
        assert_eq!(told, [("s1", 1, Some(3), end), ("s2", 5, None, None)]);
    }

    #[test]
    fn a_slot_stays_on_the_project_and_the_work_that_it_was_opened_for() {
        let on = |project: &str, work: &str| {
            let (kind, mut data) = assign("s1", "w-0", "Ann Li", "testing");
            (data["project"], data["work"]) = (project.into(), work.into());
            (kind, data)
        };
        let back = || release("s1", "w-0", "Ann Li", "testing", "session_end");
        // As merged branches of a log may have it.
        let said = [on("p", "a"), on("q", "b"), back(), on("q", "b"), on("p", "c"), back()];
        let log = Log::of(said).lines.concat();
        let told = |project: &str| -> Vec<_> {
            let mut history = History::of_project(ProjectName::unchecked(project));
            for line in View::in_order(log.as_bytes()).unwrap() {
                history.apply(&line.decode().unwrap());
            }
            let told = history.assignments.into_iter();
            told.map(|it| (it.persona.to_string(), it.work.unwrap().to_string(), it.events))
                .collect()
        };
        assert_eq!(told("p"), [("Ann Li".to_owned(), "a".to_owned(), (1, Some(3)))]);
        assert_eq!(told("q"), [("Ann Li".to_owned(), "b".to_owned(), (4, Some(6)))]);
    }

    #[test]
    fn the_time_grows_with_the_assignments_and_not_with_their_square() {
        let time = |count: usize| {
            let said = (0..count).map(|n| assign(&format!("s{n}"), "w-0", "Ann", "testing"));
            let log = Log::of(said).lines;
            let read = |line: &String| crate::events::decode(line.trim_end().as_bytes()).unwrap();
            let records: Vec<_> = log.iter().map(read).collect();
            let once = || {
                let mut history = History::of(PersonaName::unchecked("Ann"));
                for record in &records {
                    history.apply(record);
                }
                assert_eq!(history.assignments.len(), count);
            };
            // As many events are applied whatever the length, so that noise weighs the same.
            let pass = || {
                let start = std::time::Instant::now();
                (0..8000 / count).for_each(|_| once());
                start.elapsed()
            };
            (0..5).map(|_| pass()).min().unwrap()
        };
        let (short, long) = (time(500), time(8000));
        assert!(long < 8 * short, "{short:?}, {long:?}; the square would be 16 times as much");
    }
}
