//! `why`: tell why a persona was lent.

use std::{fmt, iter};

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use jiff::Timestamp;
use muzzle_persona::broker::{self, Account, Grounds, Score, TieBreak};
use muzzle_persona::events::{
    EventId, PersonaName, ProjectName, RoleName, SessionId, Slot, visible,
};
use muzzle_persona::projection::{Cutoff, FoldKey, LastLent, Occasion, Prelude};
use muzzle_persona::{Snapshot, Store};
use serde::Serialize;

use super::because::explain;
use super::completions::persona_names;
use super::context::Context;
use super::failure::Failure;
use super::output::Report;
use super::persona::{minute, parts};
use super::table::Table;

/// Tell why a persona was lent to a session, and not another
///
/// The ranking is made again from the log as it stood then, by the rules in
/// force today.
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// The persona's name, or how it begins
    #[arg(add = ArgValueCompleter::new(persona_names))]
    name: String,
    /// The session that it was lent to; of several times the last counts
    #[arg(long, value_parser = SessionId::parse)]
    session: SessionId,
    /// Only as it was lent in this role
    #[arg(long, value_parser = RoleName::parse)]
    role: Option<RoleName>,
    /// Only as it was lent in this slot
    #[arg(long, value_parser = Slot::parse)]
    slot: Option<Slot>,
    /// Show so many of the ranking
    #[arg(long, value_name = "N", default_value = "10")]
    limit: usize,
}

pub fn run(args: &WhyArgs, context: &mut Context) -> Result<WhyReport, Failure> {
    let mut store = context.open()?;
    let name = store.look(|store| Ok(broker::find(store.roster(), &args.name)?.name().clone()))?;
    let role = args.role.as_ref().map(|role| store.rules().roles.meant(role));
    let mut last = LastLent::of(name.clone(), args.session.clone(), role, args.slot.clone());
    store.visit(&[args.session.as_str()], |record| last.apply(record))?;
    let Some(occasion) = last.found() else {
        let is_narrowed = args.role.is_some() || args.slot.is_some();
        return Err(not_lent(&name, &args.session, is_narrowed));
    };
    let account = account(&occasion, &mut store, context)?;
    Ok(WhyReport::new(occasion, account, args.limit))
}

/// A persona that the session never had.
fn not_lent(name: &PersonaName, session: &SessionId, is_narrowed: bool) -> Failure {
    let how = if is_narrowed { " in that role or slot" } else { "" };
    Failure::not_found(
        format!("`{name}` was never lent to the session `{session}`{how}"),
        "`muzzle-persona history NAME` shows the sessions that a persona was lent to",
    )
}

/// Makes the choice again, from the roster before the command that made it.
fn account(occasion: &Occasion, store: &mut Store, context: &Context) -> Result<Account, Failure> {
    let mut prelude = Prelude::of(occasion);
    store.visit(&[&occasion.at.to_string()], |record| prelude.apply(record))?;
    let prelude = prelude.finish();
    let start = prelude.first().map_or(occasion.place, FoldKey::of);
    let before = Snapshot::open_until(&context.options, Cutoff::Before(start))?;
    let account = broker::why(before.roster(), &prelude, occasion, before.rules());
    Ok(account.map_err(broker::Refusal::from)?)
}

#[derive(Debug, Serialize)]
pub struct WhyReport {
    name: PersonaName,
    session: SessionId,
    slot: Slot,
    role: RoleName,
    requested: RoleName,
    project: ProjectName,
    assigned_at: Timestamp,
    /// The `assign` event.
    event: EventId,
    /// Why; not where the log does not tell.
    grounds: Option<Grounds>,
    /// The same as a sentence.
    explanation: String,
    score: Option<Score>,
    rank: Option<usize>,
    /// What put the first of the ranking before the second, if their scores are equal.
    tie_break: Option<TieBreak>,
    /// How many could be chosen.
    candidates: usize,
    /// The first of them, best first.
    ranking: Vec<Candidate>,
}

#[derive(Debug, Serialize)]
struct Candidate {
    name: PersonaName,
    score: Score,
    chosen: bool,
}

impl WhyReport {
    fn new(occasion: Occasion, account: Account, limit: usize) -> Self {
        let Occasion { id, at, assign, seat, .. } = occasion;
        let explanation = explain(&account);
        let Account { grounds, score, rank, ranking, .. } = account;
        let candidates = ranking.candidates.len();
        let first = ranking.candidates.into_iter().take(limit).map(|(name, score)| {
            let chosen = name == seat.persona;
            Candidate { name, score, chosen }
        });
        Self {
            ranking: first.collect(),
            name: seat.persona,
            session: assign.session,
            slot: seat.slot,
            role: seat.role,
            requested: seat.requested,
            project: assign.project,
            assigned_at: at,
            event: id,
            grounds,
            explanation,
            score,
            rank,
            tie_break: ranking.tie_break,
            candidates,
        }
    }
}

impl Report for WhyReport {}

impl fmt::Display for WhyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} was lent to {} of the session {} on {}, as {} on {}.",
            visible(self.name.as_str()),
            visible(self.slot.as_str()),
            visible(self.session.as_str()),
            minute(self.assigned_at),
            visible(self.role.as_str()),
            visible(self.project.as_str())
        )?;
        writeln!(f, "{}\n", self.explanation)?;
        write!(f, "{}", self.table())?;
        let shown = self.ranking.len() + usize::from(self.rank > Some(self.ranking.len()));
        let left = self.candidates.saturating_sub(shown);
        if left > 0 {
            writeln!(f, "Not listed: {left} more; `--limit` lists them.")
        } else {
            Ok(())
        }
    }
}

impl WhyReport {
    /// The ranking, with whoever was chosen marked; at its end, if they are not in it.
    fn table(&self) -> Table {
        let mut table =
            Table::new(&["", ">RANK", "NAME", ">SCORE", ">AFFINITY", ">OVERLAP", ">RECENCY"]);
        let mut row = |is_chosen: bool, rank: Option<usize>, name: &PersonaName, score: &Score| {
            let mark = if is_chosen { "→" } else { "" };
            let rank = rank.map_or_else(String::new, |rank| rank.to_string());
            let start = [mark.to_owned(), rank, name.to_string()];
            table.row(start.into_iter().chain(parts(score)));
        };
        for (rank, candidate) in iter::zip(1.., &self.ranking) {
            row(candidate.chosen, Some(rank), &candidate.name, &candidate.score);
        }
        if let Some(score) = &self.score
            && !self.ranking.iter().any(|candidate| candidate.chosen)
        {
            row(true, self.rank, &self.name, score);
        }
        table
    }
}
