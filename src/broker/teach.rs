//! Teaching a persona something, and no longer offering it.

use super::feedback::{FeedbackRequest, Judged, feedback};
use super::{Decision, Refusal, Situation, names};
use crate::events::{
    Detached, Event, EventId, Lesson, LessonText, PersonaName, ProjectName, Reason, RoleName,
    Unlearn,
};
use crate::projection::{LessonRecord, Needs, Persona};

/// Somebody teaches a persona something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeachRequest {
    /// Whom, as it was typed.
    pub persona: String,
    /// What.
    pub lesson: LessonText,
    /// For which role, as asked for; without one, for any.
    pub role: Option<RoleName>,
    /// For which project; without one, for any.
    pub project: Option<ProjectName>,
}

impl TeachRequest {
    /// What [`teach`] looks at: the persona.
    #[must_use]
    pub fn needs(&self) -> Needs {
        Needs::typed(&self.persona)
    }
}

/// What a persona was taught.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taught {
    /// The persona.
    pub persona: PersonaName,
    /// What.
    pub lesson: LessonText,
    /// The role that it is for, resolved.
    pub role: Option<RoleName>,
    /// The project that it is for.
    pub project: Option<ProjectName>,
    /// Whether it is new; else the persona is offered just that already.
    pub is_new: bool,
}

impl Taught {
    /// The lesson in a roster after it was recorded, in which the persona is loaded.
    #[must_use]
    pub fn record<'a>(&self, persona: &'a Persona) -> Option<&'a LessonRecord> {
        persona.lesson_of(&self.lesson, self.role.as_ref(), self.project.as_ref())
    }
}

/// Teaches a persona a lesson; nothing if it is offered just that already.
pub fn teach(
    situation: &mut Situation<'_>,
    request: &TeachRequest,
) -> Result<Decision<Taught>, Refusal> {
    let persona = names::find_persona(situation.roster, &request.persona)?.name().clone();
    let role = request.role.as_ref().map(|role| situation.rules.roles.known(role));
    let taught = Taught {
        persona,
        lesson: request.lesson.clone(),
        role: role.transpose()?.map(|role| role.name.clone()),
        project: request.project.clone(),
        is_new: true,
    };
    let (event, taught) = lesson(situation, taught, None);
    Ok(Decision::new(event.into_iter().collect(), taught))
}

/// Records a judgement, and teaches what was observed: for the role that is judged, and for the
/// project if the request names one.
pub fn feedback_and_teach(
    situation: &mut Situation<'_>,
    request: &FeedbackRequest,
    observed: &LessonText,
) -> Result<Decision<(Judged, Taught)>, Refusal> {
    let Decision { mut events, outcome: judged, notices } = feedback(situation, request)?;
    let taught = Taught {
        persona: judged.feedback.persona.clone(),
        lesson: observed.clone(),
        role: Some(judged.feedback.role.clone()),
        project: request.project.clone(),
        is_new: true,
    };
    let (event, taught) = lesson(situation, taught, Some(EventId::OF_LINE_BEFORE));
    events.extend(event);
    Ok(Decision { events, outcome: (judged, taught), notices })
}

/// The event of a lesson; none if the persona is offered just that already.
fn lesson(
    situation: &mut Situation<'_>,
    taught: Taught,
    from: Option<EventId>,
) -> (Option<Event>, Taught) {
    let persona = situation.roster.get(&taught.persona);
    if persona.is_some_and(|persona| taught.record(persona).is_some()) {
        return (None, Taught { is_new: false, ..taught });
    }
    let Taught { persona, lesson, role, project, .. } = taught.clone();
    let lesson = Detached::new(lesson, situation.rng);
    (Some(Event::Lesson(Lesson { persona, role, project, from, lesson })), taught)
}

/// Somebody has a lesson offered no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlearnRequest {
    /// The event that taught it.
    pub lesson: EventId,
    /// Why.
    pub reason: Option<Reason>,
}

impl UnlearnRequest {
    /// What [`unlearn`] looks at: everyone's lessons.
    #[must_use]
    pub fn needs(&self) -> Needs {
        Needs::everyone()
    }
}

