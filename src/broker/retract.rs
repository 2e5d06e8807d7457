//! Taking a judgement or a lesson back.

use super::{Decision, Refusal, Situation, affinity};
use crate::events::{Event, EventId, PersonaName, Points, Reason, Retract, RoleName};
use crate::projection::{LessonStatus, Needs};

/// Somebody takes a feedback, an outcome or a lesson back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetractRequest {
    /// The event.
    pub event: EventId,
    /// Why.
    pub reason: Option<Reason>,
}

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retracted {
    /// A judgement.
    Judgement {
        /// Who was judged.
        persona: PersonaName,
        /// In which role.
        role: RoleName,
        /// The affinity for the role before.
        before: Points,
    },
    /// A lesson.
    Lesson {
        /// Who was offered it.
        persona: PersonaName,
    },
}

impl RetractRequest {
    /// What [`retract`] looks at: all judgements, and all personas with their lessons.
    #[must_use]
    pub fn needs(&self) -> Needs {
        Needs::all()
    }
}

/// Takes a judgement back, if it is one that counts, or a lesson, if it is offered.
pub fn retract(
    situation: &mut Situation<'_>,
    request: &RetractRequest,
) -> Result<Decision<Retracted>, Refusal> {
    let RetractRequest { event, reason } = request.clone();
    let roster = situation.roster;
    let judged = roster.judgement(event);
    let judged = judged.and_then(|(name, role)| Some((roster.get(name)?, role)));
    let judgement = judged.map(|(persona, role)| Retracted::Judgement {
        persona: persona.name().clone(),
        role: role.clone(),
        before: affinity(persona, role, &situation.rules.scoring, situation.now),
    });
    let lesson = || {
        let (persona, lesson) = roster.lesson(event)?;
        let is_offered = lesson.status == LessonStatus::Offered;
        is_offered.then(|| Retracted::Lesson { persona: persona.clone() })
    };
    let retracted = judgement.or_else(lesson).ok_or(Refusal::NotRetractable { event })?;
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
        let Retracted::Judgement { persona, before, .. } = &decision.outcome else {
            panic!("it is a judgement: {decision:?}")
        };
        assert_eq!(*persona, name("Ann"));
        assert!(before.as_f64() < 0.5);
        for event in decision.events {
            world.given(event);
        }
        let again = retract(&mut world.situation(), &request).unwrap_err();
        assert!(
            again.to_string().ends_with("is no feedback, outcome or lesson that counts"),
            "{again}"
        );
    }

    #[test]
    fn another_event_is_no_judgement() {
        let mut world = World::of(&["Ann"]);
        let request = RetractRequest { event: world.records[0].id, reason: None };
        assert!(retract(&mut world.situation(), &request).is_err());
    }
}
