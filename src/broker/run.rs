//! Recording what a client tells of a run: that it began, that it never did, how it ended.
//!
//! A client tells a thing late, twice or not at all, and in any order. What is known already is not
//! recorded again, and what is told of a slot that is open no more changes nobody.

use super::lending::{released_slot, releases};
use super::{Decision, Refusal, Situation};
use crate::events::{
    AgentName, Channel, Delivery, Event, Measures, Outcome, OutcomeResult, PersonaName,
    ReleaseReason, ReleasedSlot, RunId, SessionId, Slot, Source, ToolUseId,
};
use crate::projection::lease::said;
use crate::projection::{Lease, Needs};

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
