//! `history`: a persona's assignments.

use std::fmt;

use clap::Args;
use muzzle_persona::broker;
use muzzle_persona::events::{NoteText, PersonaName, ProjectName, ReleaseReason};
use muzzle_persona::projection::{Assignment, History, Needs};
use serde::Serialize;

use super::{AtArgs, Context, Failure, Table, line, minute, persona_names};

/// Show a persona's assignments, newest first
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// The persona's name, or how it begins
    #[arg(add = persona_names())]
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
    let newest_first = history.assignments.iter().rev();
    let wanted = newest_first.filter(|it| args.project.as_ref().is_none_or(|p| it.project == *p));
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
            return line(f, format!("{} has no such assignment.", self.name));
        }
        let headings = ["ASSIGNED", "RELEASED", "ROLE", "PROJECT", "SLOT", "SESSION", "NOTE"];
        let mut table = Table::new(&headings);
        for past in &self.assignments {
            let Assignment { role, project, session, slot, assigned_at, .. } = past;
            let is_orphaned = past.reason == Some(ReleaseReason::Orphaned);
            let released = past.released_at.map_or_else(|| "not yet".to_owned(), minute);
            let released = released + if is_orphaned { " (orphaned)" } else { "" };
            let note = past.note.as_ref().map_or("", NoteText::as_str);
            table.row(&[&minute(*assigned_at), &released, role, project, slot, session, &note]);
        }
        if self.assignments.iter().all(|past| past.note.is_none()) {
            table.hide(headings.len() - 1);
        }
        write!(f, "{table}")
    }
}
