//! What `persona-inject` does: the call of a sub-agent gets a persona.
//!
//! A client tells of a call in one of two ways: a mod when the agent is about to start, and is
//! answered with the words to put ahead of its prompt; or a command hook before the call is made,
//! and is answered with the call as it shall be made. In a session that a mod serves the command
//! hook stands back. Should both be asked of one call, it gets one persona: the slot is the same.
//! What a client tells later of the run, `run` records.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use muzzle_persona::broker::{self, Assigned, DeliveryRequest, Eligible, Place, Situation, Stage};
use muzzle_persona::events::Channel;
use muzzle_persona::projection::Needs;
use muzzle_persona::{Options, Store, hook_settings, served};

use crate::call::Call;
use crate::payload::{self, Payload};
use crate::spawn::{Spawn, Told};
use crate::{Problem, deadline::Deadline, environment::Environment, fail_open::Answer, run};

/// What `--help` prints.
pub const HELP: &str = "\
Give the sub-agents of a client their personas, and record what becomes of their runs.

Usage: persona-inject [--inject named|all|off] < PAYLOAD

A client starts it with a JSON payload on stdin: the events PreToolUse, PostToolUse and SubagentStop of
Claude Code's command hooks, and agent.spawn, agent.started and turn.complete of its mod. It answers on
stdout, and always exits with 0.
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
    match &*payload.event() {
        "PreToolUse" => before_tool(&payload, set, deadline, &mut environment),
        "agent.spawn" => spawn(json.get(), &payload, set, deadline, &mut environment),
        "agent.started" => run::started(json.get(), &payload, deadline, &mut environment),
        "turn.complete" => run::completed(json.get(), &payload, deadline, &mut environment),
        "PostToolUse" => run::after_tool(&payload, deadline, &mut environment),
        "SubagentStop" => run::stopped(&payload, deadline, &mut environment),
        _ => Ok(Answer::default()),
    }
}

/// Answers a command hook.
fn before_tool(
    payload: &Payload<'_>,
    set: Option<Eligible>,
    deadline: &Arc<Deadline>,
    environment: &mut Environment,
) -> Result<Answer, Problem> {
    let Some(input) = payload.agent_input()? else { return Ok(Answer::default()) };
    let tool_use_id = payload.tool_use_id.said();
    let call = Call {
        session: payload.session_id.said().unwrap_or_default(),
        cwd: payload.cwd.said().unwrap_or_default(),
        agent_id: tool_use_id.clone(),
        tool_use_id,
        name: input.name.said(),
        team: input.team_name.said(),
        kind: input.subagent_type.said(),
        description: input.description.said(),
    };
    let Some(options) = options_for(&call, set, deadline, environment)? else {
        return Ok(Answer::default());
    };
    if served::is_served(&options, &call.session()?) {
        return Ok(Answer::default());
    }
    if !input.has_prompt() {
        return Err("the call has no prompt".into());
    }
    let Some((assigned, store)) = lend(&call, set, false, &options, environment)? else {
        return Ok(Answer::default());
    };
    let updated = input.with_preamble(&assigned.preamble);
    let updated = updated.ok_or("a bug in the hook: the call could not be rewritten")?;
    // No `permissionDecision`: a persona must never open a gate.
    let stdout = format!(
        r#"{{"hookSpecificOutput":{{"hookEventName":"PreToolUse","updatedInput":{updated}}}}}"#
    );
    Ok(said(stdout + "\n", store, options))
}

/// Answers a mod.
fn spawn(
    json: &str,
    payload: &Payload<'_>,
    set: Option<Eligible>,
    deadline: &Arc<Deadline>,
    environment: &mut Environment,
) -> Result<Answer, Problem> {
    let spawn = Spawn::parse(json)?;
    let call = spawn.call(payload);
    if spawn.is_fork() {
        return Ok(Answer::default());
    }
    let Some(options) = options_for(&call, set, deadline, environment)? else {
        return Ok(Answer::default());
    };
    if spawn.is_resumed() {
        return resumed(&spawn, &call, options, environment);
    }
    let Some((assigned, store)) = lend(&call, set, true, &options, environment)? else {
        return Ok(Answer::default());
    };
    let preamble = Some(&*assigned.preamble);
    let stdout = told(&store, assigned.slot.as_str(), preamble)?;
    Ok(said(stdout + "\n", store, options))
}

/// Answers for a run that goes on: it has its slot back if that is still its own.
///
/// That is recorded at once, so that nobody else takes its persona before it is told that it started.
fn resumed(
    spawn: &Spawn<'_>,
    call: &Call,
    options: Options,
    environment: &mut Environment,
) -> Result<Answer, Problem> {
    let place = Place { slot: None, agent: call.agent().ok(), call: None };
    let request = DeliveryRequest {
        session: call.session()?,
        place,
        run: spawn.run()?,
        channel: Channel::Mod,
        arrived: false,
        is_teammate: spawn.is_teammate(),
        stage: Stage::GoesOn,
    };
    let mut store = Store::peek(&options)?;
    if store.roster().open_slots(&request.session).is_empty() {
        return Ok(Answer::default());
    }
    let (now, rng) = (options.now, &mut environment.rng);
    let rule = |it: &mut Situation<'_>| broker::deliver(it, &request);
    let (slot, _) = store.execute(&Needs::nothing(), now, rng, rule)?;
    let Some(slot) = slot else { return Ok(said(String::new(), store, options)) };
    let stdout = told(&store, slot.as_str(), None)?;
    Ok(said(stdout + "\n", store, options))
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
    starts: bool,
    options: &Options,
    environment: &mut Environment,
) -> Result<Option<(Assigned, Store)>, Problem> {
    let who = (call.session()?, call.agent()?);
    let mut store = Store::open(options, &mut environment.rng)?;
    if set.is_none() && store.rules().hook.inject == Eligible::Off {
        return Ok(None);
    }
    let request = call.request(who, &store.rules().roles, starts);
    let (assigned, _) = store.assign(&request, options.now, &mut environment.rng)?;
    let assigned = assigned.into_iter().next().ok_or("a bug in the hook: nobody was lent")?;
    Ok(Some((assigned, store)))
}

/// What a mod is told.
fn told(store: &Store, slot: &str, preamble: Option<&str>) -> Result<String, Problem> {
    let tests = store.rules().hook.tests().collect();
    Ok(serde_json::to_string(&Told { slot, preamble, tests })?)
}

/// Answers, and says what was cut from the log on the way.
pub fn said(stdout: String, mut store: Store, options: Options) -> Answer {
    let torn = store.take_torn();
    let notes = torn.iter().map(ToString::to_string).chain(store.take_notices()).collect();
    Answer { stdout, notes, pending: options.pending }
}
