//! What a mod tells of an agent that is about to start, and what it is answered.

use muzzle_persona::events::RunId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::Problem;
use crate::call::Call;
use crate::payload::{Payload, Text, object};

/// The facts of an agent that is about to start.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Spawn<'a> {
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

/// What a mod is answered.
#[derive(Debug, Serialize)]
pub struct Told<'a> {
    pub slot: &'a str,
    /// What goes ahead of the prompt, if something is to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preamble: Option<&'a str>,
    /// The commands that run tests, by the words that they begin with.
    pub tests: Vec<&'a str>,
}

impl<'a> Spawn<'a> {
    pub fn parse(json: &'a str) -> Result<Self, Problem> {
        object(json, "the payload", "a mod's")
    }

    /// Returns whether the agent has the words of the one that it is a copy of.
    pub fn is_fork(&self) -> bool {
        self.fork.is_some_and(|fork| fork.get() == "true")
    }

    /// Returns whether a run goes on, which can be told nothing more.
    pub fn is_resumed(&self) -> bool {
        self.resume.is_some()
    }

    /// The run that goes on.
    pub fn run(&self) -> Result<RunId, Problem> {
        let resume = self.resume.map(|json| object(json.get(), "`resume`", "a mod's"));
        let Resume { agent_id } = resume.transpose()?.unwrap_or_default();
        Ok(RunId::parse(&agent_id.said().unwrap_or_default())?)
    }

    /// Returns whether the agent rests between its turns.
    pub fn is_teammate(&self) -> bool {
        self.is_teammate.is_some_and(|it| it.get() == "true")
    }

    /// The call. An agent of a workflow counts as unnamed: all of a run have one call.
    pub fn call(&self, payload: &Payload<'_>) -> Call {
        let tool_use_id = payload.tool_use_id.said();
        let (name, team, agent_id) = match self.workflow {
            Some(json) => (None, None, workflow_agent(json)),
            None => (self.name.said(), self.team_name.said(), tool_use_id.clone()),
        };
        Call {
            session: payload.session_id.said().unwrap_or_default(),
            cwd: payload.cwd.said().unwrap_or_default(),
            tool_use_id,
            agent_id,
            name,
            team,
            kind: self.subagent_type.said(),
            description: self.description.said(),
        }
    }
}

fn workflow_agent(json: &RawValue) -> Option<String> {
    let Workflow { run_id, agent_index } = object(json.get(), "`workflow`", "a mod's").ok()?;
    Some(format!("{}-{}", run_id.said()?, agent_index?.get()))
}
