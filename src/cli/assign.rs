//! `assign`: lend personas to an agent.

use std::{fmt, iter};

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use muzzle_persona::Store;
use muzzle_persona::broker::{
    self, AssignRequest, Choice, Grounds, Refusal, Score, instruction, preamble,
};
use muzzle_persona::events::{
    AgentName, EventId, PersonaName, ProjectName, RoleName, SessionId, Slot, Tag, TeamName,
    TextError, visible,
};
use muzzle_persona::projection::Work;
use serde::Serialize;

use super::completions::persona_names;
use super::context::Context;
use super::failure::Failure;
use super::output::Report;
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
    let rule = |situation: &mut broker::Situation<'_>| broker::assign(situation, &request);
    let (mut store, choices) =
        if args.dry_run { context.rehearse(rule)? } else { context.execute(rule)? };
    let warnings = context.warnings();
    let explanations: Vec<_> = choices.iter().map(Explanation::of).collect();
    if args.explain {
        context.note(&explanations);
    }
    let seated: Vec<_> = store.look(|store| {
        choices.iter().filter_map(|it| seat(it, store, &request.session).transpose()).collect()
    })?;
    let (assignments, preambles) = seated.into_iter().unzip();
    Ok(AssignReport {
        assignments,
        preambles,
        warnings,
        recorded: !args.dry_run,
        explanations: args.explain.then_some(explanations),
    })
}

/// What there is to say of one choice.
fn seat(
    choice: &Choice,
    store: &Store,
    session: &SessionId,
) -> Result<Option<(Assignment, String)>, Refusal> {
    let Some(persona) = store.roster().get(&choice.persona)? else {
        return Ok(None);
    };
    let role = store.rules().roles.resolve(choice.role.as_str());
    let definition = persona.definition.clone();
    let assignment = Assignment {
        agent_slot: choice.slot.clone(),
        persona_id: persona.id,
        name: choice.persona.clone(),
        role: choice.role.clone(),
        traits: definition.traits,
        expertise: definition.expertise,
        role_instructions: instruction(persona, role).to_owned(),
        recent_work: persona.recent_work(Some(session)).cloned().collect(),
        reused: choice.grounds == Grounds::Reused,
        score: choice.score,
    };
    Ok(Some((assignment, preamble(persona, role, session))))
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
    grounds: Grounds,
    ranking: Vec<Candidate>,
}

/// Whom it was chosen from.
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
            grounds: choice.grounds,
            ranking: ranking
                .map(|(name, score)| Candidate { name: name.clone(), score: *score })
                .collect(),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.grounds {
            Grounds::Reused => "the agent had it in this role already",
            Grounds::Kept => "the agent had it in another role",
            Grounds::Summoned => "asked for by name",
            Grounds::BestFree => "the best that is free",
            Grounds::BroughtBack => "none is free; the best of those archived for inactivity",
            Grounds::Grown => "none is free or can be brought back; grown",
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

impl Report for AssignReport {
    const ALWAYS_JSON: bool = true;
}

impl fmt::Display for AssignReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.preambles.iter().try_for_each(|preamble| f.write_str(preamble))
    }
}
