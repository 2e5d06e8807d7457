//! Recording what a client tells of a run: that it began, that it never did, how it ended.
//!
//! A client tells a thing late, twice or not at all, and in any order. What is known already is not
//! recorded again, and what is told of a slot that is open no more changes nobody.

use super::lending::{released_slot, releases};
use super::{AssignRequest, Decision, Refusal, Situation, Start};
use crate::events::{
    AgentName, Channel, Delivery, Event, Measures, Outcome, OutcomeResult, PersonaName,
    ReleaseReason, ReleasedSlot, RunId, SessionId, Slot, Source, ToolUseId,
};
use crate::projection::lease::said;
use crate::projection::{Lease, Needs, Roster};

/// Where a run is, as far as the client tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The slot, where the client was told it.
    pub slot: Option<Slot>,
    /// The agent, of one that goes on.
    pub agent: Option<AgentName>,
    /// The call that asked for the persona.
    pub call: Option<ToolUseId>,
}

impl Place {
    /// Returns whether a slot is the one. The same place may have been another call's before.
    fn is(&self, lease: &Lease) -> bool {
        let is_call = self.call.is_some() && self.call == lease.call;
        let may_be_call = is_call || self.call.is_none() || lease.call.is_none();
        match &self.slot {
            Some(slot) => lease.slot == *slot && may_be_call,
            None => is_call,
        }
    }
}

/// A client tells that a run began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRequest {
    /// The session that started it.
    pub session: SessionId,
    /// Where it is; nowhere else than it was, if it goes on.
    pub place: Place,
    /// The client's id of it.
    pub run: RunId,
    /// How the preamble was handed over.
    pub channel: Channel,
    /// Whether the run began with the preamble.
    pub arrived: bool,
    /// Whether it is a teammate's.
    pub is_teammate: bool,
    /// How far it is.
    pub stage: Stage,
}

/// How far a run is when a client tells that it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It began.
    Begun,
    /// It ended before, and goes on.
    GoesOn,
    /// It is over.
    Over,
}

/// A client tells how a run ended, or rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndRequest {
    /// The session that started it.
    pub session: SessionId,
    /// The slot, where the client was told it; else the run has to be known.
    pub slot: Option<Slot>,
    /// The client's id of it.
    pub run: RunId,
    /// How it ended.
    pub result: OutcomeResult,
    /// Whether a message may wake it; nothing, if its beginning tells.
    pub rests: Option<bool>,
    /// What was counted, if anything was.
    pub measures: Option<Measures>,
}

impl EndRequest {
    /// What [`end`] looks at: what was said before of a run that is told of by its slot.
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.slot
            .as_ref()
            .map_or_else(Needs::nothing, |slot| Needs::outcome(&self.run, slot, &source()))
    }
}

/// Who tells of runs.
fn source() -> Source {
    Source::unchecked("client")
}

/// Records that a run began, and perhaps that it is over; answers with its slot, if that is open.
pub fn deliver(
    situation: &mut Situation<'_>,
    request: &DeliveryRequest,
) -> Result<Decision<Option<Slot>>, Refusal> {
    let DeliveryRequest { session, place, run, channel, arrived, .. } = request;
    let goes_on = request.stage == Stage::GoesOn;
    let open = situation.roster.open_slots(session);
    let find = |is_it: &dyn Fn(&Lease) -> bool| open.iter().find(|(_, lease)| is_it(lease));
    let found = if goes_on {
        // Another call wakes it, or none. Where nothing was ever told of runs, it is where its name is.
        let is_told = situation.roster.has_deliveries();
        let agent = place.agent.as_ref().filter(|_| !is_told);
        let is_named = |lease: &Lease| agent.is_some_and(|agent| lease.slot.belongs_to(agent));
        let has_begun = |lease: &Lease| lease.run(run).is_some_and(|run| run.is_delivered);
        find(&has_begun).or_else(|| find(&is_named))
    } else {
        find(&|lease| place.is(lease))
    };
    let Some((persona, lease)) = found else { return Ok(Decision::new(Vec::new(), None)) };
    let known = lease.run(run).unwrap_or_default();
    let delivery = Delivery {
        session: session.clone(),
        slot: lease.slot.clone(),
        agent_id: run.clone(),
        channel: *channel,
        arrived: *arrived,
        teammate: request.is_teammate.then_some(true),
    };
    // Told for the first time, it begins; of one that has ended, it goes on the next time.
    let times = usize::from(!known.is_delivered) + usize::from(goes_on && known.has_ended);
    let mut events = vec![Event::Delivery(delivery); times];
    if request.stage == Stage::Over && !known.has_ended {
        let end = EndRequest {
            session: session.clone(),
            slot: None,
            run: run.clone(),
            result: OutcomeResult::Stopped,
            rests: Some(false),
            measures: None,
        };
        events.push(Event::Outcome(outcome_of(&end, persona, lease)));
    }
    Ok(Decision::new(events, Some(lease.slot.clone())))
}

