//! The mod in Claude Code: what it tells of an agent that is about to start, and of its run.

use muzzle_persona::broker::{DeliveryRequest, EndRequest, Place, Stage, Start};
use muzzle_persona::events::{Channel, Measures, RunId, Slot, TestResult, ToolUseId, visible};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::Problem;
use crate::call::Call;
use crate::fact::{Fact, Told};
use crate::payload::{Payload, Text, object};
use crate::run::result;

/// The facts of an agent that is about to start.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spawn<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    team_name: Text<'a>,
    subagent_type: Text<'a>,
    description: Text<'a>,
    fork: Option<&'a RawValue>,
    workflow: Option<&'a RawValue>,
    resume: Option<&'a RawValue>,
    is_teammate: Option<&'a RawValue>,
}

/// The run that goes on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Resume<'a> {
    #[serde(borrow)]
    agent_id: Text<'a>,
}

/// Where an agent stands in the run of a workflow.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Workflow<'a> {
    #[serde(borrow)]
    run_id: Text<'a>,
    agent_index: Option<&'a RawValue>,
}

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

/// What a mod is answered.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    slot: &'a str,
    /// Who is lent, and in which role, as it is shown to people.
    persona: String,
    role: String,
    /// What goes ahead of the prompt, if something is to.
    #[serde(skip_serializing_if = "Option::is_none")]
    preamble: Option<&'a str>,
    /// The commands that run tests, by the words that they begin with.
    tests: Vec<&'a str>,
}

/// It serves a session.
pub fn session<'a>(payload: &Payload<'a>) -> Result<Option<Fact<'a>>, Problem> {
    Ok(Some(Fact::IsServed(payload.session()?)))
}

/// An agent is about to start, or a run is about to go on.
pub fn spawn<'a>(payload: &Payload<'a>) -> Result<Option<Fact<'a>>, Problem> {
    let spawn: Spawn<'_> = object(payload.json, "the payload", "a mod's")?;
    // A copy of an agent has the words of that one.
    if is_true(spawn.fork) {
        return Ok(None);
    }
    let call = spawn.call(payload);
    let Some(resume) = spawn.resume else {
        return Ok(Some(Fact::Start(call, Box::new(answer))));
    };
    let place = Place { slot: None, agent: call.agent().ok(), call: None };
    let request = DeliveryRequest {
        session: payload.session()?,
        place,
        run: resumed(resume)?,
        channel: Channel::Mod,
        arrived: false,
        is_teammate: is_true(spawn.is_teammate),
        stage: Stage::GoesOn,
    };
    Ok(Some(Fact::GoesOn(call, request, Box::new(answer))))
}

fn answer(told: &Told<'_>) -> Result<String, Problem> {
    let Told { slot, persona, role, preamble, settings } = *told;
    let (persona, role) = (visible(persona.as_str()), visible(role.as_str()));
    let tests = settings.tests().collect();
    Ok(serde_json::to_string(&Answer { slot, persona, role, preamble, tests })?)
}

/// A run was started, or denied.
pub fn started<'a>(payload: &Payload<'a>) -> Result<Option<Fact<'a>>, Problem> {
    let facts: Facts<'_> = object(payload.json, "the payload", "a mod's")?;
    let (session, slot) = (payload.session()?, slot(&facts)?);
    // The call that woke a run that goes on is another one than that which its slot is of.
    let call = payload.tool_use_id.said().filter(|_| !is_true(facts.resumed));
    let call = call.and_then(|id| ToolUseId::parse(&id).ok());
    let place = Place { slot: Some(slot), agent: None, call };
    if is_true(facts.denied) {
        return Ok(Some(Fact::Denied(session, place)));
    }
    Ok(Some(Fact::Began(DeliveryRequest {
        session,
        place,
        run: run(facts.agent_id)?,
        channel: Channel::Mod,
        arrived: is_true(facts.arrived),
        is_teammate: is_true(facts.is_teammate),
        stage: Stage::Begun,
    })))
}

/// A run ended, or rests.
pub fn completed<'a>(payload: &Payload<'a>) -> Result<Option<Fact<'a>>, Problem> {
    let facts: Facts<'_> = object(payload.json, "the payload", "a mod's")?;
    let measures = facts.measures.and_then(measures);
    Ok(Some(Fact::Ended(EndRequest {
        session: payload.session()?,
        slot: Some(slot(&facts)?),
        run: run(facts.agent_id)?,
        result: result(facts.reason.said().as_deref(), measures.and_then(|it| it.test)),
        rests: is_true(facts.is_teammate).then_some(true),
        measures,
    })))
}

impl Spawn<'_> {
    /// The call. An agent of a workflow counts as unnamed: all of a run have one call.
    fn call(&self, payload: &Payload<'_>) -> Call {
        let tool_use_id = payload.tool_use_id.said();
        let (name, team, agent_id) = match self.workflow {
            Some(json) => (None, None, workflow_agent(json)),
            None => (self.name.said(), self.team_name.said(), tool_use_id.clone()),
        };
        Call {
            tool_use_id,
            agent_id,
            is_named: name.is_some() || team.is_some(),
            name,
            team,
            kind: self.subagent_type.said(),
            description: self.description.said(),
            start: Start::WithAnswer,
            ..Call::of(payload)
        }
    }
}

fn workflow_agent(json: &RawValue) -> Option<String> {
    let Workflow { run_id, agent_index } = object(json.get(), "`workflow`", "a mod's").ok()?;
    Some(format!("{}-{}", run_id.said()?, agent_index?.get()))
}

/// The run that goes on.
fn resumed(json: &RawValue) -> Result<RunId, Problem> {
    let Resume { agent_id } = object(json.get(), "`resume`", "a mod's")?;
    run(agent_id)
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
