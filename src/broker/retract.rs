//! Taking a judgement back.

use super::{Decision, Refusal, Situation, affinity};
use crate::events::{Event, EventId, PersonaName, Points, Reason, Retract, RoleName};
use crate::projection::Needs;

/// Somebody takes a feedback or an outcome back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetractRequest {
    /// The event.
    pub event: EventId,
    /// Why.
    pub reason: Option<Reason>,
}

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retracted {
    /// Who was judged.
    pub persona: PersonaName,
    /// In which role.
    pub role: RoleName,
    /// The affinity for the role before.
    pub before: Points,
}

impl RetractRequest {
    /// What [`retract`] looks at: all judgements, and whom they are about.
    #[must_use]
    pub fn needs(&self) -> Needs {
        Needs::all()
    }
}

/// Takes a judgement back, if it is one that counts.
pub fn retract(
    situation: &mut Situation<'_>,
    request: &RetractRequest,
) -> Result<Decision<Retracted>, Refusal> {
    let RetractRequest { event, reason } = request.clone();
    let roster = situation.roster;
    let found = roster.judgement(event);
    let found = found.and_then(|(name, role)| Some((roster.get(name)?, role)));
    let (persona, role) = found.ok_or(Refusal::NotRetractable { event })?;
    let retracted = Retracted {
        persona: persona.name().clone(),
        role: role.clone(),
        before: affinity(persona, role, &situation.rules.scoring, situation.now),
    };
    Ok(Decision::new(vec![Event::Retract(Retract { event, reason })], retracted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, name};
    use crate::events::Sentiment;

    #[test]
    fn a_judgement_is_taken_back_once() {
        let mut world = World::of(&["Ann"]);
        world.judged("Ann", "testing", Sentiment::Negative);
        let event = world.records.last().unwrap().id;
        let request = RetractRequest { event, reason: None };
        let decision = retract(&mut world.situation(), &request).unwrap();
        assert_eq!(decision.outcome.persona, name("Ann"));
        assert!(decision.outcome.before.as_f64() < 0.5);
        for event in decision.events {
            world.given(event);
        }
        let again = retract(&mut world.situation(), &request).unwrap_err();
        assert!(again.to_string().ends_with("is no feedback or outcome that counts"), "{again}");
    }

    #[test]
    fn another_event_is_no_judgement() {
        let mut world = World::of(&["Ann"]);
        let request = RetractRequest { event: world.records[0].id, reason: None };
        assert!(retract(&mut world.situation(), &request).is_err());
    }
}
