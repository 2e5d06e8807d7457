//! `retract`: take a judgement or a lesson back.

use std::fmt;

use clap::Args;
use muzzle_persona::broker::{self, RetractRequest, Retracted};
use muzzle_persona::events::{EventId, IdPrefix, PersonaName, Points, Reason, RoleName};
use muzzle_persona::projection::Needs;
use serde::Serialize;

use super::{Context, Failure, event_id, line};

/// Take a feedback, an outcome or a lesson back
///
/// It stays in the log, and counts no more. A verdict that it had replaced counts again. A lesson that was taken from a
/// feedback is taken back by its own id.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona retract 2a9ff68b
  muzzle-persona retract 2a9ff68b -m 'It was the flaky test, not the work.'")]
pub struct RetractArgs {
    /// How the id of the event begins, as `log` shows it
    #[arg(value_name = "ID", value_parser = event_id::parse)]
    event: IdPrefix,
    /// Why
    #[arg(short = 'm', long, value_name = "TEXT", value_parser = Reason::parse)]
    reason: Option<Reason>,
}

pub fn run(args: RetractArgs, context: &mut Context) -> Result<RetractReport, Failure> {
    let mut snapshot = context.present()?;
    let event = event_id::find(&mut snapshot, &args.event)?;
    let request = RetractRequest { event, reason: args.reason };
    let (mut store, retracted) =
        context.execute(&request.needs(), |situation| broker::retract(situation, &request))?;
    let (name, role, before) = match retracted {
        Retracted::Judgement { persona, role, before } => (persona, role, before),
        Retracted::Lesson { persona: name } => {
            let (role, affinity_before, affinity_after) = (None, None, None);
            return Ok(RetractReport { event, name, role, affinity_before, affinity_after });
        }
    };
    let after = store.look(&Needs::personas([&name]), |store| {
        let persona = broker::find_persona(store.roster(), name.as_str())?;
        Ok(broker::affinity(persona, &role, &store.rules().scoring, context.options.now))
    })?;
    let (affinity_before, affinity_after) = (Some(before), Some(after));
    Ok(RetractReport { event, name, role: Some(role), affinity_before, affinity_after })
}

#[derive(Debug, Serialize)]
pub struct RetractReport {
    event: EventId,
    name: PersonaName,
    /// Not of a lesson, nor are the others.
    role: Option<RoleName>,
    affinity_before: Option<Points>,
    affinity_after: Option<Points>,
}

impl fmt::Display for RetractReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event, name, role, affinity_before, affinity_after } = self;
        let (Some(role), Some(before), Some(after)) = (role, affinity_before, affinity_after)
        else {
            let back = format!("Took back the lesson {event:.8} of {name}");
            return line(f, format!("{back}; it is offered no more."));
        };
        line(f, format!("Took back the judgement {event:.8} of {name} as {role}."))?;
        line(f, format!("Affinity: {before} → {after}"))
    }
}
