//! `search`: rank the personas for a role.

use std::fmt;

use clap::Args;
use muzzle_persona::events::{PersonaName, RoleName, SessionId};
use muzzle_persona::projection::{self, Lease, Needs};
use muzzle_persona::{broker, wording::Count};
use serde::Serialize;

use super::number::{beyond_limit, limit};
use super::persona::{Candidate, SCORE, doubtful, hide_doubt, not_told_apart, parts, status_word};
use super::table::Column;
use super::{AtArgs, Context, Failure, Table, line};

const STATUS: Column = Column::new("STATUS").tells();

/// Rank the personas for a role, best first, as `assign` would
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona search -r code-reviewer
  muzzle-persona search -r testing --all -n 20")]
pub struct SearchArgs {
    /// The role
    #[arg(short = 'r', long, value_parser = RoleName::parse)]
    role: RoleName,
    /// At most this many; 0 is all
    #[arg(short = 'n', long, value_name = "N", default_value = "5", value_parser = limit)]
    limit: usize,
    /// Those too that are held or archived, marked
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    at: AtArgs,
}

pub fn run(args: &SearchArgs, context: &mut Context) -> Result<SearchReport, Failure> {
    let mut snapshot = context.read(&args.at)?;
    let role = snapshot.rules().roles.known(&args.role)?.clone();
    Ok(snapshot.look(&Needs::roles([role.name.clone()]), |then| {
        let (roster, rules) = (then.roster(), then.rules());
        let all = roster.candidates_for(&role.name, &role.expertise);
        let is_candidate =
            |it: &projection::Candidate<'_>| broker::is_candidate(it, roster, rules, then.now());
        let candidates = all.filter(|it| args.all || is_candidate(it));
        let best = broker::rank(candidates, &role, &rules.scoring, then.now());
        let not_told_apart = best.split_first().map(|((_, first), others)| {
            not_told_apart(first, others.iter().map(|(it, score)| (it.name, score)))
        });
        let count = |is: &dyn Fn(&projection::Candidate<'_>) -> bool| {
            roster.candidates().filter(is).count() as u64
        };
        let more = best.len().saturating_sub(args.limit);
        let ranked = best.into_iter().take(args.limit).map(|(persona, score)| {
            let leases = roster.leases(persona.name);
            let ended = Some(!leases.is_empty() && leases.iter().all(Lease::has_ended));
            let sessions = leases.iter().map(|it| it.session.clone()).collect();
            let (status, held_by) = (Some(status_word(persona.status)), Some(sessions));
            Candidate { status, held_by, ended, ..Candidate::new(persona.name.clone(), score) }
        });
        Ok(SearchReport {
            role: role.name.clone(),
            personas: ranked.collect(),
            more,
            held: count(&|it| it.is_held()),
            at_work: count(&|it| it.is_held() && !is_candidate(it)),
            archived: count(&|it| !it.may_be_lent() && !it.is_held()),
            not_told_apart: not_told_apart.unwrap_or_default(),
            all: args.all,
        })
    })?)
}

#[derive(Debug, Serialize)]
pub struct SearchReport {
    role: RoleName,
    personas: Vec<Candidate>,
    /// How many the limit left out.
    more: usize,
    /// Those who are not told apart from the first.
    not_told_apart: Vec<PersonaName>,
    held: u64,
    /// How many of them are no candidates.
    #[serde(skip)]
    at_work: u64,
    /// How many more are no candidates because they were archived by hand.
    archived: u64,
    #[serde(skip)]
    all: bool,
}

impl fmt::Display for SearchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, personas, not_told_apart, at_work: held, archived, all, .. } = self;
        if personas.is_empty() {
            line(f, format!("No persona can be lent for {role}."))?;
        } else {
            let headings: Vec<_> =
                [Column::new("NAME")].into_iter().chain(SCORE).chain([STATUS]).collect();
            let mut table = Table::new(&headings);
            for Candidate { name, score, status, held_by, ended, .. } in personas {
                let [total, doubt, affinity, expertise, recency] = parts(score);
                let holders: Vec<_> = held_by.iter().flatten().map(SessionId::as_str).collect();
                let status = match status.unwrap_or_default() {
                    _ if *ended == Some(true) => {
                        format!("held by {}; its run has ended", holders.join(", "))
                    }
                    _ if !holders.is_empty() => format!("held by {}", holders.join(", ")),
                    "active" => "free".to_owned(),
                    status => status.to_owned(),
                };
                table.row(&[name, &total, &doubt, &affinity, &expertise, &recency, &status]);
            }
            hide_doubt(&mut table, 2, personas.iter().map(|it| &it.score));
            table.show(f)?;
            let first = personas.first().and_then(|it| doubtful(&it.name, not_told_apart));
            first.into_iter().try_for_each(|sentence| line(f, sentence))?;
            beyond_limit(self.more).into_iter().try_for_each(|more| line(f, more))?;
        }
        if *all || held + archived == 0 {
            return Ok(());
        }
        let (held, is) = (Count(*held, "persona"), Count(*held, "").agree("is", "are"));
        let others = format!("{held} that {is} held, {archived} archived by hand");
        line(f, format!("Not listed: {others}; `--all` lists them."))
    }
}
