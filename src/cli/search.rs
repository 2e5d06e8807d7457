//! `search`: rank the personas for a role.

use std::{fmt, iter};

use clap::Args;
use muzzle_persona::broker::{self, Score};
use muzzle_persona::events::{PersonaName, RoleName, SessionId, visible};
use muzzle_persona::projection::Persona;
use serde::Serialize;

use super::Context;
use super::count::Count;
use super::failure::Failure;
use super::output::Report;
use super::persona::{parts, status};
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
}

pub fn run(args: &SearchArgs, context: &mut Context) -> Result<SearchReport, Failure> {
    let now = context.now();
    let store = context.open()?;
    let role = store.rules().roles.resolve(args.role.as_str());
    let personas = store.roster().personas();
    let candidates = personas.iter().filter(|persona| args.all || persona.is_free());
    let ranking = broker::rank(candidates, role, store.rules(), now);
    let count = |is: &dyn Fn(&Persona) -> bool| personas.iter().filter(|p| is(p)).count() as u64;
    Ok(SearchReport {
        role: role.name.clone(),
        personas: ranking.into_iter().take(args.limit).map(ranked).collect(),
        held: count(&|persona| persona.is_held()),
        archived: count(&|persona| !persona.is_active() && !persona.is_held()),
        all: args.all,
    })
}

fn ranked((persona, score): (&Persona, Score)) -> Ranked {
    Ranked {
        name: persona.name().clone(),
        score,
        status: status(persona),
        held_by: persona.leases.iter().map(|lease| lease.session.clone()).collect(),
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

impl Report for SearchReport {}

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
            let verb = if self.held == 1 { "is" } else { "are" };
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
