//! A call that starts an agent, whichever way a client tells of it.

use std::path::Path;

use muzzle_persona::broker::{AssignRequest, Described, Eligible, Roles, Start};
use muzzle_persona::events::{AgentName, SessionId, TeamName, ToolUseId};
use muzzle_persona::git::Checkout;

use crate::Problem;
use crate::payload::{Payload, Text};

/// What a client tells of a call, as far as it says something.
#[derive(Debug, Default)]
pub struct Call {
    pub session: String,
    pub cwd: String,
    /// What asks for the persona, the same whenever it asks again.
    pub tool_use_id: Option<String>,
    /// What tells the agent from all others of the session that have no name.
    pub agent_id: Option<String>,
    pub name: Option<String>,
    /// Whether it has a name. One that cannot be used counts.
    pub is_named: bool,
    pub team: Option<String>,
    pub kind: Option<String>,
    pub description: Option<String>,
    pub start: Start,
    /// Whether it is left to a mod, where one serves the session.
    pub stands_back: bool,
    /// Why it cannot be told a persona, if so.
    pub obstacle: Option<&'static str>,
}

impl Call {
    /// What each event has in common.
    pub fn of(payload: &Payload<'_>) -> Self {
        let text = |text: Text<'_>| text.said().unwrap_or_default();
        Self { session: text(payload.session_id), cwd: text(payload.cwd), ..Self::default() }
    }

    pub fn session(&self) -> Result<SessionId, Problem> {
        Ok(SessionId::parse(&self.session)?)
    }

    /// Returns whether it is one for a persona.
    pub fn is_eligible(&self, eligible: Eligible) -> bool {
        match eligible {
            Eligible::Named => self.is_named,
            Eligible::All => true,
            Eligible::Off => false,
        }
    }

    /// What the agent is called: by its name if that can be used, else by what tells it apart.
    pub fn agent(&self) -> Result<AgentName, Problem> {
        let named = self.name.as_deref().map(AgentName::parse);
        if let Some(Ok(name)) = named {
            return Ok(name);
        }
        let Some(id) = &self.agent_id else {
            let unusable = named.and_then(Result::err).map(Problem::from);
            return Err(unusable.unwrap_or_else(|| "the agent has neither name nor call".into()));
        };
        let kind = self.kind.as_deref().unwrap_or("agent");
        let named = AgentName::parse(&format!("{kind}-{id}"));
        Ok(named.or_else(|_| AgentName::parse(&format!("agent-{id}")))?)
    }

    /// What the agent of a session asks of the broker. What cannot be used is left out.
    pub fn request(
        &self,
        (session, agent): (SessionId, AgentName),
        roles: &Roles,
    ) -> AssignRequest {
        let Checkout { project, work } = Checkout::of(Path::new(&self.cwd));
        let described = Described {
            kind: self.kind.as_deref(),
            description: self.description.as_deref(),
            name: self.name.as_deref(),
        };
        AssignRequest {
            session,
            agent,
            team: self.team.as_deref().and_then(|team| TeamName::parse(team).ok()),
            project,
            work,
            roles: vec![roles.of_agent(described)],
            summon: None,
            tool_use_id: self.tool_use_id.as_deref().and_then(|id| ToolUseId::parse(id).ok()),
            start: self.start.clone(),
            explain: false,
        }
    }
}
