//! `stats --work`: tell who did what on some work, and whether every review was independent.

use std::fmt;

use jiff::tz::TimeZone;
use muzzle_persona::broker::{Part, WorkDone, WorkRecord};
use muzzle_persona::events::{PersonaName, ProjectName, WorkName};
use muzzle_persona::projection::{Assignment, History};
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::history::released;
use super::part::told;
use super::table::Column;
use super::{AtArgs, Context, Failure, Table, line, minute, persona::place};

const COLUMNS: [Column; 7] = [
    Column::new("ASSIGNED").whole().drops(5),
    Column::new("RELEASED").whole().drops(3),
    Column::new("NAME"),
    Column::new("ROLE"),
    Column::new("INDEPENDENT").drops(4),
    Column::new("SLOT").names().drops(1),
    Column::new("SESSION").names().drops(2),
];

pub fn run(
    project: &ProjectName,
    work: &WorkName,
    at: &AtArgs,
    context: &mut Context,
) -> Result<WorkReport, Failure> {
    let mut snapshot = context.read(at)?;
    let mut history = History::of_project(project.clone());
    snapshot.visit(&[], |record| history.apply(record))?;
    let record = WorkRecord::of(&history, work, snapshot.rules());
    let WorkRecord { done, reviews, independent } = record;
    let assignments = done.into_iter().map(|WorkDone { assignment, independent, part }| Done {
        name: assignment.persona.clone(),
        assignment,
        independent,
        took_part: part,
    });
    let (project, work) = (project.clone(), work.clone());
    let (assignments, zone) = (assignments.collect(), context.zone.clone());
    Ok(WorkReport { project, work, assignments, reviews, independent, zone })
}

#[derive(Debug, Serialize)]
pub struct WorkReport {
    project: ProjectName,
    work: WorkName,
    /// Oldest first.
    assignments: Vec<Done>,
    reviews: usize,
    /// There is a review, and each of them was independent.
    independent: bool,
    /// The zone in which times are shown.
    #[serde(skip)]
    zone: TimeZone,
}

#[derive(Debug, Serialize)]
struct Done {
    name: PersonaName,
    #[serde(flatten)]
    assignment: Assignment,
    /// Nothing if the role judges no work.
    independent: Option<bool>,
    /// The part that whoever judges took.
    took_part: Option<Part>,
}

impl fmt::Display for WorkReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = place(&self.project, Some(&self.work));
        if self.assignments.is_empty() {
            return line(f, format!("Nobody was lent on {on}."));
        }
        let mut table = Table::new(&COLUMNS);
        for Done { name, assignment, independent, .. } in &self.assignments {
            let Assignment { role, session, slot, assigned_at, .. } = assignment;
            let independent = match independent {
                None => "",
                Some(true) => "yes",
                Some(false) => "no",
            };
            let (assigned, released) =
                (minute(*assigned_at, &self.zone), released(assignment, &self.zone));
            table.row(&[&assigned, &released, name, role, &independent, slot, session]);
        }
        table.show(f)?;
        for Done { name, assignment, took_part, .. } in &self.assignments {
            if let Some(part) = took_part {
                let part = told(part, Some(&self.work));
                line(f, format!("{name} {part}, and judged it as {}.", assignment.role))?;
            }
        }
        let assignments = Count(self.assignments.len(), "assignment");
        let reviews = match (self.reviews, self.independent) {
            (0, _) => "no review".to_owned(),
            (1, true) => "1 review, which was independent".to_owned(),
            (1, false) => "1 review, which was not independent".to_owned(),
            (reviews, true) => format!("{reviews} reviews, all of which were independent"),
            (reviews, false) => format!("{reviews} reviews, not all of which were independent"),
        };
        line(f, format!("{assignments} on {on}; {reviews}."))
    }
}
