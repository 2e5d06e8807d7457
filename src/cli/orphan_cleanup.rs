//! `orphan-cleanup`: take personas away from sessions that fell silent.

use std::fmt;

use clap::Args;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use muzzle_persona::{broker, projection::Needs, wording::Count};
use serde::Serialize;

use super::release::{ReleaseReport, Released};
use super::{Context, Failure, line, minute, number::whole};

/// Take personas back from sessions that fell silent
///
/// Their work is not counted: nobody knows what became of it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona orphan-cleanup --dry-run
  muzzle-persona orphan-cleanup --older-than-hours 6")]
pub struct OrphanCleanupArgs {
    /// Sessions without an event for this many hours or more
    #[arg(long, value_name = "HOURS", default_value = "24")]
    #[arg(value_parser = whole(0..=876_000_u32))]
    older_than_hours: u32,
    /// Show what would be released, and record nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &OrphanCleanupArgs, context: &mut Context) -> Result<OrphanReport, Failure> {
    let age = SignedDuration::from_hours(i64::from(args.older_than_hours));
    let rule = |situation: &mut broker::Situation<'_>| broker::clean_up(situation, age);
    context.dry_run = args.dry_run;
    let (_, orphaned) = context.execute(&Needs::nothing(), rule)?;
    let sessions = orphaned.into_iter().map(|(session, last_event, slots)| {
        let released = slots.into_iter().map(Released::from).collect();
        let (retired, notes) = (None, None);
        ReleaseReport { session, last_event: Some(last_event), released, retired, notes }
    });
    let (sessions, zone) = (sessions.collect(), context.zone.clone());
    Ok(OrphanReport { dry_run: args.dry_run, sessions, zone })
}

#[derive(Debug, Serialize)]
pub struct OrphanReport {
    dry_run: bool,
    sessions: Vec<ReleaseReport>,
    /// The zone in which times are shown.
    #[serde(skip)]
    zone: TimeZone,
}

impl fmt::Display for OrphanReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sessions.is_empty() {
            return line(f, "No session that holds a persona fell silent; nothing to release.");
        }
        let verb = if self.dry_run { "Would release" } else { "Released" };
        for ReleaseReport { session, last_event, released, .. } in &self.sessions {
            let since = last_event.map(|at| minute(at, &self.zone)).unwrap_or_default();
            let count = Count(released.len(), "persona");
            let of = format!("of the session `{session}`, silent since {since}");
            line(f, format!("{verb} {count} {of}:"))?;
            released.iter().try_for_each(|released| released.fmt(f))?;
        }
        Ok(())
    }
}
