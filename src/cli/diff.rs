//! `diff`: tell what changed between two moments.

use std::fmt;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use muzzle_persona::broker;
use muzzle_persona::events::{EventId, RoleName, visible};
use muzzle_persona::git::RevisionError;
use muzzle_persona::projection::{Cutoff, CutoffError, CutoffSpec, Moment};
use muzzle_persona::projection::{Lease, Pair, Persona, PersonaChange, StatusReason};
use muzzle_persona::wording::Count;
use muzzle_persona::{Snapshot, StoreError};
use serde::Serialize;

use super::output::{FAINT, HEADING};
use super::persona::{origin_word, place, runs, tally};
use super::wrap::hanging;
use super::{Context, Failure, failure::EVENTS_HINT, line, minute};

/// Tell what changed between two moments, by persona
///
/// A moment is a time, a date or a minute (both to their ends, in your time
/// zone), `yesterday`, `3d` or `2 hours ago`, a sequence number, or how an event's
/// id begins, with 4 digits or more. Anything else is a revision of the git repository that the store is
/// in; `git:REV` is one in any case.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona diff 2026-03-01
  muzzle-persona diff 2026-03-01 2026-03-19
  muzzle-persona diff HEAD~1")]
pub struct DiffArgs {
    /// The first moment, or a revision of the store in git
    #[arg(value_name = "A", value_parser = parse)]
    from: (String, Moment),
    /// The second one [default: now]
    #[arg(value_name = "B", value_parser = parse)]
    to: Option<(String, Moment)>,
}

/// Reads a moment; anything else is a revision, which git may know or not.
fn parse(text: &str) -> Result<(String, Moment), String> {
    if text.strip_prefix("git:").unwrap_or(text).is_empty() {
        return Err("it is empty".to_owned());
    }
    let revision = || Moment::Fixed(CutoffSpec::Revision(text.to_owned()));
    Ok((text.to_owned(), Moment::parse(text).unwrap_or_else(|_| revision())))
}

/// Opens the store as it was at a moment, or else as it is.
fn open(context: &Context, moment: Option<&(String, Moment)>) -> Result<Snapshot, Failure> {
    let options = &context.options;
    let Some((typed, moment)) = moment else {
        return Ok(Snapshot::open_until(options, Cutoff::All)?);
    };
    let spec = context.meant(moment);
    match (Snapshot::open(options, &spec), &spec) {
        // A commit's id looks like an event's.
        (Err(StoreError::Cutoff(error @ CutoffError::UnknownId(_))), _) => {
            let revision = CutoffSpec::Revision(typed.clone());
            Snapshot::open(options, &revision).map_err(|_| error.into())
        }
        (Err(StoreError::Revision(error)), CutoffSpec::Revision(name))
            if name == typed && !matches!(error, RevisionError::NoLog(_)) =>
        {
            let message = format!("`{typed}` is no time, sequence number or id, and {error}");
            Err(Failure::not_found(message, EVENTS_HINT))
        }
        (opened, _) => Ok(opened?),
    }
}

pub fn run(args: DiffArgs, context: &mut Context) -> Result<DiffReport, Failure> {
    let before = open(context, Some(&args.from))?;
    let mut after = open(context, args.to.as_ref())?;
    // At one moment for both: what is different comes from events, and not from the time between.
    let (scoring, now) = (after.rules().scoring.clone(), after.now());
    let affinity = |it: &Persona, role: &RoleName| broker::affinity(it, role, &scoring, now);
    let mut personas = PersonaChange::between(before.roster(), after.roster(), &affinity);
    if personas.iter().any(PersonaChange::is_brought_back) {
        after.visit(&["reactivate"], |record| {
            for change in &mut personas {
                change.note_reason(&record.event);
            }
        })?;
    }
    let side = |given, snapshot: &Snapshot| Side {
        given,
        commit: snapshot.commit().map(str::to_owned),
        events: snapshot.view().events,
        last_event: snapshot.view().last_at,
        heads: snapshot.view().heads.ids().to_vec(),
        zone: context.zone.clone(),
    };
    let (from, to) = (Some(args.from.0), args.to.map(|(typed, _)| typed));
    Ok(DiffReport { from: side(from, &before), to: side(to, &after), personas })
}

