//! A call that starts an agent, whichever way a client tells of it.

use std::path::Path;

use muzzle_persona::broker::{AssignRequest, Eligible, Roles};
use muzzle_persona::events::{AgentName, RoleName, SessionId, TeamName, ToolUseId};

use crate::{Problem, project};

/// The most characters of a description that keywords are looked for in. Clients ask for a few words.
const DESCRIPTION_LIMIT: usize = 2000;

/// What a client tells of a call, as far as it says something.
#[derive(Debug, Default)]
pub struct Call {
    pub session: String,
    pub cwd: String,
    pub tool_use_id: Option<String>,
    /// What tells the agent from all others of the session that have no name.
    pub agent_id: Option<String>,
    pub name: Option<String>,
    pub team: Option<String>,
    pub kind: Option<String>,
    pub description: Option<String>,
}

impl Call {
    pub fn session(&self) -> Result<SessionId, Problem> {
        Ok(SessionId::parse(&self.session)?)
    }

    /// Returns whether it is one for a persona. A name counts even if it cannot be used.
    pub fn is_eligible(&self, eligible: Eligible) -> bool {
        match eligible {
            Eligible::Named => self.name.is_some() || self.team.is_some(),
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

    /// What the agent of a session asks of the broker; whether it starts for certain, the client's way
    /// of telling says. What cannot be used is left out.
    pub fn request(
        &self,
        (session, agent): (SessionId, AgentName),
        roles: &Roles,
        starts: bool,
    ) -> AssignRequest {
        AssignRequest {
            session,
            agent,
            team: self.team.as_deref().and_then(|team| TeamName::parse(team).ok()),
            project: project::of(Path::new(&self.cwd)),
            roles: vec![self.role(roles)],
            summon: None,
            tool_use_id: self.tool_use_id.as_deref().and_then(|id| ToolUseId::parse(id).ok()),
            starts,
            explain: false,
        }
    }

    /// The role to ask for.
    ///
    /// The type of the agent, where it says more than `general`; else the role
    /// that the description tells of, else the name; else `general`.
    fn role(&self, roles: &Roles) -> RoleName {
        let general = &roles.general().name;
        let kind = self.kind.as_deref().and_then(|kind| RoleName::parse(kind).ok());
        let says_more = |kind: &&RoleName| roles.resolve(kind.as_str()).name != *general;
        if let Some(kind) = kind.as_ref().filter(says_more) {
            return kind.clone();
        }
        let described = self.description.as_ref();
        let described = described.map(|text| text.chars().take(DESCRIPTION_LIMIT).collect());
        let mut texts = [&described, &self.name].into_iter().flatten();
        let told = texts.find_map(|text: &String| roles.by_keyword(text));
        told.map(|role| role.name.clone()).or(kind).unwrap_or_else(|| general.clone())
    }
}
