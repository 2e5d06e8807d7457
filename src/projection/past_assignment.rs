//! An assignment of the past, and what its command recorded before it.

use jiff::Timestamp;

use super::{FoldKey, WorkScope};
use crate::events::{
    Assign, AssignedSlot, Event, EventId, Heads, PersonaName, ReactivateReason, Record, Release,
    ReleaseReason,
};

/// One slot of an `assign` event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAssignment {
    /// The event.
    pub id: EventId,
    /// Where it is in fold order.
    pub key: FoldKey,
    /// When it was written.
    pub at: Timestamp,
    /// What it says.
    pub assign: Assign,
    /// The slot.
    pub slot: AssignedSlot,
    prev: Heads,
}

impl PastAssignment {
    /// The slots of an event, in their order; none if it is no `assign`.
    #[must_use]
    pub fn all(record: &Record) -> Vec<Self> {
        let Event::Assign(assign) = &record.event else { return Vec::new() };
        let slots = assign.slots.iter().map(|slot| Self {
            id: record.id,
            key: FoldKey::of(record),
            at: record.at,
            assign: assign.clone(),
            slot: slot.clone(),
            prev: record.prev.clone(),
        });
        slots.collect()
    }

    /// What it was for.
    pub(crate) fn scope(&self) -> WorkScope {
        WorkScope::of(&self.assign)
    }

    /// The personas that were chosen for slots before this one, by the same event.
    pub(crate) fn chosen_before(&self) -> impl Iterator<Item = &PersonaName> {
        let before = self.assign.slots.iter().take_while(|it| it.slot != self.slot.slot);
        before.map(|it| &it.persona)
    }

    /// Returns whether the command may have recorded this event before it lent the persona: that
    /// it grew, brought back or released one of those that it lends.
    #[must_use]
    pub fn may_follow(&self, record: &Record) -> bool {
        // One command has one moment.
        record.at == self.at && FoldKey::of(record) < self.key && self.concerns(&record.event)
    }

    /// Returns whether a command may record an event before it lends these personas.
    fn concerns(&self, event: &Event) -> bool {
        let Assign { session, agent, slots, .. } = &self.assign;
        let is_lent = |name: &PersonaName| slots.iter().any(|it| it.persona == *name);
        match event {
            Event::Grow(definition) => is_lent(&definition.name),
            Event::Reactivate(back) => {
                back.reason != ReactivateReason::Manual && is_lent(&back.persona)
            }
            Event::Release(Release { reason: ReleaseReason::Orphaned, .. }) => true,
            // The run of whoever is lent was over, or that of the agent itself never was.
            Event::Release(Release {
                session: of,
                agent: None,
                reason: ReleaseReason::Finished | ReleaseReason::NotStarted,
                slots: closed,
            }) => closed.iter().all(|closed| {
                let is_agents = of == session && closed.slot.belongs_to(agent);
                is_lent(&closed.persona) || is_agents
            }),
            Event::Release(release) => {
                matches!(release.reason, ReleaseReason::Manual | ReleaseReason::Finished)
                    && (&release.session, release.agent.as_ref()) == (session, Some(agent))
                    && release.slots.iter().all(|closed| {
                        let is_kept = |it: &AssignedSlot| {
                            (&it.slot, &it.persona) == (&closed.slot, &closed.persona)
                        };
                        slots.iter().any(is_kept)
                    })
            }
            Event::Seed(_)
            | Event::Revise(_)
            | Event::Assign(_)
            | Event::Delivery(_)
            | Event::Outcome(_)
            | Event::Feedback(_)
            | Event::Lesson(_)
            | Event::Unlearn(_)
            | Event::Note(_)
            | Event::Retract(_)
            | Event::Forget(_)
            | Event::Retire(_)
            | Event::Compact(_)
            | Event::Repair(_)
            | Event::Unknown { .. } => false,
        }
    }

    /// Of the events that it [may follow](Self::may_follow), in fold order, those that lead up to
    /// it without a gap.
    #[must_use]
    pub fn preceding(&self, candidates: Vec<Record>) -> Vec<Record> {
        let mut wanted = self.prev.clone();
        let mut found = Vec::new();
        for record in candidates.into_iter().rev() {
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
    fn last(history: &History, role: Option<&str>, slot: Option<&str>) -> Option<PastAssignment> {
        let is_it = |it: &PastAssignment| {
            (it.assign.session.as_str(), it.slot.persona.as_str()) == ("s1", "Ann")
                && role.is_none_or(|role| it.slot.role.as_str() == role)
                && slot.is_none_or(|slot| it.slot.slot.as_str() == slot)
        };
        let records = records(history);
        records.iter().flat_map(PastAssignment::all).filter(is_it).last()
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

    /// The kinds of the events that are found to precede the last one.
    fn preceding(said: &[Said], is_one_moment: bool) -> Vec<String> {
        let mut history = History::of([seed("Ann"), seed("Bo")]);
        for one in said {
            if is_one_moment {
                history.now = 7;
            }
            history.then(one.clone());
        }
        let assignment = last(&history, None, None).unwrap();
        let mut candidates = records(&history);
        candidates.retain(|record| assignment.may_follow(record));
        let preceding = assignment.preceding(candidates);
        preceding.iter().map(|record| record.event.kind().to_owned()).collect()
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
    fn what_precedes_is_what_the_command_recorded_before() {
        let lent = assign("s1", "w-0", "Ann", "testing");
        let all = [
            release("s9", "w-0", "Ann", "testing", "orphaned"),
            back("Ann", "summon"),
            ("grow", definition("Ann", "calm")),
            kept("Ann", "manual"),
            lent.clone(),
        ];
        assert_eq!(preceding(&all, true), ["release", "reactivate", "grow", "release"]);
        assert_eq!(preceding(&all, false), [""; 0], "another second is another command");
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
            assert_eq!(preceding(&said, true), [""; 0], "{other:?} is a gap");
        }
        assert_eq!(
            preceding(&[lent, kept("Ann", "manual")], true),
            [""; 0],
            "what comes after is none"
        );
    }
}
