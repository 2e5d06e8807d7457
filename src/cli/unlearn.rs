//! `unlearn`: have a lesson offered no more.

use std::fmt;

use clap::Args;
use muzzle_persona::broker::{self, UnlearnRequest};
use muzzle_persona::events::{IdPrefix, PersonaName, Reason};
use serde::Serialize;

use super::teach::LessonReport;
use super::{Context, Failure, event_id, line};

/// Have a lesson offered no more, when it holds no more
///
/// It stays in the log. `retract` is for one that never held, and `forget` takes its words away.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona unlearn 2a9ff68b
  muzzle-persona unlearn 2a9ff68b -m 'The cache is gone.'")]
pub struct UnlearnArgs {
    /// How the id of the lesson begins, as `show` and `log` tell it
    #[arg(value_name = "ID", value_parser = event_id::parse)]
    lesson: IdPrefix,
    /// Why
    #[arg(short = 'm', long, value_name = "TEXT", value_parser = Reason::parse)]
    reason: Option<Reason>,
}

pub fn run(args: UnlearnArgs, context: &mut Context) -> Result<UnlearnReport, Failure> {
    let mut snapshot = context.present()?;
    let lesson = event_id::find(&mut snapshot, &args.lesson)?;
    let request = UnlearnRequest { lesson, reason: args.reason };
    let (_, (name, lesson)) =
        context.execute(&request.needs(), |situation| broker::unlearn(situation, &request))?;
    Ok(UnlearnReport { name, lesson: LessonReport::of(&lesson) })
}

#[derive(Debug, Serialize)]
pub struct UnlearnReport {
    name: PersonaName,
    lesson: LessonReport,
}

impl fmt::Display for UnlearnReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, lesson } = self;
        let id = lesson.id;
        let words = lesson.lesson.as_ref().map(|words| format!(": {words}"));
        let words = words.unwrap_or_else(|| ".".to_owned());
        line(f, format!("The lesson {id:.8} is offered to {name} no more{words}"))
    }
}
