//! What an agent asks of the broker.

use jiff::Timestamp;

use super::Rules;
use crate::events::{
    AgentName, Channel, ProjectName, RoleName, RunId, SessionId, TeamName, ToolUseId, WorkName,
};
use crate::projection::{Needs, WorkScope};

/// An agent asks for personas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignRequest {
    /// Its session.
    pub session: SessionId,
    /// The agent.
    pub agent: AgentName,
    /// Its team, where it has one.
    pub team: Option<TeamName>,
    /// What it works on.
    pub project: ProjectName,
    /// What it works on there, such as a branch, if that is known.
    pub work: Option<WorkName>,
    /// A role, as asked for, for each persona.
    pub roles: Vec<RoleName>,
    /// The persona that is wanted for the first role, as it was typed.
    pub summon: Option<String>,
    /// The client's call that asks, where there is one.
    pub tool_use_id: Option<ToolUseId>,
    /// What is known of the start of the run that it is for.
    pub start: Start,
    /// Whether to tell the ranking that each choice was made from.
    pub explain: bool,
}

/// What is known of the start of the run that a persona is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Start {
    /// Nothing: the call may still be refused, or no client asks.
    #[default]
    Unknown,
    /// It starts with the answer, and the client will tell of it.
    WithAnswer,
    /// It has started, and gets its preamble with the answer, in this way.
    Begun(RunId, Channel),
}

impl AssignRequest {
    /// What [`assign`](super::assign::assign) looks at: the tallies of the roles and, if one of them judges work, who took
    /// part in that.
    #[must_use]
    pub(crate) fn needs(&self, rules: &Rules, now: Timestamp) -> Needs {
        let asked = || self.roles.iter().map(|requested| rules.roles.resolve(requested.as_str()));
        let needs = Needs::roles(asked().map(|role| role.name.clone()));
        if asked().any(|role| role.independent) {
            return needs
                .and_participations(self.scope(), rules.lifecycle.participation_since(now));
        }
        needs
    }

    /// What it is for.
    pub(super) fn scope(&self) -> WorkScope {
        let Self { session, project, work, .. } = self;
        WorkScope { session: session.clone(), project: project.clone(), work: work.clone() }
    }
}
