//! The record of a store as pictures: one page of HTML, a heat map and lanes.
//!
//! [`Picture`] is what all of them show, gathered in one pass through the log; nothing here keeps the
//! log. Each picture shows a part that is bounded however long the log is, and says how
//! much it leaves out.

use std::collections::BTreeMap;
use std::fmt::Display;

use clap::Args;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use muzzle_persona::Snapshot;
use muzzle_persona::broker::{HeatCell, HeatMap};
use muzzle_persona::events::{PersonaName, ProjectName, RoleName, visible};
use muzzle_persona::projection::{
    Cutoff, Lease, Moment, MonthlyVerdicts, Needs, Persona, Span, TimeWindow, Timeline,
    TimelineScope,
};
use muzzle_persona::wording::Count;

use super::{AtArgs, Context, Failure, sentence};

mod chart;
mod grid;
pub mod heat;
pub mod lanes;
pub mod page;
mod page_file;
mod view;

/// How long before the last event the lanes begin, unless it is said.
const LANES: SignedDuration = SignedDuration::from_hours(28 * 24);
/// How many of the last events are told.
const EVENTS: usize = 40;

/// What a picture is of.
#[derive(Debug, Args)]
pub struct PictureArgs {
    /// Only work on this project; scores are still those of all work
    #[arg(short = 'p', long, value_parser = ProjectName::parse)]
    project: Option<ProjectName>,
    /// Only what happened from this moment on
    #[arg(long, value_name = "MOMENT", value_parser = Moment::parse)]
    since: Option<Moment>,
    #[command(flatten)]
    at: AtArgs,
}

/// How large a picture is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// The most columns of time.
    pub columns: usize,
    /// The most jobs that are listed.
    pub jobs: usize,
}

/// What pictures show.
pub struct Picture {
    pub project: Option<ProjectName>,
    /// When the first event that counts was written, where that is not the first of all.
    pub since: Option<Timestamp>,
    /// The moment that is shown.
    pub now: Timestamp,
    pub personas: Vec<PersonaName>,
    pub active: usize,
    pub events: u64,
    /// The open slots, oldest first.
    pub board: Vec<(PersonaName, Lease)>,
    pub heat: HeatMap,
    pub timeline: Timeline,
    /// The months with judgements, by their first days.
    pub months: BTreeMap<Date, MonthlyVerdicts>,
    /// Newest first.
    pub last: Vec<Told>,
}

/// An event as a sentence.
pub struct Told {
    pub at: Timestamp,
    pub sentence: String,
}

impl Picture {
    pub fn gather(
        args: &PictureArgs,
        context: &mut Context,
        size: impl FnOnce() -> Size,
    ) -> Result<Self, Failure> {
        let mut snapshot = context.read(&args.at)?;
        let since = args.since.as_ref().map(|since| context.meant(since));
        let before = since.map(|since| snapshot.resolve(&since)).transpose()?;
        let before = before.map(|range| range.start);
        let since = before.map(|before| began(&mut snapshot, before)).transpose()?;
        let (view, now) = (snapshot.view(), snapshot.now());
        let (first, last) = (view.first_at.unwrap_or(now), view.last_at.unwrap_or(now));
        let recent = last.min(now).checked_sub(LANES).unwrap_or(first);
        // Clocks go wrong: the first event need not be the earliest.
        let recent = if first <= last { recent.max(first) } else { recent };
        let size = size();
        let window = TimeWindow::new(since.unwrap_or(recent), now, size.columns);
        let project = args.project.clone();
        let (jobs, events) = (size.jobs, EVENTS);
        let scope = TimelineScope { project, before, window, jobs, events };
        let mut timeline = Timeline::new(scope);
        snapshot.visit(&[], |record| timeline.apply(record))?;
        timeline.finish(now);
        Ok(snapshot.look(&Needs::all(), |then| Ok(Self::of(then, timeline, args, since)))?)
    }

