//! `orphan-cleanup`: take personas away from sessions that fell silent.

use std::fmt;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use muzzle_persona::broker;
use muzzle_persona::events::{SessionId, visible};
use muzzle_persona::projection::Needs;
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::context::Context;
use super::failure::Failure;
use super::persona::minute;
use super::release::Released;

/// Release what is held by sessions that fell silent, without counting their work
#[derive(Debug, Args)]
pub struct OrphanCleanupArgs {
    /// Sessions without an event for this many hours or more
    #[arg(long, value_name = "HOURS", default_value = "24")]
    #[arg(value_parser = clap::value_parser!(u32).range(..=876_000))]
    older_than_hours: u32,
    /// Show what would be released, and record nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &OrphanCleanupArgs, context: &mut Context) -> Result<OrphanReport, Failure> {
    let age = SignedDuration::from_hours(i64::from(args.older_than_hours));
    let rule = |situation: &mut broker::Situation<'_>| broker::clean_up(situation, age);
    let needs = &Needs::nothing();
    let (_, orphaned) =
        if args.dry_run { context.rehearse(needs, rule)? } else { context.execute(needs, rule)? };
    let sessions = orphaned.into_iter().map(|orphaned| OrphanedSession {
        session: orphaned.session,
        last_event: orphaned.last,
        released: orphaned.slots.into_iter().map(Released::from).collect(),
    });
    Ok(OrphanReport { dry_run: args.dry_run, sessions: sessions.collect() })
}

#[derive(Debug, Serialize)]
pub struct OrphanReport {
    dry_run: bool,
    sessions: Vec<OrphanedSession>,
}

#[derive(Debug, Serialize)]
struct OrphanedSession {
    session: SessionId,
    last_event: Timestamp,
    released: Vec<Released>,
}

impl fmt::Display for OrphanReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sessions.is_empty() {
            return writeln!(f, "No session that holds a persona fell silent; nothing to release.");
        }
        let verb = if self.dry_run { "Would release" } else { "Released" };
        for OrphanedSession { session, last_event, released } in &self.sessions {
            writeln!(
                f,
                "{verb} {} of the session `{}`, silent since {}:",
                Count(released.len(), "persona"),
                visible(session.as_str()),
                minute(*last_event)
            )?;
            released.iter().try_for_each(|released| write!(f, "{released}"))?;
        }
        Ok(())
    }
}
