//! What a client tells of a run once it was asked to start one: that it began, or never did, how it
//! ended. It is recorded, and not answered.
//!
//! A mod tells of runs that have a slot, and names it. Command hooks tell of all sub-agents, in
//! either order: whether one has a slot is seen in the index, without a lock.

use std::sync::Arc;

use muzzle_persona::broker::{self, DeliveryRequest, EndRequest, Place};
use muzzle_persona::events::{OutcomeResult, RunId, SessionId, TestResult};
use muzzle_persona::projection::{Lease, Needs};
use muzzle_persona::{Options, Snapshot, Store, StoreError, served, stopped};

use crate::{Problem, deadline::Deadline, environment::Environment, fail_open::Answer};

/// What a run came to. Nothing that the agent says of itself counts.
pub fn result(reason: Option<&str>, test: Option<TestResult>) -> OutcomeResult {
    match (reason, test) {
        (Some("error" | "refusal"), _) | (_, Some(TestResult::Failed)) => OutcomeResult::Bad,
        (Some("answer"), Some(TestResult::Passed)) => OutcomeResult::Ok,
        _ => OutcomeResult::Stopped,
    }
}

/// What a command hook tells of the end of a run: no more than that.
pub fn end_request(session: SessionId, run: RunId) -> EndRequest {
    let (slot, result, rests, measures) = (None, OutcomeResult::Stopped, None, None);
    EndRequest { session, slot, run, result, rests, measures }
}

/// A run began.
pub fn began(
    request: DeliveryRequest,
    deadline: &Arc<Deadline>,
    environment: &mut Environment,
) -> Result<Answer, Problem> {
    let options = environment.options(deadline)?;
    let is_by_mod = request.place.slot.is_some();
    if !is_by_mod && served::is_served(&options, &request.session) {
        return Ok(Answer::default());
    }
    let Some(mut store) = there(&options)? else { return Ok(Answer::default()) };
    let is_it = |lease: &Lease| lease.call == request.place.call;
    if !is_by_mod && !has_slot(&store, &request.session, is_it) {
        return Ok(Answer::default());
    }
    let (needs, now, rng) = (Needs::nothing(), options.now, &mut environment.rng);
    store.execute(&needs, now, rng, |it| broker::deliver(it, &request))?;
    // Its end may have been told before.
    if !is_by_mod && stopped::take(&options, &request.session, &request.run)? {
        let request = end_request(request.session, request.run);
        store.execute(&request.needs(), now, rng, |it| broker::end(it, &request))?;
    }
    Ok(said(String::new(), store, options))
}

/// A run was not started.
pub fn denied(
    session: &SessionId,
    place: &Place,
    deadline: &Arc<Deadline>,
    environment: &mut Environment,
) -> Result<Answer, Problem> {
    let options = environment.options(deadline)?;
    let Some(mut store) = there(&options)? else { return Ok(Answer::default()) };
    let (needs, now, rng) = (Needs::nothing(), options.now, &mut environment.rng);
    store.execute(&needs, now, rng, |it| broker::deny(it, session, place))?;
    Ok(said(String::new(), store, options))
}

/// A run ended, or rests.
pub fn ended(
    request: &EndRequest,
    deadline: &Arc<Deadline>,
    environment: &mut Environment,
) -> Result<Answer, Problem> {
    let EndRequest { session, run, .. } = request;
    let options = environment.options(deadline)?;
    let Some(slot) = &request.slot else { return stopped(request, options, environment) };
    let Some(mut store) = there(&options)? else { return Ok(Answer::default()) };
    let (needs, now, rng) = (request.needs(), options.now, &mut environment.rng);
    let (is_open, _) = store.execute(&needs, now, rng, |it| broker::end(it, request))?;
    if is_open {
        return Ok(said(String::new(), store, options));
    }
    // The last that is told of a session comes after its end: whose run it was, the log knows.
    let closed = Snapshot::present(store, now).slot_of_run(session, slot, run)?;
    let Some(closed) = closed else { return Ok(Answer::default()) };
    let mut store = Store::open(&options, rng)?;
    store.execute(&needs, now, rng, |it| broker::end_late(it, request, &closed))?;
    Ok(said(String::new(), store, options))
}

/// A command hook tells that a run stopped.
fn stopped(
    request: &EndRequest,
    options: Options,
    environment: &mut Environment,
) -> Result<Answer, Problem> {
    let EndRequest { session, run, .. } = request;
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
    store.execute(&needs, now, rng, |it| broker::end(it, request))?;
    Ok(said(String::new(), store, options))
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

/// Answers, and says what was cut from the log on the way.
pub fn said(stdout: String, mut store: Store, options: Options) -> Answer {
    let torn = store.take_torn();
    let notes = torn.iter().map(ToString::to_string).chain(store.take_notices()).collect();
    Answer { stdout, notes, pending: options.pending }
}
