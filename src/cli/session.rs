//! `session`: tell what the agents of a session did.

use std::fmt;

use clap::Args;
use jiff::tz::TimeZone;
use muzzle_persona::Snapshot;
use muzzle_persona::events::{PersonaName, SessionId};
use muzzle_persona::projection::{Assignment, History};
use serde::Serialize;

use super::history::released;
use super::named_session::{self, Among};
use super::said::{counted, verdicts, went, write_verdicts};
use super::table::Column;
use super::{AtArgs, Context, Failure, Table, minute};

const COLUMNS: [Column; 11] = [
    Column::new("NAME"),
    Column::new("ROLE"),
    Column::new("PROJECT").drops(5),
    Column::new("AGENT").names().drops(4),
    Column::new("ASSIGNED").whole().drops(7),
    Column::new("RELEASED").whole().drops(3),
    Column::new("RUN").tells().drops(8),
    Column::new("CALLS").right().drops(1),
    Column::new("ERRORS").right().drops(2),
    Column::new("TESTS").tells().drops(6),
    Column::new("SAID").tells().drops(9),
];

/// Tell how the runs of a session went, and what was said of them
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona session 00a62d08-e686-4a7f-b68d-71502eb6b076
  muzzle-persona session s1 --json")]
pub struct SessionArgs {
    /// The session, or how its name begins
    #[arg(value_parser = SessionId::parse)]
    session: SessionId,
    #[command(flatten)]
    at: AtArgs,
}

pub fn run(args: &SessionArgs, context: &mut Context) -> Result<SessionReport, Failure> {
    let (mut session, mut snapshot) = (args.session.clone(), context.read(&args.at)?);
    let mut history = history_of(&session, &mut snapshot)?;
    if history.assignments.is_empty()
        && let Some(begun) = named_session::begun(context, &mut snapshot, &session, Among::All)?
    {
        history = history_of(&begun, &mut snapshot)?;
        session = begun;
    }
    if history.assignments.is_empty() {
        let message = format!("nobody was ever lent to the session `{session}`");
        let hint = "`muzzle-persona who` shows the sessions that hold somebody";
        return Err(Failure::not_found(message, hint));
    }
    let assignments = history.assignments.into_iter();
    let assignments = assignments.map(|it| Lent { name: it.persona.clone(), assignment: it });
    let zone = context.zone.clone();
    Ok(SessionReport { session, assignments: assignments.collect(), zone })
}

fn history_of(session: &SessionId, snapshot: &mut Snapshot) -> Result<History, Failure> {
    let mut history = History::of_session(session.clone());
    snapshot.visit(&[session.as_str()], |record| history.apply(record))?;
    Ok(history)
}

#[derive(Debug, Serialize)]
pub struct SessionReport {
    session: SessionId,
    /// Oldest first.
    assignments: Vec<Lent>,
    /// The zone in which times are shown.
    #[serde(skip)]
    zone: TimeZone,
}

#[derive(Debug, Serialize)]
struct Lent {
    name: PersonaName,
    #[serde(flatten)]
    assignment: Assignment,
}

impl fmt::Display for SessionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&COLUMNS);
        for Lent { name, assignment } in &self.assignments {
            let Assignment { role, project, agent, assigned_at, .. } = assignment;
            let assigned = minute(*assigned_at, &self.zone);
            let released = released(assignment, &self.zone);
            let ([calls, errors, tests], went) = (counted(assignment), went(assignment));
            let said = verdicts(assignment);
            table.row(&[
                name, role, project, agent, &assigned, &released, &went, &calls, &errors, &tests,
                &said,
            ]);
        }
        let all = || self.assignments.iter().map(|it| &it.assignment);
        let all_counted: Vec<_> = all().map(counted).collect();
        for (column, count) in (7..10).zip(0..) {
            if all_counted.iter().all(|counted| counted.get(count).is_none_or(String::is_empty)) {
                table.hide(column);
            }
        }
        for (column, cell) in [(6, went as fn(&Assignment) -> String), (10, verdicts)] {
            if all().all(|it| cell(it).is_empty()) {
                table.hide(column);
            }
        }
        table.show(f)?;
        write_verdicts(f, all(), &self.zone)
    }
}
