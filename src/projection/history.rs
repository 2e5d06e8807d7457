//! The assignments of a persona or a project, each from its beginning to its end.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use serde::Serialize;

use crate::events::{
    Assign, AssignedSlot, Event, Note, NoteText, PersonaName, ProjectName, Record, Release,
    ReleaseReason, ReleasedSlot, RoleName, SessionId, Slot, WorkName,
};

/// What a persona was lent for, or who was lent for a project, in fold order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    subject: Subject,
    /// Oldest first.
    pub assignments: Vec<Assignment>,
    /// Which of the assignments last, by session, slot, persona and role. Those of other projects
    /// are none of them.
    open: BTreeMap<(SessionId, Slot, PersonaName, RoleName), Option<usize>>,
    /// The last of the assignments by session, slot and persona.
    last: BTreeMap<(SessionId, Slot, PersonaName), usize>,
    /// How many events were applied.
    events: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Persona(PersonaName),
    Project(ProjectName),
}

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

    fn new(subject: Subject) -> Self {
        let (assignments, open, last) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self { subject, assignments, open, last, events: 0 }
    }

    /// Applies the next event in fold order.
    pub fn apply(&mut self, record: &Record) {
        self.events += 1;
        match &record.event {
            Event::Assign(assign) => self.assign(record.at, assign),
            Event::Release(release) => self.release(record.at, release),
            Event::Note(note) => self.note(note),
            Event::Seed(_)
            | Event::Grow(_)
            | Event::Revise(_)
            | Event::Delivery(_)
            | Event::Outcome(_)
            | Event::Feedback(_)
            | Event::Lesson(_)
            | Event::Unlearn(_)
            | Event::Retract(_)
            | Event::Forget(_)
            | Event::Retire(_)
            | Event::Reactivate(_)
            | Event::Compact(_)
            | Event::Repair(_)
            | Event::Unknown { .. } => {}
        }
    }

    fn assign(&mut self, at: Timestamp, assign: &Assign) {
        let Assign { session, project, work, slots, .. } = assign;
        for assigned in slots {
            let is_it = match &self.subject {
                Subject::Persona(name) if *name != assigned.persona => continue,
                Subject::Persona(_) => true,
                Subject::Project(name) => name == project,
            };
            let AssignedSlot { slot, persona, role, independent, .. } = assigned.clone();
            let lease = (session.clone(), slot.clone(), persona.clone(), role.clone());
            // A lease that is open stays open, since when it was.
            let Entry::Vacant(lease) = self.open.entry(lease) else { continue };
            lease.insert(is_it.then_some(self.assignments.len()));
            if is_it {
                let seat = (session.clone(), slot.clone(), persona.clone());
                self.last.insert(seat, self.assignments.len());
                self.assignments.push(Assignment {
                    persona,
                    role,
                    project: project.clone(),
                    work: work.clone(),
                    session: session.clone(),
                    slot,
                    assigned_at: at,
                    released_at: None,
                    reason: None,
                    independent,
                    events: (self.events, None),
                    note: None,
                });
            }
        }
    }

    fn note(&mut self, note: &Note) {
        let last = self.last.get(&(note.session.clone(), note.slot.clone(), note.persona.clone()));
        if let Some(last) = last.and_then(|last| self.assignments.get_mut(*last)) {
            last.note = note.note.words().cloned();
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
