//! `retract`: take a judgement back.

use std::fmt;

use clap::Args;
use muzzle_persona::Snapshot;
use muzzle_persona::broker::{self, RetractRequest};
use muzzle_persona::events::{EventId, IdPrefix, PersonaName, Points, Reason, RoleName};
use muzzle_persona::projection::Needs;
use serde::Serialize;

use super::{Context, Failure, event_id, line};

/// Take a feedback or an outcome back; it stays in the log, and counts no more
///
/// A verdict that it had replaced counts again.
#[derive(Debug, Args)]
pub struct RetractArgs {
    /// How the id of the event begins, as `log` shows it
    #[arg(value_name = "ID", value_parser = event_id::parse)]
    event: IdPrefix,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = Reason::parse)]
    reason: Option<Reason>,
}

pub fn run(args: RetractArgs, context: &mut Context) -> Result<RetractReport, Failure> {
    let mut snapshot = Snapshot::present(context.open_quietly()?, context.options.now);
    let event = event_id::find(&mut snapshot, &args.event)?;
    let request = RetractRequest { event, reason: args.reason };
    let (mut store, retracted) =
        context.execute(&request.needs(), |situation| broker::retract(situation, &request))?;
    let affinity_after = store.look(&Needs::personas([&retracted.persona]), |store| {
        let persona = broker::find_persona(store.roster(), retracted.persona.as_str())?;
        let scoring = &store.rules().scoring;
        Ok(broker::affinity(persona, &retracted.role, scoring, context.options.now))
    })?;
    Ok(RetractReport {
        event: request.event,
        name: retracted.persona,
        role: retracted.role,
        affinity_before: retracted.before,
        affinity_after,
    })
}

#[derive(Debug, Serialize)]
pub struct RetractReport {
    event: EventId,
    name: PersonaName,
    role: RoleName,
    affinity_before: Points,
    affinity_after: Points,
}

impl fmt::Display for RetractReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event, name, role, affinity_before, affinity_after } = self;
        line(f, format!("Took back the judgement {event:.8} of {name} as {role}."))?;
        writeln!(f, "Affinity: {affinity_before} → {affinity_after}")
    }
}
