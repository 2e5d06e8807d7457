//! Recording how a run ended.

use super::{Decision, Refusal, Situation};
use crate::events::{
    AgentName, Event, Measures, Outcome, OutcomeResult, ReleasedSlot, RunId, SessionId, Source,
};
use crate::projection::Needs;

/// Somebody knows how an agent's run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeRequest {
    /// The session.
    pub session: SessionId,
    /// The agent.
    pub agent: AgentName,
    /// The slots in which the agent was lent personas.
    pub slots: Vec<ReleasedSlot>,
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub result: OutcomeResult,
    /// Who or what measured it.
    pub source: Source,
    /// Whether the run is over; where it may go on, nothing is said of that.
    pub ended: bool,
    /// What was counted, if anything was.
    pub measures: Option<Measures>,
}

/// An outcome, and whether it is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// What is recorded.
    pub outcome: Outcome,
    /// What the same source said before of the same run.
    pub before: Option<OutcomeResult>,
}

impl OutcomeRequest {
    /// What [`outcome`] looks at: what its source said before.
    #[must_use]
    pub fn needs(&self) -> Needs {
        Needs::outcomes(&self.outcomes())
    }

    fn outcomes(&self) -> Vec<Outcome> {
        let Self { session, run, slots, result, source, ended, measures, agent: _ } = self;
        let outcomes = slots.iter().cloned().map(|ReleasedSlot { slot, persona, role }| Outcome {
            session: session.clone(),
            slot,
            persona,
            role,
            run: run.clone(),
            result: *result,
            source: source.clone(),
            ended: ended.then_some(true),
            measures: *measures,
        });
        outcomes.collect()
    }
}

/// Records an outcome for each slot of the agent; nothing where the same source said the same.
pub fn outcome(
    situation: &mut Situation<'_>,
    request: &OutcomeRequest,
) -> Result<Decision<Vec<Recorded>>, Refusal> {
    let OutcomeRequest { session, agent, .. } = request;
    if request.slots.is_empty() {
        return Err(Refusal::NeverLent { session: session.clone(), agent: agent.clone() });
    }
    let recorded: Vec<_> = request
        .outcomes()
        .into_iter()
        .map(|outcome| {
            let Outcome { run, slot, source, .. } = &outcome;
            Recorded { before: situation.roster.last_result(run, slot, source), outcome }
        })
        .collect();
    let new = recorded.iter().filter(|it| it.before != Some(it.outcome.result));
    let events = new.map(|it| Event::Outcome(it.outcome.clone())).collect();
    Ok(Decision::new(events, recorded))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, released, session};

    fn recorded(world: &mut World, slots: &[ReleasedSlot], result: OutcomeResult) -> usize {
        let request = OutcomeRequest {
            session: session("s"),
            agent: AgentName::unchecked("w"),
            slots: slots.to_vec(),
            run: RunId::unchecked("s:w"),
            result,
            source: Source::unchecked("ci"),
            ended: false,
            measures: None,
        };
        let decision = outcome(&mut world.situation(), &request).unwrap();
        let count = decision.events.len();
        for event in decision.events {
            world.given(event);
        }
        count
    }

    #[test]
    fn an_outcome_is_recorded_for_each_slot_of_the_agent_and_once() {
        let mut world = World::of(&["Ann", "Bo"]);
        let slots = [released("w", 0, "Ann", "testing"), released("w", 1, "Bo", "general")];
        assert_eq!(recorded(&mut world, &slots, OutcomeResult::Bad), 2);
        assert_eq!(recorded(&mut world, &slots, OutcomeResult::Bad), 0, "it is known");
        assert_eq!(recorded(&mut world, &slots[..1], OutcomeResult::Ok), 1, "it passed later");
        assert_eq!(recorded(&mut world, &slots, OutcomeResult::Ok), 1);
    }

    #[test]
    fn the_outcome_of_an_agent_that_was_never_lent_anybody_is_refused() {
        let mut world = World::of(&["Ann"]);
        let (session, agent) = (session("s"), AgentName::unchecked("w"));
        let (result, source) = (OutcomeResult::Ok, Source::unchecked("ci"));
        let (run, slots) = (RunId::of(&session, &agent), Vec::new());
        let request = OutcomeRequest {
            session,
            agent,
            slots,
            run,
            result,
            source,
            ended: false,
            measures: None,
        };
        assert_eq!(
            outcome(&mut world.situation(), &request).unwrap_err().to_string(),
            "the agent `w` was never lent a persona in the session `s`"
        );
    }
}
