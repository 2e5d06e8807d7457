//! `stats`: count everything.

use std::fmt;

use clap::Args;
use jiff::Timestamp;
use muzzle_persona::events::{EventId, visible};
use muzzle_persona::projection::Persona;
use serde::Serialize;

use super::Context;
use super::count::Count;
use super::failure::Failure;
use super::output::Report;
use super::persona::minute;

/// Count personas, assignments, feedback and events
#[derive(Debug, Args)]
pub struct StatsArgs {}

pub fn run(_: &StatsArgs, context: &mut Context) -> Result<StatsReport, Failure> {
    let store = context.open_quietly()?;
    let (view, roster) = (store.view(), store.roster());
    let count = |is: fn(&Persona) -> bool| roster.by_name().filter(|p| is(p)).count() as u64;
    let (total, active) = (count(|_| true), count(Persona::is_active));
    Ok(StatsReport {
        personas: PersonaCounts {
            total,
            active,
            archived: total - active,
            held: count(Persona::is_held),
            free: count(Persona::is_free),
        },
        assignments: roster.assignments(),
        feedback: roster.feedback(),
        events: view.events,
        log_bytes: view.bytes,
        first_event: view.first_at,
        last_event: view.last_at,
        heads: view.heads.ids().to_vec(),
        warnings: roster.warnings().iter().map(ToString::to_string).collect(),
    })
}

#[derive(Debug, Serialize)]
pub struct StatsReport {
    personas: PersonaCounts,
    assignments: u64,
    feedback: u64,
    events: u64,
    log_bytes: u64,
    first_event: Option<Timestamp>,
    last_event: Option<Timestamp>,
    heads: Vec<EventId>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct PersonaCounts {
    total: u64,
    active: u64,
    archived: u64,
    held: u64,
    free: u64,
}

impl Report for StatsReport {}

impl fmt::Display for StatsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PersonaCounts { total, active, archived, held, free } = self.personas;
        writeln!(
            f,
            "{}: {active} active, {archived} archived; {held} held, {free} free",
            Count(total, "persona")
        )?;
        writeln!(
            f,
            "{}, {}",
            Count(self.assignments, "assignment"),
            Count(self.feedback, "feedback event")
        )?;
        write!(f, "{} in {}", Count(self.events, "event"), Count(self.log_bytes, "byte"))?;
        if let (Some(first), Some(last)) = (self.first_event, self.last_event) {
            write!(f, ", from {} to {}", minute(first), minute(last))?;
        }
        writeln!(f)?;
        for head in &self.heads {
            writeln!(f, "head {head}")?;
        }
        self.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {}", visible(warning)))
    }
}
