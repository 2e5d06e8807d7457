//! What `persona-inject` does: the call of a sub-agent gets a persona.
//!
//! A client tells of a call before it is made, when the agent is about to start, or when it has
//! begun, and is answered in its form. Where it tells of one call in two ways, as Claude Code can, the
//! one stands back; should both ask all the same, the agent gets one persona: the slot is the same.
//! What a client tells later of the run, `run` records.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use muzzle_persona::broker::{self, Assigned, DeliveryRequest, Eligible, Situation};
use muzzle_persona::projection::Needs;
use muzzle_persona::{Options, Store, hook_settings, served};

use crate::call::Call;
use crate::fact::{Fact, Form, Told};
use crate::payload::{self, Payload};
use crate::run::{self, said};
use crate::{Problem, client, deadline::Deadline, environment::Environment, fail_open::Answer};

/// What `--help` prints.
pub const HELP: &str = "\
Give the sub-agents of a client their personas, and record what becomes of their runs.

Usage: persona-inject [--inject named|all|off] < PAYLOAD

A client starts it with a JSON payload on stdin: the events PreToolUse, PostToolUse and SubagentStop of
Claude Code's command hooks, and agent.spawn, agent.started and turn.complete of its mod; SubagentStart
and SubagentStop of Codex. It answers on stdout, and always exits with 0.
";
/// The time that the hook may take.
pub const TIMEOUT: Duration = muzzle_persona::environment::INJECT_TIMEOUT;

/// Reads a payload, and answers it.
///
/// The answer is empty when the call is not one for a persona.
pub fn answer(
    input: impl Read,
    deadline: &Arc<Deadline>,
    mut environment: Environment,
) -> Result<Answer, Problem> {
    let set = environment.eligible()?;
    let json = payload::read(input)?;
    let payload = Payload::parse(json.get())?;
    let environment = &mut environment;
    match client::read(&payload)? {
        Some(Fact::Start(call, form)) => start(&call, &form, set, deadline, environment),
        Some(Fact::GoesOn(call, request, form)) => {
            let options = options_for(&call, set, deadline, environment)?;
            options.map_or(Ok(Answer::default()), |it| goes_on(&request, &form, it, environment))
        }
        Some(Fact::Began(request)) => run::began(request, deadline, environment),
        Some(Fact::Denied(session, place)) => run::denied(&session, &place, deadline, environment),
        Some(Fact::Ended(request)) => run::ended(&request, deadline, environment),
        _ => Ok(Answer::default()),
    }
}

/// Answers for an agent that starts, or may.
fn start(
    call: &Call,
    form: &Form<'_>,
    set: Option<Eligible>,
    deadline: &Arc<Deadline>,
    environment: &mut Environment,
) -> Result<Answer, Problem> {
    let Some(options) = options_for(call, set, deadline, environment)? else {
        return Ok(Answer::default());
    };
    if call.stands_back && served::is_served(&options, &call.session()?) {
        return Ok(Answer::default());
    }
    if let Some(obstacle) = call.obstacle {
        return Err(obstacle.into());
    }
    let Some((assigned, store)) = lend(call, set, &options, environment)? else {
        return Ok(Answer::default());
    };
    let preamble = (!assigned.is_told).then_some(&*assigned.preamble);
    let Assigned { slot, name, role, .. } = &assigned;
    let settings = &store.rules().hook;
    let stdout =
        line(form(&Told { slot: slot.as_str(), persona: name, role, preamble, settings })?);
    Ok(said(stdout, store, options))
}

/// Answers for a run that goes on: it has its slot back if that is still its own.
///
/// That is recorded at once, so that nobody else takes its persona before it is told that it started.
fn goes_on(
    request: &DeliveryRequest,
    form: &Form<'_>,
    options: Options,
    environment: &mut Environment,
) -> Result<Answer, Problem> {
    let mut store = Store::peek(&options)?;
    if store.roster().open_slots(&request.session).is_empty() {
        return Ok(Answer::default());
    }
    let (now, rng) = (options.now, &mut environment.rng);
    let deliver = |it: &mut Situation<'_>| broker::deliver(it, request);
    let (slot, _) = store.execute(&Needs::nothing(), now, rng, deliver)?;
    let Some(slot) = slot else { return Ok(said(String::new(), store, options)) };
    let open = store.roster().open_slots(&request.session);
    let held = open.iter().find(|(_, lease)| lease.slot == slot);
    let (persona, lease) = held.ok_or("a bug in the hook: the slot is not open")?;
    let (slot, settings) = (slot.as_str(), &store.rules().hook);
    let told = Told { slot, persona, role: &lease.role, preamble: None, settings };
    let stdout = line(form(&told)?);
    Ok(said(stdout, store, options))
}

/// Where the store is, if the call is one for a persona.
///
/// Where nothing was said to the hook, the seed decides. For an agent with a name it is read with
/// the store; most agents without one need no store, nor a seed that can be read.
fn options_for(
    call: &Call,
    set: Option<Eligible>,
    deadline: &Arc<Deadline>,
    environment: &Environment,
) -> Result<Option<Options>, Problem> {
    let is_eligible = call.is_eligible(set.unwrap_or_default());
    if set.is_some() && !is_eligible {
        return Ok(None);
    }
    let options = environment.options(deadline)?;
    let by_seed = || hook_settings(&options).unwrap_or_default().inject == Eligible::All;
    let is_eligible = is_eligible || by_seed();
    Ok(is_eligible.then_some(options))
}

/// Lends a persona, unless the seed says that nobody gets one.
fn lend(
    call: &Call,
    set: Option<Eligible>,
    options: &Options,
    environment: &mut Environment,
) -> Result<Option<(Assigned, Store)>, Problem> {
    let who = (call.session()?, call.agent()?);
    let mut store = Store::open(options, &mut environment.rng)?;
    if set.is_none() && store.rules().hook.inject == Eligible::Off {
        return Ok(None);
    }
    let request = call.request(who, &store.rules().roles);
    let (assigned, _) = store.assign(&request, options.now, &mut environment.rng)?;
    let assigned = assigned.into_iter().next().ok_or("a bug in the hook: nobody was lent")?;
    Ok(Some((assigned, store)))
}

/// What the client is told as a line, if it is told anything.
fn line(mut told: String) -> String {
    if !told.is_empty() {
        told.push('\n');
    }
    told
}
