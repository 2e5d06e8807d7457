//! What `persona-inject` does: the call of a named sub-agent gets a persona.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use muzzle_persona::Store;
use muzzle_persona::broker::{AssignRequest, Described};
use muzzle_persona::events::{AgentName, SessionId, TeamName, ToolUseId};
use muzzle_persona::git::Checkout;

use crate::payload::{self, AgentInput, Payload};
use crate::{Problem, deadline::Deadline, environment::Environment, fail_open::Answer};

/// The time that the hook may take.
pub const TIMEOUT: Duration = muzzle_persona::environment::INJECT_TIMEOUT;

/// Reads a payload, and answers with the call as it shall be made.
///
/// The answer is empty when the call is not one for a persona.
pub fn answer(
    input: impl Read,
    deadline: &Arc<Deadline>,
    mut environment: Environment,
) -> Result<Answer, Problem> {
    let eligible = environment.eligible()?;
    let json = payload::read(input)?;
    let payload = Payload::parse(json.get())?;
    let Some(agent) = payload.agent_input()? else { return Ok(Answer::default()) };
    let Some(name) = agent_name(&agent, &payload, eligible) else { return Ok(Answer::default()) };
    if !agent.has_prompt() {
        return Err("the call has no prompt".into());
    }
    let session = SessionId::parse(&payload.session_id)?;
    let name = AgentName::parse(&name)?;
    let team = given(agent.team_name.as_deref()).map(TeamName::parse).transpose()?;
    let tool_use_id = given(payload.tool_use_id.as_deref()).map(ToolUseId::parse).transpose()?;
    let options = environment.options(deadline)?;
    let Checkout { project, work } = Checkout::of(Path::new(&payload.cwd));
    let mut store = Store::open(&options, &mut environment.rng)?;
    let described = Described {
        kind: agent.subagent_type.as_deref(),
        description: agent.description.as_deref(),
        name: agent.name.as_deref(),
    };
    let request = AssignRequest {
        session,
        agent: name,
        team,
        project,
        work,
        roles: vec![store.rules().roles.of_agent(described)],
        summon: None,
        tool_use_id,
        explain: false,
    };
    let (assigned, _) = store.assign(&request, options.now, &mut environment.rng)?;
    let updated = assigned.first().and_then(|assigned| agent.with_preamble(&assigned.preamble));
    let updated = updated.ok_or("a bug in the hook: the call could not be rewritten")?;
    // No `permissionDecision`: a persona must never open a gate.
    let stdout = format!(
        r#"{{"hookSpecificOutput":{{"hookEventName":"PreToolUse","updatedInput":{updated}}}}}"#
    );
    let torn = store.take_torn();
    let notes = torn.iter().map(ToString::to_string).chain(store.take_notices()).collect();
    Ok(Answer { stdout: stdout + "\n", notes, pending: options.pending })
}

/// What the agent is called, if its call is one for a persona.
///
/// An agent without a name is told apart by the call that starts it.
fn agent_name(agent: &AgentInput<'_>, payload: &Payload<'_>, eligible: &str) -> Option<String> {
    let name = given(agent.name.as_deref());
    let is_named = name.is_some() || given(agent.team_name.as_deref()).is_some();
    if eligible == "off" || eligible == "named" && !is_named {
        return None;
    }
    name.map(str::to_owned).or_else(|| {
        let kind = given(agent.subagent_type.as_deref()).unwrap_or("agent");
        Some(format!("{kind}-{}", given(payload.tool_use_id.as_deref())?))
    })
}

/// A text of the payload that says something.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}
