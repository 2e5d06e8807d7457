//! `history`: a persona's assignments.

use std::fmt;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use muzzle_persona::broker;
use muzzle_persona::events::{PersonaName, ProjectName, ReleaseReason, visible};
use muzzle_persona::projection::{Assignment, History, Needs};
use serde::Serialize;

use super::at::AtArgs;
use super::completions::persona_names;
use super::context::Context;
use super::failure::Failure;
use super::persona::minute;
use super::table::Table;

/// Show a persona's assignments, newest first
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// The persona's name, or how it begins
    #[arg(add = ArgValueCompleter::new(persona_names))]
    name: String,
    /// Only those on this project
    #[arg(long, value_parser = ProjectName::parse)]
    project: Option<ProjectName>,
    /// At most this many
    #[arg(long, value_name = "N", default_value = "20")]
    limit: usize,
    #[command(flatten)]
    at: AtArgs,
}

pub fn run(args: &HistoryArgs, context: &mut Context) -> Result<HistoryReport, Failure> {
    let mut snapshot = context.read(&args.at)?;
    let name = snapshot
        .look(&Needs::nothing(), |it| Ok(broker::find(it.roster(), &args.name)?.clone()))?;
    let mut history = History::of(name.clone());
    snapshot.visit(&[name.as_str()], |record| history.apply(record))?;
    let newest_first = history.assignments().iter().rev();
    let wanted = newest_first
        .filter(|past| args.project.as_ref().is_none_or(|project| past.project == *project));
    Ok(HistoryReport { name, assignments: wanted.take(args.limit).cloned().collect() })
}

#[derive(Debug, Serialize)]
pub struct HistoryReport {
    name: PersonaName,
    assignments: Vec<Assignment>,
}

impl fmt::Display for HistoryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.assignments.is_empty() {
            return writeln!(f, "{} has no such assignment.", visible(self.name.as_str()));
        }
        let mut table = Table::new(&["ASSIGNED", "RELEASED", "ROLE", "PROJECT", "SLOT", "SESSION"]);
        for past in &self.assignments {
            table.row([
                minute(past.assigned_at),
                released(past),
                past.role.to_string(),
                past.project.to_string(),
                past.slot.to_string(),
                past.session.to_string(),
            ]);
        }
        write!(f, "{table}")
    }
}

/// When an assignment ended, and why if that was not the end of the session.
fn released(past: &Assignment) -> String {
    let Some(at) = past.released_at else {
        return "not yet".to_owned();
    };
    match past.reason {
        Some(ReleaseReason::Orphaned) => format!("{} (orphaned)", minute(at)),
        Some(ReleaseReason::Manual | ReleaseReason::SessionEnd) | None => minute(at),
    }
}
