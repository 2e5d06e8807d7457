//! `reactivate`: bring an archived persona back.

use std::fmt;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use muzzle_persona::broker;
use muzzle_persona::events::{PersonaName, visible};
use muzzle_persona::projection::Needs;
use serde::Serialize;

use super::completions::persona_names;
use super::context::Context;
use super::failure::Failure;

/// Bring an archived persona back
#[derive(Debug, Args)]
pub struct ReactivateArgs {
    /// The persona's name, or how it begins
    #[arg(add = ArgValueCompleter::new(persona_names))]
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
        let name = visible(self.name.as_str());
        if self.changed {
            writeln!(f, "{name} is active again.")
        } else {
            writeln!(f, "{name} is active already; nothing to do.")
        }
    }
}
