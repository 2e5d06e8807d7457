//! `search`: rank the personas for a role.

use std::{fmt, iter};

use clap::Args;
use muzzle_persona::broker::{self, Score};
use muzzle_persona::events::{PersonaName, RoleName, SessionId, visible};
use muzzle_persona::projection::{Candidate, Needs, Roster};
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::at::AtArgs;
use super::context::Context;
use super::failure::Failure;
use super::persona::{parts, status_word};
use super::table::Table;

/// Rank the personas for a role, best first, as `assign` would
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// The role
    #[arg(long, value_parser = RoleName::parse)]
    role: RoleName,
    /// At most this many
    #[arg(long, value_name = "N", default_value = "5")]
    limit: usize,
    /// Those too that are held or archived, marked
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    at: AtArgs,
}

pub fn run(args: &SearchArgs, context: &mut Context) -> Result<SearchReport, Failure> {
    let mut snapshot = context.read(&args.at)?;
    let role = snapshot.rules().roles.resolve(args.role.as_str()).clone();
    let report = snapshot.look(&Needs::roles([role.name.clone()]), |then| {
        let (roster, rules) = (then.roster(), then.rules());
        let all = roster.candidates_for(&role.name, &role.expertise);
        let candidates = all.filter(|it| args.all || it.is_free());
        let best = broker::rank(candidates, &role, rules, then.now()).into_iter().take(args.limit);
        let count = |is: &dyn Fn(&Candidate<'_>) -> bool| roster.candidates().filter(is).count();
        Ok(SearchReport {
            role: role.name.clone(),
            personas: best.map(|best| ranked(best, roster)).collect(),
            held: count(&|it| it.is_held) as u64,
            archived: count(&|it| !it.is_active() && !it.is_held) as u64,
            all: args.all,
        })
    })?;
    Ok(report)
}

fn ranked((persona, score): broker::Ranked<'_>, roster: &Roster) -> Ranked {
    let leases = roster.leases(persona.name);
    Ranked {
        name: persona.name.clone(),
        score,
        status: status_word(persona.status),
        held_by: leases.into_iter().map(|lease| lease.session).collect(),
    }
}

#[derive(Debug, Serialize)]
pub struct SearchReport {
    role: RoleName,
    personas: Vec<Ranked>,
    /// How many personas are not free because someone holds them.
    held: u64,
    /// How many more are not free because they are archived.
    archived: u64,
    #[serde(skip)]
    all: bool,
}

#[derive(Debug, Serialize)]
struct Ranked {
    name: PersonaName,
    score: Score,
    status: &'static str,
    held_by: Vec<SessionId>,
}

impl fmt::Display for SearchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = visible(self.role.as_str());
        if self.personas.is_empty() {
            writeln!(f, "No persona is free for {role}.")?;
        } else {
            write!(f, "{}", self.table())?;
        }
        if !self.all && self.held + self.archived > 0 {
            let held = Count(self.held, "persona");
            let verb = held.agree("is", "are");
            writeln!(
                f,
                "Not listed: {held} that {verb} held, {} archived; `--all` lists them.",
                self.archived
            )?;
        }
        Ok(())
    }
}

impl SearchReport {
    fn table(&self) -> Table {
        let mut table =
            Table::new(&["NAME", ">SCORE", ">AFFINITY", ">OVERLAP", ">RECENCY", "STATUS"]);
        for Ranked { name, score, status, held_by } in &self.personas {
            let holders: Vec<_> = held_by.iter().map(SessionId::as_str).collect();
            let held = if held_by.is_empty() {
                if *status == "active" { "free".to_owned() } else { (*status).to_owned() }
            } else {
                format!("held by {}", holders.join(", "))
            };
            let cells = iter::once(name.to_string()).chain(parts(score)).chain([held]);
            table.row(cells);
        }
        table
    }
}
