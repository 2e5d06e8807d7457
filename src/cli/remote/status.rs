//! `remote status`: how the fleet is, and how far the mirror follows it.

use std::fmt;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use muzzle_persona::events::{LogError, visible};
use muzzle_persona::fleet::{EndpointStatus, FleetError};
use muzzle_persona::wording::Count;
use muzzle_persona::{FleetStatus, LatestEvent, Store, StoreError};
use serde::Serialize;

use super::{Context, Failure, Fleet, line};
use crate::cli::failure::WRITE;
use crate::cli::table::Column;
use crate::cli::{Table, minute, sentence};

const MIB: u64 = 1024 * 1024;
const REPAIR_HINT: &str = "`muzzle-persona repair` takes the fleet's copy";

/// Show how the fleet is, and how far this store follows it
///
/// It asks each member, counts the lines of the fleet's log, and tells what waits here until
/// the fleet can be reached. Nothing is changed. If the log cannot be read there, the exit
/// code is 5; if the mirror here is damaged, it is 3.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona remote status
  muzzle-persona remote status --json")]
pub struct StatusArgs {}

pub fn run(context: &Context) -> Result<StatusReport, Failure> {
    let status = Store::fleet_status(&context.options)?;
    let FleetStatus { config, endpoints, lines, fleet, waiting } = status;
    let waiting = waiting.iter().map(|it| Waiting { kind: it.event.kind().to_owned(), at: it.at });
    let members = endpoints.into_iter().map(Member::of);
    let (fleet_lines, latest, error) = match fleet {
        Ok((all, latest)) => (Some(all), latest.iter().map(Latest::of).collect(), None),
        Err(error) => (None, Vec::new(), Some(Failure::fleet(&error))),
    };
    let (lines, mirror_error) = match lines {
        Ok(lines) => (Some(lines), None),
        Err(error) => (None, Some(unreadable(error))),
    };
    let behind = fleet_lines.zip(lines).map(|(all, here)| all.saturating_sub(here));
    Ok(StatusReport {
        members: members.collect(),
        lines,
        fleet_lines,
        behind,
        waiting: waiting.collect(),
        latest,
        error,
        mirror_error,
        fleet: config.into(),
        now: context.options.now,
        zone: context.zone.clone(),
    })
}

/// Why the mirror cannot be read. What is damaged here, the fleet has.
fn unreadable(error: StoreError) -> Failure {
    let is_damaged = matches!(error, StoreError::Log(LogError::Damaged { .. }));
    let mut failure = Failure::from(error);
    if is_damaged {
        failure.hint = Some(REPAIR_HINT.to_owned());
    }
    failure
}

#[derive(Debug, Serialize)]
pub struct StatusReport {
    members: Vec<Member>,
    /// How many lines the mirror has, and the fleet, and how many the mirror lacks.
    lines: Option<u64>,
    fleet_lines: Option<u64>,
    behind: Option<u64>,
    /// The reports that wait for the fleet, oldest first.
    waiting: Vec<Waiting>,
    /// The last events of the fleet, oldest first.
    latest: Vec<Latest>,
    /// Why the log of the fleet could not be read.
    error: Option<Failure>,
    /// Why the mirror could not be read.
    mirror_error: Option<Failure>,
    #[serde(flatten)]
    fleet: Fleet,
    #[serde(skip)]
    now: Timestamp,
    #[serde(skip)]
    zone: TimeZone,
}

/// A member, and what it says of itself; nothing of it if it does not answer.
#[derive(Debug, Serialize)]
struct Member {
    endpoint: String,
    state: State,
    version: Option<String>,
    db_bytes: Option<u64>,
    quota_bytes: Option<u64>,
    /// What is wrong, in words.
    errors: Vec<String>,
}

/// How a member is.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Leads,
    Follows,
    /// It knows of none who leads, and takes nothing.
    NoLeader,
    /// It takes no more lines.
    Full,
    Unreachable,
    /// It answers, and not what it was asked.
    Failed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leads => "leads",
            Self::Follows => "follows",
            Self::NoLeader => "no leader",
            Self::Full => "full",
            Self::Unreachable => "no answer",
            Self::Failed => "failed",
        })
    }
}

#[derive(Debug, Serialize)]
struct Waiting {
    #[serde(rename = "type")]
    kind: String,
    at: Timestamp,
}

#[derive(Debug, Serialize)]
struct Latest {
    line: u64,
    at: Option<Timestamp>,
    #[serde(rename = "type")]
    kind: Option<String>,
    /// What happened, in words.
    event: String,
}

