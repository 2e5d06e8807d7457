//! `who`: tell who is at work.

use std::fmt;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use muzzle_persona::events::{PersonaName, ProjectName, RoleName, SessionId, Slot, WorkName};
use muzzle_persona::projection::{Hold, Lease, Needs};
use serde::Serialize;

use super::persona::place;
use super::table::Column;
use super::{AtArgs, Context, Failure, Table, minute};

const COLUMNS: [Column; 7] = [
    Column::new("NAME"),
    Column::new("ROLE"),
    Column::new("AGENT").names(),
    Column::new("ON").drops(4),
    Column::new("SINCE").whole().drops(3),
    Column::new("RUN").tells().drops(2),
    Column::new("SESSION").names().drops(1),
];

/// Tell who is at work, for which agent and on what
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona who
  muzzle-persona who -p acme-api --json")]
pub struct WhoArgs {
    /// Only those of this session
    #[arg(short = 's', long, value_parser = SessionId::parse)]
    session: Option<SessionId>,
    /// Only those on this project
    #[arg(short = 'p', long, value_parser = ProjectName::parse)]
    project: Option<ProjectName>,
    #[command(flatten)]
    at: AtArgs,
}

pub fn run(args: &WhoArgs, context: &mut Context) -> Result<WhoReport, Failure> {
    let mut snapshot = context.read(&args.at)?;
    let slots = snapshot.look(&Needs::nothing(), |then| {
        let roster = then.roster();
        let held = roster.names().flat_map(|name| {
            roster.leases(name).iter().map(|lease| OpenSlot::new(name, lease.clone()))
        });
        let wanted = held
            .filter(|it| args.session.as_ref().is_none_or(|session| it.session == *session))
            .filter(|it| args.project.as_ref().is_none_or(|project| it.project == *project));
        let mut slots: Vec<_> = wanted.collect();
        slots.sort_by(|a, b| (a.since, &a.session, &a.slot).cmp(&(b.since, &b.session, &b.slot)));
        Ok(slots)
    })?;
    Ok(WhoReport { slots, zone: context.zone.clone() })
}

#[derive(Debug, Serialize)]
pub struct WhoReport {
    /// Those that were opened first come first.
    slots: Vec<OpenSlot>,
    /// The zone in which times are shown.
    #[serde(skip)]
    zone: TimeZone,
}

/// A slot that is open, and who is in it.
#[derive(Debug, Serialize)]
struct OpenSlot {
    name: PersonaName,
    role: RoleName,
    agent: String,
    slot: Slot,
    session: SessionId,
    project: ProjectName,
    work: Option<WorkName>,
    since: Timestamp,
    state: State,
}

/// What is known of the run in a slot.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// It is at work, or may be.
    UnderWay,
    /// A client asked for the persona, and did not tell of a run yet.
    Unseen,
    /// It is over, and its persona may be lent to somebody else.
    Ended,
}

impl OpenSlot {
    fn new(name: &PersonaName, lease: Lease) -> Self {
        let state = match lease.hold() {
            Hold::Free | Hold::Ended => State::Ended,
            Hold::Unseen(_) => State::Unseen,
            Hold::UnderWay => State::UnderWay,
        };
        let agent = lease.slot.agent().to_owned();
        let Lease { session, slot, role, project, work, since, .. } = lease;
        Self { name: name.clone(), role, agent, slot, session, project, work, since, state }
    }
}

impl fmt::Display for WhoReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.slots.is_empty() {
            return writeln!(f, "Nobody is at work.");
        }
        let mut table = Table::new(&COLUMNS);
        for OpenSlot { name, role, agent, session, project, work, since, state, .. } in &self.slots
        {
            let on = place(project, work.as_ref());
            let state = match state {
                State::UnderWay => "under way",
                State::Unseen => "not seen yet",
                State::Ended => "ended",
            };
            let since = minute(*since, &self.zone);
            table.row(&[name, role, agent, &on, &since, &state, session]);
        }
        table.show(f)
    }
}