#[derive(Debug, Serialize)]
pub struct DiffReport {
    from: Side,
    to: Side,
    personas: Vec<PersonaChange>,
}

#[derive(Debug, Serialize)]
struct Side {
    /// As it was typed; not if it is the present.
    given: Option<String>,
    commit: Option<String>,
    events: u64,
    last_event: Option<Timestamp>,
    heads: Vec<EventId>,
    #[serde(skip)]
    zone: TimeZone,
}

impl fmt::Display for DiffReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let between = format!("{} → {}", self.from, self.to);
        let between = f.width().map_or(between.clone(), |columns| hanging(&between, columns));
        writeln!(f, "{FAINT}{between}{FAINT:#}")?;
        if self.personas.is_empty() {
            return writeln!(f, "Nothing changed for any persona.");
        }
        for change in &self.personas {
            writeln!(f, "\n{HEADING}{}{HEADING:#}", visible(change.name.as_str()))?;
            lines(change).iter().try_for_each(|text| line(f, format!("  {text}")))?;
        }
        Ok(())
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = visible(self.given.as_deref().unwrap_or("now"));
        let last = self.last_event.map(|at| format!(", the last of {}", minute(at, &self.zone)));
        write!(f, "{given} ({}{})", Count(self.events, "event"), last.unwrap_or_default())
    }
}

fn lines(change: &PersonaChange) -> Vec<String> {
    if change.status.after.is_none() {
        return vec!["not there any more".to_owned()];
    }
    let created = || format!("created ({})", origin_word(change.origin));
    let mut lines: Vec<_> = change.status.before.is_none().then(created).into_iter().collect();
    if !change.revised.is_empty() {
        lines.push(format!("revised: {}", change.revised.join(", ")));
    }
    let why = change.reason.map(|reason| format!(" ({})", word(reason))).unwrap_or_default();
    if matches!(change.reason, Some(StatusReason::Retired(_))) {
        lines.push(format!("archived{why}"));
    } else if change.is_brought_back() {
        lines.push(format!("brought back{why}"));
    }
    for (what, leases) in [("given back by", &change.given_back), ("lent to", &change.lent)] {
        lines.extend(leases.iter().map(|Lease { session, slot, role, project, work, .. }| {
            let on = place(project, work.as_ref());
            format!("{what} {slot} of the session {session}, as {role} on {on}")
        }));
    }
    let ids =
        |ids: &[EventId]| ids.iter().map(|id| format!("{id:.8}")).collect::<Vec<_>>().join(", ");
    for (what, lessons) in [("taught", &change.taught), ("offered no more", &change.withdrawn)] {
        if !lessons.is_empty() {
            lines.push(format!("lessons {what}: {}", ids(lessons)));
        }
    }
    lines.extend(
        change.noted.iter().map(|project| format!("its last note on {project} is another")),
    );
    lines.extend(change.roles.iter().map(|(role, record)| {
        let changes = [
            changed("affinity", record.affinity, |points| format!("{:.3}", points.as_f64())),
            changed("lent", record.assignments, |n| n.to_string()),
            changed("done", record.counts, |n| n.to_string()),
            changed("feedback", record.feedback, tally),
            changed("runs", record.outcomes, runs),
        ];
        format!("{role}: {}", changes.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }));
    lines
}

fn changed<T: PartialEq>(what: &str, pair: Pair<T>, show: fn(T) -> String) -> Option<String> {
    let is_same = pair.is_same();
    let Pair { before, after } = pair.map(show);
    (!is_same).then(|| format!("{what} {before} → {after}"))
}

/// The JSON name of a value, in words.
fn word(value: impl Serialize) -> String {
    let spelt = serde_json::to_value(value).unwrap_or_default();
    spelt.as_str().unwrap_or_default().replace('_', " ")
}