/// Has a lesson offered no more, and returns who was offered it and what it was.
pub fn unlearn(
    situation: &mut Situation<'_>,
    request: &UnlearnRequest,
) -> Result<Decision<(PersonaName, LessonRecord)>, Refusal> {
    let UnlearnRequest { lesson, reason } = request.clone();
    let offered = situation.roster.offered_lesson(lesson);
    let (persona, record) = offered.ok_or(Refusal::NotOffered { event: lesson })?;
    let unlearnt = (persona.clone(), record.clone());
    Ok(Decision::new(vec![Event::Unlearn(Unlearn { lesson, reason })], unlearnt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, name};
    use crate::broker::{RetractRequest, Retracted, retract};
    use crate::events::{Observation, Source};

    fn request(lesson: &str, role: Option<&str>, project: Option<&str>) -> TeachRequest {
        TeachRequest {
            persona: "ann".to_owned(),
            lesson: LessonText::parse(lesson).unwrap(),
            role: role.map(RoleName::unchecked),
            project: project.map(ProjectName::unchecked),
        }
    }

    /// Has it decided, and records it.
    fn taught(world: &mut World, request: &TeachRequest) -> (Vec<Event>, Taught) {
        let Decision { events, outcome, .. } = teach(&mut world.situation(), request).unwrap();
        for event in events.clone() {
            world.given(event);
        }
        (events, outcome)
    }

    fn feedback_request() -> FeedbackRequest {
        FeedbackRequest {
            persona: "Ann".to_owned(),
            role: None,
            project: None,
            work: None,
            observation: Some(Observation::parse("Thorough; ran it twice.").unwrap()),
            sentiment: None,
            source: Source::unchecked("cli"),
        }
    }

    #[test]
    fn a_lesson_is_for_the_role_and_the_project_that_were_named() {
        let mut world = World::of(&["Ann"]);
        let (events, told) =
            taught(&mut world, &request("Run it twice.", Some("Test"), Some("acme")));
        let [Event::Lesson(lesson)] = &events[..] else { panic!("one lesson: {events:?}") };
        assert_eq!(lesson.persona, name("Ann"));
        assert_eq!(lesson.role, Some(RoleName::unchecked("testing")), "resolved");
        assert_eq!(lesson.project, Some(ProjectName::unchecked("acme")));
        assert_eq!(lesson.from, None);
        assert_eq!(lesson.lesson.words().unwrap().as_str(), "Run it twice.");
        assert!(told.is_new);
        let record = told.record(world.roster.get(&told.persona).unwrap()).unwrap();
        assert_eq!(record.id, world.records.last().unwrap().id);
    }

    #[test]
    fn what_is_offered_already_is_not_taught_again() {
        let mut world = World::of(&["Ann"]);
        taught(&mut world, &request("Run it twice.", Some("testing"), None));
        let (events, told) = taught(&mut world, &request("Run it twice.", Some("testing"), None));
        assert_eq!((events.len(), told.is_new), (0, false));
        for other in [
            request("Run it twice.", None, None),
            request("Run it twice.", Some("testing"), Some("acme")),
            request("Run it thrice.", Some("testing"), None),
        ] {
            assert!(taught(&mut world, &other).1.is_new, "{other:?}");
        }
        let lesson = world.roster.get(&name("Ann")).unwrap().lessons()[0].id;
        let unlearning = UnlearnRequest { lesson, reason: None };
        let decision = unlearn(&mut world.situation(), &unlearning).unwrap();
        assert_eq!(decision.outcome.0, name("Ann"));
        world.given(decision.events[0].clone());
        assert!(taught(&mut world, &request("Run it twice.", Some("testing"), None)).1.is_new);
    }

    #[test]
    fn who_or_what_is_not_known_is_refused() {
        let mut world = World::of(&["Ann"]);
        let unknown = TeachRequest { persona: "Bo".to_owned(), ..request("Wait.", None, None) };
        let refused = teach(&mut world.situation(), &unknown).unwrap_err();
        assert!(matches!(refused, Refusal::UnknownPersona { .. }), "{refused}");
        let astronaut = request("Wait.", Some("astronaut"), None);
        let refused = teach(&mut world.situation(), &astronaut).unwrap_err();
        assert!(matches!(refused, Refusal::UnknownRole { .. }), "{refused}");
        let unlearning = UnlearnRequest { lesson: world.records[0].id, reason: None };
        let refused = unlearn(&mut world.situation(), &unlearning).unwrap_err();
        assert!(matches!(refused, Refusal::NotOffered { .. }), "{refused}");
    }

    #[test]
    fn what_was_observed_becomes_a_lesson_for_the_role_that_is_judged() {
        let mut world = World::of(&["Ann"]);
        world.worked("Ann", "testing");
        let observed = LessonText::parse("Thorough; ran it twice.").unwrap();
        let decide = |world: &mut World, request: &FeedbackRequest| {
            feedback_and_teach(&mut world.situation(), request, &observed).unwrap()
        };
        let decision = decide(&mut world, &feedback_request());
        let [Event::Feedback(given), Event::Lesson(lesson)] = &decision.events[..] else {
            panic!("a feedback and a lesson: {:?}", decision.events)
        };
        assert_eq!(given.project, Some(ProjectName::unchecked("acme-api")));
        assert_eq!(lesson.role, Some(given.role.clone()));
        assert_eq!(lesson.project, None, "it was not named");
        assert_eq!(lesson.from, Some(EventId::OF_LINE_BEFORE));
        let project = Some(ProjectName::unchecked("acme-api"));
        let named = FeedbackRequest { project: project.clone(), ..feedback_request() };
        let decision = decide(&mut world, &named);
        assert_eq!(decision.outcome.1.project, project);
        for event in decision.events {
            world.given(event);
        }
        let again = decide(&mut world, &named);
        assert_eq!((again.events.len(), again.outcome.1.is_new), (1, false), "the verdict alone");
    }

    #[test]
    fn a_lesson_can_be_taken_back_once() {
        let mut world = World::of(&["Ann"]);
        taught(&mut world, &request("Run it twice.", None, None));
        let event = world.records.last().unwrap().id;
        let request = RetractRequest { event, reason: None };
        let decision = retract(&mut world.situation(), &request).unwrap();
        assert_eq!(decision.outcome, Retracted::Lesson { persona: name("Ann") });
        world.given(decision.events[0].clone());
        let refused = retract(&mut world.situation(), &request).unwrap_err();
        assert!(matches!(refused, Refusal::NotRetractable { .. }), "{refused}");
        let unlearning = UnlearnRequest { lesson: event, reason: None };
        let refused = unlearn(&mut world.situation(), &unlearning).unwrap_err();
        assert!(matches!(refused, Refusal::NotOffered { .. }), "{refused}");
    }
}
