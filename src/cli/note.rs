//! `note`: leave word of where the work stands.

use std::fmt;

use clap::Args;
use muzzle_persona::broker::{self, NoteRequest, Noted};
use muzzle_persona::events::{
    AgentName, EventId, NoteText, PersonaName, ProjectName, SessionId, Slot,
};
use muzzle_persona::projection::Needs;
use muzzle_persona::{Store, StoreError};
use serde::Serialize;

use super::named_session::{self, Among};
use super::{Context, Failure, line};

/// Leave word of where a persona stopped on its project
///
/// Whoever works on that project with the persona next is told the last note.
/// It is left for each persona that the session holds; `release --note` leaves
/// one while it gives them back.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona note -s s1 -m 'The retry loop is done; the queue is not.'
  muzzle-persona note -s s1 -a worker-1 -m 'The queue is half done.'")]
pub struct NoteArgs {
    /// The session that holds them, or how its name begins
    #[arg(short = 's', long, value_parser = SessionId::parse)]
    session: SessionId,
    /// Only for those of this agent
    #[arg(short = 'a', long, value_name = "AGENT", value_parser = AgentName::parse)]
    agent_name: Option<AgentName>,
    /// Where the work stands, at most 200 characters
    #[arg(short = 'm', long, value_name = "TEXT", value_parser = NoteText::parse)]
    note: NoteText,
}

pub fn run(args: NoteArgs, context: &mut Context) -> Result<NoteReport, Failure> {
    let NoteArgs { session, agent_name: agent, note } = args;
    let mut request = NoteRequest { session, agent, note };
    let (mut store, left) = match leave(&request, context) {
        Err(failure) if failure.kind == "not_found" => {
            let mut snapshot = context.present()?;
            let begun =
                named_session::begun(context, &mut snapshot, &request.session, Among::Holding)?;
            request.session = begun.ok_or(failure)?;
            leave(&request, context)?
        }
        left => left?,
    };
    let notes = recorded(&mut store, left)?;
    Ok(NoteReport { session: request.session, note: request.note, notes })
}

fn leave(request: &NoteRequest, context: &mut Context) -> Result<(Store, Vec<Noted>), Failure> {
    context.execute(&Needs::nothing(), |situation| broker::note(situation, request))
}

/// The notes as the store has them now.
pub fn recorded(store: &mut Store, noted: Vec<Noted>) -> Result<Vec<NoteLeft>, StoreError> {
    let needs = Needs::personas(noted.iter().map(|it| &it.persona));
    store.look(&needs, |store| {
        let left = noted.into_iter().map(|Noted { slot, persona: name, project }| {
            let persona = store.roster().get(&name);
            let event = persona.and_then(|it| it.note_on(&project)).map(|note| note.id);
            NoteLeft { slot, name, project, event }
        });
        Ok(left.collect())
    })
}

#[derive(Debug, Serialize)]
pub struct NoteReport {
    session: SessionId,
    note: NoteText,
    notes: Vec<NoteLeft>,
}

/// A note that was left.
#[derive(Debug, Serialize)]
pub struct NoteLeft {
    slot: Slot,
    name: PersonaName,
    project: ProjectName,
    /// The event that has it.
    event: Option<EventId>,
}

impl fmt::Display for NoteLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, project, event, .. } = self;
        let event = event.map(|event| format!(" ({event:.8})")).unwrap_or_default();
        line(f, format!("Left a note for {name} on {project}{event}."))
    }
}

impl fmt::Display for NoteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.notes.iter().try_for_each(|note| note.fmt(f))
    }
}
