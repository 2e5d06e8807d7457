//! `retire`: archive a persona.

use std::fmt;

use clap::Args;
use muzzle_persona::{broker, events::PersonaName, projection::Needs};
use serde::Serialize;

use super::{Context, Failure, line, persona_names, release::Released};

/// Archive a persona, so that it is not lent any more
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona retire elena
  muzzle-persona retire elena --force")]
pub struct RetireArgs {
    /// The persona's name, or how one of its words begins
    #[arg(add = persona_names())]
    name: String,
    /// Release it first if it is held
    #[arg(long)]
    force: bool,
}

pub fn run(args: &RetireArgs, context: &mut Context) -> Result<StatusReport, Failure> {
    let rule =
        |situation: &mut broker::Situation<'_>| broker::retire(situation, &args.name, args.force);
    let (_, change) = context.execute(&Needs::nothing(), rule)?;
    let released = Some(change.released.into_iter().map(Released::from).collect());
    let (name, changed) = (change.persona, change.changed);
    Ok(StatusReport { name, status: "archived", changed, released })
}

/// A persona's new status, or the one that it has already.
#[derive(Debug, Serialize)]
pub struct StatusReport {
    pub name: PersonaName,
    pub status: &'static str,
    pub changed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<Vec<Released>>,
}

impl fmt::Display for StatusReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, status, changed, released } = self;
        if !changed {
            return line(f, format!("{name} is {status} already; nothing to do."));
        }
        for Released { slot, role, .. } in released.iter().flatten() {
            line(f, format!("Released {name} from {slot}, {role}."))?;
        }
        match *status {
            "active" => line(f, format!("{name} is active again.")),
            _ => line(f, format!("Archived {name}.")),
        }
    }
}
