//! One persona's assignments, each from its beginning to its end.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use serde::Serialize;

use crate::events::{
    Assign, Event, PersonaName, ProjectName, Record, Release, ReleaseReason, RoleName, SessionId,
    Slot,
};

/// What a persona was lent for, in fold order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    persona: PersonaName,
    /// Oldest first.
    pub assignments: Vec<Assignment>,
    /// Which of the assignments last, by session, seat and role.
    open: BTreeMap<(SessionId, Slot, RoleName), usize>,
}

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assignment {
    /// In which role.
    pub role: RoleName,
    /// On which project.
    pub project: ProjectName,
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
}

impl History {
    /// The history of a persona before any event.
    #[must_use]
    pub fn of(persona: PersonaName) -> Self {
        Self { persona, assignments: Vec::new(), open: BTreeMap::new() }
    }

    /// Applies the next event in fold order.
    pub fn apply(&mut self, record: &Record) {
        match &record.event {
            Event::Assign(assign) => self.assign(record.at, assign),
            Event::Release(release) => self.release(record.at, release),
            Event::Seed(_)
            | Event::Grow(_)
            | Event::Revise(_)
            | Event::Delivery(_)
            | Event::Outcome(_)
            | Event::Feedback(_)
            | Event::Lesson(_)
            | Event::Unlearn(_)
            | Event::Note(_)
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
        for slot in assign.slots.iter().filter(|slot| slot.persona == self.persona) {
            let lease = (assign.session.clone(), slot.slot.clone(), slot.role.clone());
            // A lease that is open stays open, since when it was.
            let Entry::Vacant(lease) = self.open.entry(lease) else { continue };
            lease.insert(self.assignments.len());
            self.assignments.push(Assignment {
                role: slot.role.clone(),
                project: assign.project.clone(),
                session: assign.session.clone(),
                slot: slot.slot.clone(),
                assigned_at: at,
                released_at: None,
                reason: None,
            });
        }
    }

    fn release(&mut self, at: Timestamp, release: &Release) {
        for slot in release.slots.iter().filter(|slot| slot.persona == self.persona) {
            let lease = (release.session.clone(), slot.slot.clone(), slot.role.clone());
            let open = self.open.remove(&lease);
            if let Some(open) = open.and_then(|open| self.assignments.get_mut(open)) {
                open.released_at = Some(at);
                open.reason = Some(release.reason);
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