impl Member {
    fn of(EndpointStatus { url, status }: EndpointStatus) -> Self {
        let unasked = Self {
            endpoint: url,
            state: State::Failed,
            version: None,
            db_bytes: None,
            quota_bytes: None,
            errors: Vec::new(),
        };
        match status {
            Ok(it) => {
                let state = match it.leader {
                    _ if it.is_full => State::Full,
                    None => State::NoLeader,
                    Some(_) if it.is_leader => State::Leads,
                    Some(_) => State::Follows,
                };
                let (version, db_bytes) = (Some(it.version), Some(it.db_size));
                let (quota_bytes, errors) = (it.quota, it.errors);
                Self { state, version, db_bytes, quota_bytes, errors, ..unasked }
            }
            Err(error) => {
                let state = if is_unreached(&error) { State::Unreachable } else { State::Failed };
                Self { state, errors: vec![error.to_string()], ..unasked }
            }
        }
    }
}

fn is_unreached(error: &FleetError) -> bool {
    matches!(
        error,
        FleetError::NobodyListens { .. }
            | FleetError::Unreachable { .. }
            | FleetError::NoConnection { .. }
            | FleetError::NoAnswer { .. }
    )
}

impl Latest {
    fn of(LatestEvent { line, event }: &LatestEvent) -> Self {
        let record = event.as_ref();
        Self {
            line: *line,
            at: record.map(|record| record.at),
            kind: record.map(|record| record.event.kind().to_owned()),
            event: record.map_or_else(|| "a line that is damaged".to_owned(), sentence),
        }
    }
}

impl StatusReport {
    pub fn code(&self) -> u8 {
        match (&self.mirror_error, &self.error) {
            (Some(failure), _) => failure.code,
            (None, Some(_)) => WRITE,
            (None, None) => 0,
        }
    }
}

impl fmt::Display for StatusReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, format!("This store shares {}.", self.fleet))?;
        let mut table = Table::new(&[
            Column::new("MEMBER").whole(),
            Column::new("STATE").tells(),
            Column::new("VERSION"),
            Column::new("SIZE").right(),
            Column::new("QUOTA").right().drops(1),
        ]);
        let size = |bytes: Option<u64>| {
            bytes.map(|bytes| format!("{} MiB", bytes.div_ceil(MIB))).unwrap_or_default()
        };
        for it in &self.members {
            let version = it.version.as_deref().map(visible).unwrap_or_default();
            let (size, quota) = (size(it.db_bytes), size(it.quota_bytes));
            table.row(&[&it.endpoint, &it.state, &version, &size, &quota]);
        }
        table.show(f)?;
        for error in self.members.iter().flat_map(|it| &it.errors) {
            line(f, format!("  {error}"))?;
        }
        let lines = self.lines.unwrap_or_default();
        let here = Count(lines, "line");
        match (self.fleet_lines, self.behind) {
            (Some(all), None) => line(f, format!("The fleet has {}.", Count(all, "line")))?,
            (Some(all), Some(0)) if all < lines => line(
                f,
                format!(
                    "The fleet has {}, and the mirror {here}: `muzzle-persona remote check` tells what is missing.",
                    Count(all, "line")
                ),
            )?,
            (Some(_), Some(0)) => line(f, format!("The mirror has all {here}."))?,
            (Some(all), Some(behind)) => line(
                f,
                format!("The mirror has {here} of {all}; {} to come.", Count(behind, "line")),
            )?,
            (None, _) if self.lines.is_some() => line(f, format!("The mirror has {here}."))?,
            (None, _) => {}
        }
        if let Some(first) = self.waiting.first() {
            let reports = Count(self.waiting.len() as u64, "report");
            let wait = reports.agree("waits", "wait");
            let waited = self.now.duration_since(first.at).as_secs() / 60;
            let minutes = Count(u64::try_from(waited).unwrap_or_default(), "minute");
            line(f, format!("{reports} {wait} for the fleet, the oldest for {minutes}:"))?;
            for Waiting { kind, at } in &self.waiting {
                line(f, format!("  {kind} of {}", minute(*at, &self.zone)))?;
            }
        }
        if !self.latest.is_empty() {
            line(f, "Latest:")?;
        }
        for Latest { line: number, at, event, .. } in &self.latest {
            let at = at.map(|at| minute(at, &self.zone)).unwrap_or_default();
            line(f, format!("  {number}  {at}  {event}"))?;
        }
        let failures = [("The log of the fleet", &self.error), ("The mirror", &self.mirror_error)];
        for (what, failure) in failures {
            let Some(Failure { message, hint, .. }) = failure else { continue };
            line(f, format!("{what} cannot be read: {message}."))?;
            line(f, format!("hint: {}", hint.as_deref().unwrap_or_default()))?;
        }
        Ok(())
    }
}
