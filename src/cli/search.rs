//! `search`: rank the personas for a role.

use std::fmt;

use clap::Args;
use muzzle_persona::events::{RoleName, SessionId};
use muzzle_persona::projection::{self, Needs};
use muzzle_persona::{broker, wording::Count};
use serde::Serialize;

use super::persona::{Candidate, parts, status_word};
use super::{AtArgs, Context, Failure, Table, line};

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
    Ok(snapshot.look(&Needs::roles([role.name.clone()]), |then| {
        let (roster, rules) = (then.roster(), then.rules());
        let all = roster.candidates_for(&role.name, &role.expertise);
        let candidates = all.filter(|it| args.all || it.is_free());
        let best = broker::rank(candidates, &role, &rules.scoring, then.now()).into_iter();
        let count = |is: fn(&projection::Candidate<'_>) -> bool| {
            roster.candidates().filter(is).count() as u64
        };
        let ranked = best.take(args.limit).map(|(persona, score)| {
            let sessions = roster.leases(persona.name).into_iter().map(|it| it.session);
            let (status, held_by) = (Some(status_word(persona.status)), Some(sessions.collect()));
            Candidate { status, held_by, ..Candidate::new(persona.name.clone(), score) }
        });
        Ok(SearchReport {
            role: role.name.clone(),
            personas: ranked.collect(),
            held: count(|it| it.is_held),
            archived: count(|it| !it.is_active() && !it.is_held),
            all: args.all,
        })
    })?)
}

#[derive(Debug, Serialize)]
pub struct SearchReport {
    role: RoleName,
    personas: Vec<Candidate>,
    held: u64,
    /// How many more are not free because they are archived.
    archived: u64,
    #[serde(skip)]
    all: bool,
}

impl fmt::Display for SearchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, personas, held, archived, all } = self;
        if personas.is_empty() {
            line(f, format!("No persona is free for {role}."))?;
        } else {
            let mut table =
                Table::new(&["NAME", ">SCORE", ">AFFINITY", ">OVERLAP", ">RECENCY", "STATUS"]);
            for Candidate { name, score, status, held_by, .. } in personas {
                let [total, affinity, overlap, recency] = parts(score);
                let holders: Vec<_> = held_by.iter().flatten().map(SessionId::as_str).collect();
                let status = match status.unwrap_or_default() {
                    _ if !holders.is_empty() => format!("held by {}", holders.join(", ")),
                    "active" => "free".to_owned(),
                    status => status.to_owned(),
                };
                table.row(&[name, &total, &affinity, &overlap, &recency, &status]);
            }
            write!(f, "{table}")?;
        }
        if *all || held + archived == 0 {
            return Ok(());
        }
        let (held, is) = (Count(*held, "persona"), Count(*held, "").agree("is", "are"));
        writeln!(f, "Not listed: {held} that {is} held, {archived} archived; `--all` lists them.")
    }
}
