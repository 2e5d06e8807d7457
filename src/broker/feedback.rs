//! Judging a persona's work.

use super::sentiment::{Verdict, classify};
use super::{Decision, Refusal, Roles, Situation, affinity, names};
use crate::events::{
    Detached, Event, Feedback, Observation, Points, ProjectName, RoleName, Sentiment, SessionId,
    Slot, Source,
};
use crate::projection::Needs;

/// Somebody judges a persona.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedbackRequest {
    /// Whom, as it was typed.
    pub persona: String,
    /// In which role, as asked for; else the one that it was lent for last.
    pub role: Option<RoleName>,
    /// On which project; else the one that it was lent for last.
    pub project: Option<ProjectName>,
    /// The work that is judged, where it was looked up; else the last one that fits role and project.
    pub work: Option<JudgedWork>,
    /// What was observed, if anything was said.
    pub observation: Option<Observation>,
    /// The verdict; else the words of the observation decide, and without any it is neutral.
    pub sentiment: Option<Sentiment>,
    /// Who or what judges.
    pub source: Source,
}

/// Work that somebody pointed at, in the role and on the project of its assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedWork {
    /// In which role.
    pub role: RoleName,
    /// On which project.
    pub project: ProjectName,
    /// In which session.
    pub session: SessionId,
    /// In which slot, if just the run in it is judged.
    pub slot: Option<Slot>,
}

impl FeedbackRequest {
    /// What [`feedback`] looks at: the persona.
    #[must_use]
    pub fn needs(&self) -> Needs {
        Needs::typed(&self.persona)
    }
}

/// What a judgement came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What is recorded.
    pub feedback: Feedback,
    /// The verdict, and why.
    pub verdict: Verdict,
    /// Whether the verdict was given rather than read from the words.
    pub given: bool,
    /// The affinity for the role before.
    pub before: Points,
}

