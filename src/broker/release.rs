//! Giving personas back.

use super::decision::seconds_since;
use super::lending::open_slots;
use super::{Decision, Refusal, Situation};
use crate::events::{
    AgentName, Event, PersonaName, Release, ReleaseReason, ReleasedSlot, Retire, RetireReason,
    SessionId,
};
use crate::projection::Persona;

/// A session, or one of its agents, gives its personas back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRequest {
    /// The session.
    pub session: SessionId,
    /// The one agent; without it, all of the session's.
    pub agent: Option<AgentName>,
    /// Why.
    pub reason: ReleaseReason,
}

/// What a release did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Released {
    /// The slots that are closed.
    pub slots: Vec<ReleasedSlot>,
    /// The personas that are retired, because they were not assigned for long.
    pub retired: Vec<PersonaName>,
}

/// Closes the open slots of a session in one event, then retires the inactive.
///
/// When nothing is open, nothing is recorded.
pub fn release(
    situation: &mut Situation<'_>,
    request: &ReleaseRequest,
) -> Result<Decision<Released>, Refusal> {
    let ReleaseRequest { session, agent, reason } = request.clone();
    let slots = open_slots(situation.roster, &session, agent.as_ref());
    if slots.is_empty() {
        return Ok(Decision::unchanged(Released::default()));
    }
    let retired = inactive(situation, &session, &slots);
    let mut events = vec![Event::Release(Release { session, agent, reason, slots: slots.clone() })];
    events.extend(retired.iter().map(|persona| {
        Event::Retire(Retire { persona: persona.clone(), reason: RetireReason::Inactive })
    }));
    Ok(Decision { events, outcome: Released { slots, retired }, notices: Vec::new() })
}

/// The personas that will be free once `closing` is closed, and were last assigned too long ago.
fn inactive(
    situation: &Situation<'_>,
    session: &SessionId,
    closing: &[ReleasedSlot],
) -> Vec<PersonaName> {
    let limit = situation.rules.lifecycle.inactive_after.as_secs();
    let will_be_free = |persona: &Persona| {
        persona.is_active()
            && persona.leases.iter().all(|lease| {
                lease.session == *session
                    && closing.iter().any(|slot| {
                        (&slot.slot, &slot.persona, &slot.role)
                            == (&lease.slot, persona.name(), &lease.role)
                    })
            })
    };
    let is_long_ago = |persona: &Persona| {
        persona.last_assigned.is_some_and(|last| seconds_since(last, situation.now) > limit)
    };
    let personas = situation.roster.by_name();
    personas
        .filter(|persona| will_be_free(persona) && is_long_ago(persona))
        .map(|persona| persona.name().clone())
        .collect()
}
