//! `assign`: lend personas to an agent.

use std::fmt;

use clap::Args;
use muzzle_persona::broker::{AssignRequest, Assigned, Start, TookPart};
use muzzle_persona::events::{
    AgentName, ChoiceReason, PersonaName, ProjectName, ReleaseReason, RoleName, SessionId,
    TeamName, WorkName,
};
use muzzle_persona::git::Checkout;
use serde::Serialize;

use super::output;
use super::part::{passed_over, took_part};
use super::persona::{Candidate, SCORE, doubtful, given_up, hide_doubt, not_told_apart, parts};
use super::table::Column;
use super::{Context, Failure, Table, environment, line, persona_names};

/// Lend an agent the best free persona for each role
///
/// Personas are lent until `release`. The agent keeps its persona: asked again
/// for the same role, it gets the same answer and nothing is recorded. The
/// answer is always JSON.
#[derive(Debug, Args)]
#[command(
    override_usage = "muzzle-persona assign [OPTIONS] -r ROLES -p PROJECT -s SESSION -a AGENT"
)]
#[command(after_long_help = "\
Examples:
  muzzle-persona assign -r code-reviewer -p acme-api -s s1 -a worker-1
  muzzle-persona assign -r testing,docs -p acme-api -s s1 -a worker-2 --explain
  muzzle-persona assign -r testing -p acme-api -s s1 -a worker-3 --summon elena")]
pub struct AssignArgs {
    /// The roles, as a JSON array or a list with commas
    #[arg(short = 'r', long, value_name = "JSON|LIST", value_parser = parse_roles)]
    roles: Box<[RoleName]>,
    /// The project that the agent works on
    #[arg(short = 'p', long, value_parser = ProjectName::parse)]
    project: ProjectName,
    /// What it works on there [default: the branch that is checked out here, if it is not the default one]
    #[arg(long, value_parser = WorkName::parse)]
    work: Option<WorkName>,
    /// The session that borrows
    #[arg(short = 's', long, value_parser = SessionId::parse)]
    session: SessionId,
    /// The agent that borrows
    #[arg(short = 'a', long, value_name = "AGENT", value_parser = AgentName::parse)]
    agent_name: AgentName,
    /// The agent's team
    #[arg(long, value_name = "TEAM", value_parser = TeamName::parse)]
    team_name: Option<TeamName>,
    /// Ask for this persona for the first role
    #[arg(long, value_name = "NAME", add = persona_names())]
    summon: Option<String>,
    /// Choose, and record nothing
    #[arg(long)]
    dry_run: bool,
    /// Tell the ranking that each choice was made from
    #[arg(long)]
    explain: bool,
}

/// Reads `["a","b"]` or `a,b`.
fn parse_roles(text: &str) -> Result<Box<[RoleName]>, String> {
    let roles: Vec<String> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text)
            .map_err(|error| format!("it is not a JSON array of roles: {error}"))?
    } else if text.trim().is_empty() {
        Vec::new()
    } else {
        text.split(',').map(str::to_owned).collect()
    };
    let roles = roles.iter().map(|role| RoleName::parse(role.trim()));
    roles.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

pub fn run(args: AssignArgs, context: &mut Context) -> Result<AssignReport, Failure> {
    let AssignArgs { roles, project, session, agent_name: agent, team_name: team, .. } = args;
    let (roles, summon, explain) = (roles.into_vec(), args.summon, args.explain);
    let here = || Checkout::of(&environment::working_directory()?).work;
    let (work, tool_use_id, start) = (args.work.or_else(here), None, Start::Unknown);
    let request = AssignRequest {
        session,
        agent,
        team,
        project,
        work,
        roles,
        summon,
        tool_use_id,
        start,
        explain,
    };
    context.dry_run = args.dry_run;
    let assignments = context.assign(&request)?;
    let explanation = |assigned| explanation(assigned, &request);
    let explanations: Option<Vec<_>> =
        explain.then(|| assignments.iter().map(explanation).collect());
    context.notes.extend(explanations.iter().flatten().map(output::beside));
    let warnings = context.warnings.clone();
    let preambles = assignments.iter().map(|it| it.preamble.clone()).collect();
    Ok(AssignReport { assignments, preambles, warnings, recorded: !args.dry_run, explanations })
}

#[derive(Debug, Serialize)]
pub struct AssignReport {
    assignments: Vec<Assigned>,
    preambles: Vec<String>,
    warnings: Vec<String>,
    recorded: bool,
    explanations: Option<Vec<Explanation>>,
}

#[derive(Debug, Serialize)]
struct Explanation {
    role: RoleName,
    chosen: PersonaName,
    #[serde(rename = "grounds")]
    reason: ChoiceReason,
    /// Why it was given up by whoever held it, if anybody did.
    given_up: Option<ReleaseReason>,
    ranking: Vec<Candidate>,
    /// Those of the ranking who are not told apart from the one that was chosen.
    not_told_apart: Vec<PersonaName>,
    /// Those of the ranking who took part in the work that the role judges.
    took_part: Vec<TookPart>,
    #[serde(skip)]
    work: Option<WorkName>,
}

fn explanation(assigned: &Assigned, request: &AssignRequest) -> Explanation {
    let Assigned { role, name, reason, took, ranking, score, took_part, .. } = assigned.clone();
    let others = ranking.iter().filter(|(other, _)| *other != name);
    let not_told_apart = not_told_apart(&score, others.map(|(other, it)| (other, it)));
    let ranking = ranking.into_iter().map(|(name, score)| Candidate::new(name, score));
    let (chosen, given_up, work) = (name, took, request.work.clone());
    let ranking = ranking.collect();
    Explanation { role, chosen, reason, given_up, ranking, not_told_apart, took_part, work }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.reason {
            ChoiceReason::Reused => "the agent had it in this role already",
            ChoiceReason::Kept => "the agent had it in another role",
            ChoiceReason::Summoned => "asked for by name",
            ChoiceReason::BestFree if self.given_up.is_some() => "the best",
            ChoiceReason::BestFree => "the best that is free",
            ChoiceReason::BroughtBack => {
                "the best; brought back, as it was archived for inactivity"
            }
            ChoiceReason::Grown => "none is free or can be brought back; grown",
        };
        let given_up = self.given_up.map(|why| format!("; {}", given_up(why)));
        let given_up = given_up.unwrap_or_default();
        line(f, format!("{} for {}: {why}{given_up}.", self.chosen, self.role))?;
        if self.ranking.is_empty() {
            return Ok(());
        }
        for sentence in passed_over(&self.took_part, self.work.as_ref()) {
            line(f, sentence)?;
        }
        let headings: Vec<_> = [Column::new("NAME")]
            .into_iter()
            .chain(SCORE)
            .chain([Column::new("TOOK PART")])
            .collect();
        let mut table = Table::new(&headings);
        for Candidate { name, score, .. } in &self.ranking {
            let [total, doubt, affinity, expertise, recency] = parts(score);
            let part = took_part(&self.took_part, name);
            table.row(&[name, &total, &doubt, &affinity, &expertise, &recency, &part]);
        }
        if self.took_part.is_empty() {
            table.hide(6);
        }
        hide_doubt(&mut table, 2, self.ranking.iter().map(|it| &it.score));
        table.show(f)?;
        doubtful(&self.chosen, &self.not_told_apart).into_iter().try_for_each(|it| line(f, it))
    }
}
