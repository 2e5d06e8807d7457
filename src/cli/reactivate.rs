//! `reactivate`: bring an archived persona back.

use std::fmt;

use clap::Args;
use muzzle_persona::{broker, events::PersonaName, projection::Needs};
use serde::Serialize;

use super::{completions::persona_names, context::Context, failure::Failure, output::line};

/// Bring an archived persona back
#[derive(Debug, Args)]
pub struct ReactivateArgs {
    /// The persona's name, or how it begins
    #[arg(add = persona_names())]
    name: String,
}

pub fn run(args: &ReactivateArgs, context: &mut Context) -> Result<ReactivateReport, Failure> {
    let (_, change) = context
        .execute(&Needs::nothing(), |situation| broker::reactivate(situation, &args.name))?;
    Ok(ReactivateReport { name: change.persona, status: "active", changed: change.changed })
}

#[derive(Debug, Serialize)]
pub struct ReactivateReport {
    name: PersonaName,
    status: &'static str,
    changed: bool,
}

impl fmt::Display for ReactivateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.changed { "again" } else { "already; nothing to do" };
        line(f, format!("{} is active {how}.", self.name))
    }
}
