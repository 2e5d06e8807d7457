//! `release`: give personas back.

use std::fmt;

use clap::Args;
use muzzle_persona::broker::{self, ReleaseRequest};
use muzzle_persona::events::{
    AgentName, PersonaName, ReleaseReason, ReleasedSlot, RoleName, SessionId, Slot, visible,
};
use muzzle_persona::projection::Needs;
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::context::Context;
use super::failure::Failure;

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
    let ReleaseArgs { session, agent_name: agent } = args;
    let request = ReleaseRequest { session, agent, reason: ReleaseReason::Manual };
    let (_, released) =
        context.execute(&Needs::nothing(), |situation| broker::release(situation, &request))?;
    Ok(ReleaseReport {
        session: request.session,
        released: released.slots.into_iter().map(Released::from).collect(),
        retired: released.retired,
    })
}

#[derive(Debug, Serialize)]
pub struct ReleaseReport {
    session: SessionId,
    released: Vec<Released>,
    retired: Vec<PersonaName>,
}

/// A slot that was closed.
#[derive(Debug, Serialize)]
pub struct Released {
    pub slot: Slot,
    pub name: PersonaName,
    pub role: RoleName,
}

impl From<ReleasedSlot> for Released {
    fn from(ReleasedSlot { slot, persona, role }: ReleasedSlot) -> Self {
        Self { slot, name: persona, role }
    }
}

impl fmt::Display for Released {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, slot) = (visible(self.name.as_str()), visible(self.slot.as_str()));
        writeln!(f, "  {name} from {slot}, {}", visible(self.role.as_str()))
    }
}

impl fmt::Display for ReleaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = visible(self.session.as_str());
        if self.released.is_empty() {
            return writeln!(f, "The session `{session}` holds no persona; nothing to release.");
        }
        let count = Count(self.released.len(), "persona");
        writeln!(f, "Released {count} of the session `{session}`:")?;
        self.released.iter().try_for_each(|released| write!(f, "{released}"))?;
        for name in &self.retired {
            let name = visible(name.as_str());
            writeln!(f, "Archived {name}, who was not assigned for a long time.")?;
        }
        Ok(())
    }
}
