//! `stats`: count everything.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::{fmt, iter};

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use muzzle_persona::audit::{Finding, LeftOut, Severity};
use muzzle_persona::events::{EventId, PersonaName, ProjectName, RoleName, WorkName};
use muzzle_persona::projection::{Needs, Persona, Tally};
use muzzle_persona::wording::{Count, LISTED};
use muzzle_persona::{Snapshot, Store};
use serde::{Serialize, Serializer};

use super::work::{self, WorkReport};
use super::{AtArgs, Context, Failure, Table, line, minute, persona::tally};

/// The most bytes of a log that is read through to count what it holds: that takes some hundredths
/// of a second.
pub const READ_THROUGH: u64 = 4 * 1024 * 1024;

/// Count personas, assignments, feedback and events
///
/// A log of up to 4 MiB is read through, and damage is told of; of a longer one
/// the checkpoint is believed, and `verify` reads it.
///
/// With `--work` and `--project`: tell who did what on some work, and whether
/// every review of it was independent.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona stats
  muzzle-persona stats -p acme-api --work fix-login")]
pub struct StatsArgs {
    /// Only this work, such as a branch: who did what, and who judged it
    #[arg(long, value_parser = WorkName::parse, requires = "project")]
    work: Option<WorkName>,
    /// The project of the work
    #[arg(short = 'p', long, value_parser = ProjectName::parse, requires = "work")]
    project: Option<ProjectName>,
    #[command(flatten)]
    at: AtArgs,
}

/// The one answer or the other.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum StatsAnswer {
    All(StatsReport),
    Work(WorkReport),
}

impl fmt::Display for StatsAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(report) => report.fmt(f),
            Self::Work(report) => report.fmt(f),
        }
    }
}

pub fn run(args: &StatsArgs, context: &mut Context) -> Result<StatsAnswer, Failure> {
    match (&args.project, &args.work) {
        (Some(project), Some(work)) => {
            work::run(project, work, &args.at, context).map(StatsAnswer::Work)
        }
        _ => count(args, context).map(StatsAnswer::All),
    }
}

fn count(args: &StatsArgs, context: &mut Context) -> Result<StatsReport, Failure> {
    let mut snapshot = context.read_quietly(&args.at)?;
    let mut stats = snapshot.look(&Needs::everyone(), |then| Ok(report(then)))?;
    stats.zone = context.zone.clone();
    // Whatever moment is asked about, this is about the store as it is.
    let open = Store::writable_by_others(&context.options)?;
    stats.warnings.extend(open.iter().map(|Finding { place, fault }| {
        let file = place.as_ref().map(|place| place.file.as_str()).unwrap_or_default();
        format!("`{file}` in the store: {fault}")
    }));
    let is_present = args.at.is_none();
    if is_present && stats.log_bytes <= READ_THROUGH {
        let audit = Store::verify(&context.options, &[])?;
        let damage = audit.findings.iter().filter(|it| {
            // The checkpoint is not the log, and changes no answer.
            let is_cache = it.place.as_ref().is_some_and(|place| place.file.starts_with(".cache"));
            it.fault.severity() == Severity::Damage && !is_cache
        });
        stats.warnings.extend(damage.map(|Finding { place, fault }| {
            let place = place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
            format!("the log is damaged: {place}{fault}")
        }));
        let more = audit.left_out.iter().filter(|it| it.severity == Severity::Damage);
        stats.warnings.extend(more.map(|LeftOut { kind, count, .. }| {
            format!("the log is damaged: and {count} more of the kind `{kind}`")
        }));
    }
    Ok(stats)
}