/// The slot of a run that asks again, with what tells that it goes on, if it had ended.
pub fn told_before<'a>(
    roster: &'a Roster,
    request: &AssignRequest,
) -> Option<(&'a PersonaName, &'a Lease, Option<Event>)> {
    let Start::Begun(run, _) = &request.start else { return None };
    let mut open = roster.open_slots(&request.session).into_iter().filter_map(|(name, lease)| {
        let known = lease.run(run).filter(|run| run.is_delivered)?;
        Some((name, known.has_ended, lease))
    });
    let (persona, has_ended, lease) = open.next()?;
    let goes_on = begun(request, &lease.slot, false).filter(|_| has_ended);
    Some((persona, lease, goes_on))
}

/// What tells that the run that asks began in a slot, if it began before it asked.
pub fn begun(request: &AssignRequest, slot: &Slot, arrived: bool) -> Option<Event> {
    let Start::Begun(run, channel) = &request.start else { return None };
    Some(Event::Delivery(Delivery {
        session: request.session.clone(),
        slot: slot.clone(),
        agent_id: run.clone(),
        channel: *channel,
        arrived,
        teammate: None,
    }))
}

/// Closes the slot of a run that was not started; one that went on, and now does not, is over.
pub fn deny(
    situation: &mut Situation<'_>,
    session: &SessionId,
    place: &Place,
) -> Result<Decision<()>, Refusal> {
    let open = situation.roster.open_slots(session);
    let Some((persona, lease)) = open.iter().find(|(_, lease)| place.is(lease)) else {
        return Ok(Decision::new(Vec::new(), ()));
    };
    let reason = if lease.is_seen() { ReleaseReason::Finished } else { ReleaseReason::NotStarted };
    let slot = released_slot(persona, lease);
    Ok(Decision::new(releases(session, None, reason, &[slot]), ()))
}

/// Records how a run ended, if its slot is open; answers with whether it is.
pub fn end(situation: &mut Situation<'_>, request: &EndRequest) -> Result<Decision<bool>, Refusal> {
    let EndRequest { session, slot, run, .. } = request;
    let open = situation.roster.open_slots(session);
    let is_it = |lease: &Lease| match slot {
        // The same place may be another run's by now.
        Some(slot) if lease.slot == *slot => {
            let is_new = || situation.roster.last_result(run, slot, &source()).is_none();
            lease.run(run).is_some() || (!lease.is_delivered() && is_new())
        }
        Some(_) => false,
        None => lease.run(run).is_some_and(|run| run.is_delivered),
    };
    let Some((persona, lease)) = open.iter().find(|(_, lease)| is_it(lease)) else {
        return Ok(Decision::new(Vec::new(), false));
    };
    let outcome = outcome_of(request, persona, lease);
    let known = lease.run(run).unwrap_or_default();
    let ends = outcome.ended == Some(true) && !known.has_ended;
    // Whoever only sees that it ends has nothing to add to its end.
    let adds = slot.is_some() || !known.has_ended;
    let is_new = ends || (adds && known.last_said != Some(said(&outcome)));
    let events = is_new.then_some(Event::Outcome(outcome)).into_iter().collect();
    Ok(Decision::new(events, true))
}

/// Records how a run ended whose slot was closed before that was told; of whom, the log knows.
pub fn end_late(
    situation: &mut Situation<'_>,
    request: &EndRequest,
    closed: &ReleasedSlot,
) -> Result<Decision<()>, Refusal> {
    let EndRequest { session, run, result, rests, measures, .. } = request;
    let ReleasedSlot { slot, persona, role } = closed;
    let roster = situation.roster;
    if roster.last_result(run, slot, &source()) == Some(*result) {
        return Ok(Decision::new(Vec::new(), ()));
    }
    // Where another run has the place by now, this is none of its ends.
    let is_taken = roster.open_slots(session).iter().any(|(_, lease)| lease.slot == *slot);
    let is_over = !rests.unwrap_or_default() && !is_taken;
    let outcome = Outcome {
        session: session.clone(),
        slot: slot.clone(),
        persona: persona.clone(),
        role: role.clone(),
        run: run.clone(),
        result: *result,
        source: source(),
        ended: is_over.then_some(true),
        measures: *measures,
    };
    Ok(Decision::new(vec![Event::Outcome(outcome)], ()))
}

