//! `release`: give personas back.

use std::fmt;

use clap::Args;
use muzzle_persona::broker::{self, ReleaseRequest};
use muzzle_persona::events::{
    AgentName, PersonaName, ReleaseReason, RoleName, SessionId, Slot, visible,
};
use serde::Serialize;

use super::Context;
use super::count::Count;
use super::failure::Failure;
use super::output::Report;

/// Give a session's personas back, with their work counted
///
/// Afterwards, free personas that were not assigned for a long time are
/// archived.
#[derive(Debug, Args)]
pub struct ReleaseArgs {
    /// The session that holds them
    #[arg(long, value_parser = SessionId::parse)]
    session: SessionId,
    /// Only those of this agent
    #[arg(long, value_parser = AgentName::parse)]
    agent_name: Option<AgentName>,
}

pub fn run(args: ReleaseArgs, context: &mut Context) -> Result<ReleaseReport, Failure> {
    let now = context.now();
    let mut store = context.open()?;
    let ReleaseArgs { session, agent_name: agent } = args;
    let request = ReleaseRequest { session, agent, reason: ReleaseReason::Manual };
    let answer =
        store.execute(now, &mut context.rng, |situation| broker::release(situation, &request))?;
    context.warnings.extend(answer.torn.iter().map(ToString::to_string));
    let slots = answer.outcome.slots.into_iter();
    let released =
        slots.map(|slot| Released { slot: slot.slot, name: slot.persona, role: slot.role });
    Ok(ReleaseReport {
        session: request.session,
        released: released.collect(),
        retired: answer.outcome.retired,
    })
}

#[derive(Debug, Serialize)]
pub struct ReleaseReport {
    session: SessionId,
    released: Vec<Released>,
    retired: Vec<PersonaName>,
}

#[derive(Debug, Serialize)]
struct Released {
    slot: Slot,
    name: PersonaName,
    role: RoleName,
}

impl Report for ReleaseReport {}

impl fmt::Display for ReleaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = visible(self.session.as_str());
        if self.released.is_empty() {
            return writeln!(f, "The session `{session}` holds no persona; nothing to release.");
        }
        let count = Count(self.released.len() as u64, "persona");
        writeln!(f, "Released {count} of the session `{session}`:")?;
        for Released { slot, name, role } in &self.released {
            let (slot, name) = (visible(slot.as_str()), visible(name.as_str()));
            writeln!(f, "  {name} from {slot}, {}", visible(role.as_str()))?;
        }
        for name in &self.retired {
            let name = visible(name.as_str());
            writeln!(f, "Archived {name}, who was not assigned for a long time.")?;
        }
        Ok(())
    }
}