    fn of(
        snapshot: &Snapshot,
        timeline: Timeline,
        args: &PictureArgs,
        since: Option<Timestamp>,
    ) -> Self {
        let (roster, now) = (snapshot.roster(), snapshot.now());
        let is_wanted = |persona: &Persona, role: &RoleName| {
            let counts = || timeline.counts(persona.name())?.get(role);
            timeline.takes_all() || counts().is_some()
        };
        let heat = HeatMap::of(roster, snapshot.rules(), now, is_wanted);
        let personas = roster.by_name();
        let is_on = |lease: &&Lease| args.project.as_ref().is_none_or(|it| lease.project == *it);
        let held = personas.iter().flat_map(|persona| {
            persona.leases.iter().filter(is_on).map(|lease| (persona.name().clone(), lease.clone()))
        });
        let mut board: Vec<_> = held.collect();
        board.sort_by_key(|(_, lease)| lease.since);
        let last =
            timeline.last().rev().map(|record| Told { at: record.at, sentence: sentence(record) });
        Self {
            project: args.project.clone(),
            since,
            now,
            active: personas.iter().filter(|persona| persona.is_active()).count(),
            personas: roster.names().cloned().collect(),
            events: snapshot.view().events,
            board,
            heat,
            months: roster.monthly_verdicts(|id| timeline.has_judgement(id)),
            last: last.collect(),
            timeline,
        }
    }

    /// Those who were held in the window, whoever was held latest first.
    pub fn lanes(&self) -> Vec<(&PersonaName, Vec<Span<'_>>)> {
        let mut lanes = self.timeline.lanes();
        // The log may name somebody who never existed.
        lanes.retain(|(name, _)| self.personas.binary_search(name).is_ok());
        lanes
    }

    /// How many jobs of a persona in a role were done.
    pub fn done(&self, persona: &PersonaName, role: &RoleName) -> u64 {
        let counts = self.timeline.counts(persona).and_then(|counts| counts.get(role));
        counts.map(|count| count.done).unwrap_or_default()
    }
}

/// When the first event that is not within a cut-off was written; if there is none, now.
fn began(snapshot: &mut Snapshot, before: Cutoff) -> Result<Timestamp, Failure> {
    match before {
        Cutoff::Time(time) => Ok(time.checked_add(SignedDuration::from_nanos(1)).unwrap_or(time)),
        Cutoff::Before(key) | Cutoff::Through(key) => Ok(key.at()),
        Cutoff::Seq(_) | Cutoff::All => {
            let mut first = None;
            snapshot.visit(&[], |record| {
                if first.is_none() && !before.includes(record) {
                    first = Some(record.at);
                }
            })?;
            Ok(first.unwrap_or(snapshot.now()))
        }
    }
}

/// A text of the log in one line, with hidden characters escaped, cut after `limit` characters.
fn short(text: impl Display, limit: usize) -> String {
    let text = text.to_string();
    let mut shown = visible(&text);
    if let Some((end, _)) = shown.char_indices().nth(limit) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

/// A number of seconds, as people say it.
fn duration(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let units =
        [(604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let unit = units.into_iter().find(|(length, _)| seconds.is_multiple_of(*length));
    let (length, name) = unit.unwrap_or((1, "second"));
    Count(seconds / length, name).to_string()
}

/// A score and its doubt, to two decimals.
fn score(cell: &HeatCell) -> (String, Option<String>) {
    let number = |points: f64| format!("{points:.2}");
    let doubt = cell.score.doubt.map(|doubt| format!("±{}", number(doubt.as_f64())));
    (number(cell.score.total.as_f64()), doubt)
}

/// Which of five shades a score has; the middle one is around a half.
fn shade(cell: &HeatCell) -> usize {
    let total = cell.score.total.as_f64();
    [0.35, 0.45, 0.55, 0.65].into_iter().filter(|from| total >= *from).count()
}
