//! `release`: give personas back.

use std::fmt;

use clap::Args;
use jiff::Timestamp;
use muzzle_persona::broker::{self, Decision, ReleaseRequest};
use muzzle_persona::events::{
    AgentName, NoteText, PersonaName, ReleaseReason, ReleasedSlot, RoleName, SessionId, Slot,
};
use muzzle_persona::{Snapshot, Store, projection::Needs, wording::Count};
use serde::Serialize;

use super::named_session::{self, Among};
use super::note::{self, NoteLeft};
use super::{Context, Failure, line};

/// Give a session's personas back, with their work counted
///
/// Afterwards, free personas that were not assigned for a long time are
/// archived.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona release -s s1
  muzzle-persona release -s s1 -a worker-1 -m 'The queue is not reviewed yet.'")]
pub struct ReleaseArgs {
    /// The session that holds them, or how its name begins
    #[arg(short = 's', long, value_parser = SessionId::parse)]
    session: SessionId,
    /// Only those of this agent
    #[arg(short = 'a', long, value_name = "AGENT", value_parser = AgentName::parse)]
    agent_name: Option<AgentName>,
    /// Leave word, for each persona that comes back, of where the work stands
    #[arg(short = 'm', long, value_name = "TEXT", value_parser = NoteText::parse)]
    note: Option<NoteText>,
}

pub fn run(args: ReleaseArgs, context: &mut Context) -> Result<ReleaseReport, Failure> {
    let ReleaseArgs { session, agent_name: agent, note } = args;
    let mut request = ReleaseRequest { session, agent, reason: ReleaseReason::Manual };
    let (store, mut done) = give_back(&request, note.as_ref(), context)?;
    if done.released.slots.is_empty() {
        let mut snapshot = Snapshot::present(store, context.options.now);
        let begun = named_session::begun(context, &mut snapshot, &request.session, Among::Holding)?;
        if let Some(session) = begun {
            request.session = session;
            done = give_back(&request, note.as_ref(), context)?.1;
        }
    }
    let Done { released, notes } = done;
    if note.is_some() && notes.is_empty() {
        context.warn(["nothing was open, so no note was left"]);
    }
    Ok(ReleaseReport {
        session: request.session,
        last_event: None,
        released: released.slots.into_iter().map(Released::from).collect(),
        retired: Some(released.retired),
        notes: Some(notes),
    })
}

/// What was given back, and the notes that were left.
struct Done {
    released: broker::Released,
    notes: Vec<NoteLeft>,
}

fn give_back(
    request: &ReleaseRequest,
    note: Option<&NoteText>,
    context: &mut Context,
) -> Result<(Store, Done), Failure> {
    let (mut store, (released, left)) = context.execute(&Needs::nothing(), |situation| {
        if let Some(note) = note {
            return broker::release_with_note(situation, request, note);
        }
        let Decision { events, outcome, notices } = broker::release(situation, request)?;
        Ok(Decision { events, outcome: (outcome, Vec::new()), notices })
    })?;
    let notes = note::recorded(&mut store, left)?;
    Ok((store, Done { released, notes }))
}

#[derive(Debug, Serialize)]
pub struct ReleaseReport {
    pub session: SessionId,
    /// For `orphan-cleanup` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_event: Option<Timestamp>,
    pub released: Vec<Released>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<Vec<PersonaName>>,
    /// For `release` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<Vec<NoteLeft>>,
}

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
        line(f, format!("  {} from {}, {}", self.name, self.slot, self.role))
    }
}

impl fmt::Display for ReleaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { session, released, retired, notes, .. } = self;
        if released.is_empty() {
            let none = format!("The session `{session}` holds no persona; nothing to release.");
            return line(f, none);
        }
        let count = Count(released.len(), "persona");
        line(f, format!("Released {count} of the session `{session}`:"))?;
        released.iter().try_for_each(|released| released.fmt(f))?;
        notes.iter().flatten().try_for_each(|note| note.fmt(f))?;
        retired.iter().flatten().try_for_each(|name| {
            line(f, format!("Archived {name}, who was not assigned for a long time."))
        })
    }
}
