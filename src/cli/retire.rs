//! `retire`: archive a persona.

use std::fmt;

use clap::Args;
use muzzle_persona::{broker, events::PersonaName, projection::Needs};
use serde::Serialize;

use super::{
    completions::persona_names, context::Context, failure::Failure, output::line, release::Released,
};

/// Archive a persona, so that it is not lent any more
#[derive(Debug, Args)]
pub struct RetireArgs {
    /// The persona's name, or how it begins
    #[arg(add = persona_names())]
    name: String,
    /// Release it first if it is held
    #[arg(long)]
    force: bool,
}

pub fn run(args: &RetireArgs, context: &mut Context) -> Result<RetireReport, Failure> {
    let rule =
        |situation: &mut broker::Situation<'_>| broker::retire(situation, &args.name, args.force);
    let (_, change) = context.execute(&Needs::nothing(), rule)?;
    Ok(RetireReport {
        name: change.persona,
        status: "archived",
        changed: change.changed,
        released: change.released.into_iter().map(Released::from).collect(),
    })
}

#[derive(Debug, Serialize)]
pub struct RetireReport {
    name: PersonaName,
    status: &'static str,
    changed: bool,
    released: Vec<Released>,
}

impl fmt::Display for RetireReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, changed, released, .. } = self;
        if !changed {
            return line(f, format!("{name} is archived already; nothing to do."));
        }
        for Released { slot, role, .. } in released {
            line(f, format!("Released {name} from {slot}, {role}."))?;
        }
        line(f, format!("Archived {name}."))
    }
}
