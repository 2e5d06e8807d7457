//! What a client tells of a run once it was asked to start one: that it began, or never did, how it
//! ended. It is recorded, and not answered.
//!
//! A mod tells of runs that have a slot, and names it. Command hooks tell of all sub-agents, in
//! either order: whether one has a slot is seen in the index, without a lock.

use std::sync::Arc;

use muzzle_persona::broker::{self, DeliveryRequest, EndRequest, Place, Stage};
use muzzle_persona::events::{
    Channel, Measures, OutcomeResult, RunId, SessionId, Slot, TestResult, ToolUseId,
};
use muzzle_persona::projection::{Lease, Needs};
use muzzle_persona::{Options, Snapshot, Store, StoreError, served, stopped};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::inject::said;
use crate::payload::{Payload, Text, object};
use crate::{Problem, deadline::Deadline, environment::Environment, fail_open::Answer};

/// What a mod tells of a run that has a slot.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Facts<'a> {
    #[serde(borrow)]
    slot: Text<'a>,
    agent_id: Text<'a>,
    reason: Text<'a>,
    arrived: Option<&'a RawValue>,
    denied: Option<&'a RawValue>,
    resumed: Option<&'a RawValue>,
    is_teammate: Option<&'a RawValue>,
    measures: Option<&'a RawValue>,
}

/// What a mod measured. What is no whole number is not known.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Measured<'a> {
    #[serde(borrow)]
    calls: Option<&'a RawValue>,
    errors: Option<&'a RawValue>,
    files: Option<&'a RawValue>,
    lines: Option<&'a RawValue>,
    test: Text<'a>,
    duration_ms: Option<&'a RawValue>,
    input_tokens: Option<&'a RawValue>,
    output_tokens: Option<&'a RawValue>,
}

/// A mod tells that a run was started, or denied.
pub fn started(
    json: &str,
    payload: &Payload<'_>,
    deadline: &Arc<Deadline>,
    environment: &mut Environment,
) -> Result<Answer, Problem> {
    let facts: Facts<'_> = object(json, "the payload", "a mod's")?;
    let (session, slot) = (session(payload)?, slot(&facts)?);
    // The call that woke a run that goes on is another one than that which its slot is of.
    let call = payload.tool_use_id.said().filter(|_| !is_true(facts.resumed));
    let call = call.and_then(|id| ToolUseId::parse(&id).ok());
    let place = Place { slot: Some(slot), agent: None, call };
    let options = environment.options(deadline)?;
    let Some(mut store) = there(&options)? else { return Ok(Answer::default()) };
    let (needs, now, rng) = (Needs::nothing(), options.now, &mut environment.rng);
    if is_true(facts.denied) {
        store.execute(&needs, now, rng, |it| broker::deny(it, &session, &place))?;
    } else {
        let request = DeliveryRequest {
            session,
            place,
            run: run(facts.agent_id)?,
            channel: Channel::Mod,
            arrived: is_true(facts.arrived),
            is_teammate: is_true(facts.is_teammate),
            stage: Stage::Begun,
        };
        store.execute(&needs, now, rng, |it| broker::deliver(it, &request))?;
    }
    Ok(said(String::new(), store, options))
}

/// A mod tells that a run ended, or rests.
pub fn completed(
    json: &str,
    payload: &Payload<'_>,
    deadline: &Arc<Deadline>,
    environment: &mut Environment,
) -> Result<Answer, Problem> {
    let facts: Facts<'_> = object(json, "the payload", "a mod's")?;
    let measures = facts.measures.and_then(measures);
    let request = EndRequest {
        session: session(payload)?,
        slot: Some(slot(&facts)?),
        run: run(facts.agent_id)?,
        result: result(facts.reason.said().as_deref(), measures.and_then(|it| it.test)),
        rests: is_true(facts.is_teammate).then_some(true),
        measures,
    };
    let options = environment.options(deadline)?;
    let Some(mut store) = there(&options)? else { return Ok(Answer::default()) };
    let (needs, now, rng) = (request.needs(), options.now, &mut environment.rng);
    let (is_open, _) = store.execute(&needs, now, rng, |it| broker::end(it, &request))?;
    if is_open {
        return Ok(said(String::new(), store, options));
    }
    // The last that is told of a session comes after its end: whose run it was, the log knows.
    let EndRequest { session, run, .. } = &request;
    let slot = request.slot.as_ref().ok_or("a bug in the hook: there is no slot")?;
    let closed = Snapshot::present(store, now).slot_of_run(session, slot, run)?;
    let Some(closed) = closed else { return Ok(Answer::default()) };
    let mut store = Store::open(&options, rng)?;
    store.execute(&needs, now, rng, |it| broker::end_late(it, &request, &closed))?;
    Ok(said(String::new(), store, options))
}

