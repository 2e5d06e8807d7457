//! `preamble`: show what an agent would be told.

use std::fmt::{self, Write as _};

use clap::Args;
use muzzle_persona::broker::{self, Preamble, PromptText, PromptTextKind};
use muzzle_persona::events::{EventId, PersonaName, ProjectName, RoleName, visible};
use muzzle_persona::git::Checkout;
use muzzle_persona::projection::Needs;
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::{Context, Failure, environment, persona_names};

/// Show the words that an agent would get with a persona now
///
/// Exactly what would stand ahead of the prompt of an agent in a new session. Words that
/// wait to be allowed on this machine are not in it; stderr says which.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona preamble elena -r code-reviewer
  muzzle-persona preamble elena -r testing -p acme-api")]
pub struct PreambleArgs {
    /// The persona's name, or how one of its words begins
    #[arg(add = persona_names())]
    name: String,
    /// The role that it would be lent in
    #[arg(short = 'r', long, value_parser = RoleName::parse)]
    role: RoleName,
    /// The project that it would work on [default: that of the working directory]
    #[arg(short = 'p', long, value_parser = ProjectName::parse)]
    project: Option<ProjectName>,
}

pub fn run(args: &PreambleArgs, context: &mut Context) -> Result<PreambleReport, Failure> {
    let mut snapshot = context.present()?;
    let here = || Some(Checkout::of(&environment::working_directory()?).project);
    let Some(project) = args.project.clone().or_else(here) else {
        let hint = "name the project with `--project P`";
        return Err(Failure::usage("the working directory is gone", hint));
    };
    let role = snapshot.rules().roles.known(&args.role)?.clone();
    let report = snapshot.look(&Needs::typed(&args.name), |then| {
        let persona = broker::find_persona(then.roster(), &args.name)?;
        let is_allowed = |event| then.is_allowed(event);
        let Preamble { text, lessons, note } =
            broker::preamble(persona, &role, None, &project, &is_allowed);
        // Only what would be told in this role and on this project is missed.
        let is_missed = |text: &PromptText| {
            !then.is_allowed(text.event)
                && text.role.as_ref().is_none_or(|of| *of == role.name)
                && text.project.as_ref().is_none_or(|of| *of == project)
        };
        let waiting = broker::prompt_texts_of(persona).into_iter().filter(is_missed);
        Ok(PreambleReport {
            name: persona.name().clone(),
            role: role.name.clone(),
            waiting: waiting.collect(),
            project,
            preamble: text,
            lessons,
            note,
        })
    })?;
    context.notes.extend(report.note_of_waiting());
    Ok(report)
}

#[derive(Debug, Serialize)]
pub struct PreambleReport {
    name: PersonaName,
    role: RoleName,
    project: ProjectName,
    preamble: String,
    /// The events whose lessons it has.
    lessons: Vec<EventId>,
    /// The event whose note it has.
    note: Option<EventId>,
    /// What would be told here, too, if it were allowed on this machine.
    waiting: Vec<PromptText>,
}

impl PreambleReport {
    fn note_of_waiting(&self) -> Option<String> {
        let waiting = Count(self.waiting.len() as u64, "text");
        if self.waiting.is_empty() {
            return None;
        }
        let wait = waiting.agree("waits", "wait");
        let mut note = format!("note: {waiting} {wait} for `muzzle-persona allow`:\n");
        for PromptText { event, kind, text, .. } in &self.waiting {
            let kind = match kind {
                PromptTextKind::Definition => "its definition",
                PromptTextKind::Lesson => "the lesson",
                PromptTextKind::Note => "the note",
            };
            let words = text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
            let _ = writeln!(note, "  {event:.8}  {kind}{}", visible(&words));
        }
        Some(note)
    }
}

impl fmt::Display for PreambleReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It is what an agent gets, not what fits a terminal; hidden characters are not in it.
        f.write_str(&self.preamble)
    }
}
