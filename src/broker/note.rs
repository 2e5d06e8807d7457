//! Leaving word of where a persona stopped on a project.

use std::collections::BTreeSet;

use super::release::{ReleaseRequest, Released, release};
use super::{Decision, Refusal, Situation};
use crate::events::{
    AgentName, Detached, Event, Note, NoteText, PersonaName, ProjectName, SessionId, Slot,
};

/// Somebody leaves a note for whoever goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRequest {
    /// The session.
    pub session: SessionId,
    /// The one agent whose personas it is of; without it, all that the session holds.
    pub agent: Option<AgentName>,
    /// Where the work stands.
    pub note: NoteText,
}

/// A note that is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The slot that the persona has.
    pub slot: Slot,
    /// The persona.
    pub persona: PersonaName,
    /// What it works on.
    pub project: ProjectName,
}

/// Leaves a note for each persona that the session or agent holds, on its project: once for each,
/// in however many slots it is.
pub fn note(
    situation: &mut Situation<'_>,
    request: &NoteRequest,
) -> Result<Decision<Vec<Noted>>, Refusal> {
    let NoteRequest { session, agent, note } = request;
    let (events, noted) = notes(situation, session, agent.as_ref(), note);
    if noted.is_empty() {
        return Err(Refusal::HoldsNobody { session: session.clone(), agent: agent.clone() });
    }
    Ok(Decision::new(events, noted))
}

/// Releases slots, and leaves a note for each persona in them first.
///
/// When nothing is open, nothing is recorded.
pub fn release_with_note(
    situation: &mut Situation<'_>,
    request: &ReleaseRequest,
    note: &NoteText,
) -> Result<Decision<(Released, Vec<Noted>)>, Refusal> {
    let ReleaseRequest { session, agent, .. } = request;
    let (mut events, noted) = notes(situation, session, agent.as_ref(), note);
    let Decision { events: releasing, outcome, notices } = release(situation, request)?;
    events.extend(releasing);
    Ok(Decision { events, outcome: (outcome, noted), notices })
}

/// A note for each persona and project in the open slots, in the order of the slots.
fn notes(
    situation: &mut Situation<'_>,
    session: &SessionId,
    agent: Option<&AgentName>,
    note: &NoteText,
) -> (Vec<Event>, Vec<Noted>) {
    let mut open = situation.roster.open_slots(session);
    open.retain(|(_, lease)| lease.is_of(session, agent));
    open.sort_by(|(_, a), (_, b)| a.slot.cmp(&b.slot));
    let mut seen = BTreeSet::new();
    open.retain(|(persona, lease)| seen.insert((*persona, lease.project.clone())));
    let noted: Vec<_> = open
        .into_iter()
        .map(|(persona, lease)| {
            let (slot, project) = (lease.slot.clone(), lease.project.clone());
            Noted { slot, persona: persona.clone(), project }
        })
        .collect();
    let events = noted.iter().cloned().map(|Noted { slot, persona, project }| {
        // Each has a salt of its own.
        let note = Detached::new(note.clone(), situation.rng);
        Event::Note(Note { session: session.clone(), slot, persona, project, note })
    });
    (events.collect(), noted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, name, request, session};
    use crate::events::ReleaseReason;

    fn text() -> NoteText {
        NoteText::parse("The queue is left.").unwrap()
    }

    fn by(agent: Option<&str>) -> NoteRequest {
        let agent = agent.map(AgentName::unchecked);
        NoteRequest { session: session("s"), agent, note: text() }
    }

    /// Whose notes are recorded, by the events.
    fn left(events: &[Event]) -> Vec<(&str, &str)> {
        let notes = events.iter().filter_map(|event| match event {
            Event::Note(note) => Some((note.slot.as_str(), note.persona.as_str())),
            _ => None,
        });
        notes.collect()
    }

    fn world() -> World {
        let mut world = World::of(&["Ann", "Bo", "Cy"]);
        world.assign(&request("s", "w", &["testing", "general"])).unwrap();
        world.assign(&request("s", "v", &["general"])).unwrap();
        world
    }

    #[test]
    fn each_persona_that_is_held_leaves_a_note() {
        let mut world = world();
        let decision = note(&mut world.situation(), &by(None)).unwrap();
        assert_eq!(left(&decision.events), [("v-0", "Cy"), ("w-0", "Ann"), ("w-1", "Bo")]);
        assert_eq!(decision.outcome[0].project, ProjectName::unchecked("acme-api"));
        let decision = note(&mut world.situation(), &by(Some("w"))).unwrap();
        assert_eq!(left(&decision.events), [("w-0", "Ann"), ("w-1", "Bo")]);
        for refused in [by(Some("x")), NoteRequest { session: session("t"), ..by(None) }] {
            let refused = note(&mut world.situation(), &refused).unwrap_err();
            assert!(matches!(refused, Refusal::HoldsNobody { .. }), "{refused}");
        }
    }

    #[test]
    fn a_persona_in_two_slots_leaves_one_note_on_a_project() {
        let mut world = World::of(&["Ann"]);
        // As after a merge.
        world.lent("s", "w", "Ann", "testing").lent("s", "v", "Ann", "general");
        let decision = note(&mut world.situation(), &by(None)).unwrap();
        assert_eq!(left(&decision.events), [("v-0", "Ann")]);
    }

    #[test]
    fn a_release_leaves_the_note_of_just_the_slots_that_it_closes() {
        let mut world = world();
        let agent = Some(AgentName::unchecked("w"));
        let reason = ReleaseReason::Manual;
        let request = ReleaseRequest { session: session("s"), agent, reason };
        let decision = release_with_note(&mut world.situation(), &request, &text()).unwrap();
        assert_eq!(left(&decision.events), [("w-0", "Ann"), ("w-1", "Bo")]);
        assert!(matches!(decision.events[2], Event::Release(_)), "{:?}", decision.events);
        assert_eq!(decision.outcome.0.slots.len(), 2);
        for event in decision.events {
            world.given(event);
        }
        let ann = world.roster.get(&name("Ann")).unwrap();
        let note = ann.note_on(&ProjectName::unchecked("acme-api")).unwrap();
        assert_eq!(note.text, Some(text()));
        let again = release_with_note(&mut world.situation(), &request, &text()).unwrap();
        assert_eq!((again.events, again.outcome.1), (vec![], vec![]));
    }
}
