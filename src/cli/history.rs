//! `history`: a persona's assignments.

use std::fmt;

use clap::Args;
use jiff::tz::TimeZone;
use muzzle_persona::broker;
use muzzle_persona::events::{NoteText, PersonaName, ProjectName, ReleaseReason, WorkName};
use muzzle_persona::projection::{Assignment, History, Needs};
use serde::Serialize;

use super::number::{beyond_limit, limit};
use super::said::{verdicts, went, write_verdicts};
use super::table::Column;
use super::{AtArgs, Context, Failure, Table, line, minute, persona_names};

const COLUMNS: [Column; 10] = [
    Column::new("ASSIGNED").whole(),
    Column::new("RELEASED").whole().drops(3),
    Column::new("ROLE"),
    Column::new("PROJECT").drops(8),
    Column::new("WORK").drops(4),
    Column::new("SLOT").names().drops(1),
    Column::new("SESSION").names().drops(2),
    Column::new("RUN").tells().drops(6),
    Column::new("SAID").tells().drops(7),
    Column::new("NOTE").drops(5),
];

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
    /// At most this many; 0 is all
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
    let mut wanted: Vec<_> = wanted.cloned().collect();
    let more = wanted.len().saturating_sub(args.limit);
    wanted.truncate(args.limit);
    Ok(HistoryReport { name, assignments: wanted, more, zone: context.zone.clone() })
}

#[derive(Debug, Serialize)]
pub struct HistoryReport {
    name: PersonaName,
    assignments: Vec<Assignment>,
    /// How many the limit left out.
    more: usize,
    /// The zone in which times are shown.
    #[serde(skip)]
    zone: TimeZone,
}

impl fmt::Display for HistoryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.assignments.is_empty() {
            return line(f, format!("{} has no such assignment.", self.name));
        }
        let mut table = Table::new(&COLUMNS);
        for past in &self.assignments {
            let Assignment { role, project, work, session, slot, assigned_at, note, .. } = past;
            let work = work.as_ref().map_or("", WorkName::as_str);
            let note = note.as_ref().map_or("", NoteText::as_str);
            let (assigned, released) =
                (minute(*assigned_at, &self.zone), released(past, &self.zone));
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
            table.hide(COLUMNS.len() - 1);
        }
        table.show(f)?;
        beyond_limit(self.more).into_iter().try_for_each(|more| line(f, more))?;
        write_verdicts(f, self.assignments.iter(), &self.zone)
    }
}

/// When an assignment ended, in one cell.
pub fn released(past: &Assignment, zone: &TimeZone) -> String {
    let is_orphaned = past.reason == Some(ReleaseReason::Orphaned);
    let released = past.released_at.map(|at| minute(at, zone));
    let released = released.unwrap_or_else(|| "not yet".to_owned());
    released + if is_orphaned { " (orphaned)" } else { "" }
}