fn report(snapshot: &Snapshot) -> StatsReport {
    let (view, roster) = (snapshot.view(), snapshot.roster());
    let personas = roster.by_name();
    let count = |is: fn(&Persona) -> bool| personas.iter().filter(|p| is(p)).count() as u64;
    let (total, active) = (count(|_| true), count(Persona::is_active));
    let mut roles: BTreeMap<_, RoleCounts> = BTreeMap::new();
    for (role, record) in personas.iter().flat_map(|persona| &persona.roles) {
        let counts = roles.entry(role.clone()).or_default();
        counts.assignments += record.assigned;
        counts.feedback = counts.feedback.plus(record.tally);
    }
    let lent = |it: &Persona| it.roles.values().map(|role| role.assigned).sum();
    let busy = personas.iter().map(|it| Busy { name: it.name().clone(), assignments: lent(it) });
    let mut busiest: Vec<_> = busy.filter(|busy| busy.assignments > 0).collect();
    busiest.sort_by_key(|busy| Reverse(busy.assignments));
    busiest.truncate(5);
    let (held, free) = (count(Persona::is_held), count(Persona::is_free));
    StatsReport {
        personas: [total, active, total - active, held, free],
        roles,
        busiest,
        assignments: roster.assignments(),
        feedback: roster.feedback(),
        events: view.events,
        log_bytes: view.bytes,
        first_event: view.first_at,
        last_event: view.last_at,
        heads: view.heads.ids().to_vec(),
        warnings: roster.warnings().iter().map(ToString::to_string).collect(),
        zone: TimeZone::UTC,
    }
}

#[derive(Debug, Serialize)]
pub struct StatsReport {
    #[serde(serialize_with = "by_standing")]
    personas: [u64; 5],
    roles: BTreeMap<RoleName, RoleCounts>,
    /// The five that were assigned most often; of equal ones, as they come: by name.
    busiest: Vec<Busy>,
    assignments: u64,
    feedback: u64,
    events: u64,
    log_bytes: u64,
    first_event: Option<Timestamp>,
    last_event: Option<Timestamp>,
    heads: Vec<EventId>,
    warnings: Vec<String>,
    #[serde(skip)]
    zone: TimeZone,
}

fn by_standing<S: Serializer>(counts: &[u64; 5], serializer: S) -> Result<S::Ok, S::Error> {
    let names = ["total", "active", "archived", "held", "free"];
    serializer.collect_map(iter::zip(names, counts))
}

#[derive(Debug, Default, Serialize)]
struct RoleCounts {
    assignments: u64,
    feedback: Tally,
}

#[derive(Debug, Serialize)]
struct Busy {
    name: PersonaName,
    assignments: u64,
}

impl fmt::Display for StatsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [total, active, archived, held, free] = self.personas;
        let total = Count(total, "persona");
        line(
            f,
            format!("{total}: {active} active, {archived} archived; {held} held, {free} free"),
        )?;
        let assignments = Count(self.assignments, "assignment");
        writeln!(f, "{assignments}, {}", Count(self.feedback, "feedback event"))?;
        let mut log =
            format!("{} in {}", Count(self.events, "event"), Count(self.log_bytes, "byte"));
        if let (Some(first), Some(last)) = (self.first_event, self.last_event) {
            let (first, last) = (minute(first, &self.zone), minute(last, &self.zone));
            log = format!("{log}, from {first} to {last}");
        }
        line(f, log)?;
        if self.log_bytes > READ_THROUGH {
            line(f, "The log was not read through; `muzzle-persona verify` does that.")?;
        }
        self.heads.iter().take(LISTED).try_for_each(|head| writeln!(f, "head {head}"))?;
        if let Some(more @ 1..) = self.heads.len().checked_sub(LISTED) {
            let more = Count(more as u64, "more head");
            line(f, format!("and {more}, which the next command that records something joins"))?;
        }
        self.warnings.iter().try_for_each(|warning| line(f, format!("warning: {warning}")))?;
        if self.roles.is_empty() {
            return Ok(());
        }
        let mut roles = Table::new(&["ROLE", ">ASSIGNMENTS", "FEEDBACK"]);
        for (role, RoleCounts { assignments, feedback }) in &self.roles {
            roles.row(&[role, assignments, &tally(*feedback)]);
        }
        let mut busiest = Table::new(&["BUSIEST", ">ASSIGNMENTS"]);
        for Busy { name, assignments } in &self.busiest {
            busiest.row(&[name, assignments]);
        }
        writeln!(f)?;
        roles.show(f)?;
        writeln!(f)?;
        busiest.show(f)
    }
}