/// A command hook tells what became of a call.
pub fn after_tool(
    payload: &Payload<'_>,
    deadline: &Arc<Deadline>,
    environment: &mut Environment,
) -> Result<Answer, Problem> {
    let Some(response) = payload.agent_response()? else { return Ok(Answer::default()) };
    let (Some(run), Some(call)) = (response.agent_id.said(), payload.tool_use_id.said()) else {
        return Ok(Answer::default());
    };
    let status = response.status.said();
    let request = DeliveryRequest {
        session: session(payload)?,
        place: Place { slot: None, agent: None, call: Some(ToolUseId::parse(&call)?) },
        run: RunId::parse(&run)?,
        channel: Channel::Prompt,
        arrived: response.is_told(),
        is_teammate: status.as_deref() == Some("teammate_spawned"),
        stage: if status.as_deref() == Some("completed") { Stage::Over } else { Stage::Begun },
    };
    let options = environment.options(deadline)?;
    if served::is_served(&options, &request.session) {
        return Ok(Answer::default());
    }
    let Some(mut store) = there(&options)? else { return Ok(Answer::default()) };
    let is_it = |lease: &Lease| lease.call == request.place.call;
    if !has_slot(&store, &request.session, is_it) {
        return Ok(Answer::default());
    }
    let (needs, now, rng) = (Needs::nothing(), options.now, &mut environment.rng);
    store.execute(&needs, now, rng, |it| broker::deliver(it, &request))?;
    // Its end may have been told before.
    if stopped::take(&options, &request.session, &request.run)? {
        let request = end_request(request.session, request.run);
        store.execute(&request.needs(), now, rng, |it| broker::end(it, &request))?;
    }
    Ok(said(String::new(), store, options))
}

/// A command hook tells that a run stopped.
pub fn stopped(
    payload: &Payload<'_>,
    deadline: &Arc<Deadline>,
    environment: &mut Environment,
) -> Result<Answer, Problem> {
    let Some(run) = payload.agent_id.said() else { return Ok(Answer::default()) };
    let request = end_request(session(payload)?, RunId::parse(&run)?);
    let (session, run) = (&request.session, &request.run);
    let options = environment.options(deadline)?;
    if served::is_served(&options, session) {
        return Ok(Answer::default());
    }
    let is_it = |lease: &Lease| lease.has_run(run);
    let Some(mut store) = there(&options)? else { return Ok(Answer::default()) };
    if !has_slot(&store, session, is_it) {
        // It may be the run of a call whose beginning is not told yet.
        if !has_slot(&store, session, |lease| lease.call.is_some() && !lease.is_seen()) {
            return Ok(Answer::default());
        }
        stopped::mark(&options, session, run)?;
        let Some(now) = there(&options)? else { return Ok(Answer::default()) };
        if !has_slot(&now, session, is_it) {
            return Ok(Answer::default());
        }
        stopped::take(&options, session, run)?;
        store = now;
    }
    let (needs, now, rng) = (request.needs(), options.now, &mut environment.rng);
    store.execute(&needs, now, rng, |it| broker::end(it, &request))?;
    Ok(said(String::new(), store, options))
}

/// What a command hook tells of the end of a run: no more than that.
fn end_request(session: SessionId, run: RunId) -> EndRequest {
    let (slot, result, rests, measures) = (None, OutcomeResult::Stopped, None, None);
    EndRequest { session, slot, run, result, rests, measures }
}

/// Returns whether a session has such a slot: that is seen in the index, without a lock.
fn has_slot(store: &Store, session: &SessionId, is_it: impl Fn(&Lease) -> bool) -> bool {
    store.roster().open_slots(session).iter().any(|(_, lease)| is_it(lease))
}

/// The store, if there is one: what is told of a run makes none.
fn there(options: &Options) -> Result<Option<Store>, Problem> {
    match Store::peek(options) {
        Err(StoreError::NoStore(_)) => Ok(None),
        store => Ok(Some(store?)),
    }
}

fn session(payload: &Payload<'_>) -> Result<SessionId, Problem> {
    Ok(SessionId::parse(&payload.session_id.said().unwrap_or_default())?)
}

fn slot(facts: &Facts<'_>) -> Result<Slot, Problem> {
    Ok(Slot::parse(&facts.slot.said().unwrap_or_default())?)
}

fn run(id: Text<'_>) -> Result<RunId, Problem> {
    Ok(RunId::parse(&id.said().unwrap_or_default())?)
}

fn is_true(json: Option<&RawValue>) -> bool {
    json.is_some_and(|json| json.get() == "true")
}

/// What a run came to. Nothing that the agent says of itself counts.
fn result(reason: Option<&str>, test: Option<TestResult>) -> OutcomeResult {
    match (reason, test) {
        (Some("error" | "refusal"), _) | (_, Some(TestResult::Failed)) => OutcomeResult::Bad,
        (Some("answer"), Some(TestResult::Passed)) => OutcomeResult::Ok,
        _ => OutcomeResult::Stopped,
    }
}

fn measures(json: &RawValue) -> Option<Measures> {
    let it: Measured<'_> = object(json.get(), "`measures`", "a mod's").ok()?;
    let count = |json: Option<&RawValue>| json?.get().parse().ok();
    Some(Measures {
        calls: count(it.calls),
        errors: count(it.errors),
        files: count(it.files),
        lines: count(it.lines),
        test: match it.test.said().as_deref() {
            Some("passed") => Some(TestResult::Passed),
            Some("failed") => Some(TestResult::Failed),
            _ => None,
        },
        duration_ms: count(it.duration_ms),
        input_tokens: count(it.input_tokens),
        output_tokens: count(it.output_tokens),
    })
}
