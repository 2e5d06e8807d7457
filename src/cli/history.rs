//! `history`: a persona's assignments.

use std::fmt;

use clap::Args;
use muzzle_persona::broker;
use muzzle_persona::events::{NoteText, PersonaName, ProjectName, ReleaseReason, WorkName};
use muzzle_persona::projection::{Assignment, History, Needs};
use serde::Serialize;

use super::said::{verdicts, went, write_verdicts};
use super::{AtArgs, Context, Failure, Table, line, minute, number::limit, persona_names};

/// Show a persona's assignments, newest first
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona history elena -n 5
  muzzle-persona history elena -p acme-api --work fix-login")]
pub struct HistoryArgs {
    /// The persona's name, or how one of its words begins
    #[arg(add = persona_names())]
    name: String,
    /// Only those on this project
    #[arg(short = 'p', long, value_parser = ProjectName::parse)]
    project: Option<ProjectName>,
    /// Only those for this work, such as a branch
    #[arg(long, value_parser = WorkName::parse)]
    work: Option<WorkName>,
    /// At most this many
    #[arg(short = 'n', long, value_name = "N", default_value = "20", value_parser = limit)]
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
    let wanted = newest_first
        .filter(|it| args.project.as_ref().is_none_or(|project| it.project == *project))
        .filter(|it| args.work.is_none() || it.work == args.work);
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
        let headings = [
            "ASSIGNED", "RELEASED", "ROLE", "PROJECT", "WORK", "SLOT", "SESSION", "RUN", "SAID",
            "NOTE",
        ];
        let mut table = Table::new(&headings);
        for past in &self.assignments {
            let Assignment { role, project, work, session, slot, assigned_at, note, .. } = past;
            let work = work.as_ref().map_or("", WorkName::as_str);
            let note = note.as_ref().map_or("", NoteText::as_str);
            let (assigned, released) = (minute(*assigned_at), released(past));
            let (went, said) = (went(past), verdicts(past));
            table.row(&[
                &assigned, &released, role, project, &work, slot, session, &went, &said, &note,
            ]);
        }
        if self.assignments.iter().all(|past| past.work.is_none()) {
            table.hide(4);
        }
        if self.assignments.iter().all(|past| past.outcomes().next().is_none()) {
            table.hide(7);
        }
        if self.assignments.iter().all(|past| past.verdicts().next().is_none()) {
            table.hide(8);
        }
        if self.assignments.iter().all(|past| past.note.is_none()) {
            table.hide(headings.len() - 1);
        }
        write!(f, "{table}")?;
        write_verdicts(f, self.assignments.iter())
    }
}

/// When an assignment ended, in one cell.
pub fn released(past: &Assignment) -> String {
    let is_orphaned = past.reason == Some(ReleaseReason::Orphaned);
    let released = past.released_at.map_or_else(|| "not yet".to_owned(), minute);
    released + if is_orphaned { " (orphaned)" } else { "" }
}
