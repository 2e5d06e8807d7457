//! `assign`: lend personas to an agent.

use std::{fmt, iter};

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use muzzle_persona::broker::{AssignRequest, Assigned, Choice, ChoiceReason, Score};
use muzzle_persona::events::{
    AgentName, EventId, PersonaName, ProjectName, RoleName, SessionId, Slot, Tag, TeamName,
    TextError, visible,
};
use muzzle_persona::projection::Work;
use serde::Serialize;

use super::completions::persona_names;
use super::context::Context;
use super::failure::Failure;
use super::persona::parts;
use super::table::Table;

/// Lend an agent the best free persona for each role
///
/// Personas are lent until `release`. The agent keeps its persona: asked again
/// for the same role, it gets the same answer and nothing is recorded. The
/// answer is always JSON.
#[derive(Debug, Args)]
pub struct AssignArgs {
    /// The roles, as a JSON array or a list with commas
    #[arg(long, value_name = "JSON|LIST", value_parser = parse_roles)]
    roles: RoleList,
    /// The project that the agent works on
    #[arg(long, value_parser = ProjectName::parse)]
    project: ProjectName,
    /// The session that borrows
    #[arg(long, value_parser = SessionId::parse)]
    session: SessionId,
    /// The agent that borrows
    #[arg(long, value_parser = AgentName::parse)]
    agent_name: AgentName,
    /// The agent's team
    #[arg(long, value_parser = TeamName::parse)]
    team_name: Option<TeamName>,
    /// Ask for this persona for the first role
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(persona_names))]
    summon: Option<String>,
    /// Choose, and record nothing
    #[arg(long)]
    dry_run: bool,
    /// Tell the ranking that each choice was made from
    #[arg(long)]
    explain: bool,
}

/// Roles as they were asked for.
#[derive(Debug, Clone)]
struct RoleList(Vec<RoleName>);

/// Reads `["a","b"]` or `a,b`.
fn parse_roles(text: &str) -> Result<RoleList, String> {
    let roles: Vec<String> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|error| format!("not a JSON array of roles: {error}"))?
    } else if text.trim().is_empty() {
        Vec::new()
    } else {
        text.split(',').map(str::to_owned).collect()
    };
    let parsed: Result<Vec<_>, TextError> =
        roles.iter().map(|role| RoleName::parse(role.trim())).collect();
    parsed.map(RoleList).map_err(|error| error.to_string())
}

pub fn run(args: AssignArgs, context: &mut Context) -> Result<AssignReport, Failure> {
    let request = AssignRequest {
        session: args.session,
        agent: args.agent_name,
        team: args.team_name,
        project: args.project,
        roles: args.roles.0,
        summon: args.summon,
        tool_use_id: None,
        explain: args.explain,
    };
    let assigned = context.assign(&request, args.dry_run)?;
    let warnings = context.warnings();
    let explanations: Vec<_> = assigned.iter().map(|it| Explanation::of(&it.choice)).collect();
    if args.explain {
        context.note(&explanations);
    }
    let answers = assigned.into_iter().map(|it| (it.preamble.clone(), Assignment::from(it)));
    let (preambles, assignments) = answers.unzip();
    Ok(AssignReport {
        assignments,
        preambles,
        warnings,
        recorded: !args.dry_run,
        explanations: args.explain.then_some(explanations),
    })
}

#[derive(Debug, Serialize)]
pub struct AssignReport {
    assignments: Vec<Assignment>,
    preambles: Vec<String>,
    warnings: Vec<String>,
    /// Whether the choice stands; not in a dry run.
    recorded: bool,
    /// One for each role, if asked for.
    explanations: Option<Vec<Explanation>>,
}

/// Why a persona was chosen.
#[derive(Debug, Serialize)]
struct Explanation {
    role: RoleName,
    chosen: PersonaName,
    #[serde(rename = "grounds")]
    reason: ChoiceReason,
    ranking: Vec<Candidate>,
}

/// A persona that it was chosen from.
#[derive(Debug, Serialize)]
struct Candidate {
    name: PersonaName,
    score: Score,
}

impl Explanation {
    fn of(choice: &Choice) -> Self {
        let ranking = choice.ranking.iter();
        Self {
            role: choice.role.clone(),
            chosen: choice.persona.clone(),
            reason: choice.reason,
            ranking: ranking
                .map(|(name, score)| Candidate { name: name.clone(), score: *score })
                .collect(),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.reason {
            ChoiceReason::Reused => "the agent had it in this role already",
            ChoiceReason::Kept => "the agent had it in another role",
            ChoiceReason::Summoned => "asked for by name",
            ChoiceReason::BestFree => "the best that is free",
            ChoiceReason::BroughtBack => "none is free; the best of those archived for inactivity",
            ChoiceReason::Grown => "none is free or can be brought back; grown",
        };
        let (chosen, role) = (visible(self.chosen.as_str()), visible(self.role.as_str()));
        writeln!(f, "{chosen} for {role}: {why}.")?;
        if self.ranking.is_empty() {
            return Ok(());
        }
        let mut table = Table::new(&["NAME", ">SCORE", ">AFFINITY", ">OVERLAP", ">RECENCY"]);
        for Candidate { name, score } in &self.ranking {
            table.row(iter::once(name.to_string()).chain(parts(score)));
        }
        write!(f, "{table}")
    }
}

#[derive(Debug, Serialize)]
struct Assignment {
    agent_slot: Slot,
    persona_id: EventId,
    name: PersonaName,
    role: RoleName,
    traits: Vec<Tag>,
    expertise: Vec<Tag>,
    role_instructions: String,
    recent_work: Vec<Work>,
    reused: bool,
    score: Score,
}

impl From<Assigned> for Assignment {
    fn from(assigned: Assigned) -> Self {
        let Assigned { choice, persona_id, definition, instruction, recent_work, .. } = assigned;
        Self {
            agent_slot: choice.slot,
            persona_id,
            name: choice.persona,
            role: choice.role,
            traits: definition.traits,
            expertise: definition.expertise,
            role_instructions: instruction,
            recent_work,
            reused: choice.reason == ChoiceReason::Reused,
            score: choice.score,
        }
    }
}
