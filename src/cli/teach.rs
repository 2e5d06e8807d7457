//! `teach`: give a persona a lesson.

use std::fmt;

use clap::Args;
use jiff::Timestamp;
use muzzle_persona::Store;
use muzzle_persona::broker::{self, Taught, TeachRequest};
use muzzle_persona::events::{EventId, LessonText, PersonaName, ProjectName, RoleName};
use muzzle_persona::projection::{LessonRecord, Needs};
use serde::Serialize;

use super::{Context, Failure, line, persona_names};

/// Teach a persona something that its next agents are told
///
/// The preamble has at most three lessons, those for the role and the project at hand first, and
/// the newest first. A good one is short, says what to do and when, and would have changed what
/// happened.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona teach elena -m 'Run the retry tests twice.'
  muzzle-persona teach elena -r testing -p acme-api -m 'The stub needs port 7070.'")]
pub struct TeachArgs {
    /// The persona's name, or how one of its words begins
    #[arg(add = persona_names())]
    name: String,
    /// What it is taught, at most 200 characters
    #[arg(short = 'm', long, value_name = "TEXT", value_parser = LessonText::parse)]
    lesson: LessonText,
    /// Only for work in this role
    #[arg(short = 'r', long, value_parser = RoleName::parse)]
    role: Option<RoleName>,
    /// Only for work on this project
    #[arg(short = 'p', long, value_parser = ProjectName::parse)]
    project: Option<ProjectName>,
}

pub fn run(args: TeachArgs, context: &mut Context) -> Result<TeachReport, Failure> {
    let TeachArgs { name: persona, lesson, role, project } = args;
    let request = TeachRequest { persona, lesson, role, project };
    let (mut store, taught) =
        context.execute(&request.needs(), |situation| broker::teach(situation, &request))?;
    let lesson = recorded(&mut store, &taught)?;
    Ok(TeachReport { name: taught.persona, lesson, recorded: taught.is_new })
}

/// The lesson as the store has it now.
pub fn recorded(store: &mut Store, taught: &Taught) -> Result<LessonReport, Failure> {
    let needs = Needs::personas([&taught.persona]);
    let record = store.look(&needs, |store| {
        let persona = broker::find_persona(store.roster(), taught.persona.as_str())?;
        Ok(taught.record(persona).map(LessonReport::of))
    })?;
    record.ok_or_else(|| Failure::bug("the lesson was recorded, and is not there"))
}

/// A lesson as the reports show it.
#[derive(Debug, Clone, Serialize)]
pub struct LessonReport {
    pub id: EventId,
    pub role: Option<RoleName>,
    pub project: Option<ProjectName>,
    /// The feedback that it was taken from.
    pub from: Option<EventId>,
    pub taught_at: Timestamp,
    pub times_offered: u64,
    /// Not where it was forgotten, or is missing.
    pub lesson: Option<LessonText>,
}

impl LessonReport {
    pub fn of(record: &LessonRecord) -> Self {
        let LessonRecord {
            id,
            at: taught_at,
            role,
            project,
            from,
            times_offered,
            text: lesson,
            status: _,
        } = record.clone();
        Self { id, role, project, from, taught_at, times_offered, lesson }
    }

    /// What it is for: `any work`, `testing on acme-api`.
    pub fn scope(&self) -> String {
        match (&self.role, &self.project) {
            (None, None) => "any work".to_owned(),
            (Some(role), None) => role.to_string(),
            (None, Some(project)) => format!("any work on {project}"),
            (Some(role), Some(project)) => format!("{role} on {project}"),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct TeachReport {
    name: PersonaName,
    lesson: LessonReport,
    /// Whether it is new; else the persona is offered just that already.
    recorded: bool,
}

impl fmt::Display for TeachReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_taught(f, &self.name, &self.lesson, self.recorded)
    }
}

/// Says that a persona was taught a lesson, and how that is undone.
pub fn write_taught(
    f: &mut fmt::Formatter<'_>,
    name: &PersonaName,
    lesson: &LessonReport,
    is_new: bool,
) -> fmt::Result {
    let (scope, id) = (lesson.scope(), lesson.id);
    if !is_new {
        let known = format!("{name} is offered just that for {scope} already");
        return line(f, format!("{known} (lesson {id:.8}); nothing to do."));
    }
    line(f, format!("Taught {name} for {scope}, as the lesson {id:.8}."))?;
    line(f, format!("`muzzle-persona unlearn {id:.8}` has it offered no more."))
}
