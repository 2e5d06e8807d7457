//! The occasion on which a persona was lent, and what its command did before that.

use jiff::Timestamp;

use super::FoldKey;
use crate::events::{
    Assign, AssignedSlot, Event, EventId, Heads, PersonaName, ReactivateReason, Record, Release,
    ReleaseReason, RoleName, SessionId, Slot,
};

/// The last time that a persona was lent to a session, as far as the log was visited.
#[derive(Debug, Clone)]
pub struct LastLent {
    persona: PersonaName,
    session: SessionId,
    role: Option<RoleName>,
    slot: Option<Slot>,
    found: Option<Occasion>,
}

/// One seat of an `assign` event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// The event.
    pub id: EventId,
    /// Where it stands.
    pub place: FoldKey,
    /// When it was written.
    pub at: Timestamp,
    /// What it says.
    pub assign: Assign,
    /// Who sits where.
    pub seat: AssignedSlot,
    prev: Heads,
}

/// What one command recorded before its `assign`, as far as it concerns whom that lends:
/// whom it grew, brought back, or took away from others.
#[derive(Debug, Clone)]
pub struct Prelude<'a> {
    of: &'a Occasion,
    /// What could be of it, in fold order.
    candidates: Vec<Record>,
}

impl LastLent {
    /// Looks for a persona in a session; in one role, as it was asked for or is named, or in one
    /// slot of it, if that is given.
    #[must_use]
    pub fn of(
        persona: PersonaName,
        session: SessionId,
        role: Option<RoleName>,
        slot: Option<Slot>,
    ) -> Self {
        Self { persona, session, role, slot, found: None }
    }

    /// Takes in one event. Whoever calls sees to the order.
    pub fn apply(&mut self, record: &Record) {
        let Event::Assign(assign) = &record.event else { return };
        if assign.session != self.session {
            return;
        }
        let is_it = |seat: &&AssignedSlot| {
            seat.persona == self.persona
                && self
                    .role
                    .as_ref()
                    .is_none_or(|role| *role == seat.role || *role == seat.requested)
                && self.slot.as_ref().is_none_or(|slot| seat.slot == *slot)
        };
        if let Some(seat) = assign.slots.iter().rfind(is_it) {
            self.found = Some(Occasion {
                id: record.id,
                place: FoldKey::of(record),
                at: record.at,
                assign: assign.clone(),
                seat: seat.clone(),
                prev: record.prev.clone(),
            });
        }
    }

    /// The last occasion, if there was any.
    #[must_use]
    pub fn found(self) -> Option<Occasion> {
        self.found
    }
}

impl Occasion {
    /// Those who were chosen for seats before this one, by the same event.
    pub fn chosen_before(&self) -> impl Iterator<Item = &PersonaName> {
        let before = self.assign.slots.iter().take_while(|seat| seat.slot != self.seat.slot);
        before.map(|seat| &seat.persona)
    }
}

impl<'a> Prelude<'a> {
    /// The prelude of an occasion, of which nothing is known yet.
    #[must_use]
    pub fn of(occasion: &'a Occasion) -> Self {
        Self { of: occasion, candidates: Vec::new() }
    }

    /// Takes in one event. Whoever calls sees to the order.
    pub fn apply(&mut self, record: &Record) {
        // One command has one moment.
        let is_before = record.at == self.of.at && FoldKey::of(record) < self.of.place;
        if is_before && self.concerns(&record.event) {
            self.candidates.push(record.clone());
        }
    }

    /// Tells whether a command may record an event before it lends these personas.
    fn concerns(&self, event: &Event) -> bool {
        let Assign { session, agent, slots, .. } = &self.of.assign;
        let is_lent = |name: &PersonaName| slots.iter().any(|seat| seat.persona == *name);
        match event {
            Event::Grow(definition) => is_lent(&definition.name),
            Event::Reactivate(back) => {
                back.reason != ReactivateReason::Manual && is_lent(&back.persona)
            }
            Event::Release(Release { reason: ReleaseReason::Orphaned, .. }) => true,
            Event::Release(release) => {
                release.reason == ReleaseReason::Manual
                    && (&release.session, release.agent.as_ref()) == (session, Some(agent))
                    && release.slots.iter().all(|closed| {
                        let is_kept = |seat: &AssignedSlot| {
                            (&seat.slot, &seat.persona) == (&closed.slot, &closed.persona)
                        };
                        slots.iter().any(is_kept)
                    })
            }
            Event::Seed(_)
            | Event::Revise(_)
            | Event::Assign(_)
            | Event::Feedback(_)
            | Event::Retire(_)
            | Event::Compact(_)
            | Event::Repair(_)
            | Event::Unknown(_) => false,
        }
    }