fn outcome_of(request: &EndRequest, persona: &PersonaName, lease: &Lease) -> Outcome {
    let known = lease.run(&request.run).unwrap_or_default();
    let rests = request.rests.unwrap_or(known.is_teammate);
    Outcome {
        session: request.session.clone(),
        slot: lease.slot.clone(),
        persona: persona.clone(),
        role: lease.role.clone(),
        run: request.run.clone(),
        result: request.result,
        source: source(),
        ended: (!rests).then_some(true),
        measures: request.measures,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, name, request, session};
    use crate::events::{ChoiceReason, RoleName};

    #[test]
    fn a_run_that_has_begun_is_on_record_with_its_slot_and_is_told_who_it_is_once() {
        let mut world = World::of(&["Ann", "Bo"]);
        let run = |name: &str, agent: &str| AssignRequest {
            tool_use_id: Some(ToolUseId::unchecked(name)),
            start: Start::Begun(RunId::unchecked(name), Channel::Context),
            ..request("s", agent, &["testing"])
        };
        let ends = |world: &mut World| {
            let (slot, result) = (None, OutcomeResult::Stopped);
            let (session, run) = (session("s"), RunId::unchecked("r1"));
            let request = EndRequest { session, slot, run, result, rests: None, measures: None };
            for event in end(&mut world.situation(), &request).unwrap().events {
                world.given(event);
            }
        };
        let first = world.assign(&run("r1", "w")).unwrap();
        let [Event::Assign(_), Event::Delivery(delivery)] = &first.events[..] else {
            panic!("it is lent and delivered: {:?}", first.events)
        };
        let told = (delivery.slot.as_str(), delivery.agent_id.as_str(), delivery.arrived);
        assert_eq!(told, ("w-0", "r1", true));
        assert_eq!(first.outcome[0].reason, ChoiceReason::BestFree);
        // Once more, and by another name and for another role.
        let other =
            AssignRequest { roles: vec![RoleName::unchecked("debugging")], ..run("r1", "x") };
        for asked in [run("r1", "w"), other] {
            let again = world.assign(&asked).unwrap();
            assert_eq!((again.events.len(), again.outcome[0].reason), (0, ChoiceReason::Reused));
            assert_eq!(
                (again.outcome[0].slot.as_str(), &again.outcome[0].persona),
                ("w-0", &name("Ann"))
            );
        }
        let second = world.assign(&run("r2", "w")).unwrap();
        assert_eq!(second.outcome[0].slot.as_str(), "w-1", "another one of this name is at work");
        // It goes on.
        ends(&mut world);
        let back = world.assign(&run("r1", "w")).unwrap();
        let [Event::Delivery(delivery)] = &back.events[..] else { panic!("{:?}", back.events) };
        assert!(!delivery.arrived && back.outcome[0].reason == ChoiceReason::Reused);
        // Another run of its name, when it is over, keeps the persona and is told of it.
        ends(&mut world);
        let next = world.assign(&run("r3", "w")).unwrap();
        assert_eq!(
            (&next.outcome[0].persona, next.outcome[0].reason),
            (&name("Ann"), ChoiceReason::Kept)
        );
    }
    #[test]
    fn a_run_that_a_client_names_the_slot_of_ends_once_where_the_slot_is_its_own() {
        let mut world = World::of(&["Ann"]);
        world.lent("s", "w", "Ann", "testing");
        let ended = |world: &mut World, slot: &str, run: &str| {
            let (slot, run) = (Some(Slot::unchecked(slot)), RunId::unchecked(run));
            let (session, result) = (session("s"), OutcomeResult::Ok);
            let request = EndRequest { session, slot, run, result, rests: None, measures: None };
            let decision = end(&mut world.situation(), &request).unwrap();
            let events = decision.events.len();
            for event in decision.events {
                world.given(event);
            }
            (decision.outcome, events)
        };
        assert_eq!(ended(&mut world, "w-1", "r1"), (false, 0), "nobody has this slot");
        assert_eq!(ended(&mut world, "w-0", "r1"), (true, 1), "its beginning was not told");
        assert_eq!(ended(&mut world, "w-0", "r1"), (true, 0), "it has said so");

        let begun = Start::Begun(RunId::unchecked("r2"), Channel::Context);
        let begun = AssignRequest {
            tool_use_id: Some(ToolUseId::unchecked("r2")),
            start: begun,
            ..request("s", "x", &["testing"])
        };
        world.assign(&begun).unwrap();
        assert_eq!(ended(&mut world, "x-0", "r3"), (false, 0), "the slot is another run's");
        assert_eq!(ended(&mut world, "x-0", "r2"), (true, 1));
    }
}