/// Records a judgement.
///
/// The verdict is taken now and recorded, so that the past does not change
/// its mind when the lists of words do.
pub fn feedback(
    situation: &mut Situation<'_>,
    request: &FeedbackRequest,
) -> Result<Decision<Judged>, Refusal> {
    let persona = names::find_persona(situation.roster, &request.persona)?;
    let last = persona.recent_work(None).next();
    let rules = situation.rules;
    let role = match (&request.work, &request.role, last) {
        (Some(work), ..) => work.role.clone(),
        (None, Some(requested), _) => rules.roles.known(requested)?.name.clone(),
        (None, None, Some(work)) => work.role.clone(),
        (None, None, None) => RoleName::unchecked(Roles::GENERAL),
    };
    let words = request.observation.as_ref().map_or("", Observation::as_str);
    let mut verdict = classify(words, &situation.seed.vocabulary().sentiment);
    if let Some(given) = request.sentiment {
        verdict.sentiment = given;
    }
    // What is judged is the last work in the role, unless another project was named.
    let (mut project, mut session, mut slot) = (request.project.clone(), None, None);
    if let Some(work) = &request.work {
        (project, session) = (Some(work.project.clone()), Some(work.session.clone()));
        slot.clone_from(&work.slot);
    } else if let Some(work) = persona.roles.get(&role).and_then(|record| record.last.as_ref())
        && project.as_ref().is_none_or(|named| *named == work.project)
    {
        (project, session) = (Some(work.project.clone()), Some(work.session.clone()));
    }
    let feedback = Feedback {
        persona: persona.name().clone(),
        role: role.clone(),
        project,
        session,
        slot,
        sentiment: verdict.sentiment,
        source: request.source.clone(),
        observation: match request.observation.clone() {
            Some(observation) => Detached::new(observation, situation.rng),
            None => Detached::Absent,
        },
    };
    let judged = Judged {
        feedback: feedback.clone(),
        before: affinity(persona, &role, &rules.scoring, situation.now),
        verdict,
        given: request.sentiment.is_some(),
    };
    Ok(Decision::new(vec![Event::Feedback(feedback)], judged))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::World;
    use crate::events::ReleaseReason;

    fn request(persona: &str, observation: &str) -> FeedbackRequest {
        FeedbackRequest {
            persona: persona.to_owned(),
            role: None,
            project: None,
            work: None,
            observation: Some(Observation::parse(observation).unwrap()),
            sentiment: None,
            source: Source::parse("test").unwrap(),
        }
    }

    fn judge(world: &mut World, request: &FeedbackRequest) -> (Feedback, Judged) {
        let decision = feedback(&mut world.situation(), request).unwrap();
        let [Event::Feedback(event)] = decision.events.as_slice() else {
            panic!("{:?}", decision.events)
        };
        (event.clone(), decision.outcome.clone())
    }

    #[test]
    fn the_words_decide_unless_a_verdict_is_given() {
        let mut world = World::of(&["Ann Li"]);
        let asked = request("ann", "Missed the point.");
        let (event, judged) = judge(&mut world, &asked);
        assert_eq!((event.sentiment, judged.given), (Sentiment::Negative, false));
        assert_eq!(judged.verdict.negative, ["missed the point"]);
        let given = FeedbackRequest { sentiment: Some(Sentiment::Positive), ..asked };
        let (event, judged) = judge(&mut world, &given);
        assert_eq!((event.sentiment, judged.given), (Sentiment::Positive, true));
    }

    #[test]
    fn what_is_judged_is_the_last_work_or_else_general() {
        let mut world = World::of(&["Ann Li"]);
        let asked = request("Ann Li", "Good.");
        let (event, _) = judge(&mut world, &asked);
        assert_eq!((event.role.as_str(), event.session), ("general", None));

        world.lent("s1", "w", "Ann Li", "testing");
        world.closed("s1", "w", "Ann Li", "testing", ReleaseReason::Manual);
        let (event, _) = judge(&mut world, &asked);
        assert_eq!((event.role.as_str(), event.session.unwrap().as_str()), ("testing", "s1"));

        world.lent("s2", "w", "Ann Li", "debugging");
        let (event, _) = judge(&mut world, &asked);
        assert_eq!((event.role.as_str(), event.session.unwrap().as_str()), ("debugging", "s2"));
        assert_eq!(event.project.unwrap().as_str(), "acme-api");
    }

    #[test]
    fn a_role_is_resolved_and_other_work_than_the_last_has_no_session() {
        let mut world = World::of(&["Ann Li"]);
        world.lent("s1", "w", "Ann Li", "testing");
        let role = Some(RoleName::parse("Code_Reviewer").unwrap());
        let (event, _) = judge(&mut world, &FeedbackRequest { role, ..request("Ann Li", "Good.") });
        assert_eq!(event.role.as_str(), "code-reviewer");
        assert_eq!((event.session, event.project), (None, None));
        let project = Some(ProjectName::parse("other").unwrap());
        let asked = FeedbackRequest { project, ..request("Ann Li", "Good.") };
        let (event, _) = judge(&mut world, &asked);
        assert_eq!((event.role.as_str(), event.session), ("testing", None));
        assert_eq!(event.project.unwrap().as_str(), "other");
    }

    #[test]
    fn work_that_was_pointed_at_is_what_is_judged() {
        let mut world = World::of(&["Ann Li"]);
        for session in ["s1", "s2"] {
            world.lent(session, "w", "Ann Li", "testing");
            world.closed(session, "w", "Ann Li", "testing", ReleaseReason::Manual);
        }
        let (role, project) = (RoleName::parse("testing"), ProjectName::parse("acme-api"));
        let session = SessionId::parse("s1").unwrap();
        let work =
            JudgedWork { role: role.unwrap(), project: project.unwrap(), session, slot: None };
        let asked = FeedbackRequest { work: Some(work), ..request("Ann Li", "Good.") };
        let (event, _) = judge(&mut world, &asked);
        assert_eq!((event.role.as_str(), event.session.unwrap().as_str()), ("testing", "s1"));
    }

    #[test]
    fn an_unknown_persona_is_refused() {
        let mut world = World::of(&["Ann Li"]);
        let refused = feedback(&mut world.situation(), &request("Bo", "Good.")).unwrap_err();
        assert_eq!(refused.to_string(), "there is no persona named `Bo`");
    }
}
