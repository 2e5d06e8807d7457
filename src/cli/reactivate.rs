//! `reactivate`: bring an archived persona back.

use clap::Args;
use muzzle_persona::{broker, projection::Needs};

use super::{Context, Failure, persona_names, retire::StatusReport};

/// Bring an archived persona back
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona reactivate elena
  muzzle-persona reactivate 'Elena Vasquez' --json")]
pub struct ReactivateArgs {
    /// The persona's name, or how one of its words begins
    #[arg(add = persona_names())]
    name: String,
}

pub fn run(args: &ReactivateArgs, context: &mut Context) -> Result<StatusReport, Failure> {
    let (_, change) = context
        .execute(&Needs::nothing(), |situation| broker::reactivate(situation, &args.name))?;
    let (name, changed) = (change.persona, change.changed);
    Ok(StatusReport { name, status: "active", changed, released: None })
}