    /// The events that lead up to the `assign` without a gap, in their order.
    #[must_use]
    pub fn finish(self) -> Vec<Record> {
        let mut wanted = self.of.prev.clone();
        let mut found = Vec::new();
        for record in self.candidates.into_iter().rev() {
            if wanted.ids() == [record.id] {
                wanted = record.prev.clone();
                found.push(record);
            }
        }
        found.reverse();
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::events::decode;
    use crate::projection::view::tests::{
        History, Said, assign, definition, feedback, release, seed,
    };

    fn records(history: &History) -> Vec<Record> {
        history.lines.iter().map(|line| decode(line.trim_end().as_bytes()).unwrap()).collect()
    }

    /// Where Ann was last lent to `s1`, in a role or slot if one is given.
    fn last(history: &History, role: Option<&str>, slot: Option<&str>) -> Option<Occasion> {
        let mut last = LastLent::of(
            PersonaName::unchecked("Ann"),
            SessionId::unchecked("s1"),
            role.map(RoleName::unchecked),
            slot.map(Slot::unchecked),
        );
        for record in &records(history) {
            last.apply(record);
        }
        last.found()
    }

    #[test]
    fn the_last_time_in_the_session_is_found_or_in_one_role_or_slot_of_it() {
        let history = History::of([
            seed("Ann"),
            assign("s1", "w-0", "Ann", "testing"),
            assign("s1", "v-0", "Ann", "debugging"),
            assign("s2", "w-0", "Ann", "testing"),
            assign("s1", "v-0", "Bo", "testing"),
        ]);
        let at = |role, slot| last(&history, role, slot).map(|found| found.at.as_second());
        assert_eq!(at(None, None), Some(3));
        assert_eq!(at(Some("testing"), None), Some(2));
        assert_eq!(at(None, Some("w-0")), Some(2));
        assert_eq!(at(Some("debugging"), Some("w-0")), None);
        assert_eq!(at(Some("general"), None), None);
    }

    /// The kinds of the events that are told as the prelude of the last one.
    fn prelude(said: &[Said], is_one_moment: bool) -> Vec<String> {
        let mut history = History::of([seed("Ann"), seed("Bo")]);
        for one in said {
            if is_one_moment {
                history.now = 7;
            }
            history.then(one.clone());
        }
        let occasion = last(&history, None, None).unwrap();
        let mut prelude = Prelude::of(&occasion);
        for record in &records(&history) {
            prelude.apply(record);
        }
        prelude.finish().iter().map(|record| record.event.kind().to_owned()).collect()
    }

    /// The agent `w` of `s1` gives back a slot.
    fn kept(persona: &str, reason: &str) -> Said {
        let slots = json!([{ "slot": "w-0", "persona": persona, "role": "general" }]);
        let of = json!({ "session": "s1", "agent": "w", "reason": reason, "slots": slots });
        ("release", of)
    }

    fn back(persona: &str, reason: &str) -> Said {
        ("reactivate", json!({ "persona": persona, "reason": reason }))
    }

    #[test]
    fn the_prelude_is_what_the_command_recorded_before() {
        let lent = assign("s1", "w-0", "Ann", "testing");
        let all = [
            release("s9", "w-0", "Ann", "testing", "orphaned"),
            back("Ann", "summon"),
            ("grow", definition("Ann", "calm")),
            kept("Ann", "manual"),
            lent.clone(),
        ];
        assert_eq!(prelude(&all, true), ["release", "reactivate", "grow", "release"]);
        assert_eq!(prelude(&all, false), [""; 0], "another second is another command");
        for other in [
            back("Ann", "manual"),
            back("Bo", "summon"),
            ("grow", definition("Bo", "calm")),
            kept("Bo", "manual"),
            kept("Ann", "session_end"),
            release("s1", "w-0", "Ann", "testing", "manual"),
            feedback(None, "Ann", "testing", "positive"),
        ] {
            let said = [back("Ann", "summon"), other.clone(), lent.clone()];
            assert_eq!(prelude(&said, true), [""; 0], "{other:?} is a gap");
        }
        assert_eq!(
            prelude(&[lent, kept("Ann", "manual")], true),
            [""; 0],
            "what comes after is none"
        );
    }
}
