//! `lanes`: who held what, over time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anstyle::{AnsiColor, Style};
use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use muzzle_persona::events::{PersonaName, ProjectName, RoleName, WorkName, visible};
use muzzle_persona::projection::{Job, Span, TimeWindow};
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::grid::fit;
use super::{Picture, PictureArgs, Size, duration};
use crate::cli::output::{FAINT, HEADING, line};
use crate::cli::{Context, Failure, Table, minute, number::limit};

/// Show who held what, over time
///
/// On a terminal with colours a line for each persona, in which a letter stands for the role that it
/// was lent for. Anywhere else a table of jobs, newest first. Without `--since` it
/// begins four weeks before the last event.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona lanes
  muzzle-persona lanes -p acme-api --since 2026-03-01")]
pub struct LanesArgs {
    #[command(flatten)]
    picture: PictureArgs,
    /// At most this many personas, those at work latest; in a table, this many jobs
    #[arg(short = 'n', long, value_name = "N", default_value = "20", value_parser = limit)]
    limit: usize,
    /// A table on a terminal, too, as for a screen reader
    #[arg(long)]
    plain: bool,
}

/// The longest name that is shown whole.
const NAME: usize = 20;

pub fn run(
    args: &LanesArgs,
    context: &mut Context,
    canvas: Option<usize>,
) -> Result<LanesReport, Failure> {
    let canvas = canvas.filter(|_| !args.plain);
    let size = || Size { columns: canvas.unwrap_or(80) - NAME - 1, jobs: args.limit };
    let picture = Picture::gather(&args.picture, context, size)?;
    let (window, limit) = (picture.timeline.window(), args.limit);
    let jobs: Vec<_> = picture.timeline.jobs().rev().cloned().collect();
    let lanes = picture.lanes();
    let drawing = canvas.map(|_| Drawing {
        zone: context.zone.clone(),
        window,
        lanes: lanes.iter().take(limit).map(|(name, spans)| Lane::of(name, spans)).collect(),
        left_out: lanes.len().saturating_sub(limit),
    });
    Ok(LanesReport {
        from: window.start_of(0),
        until: picture.now,
        project: picture.project.clone(),
        jobs_left_out: picture.timeline.jobs_in_window().saturating_sub(jobs.len()),
        jobs,
        drawing,
        zone: context.zone.clone(),
    })
}

#[derive(Debug, Serialize)]
pub struct LanesReport {
    from: Timestamp,
    until: Timestamp,
    project: Option<ProjectName>,
    jobs: Vec<Job>,
    jobs_left_out: usize,
    #[serde(skip)]
    drawing: Option<Drawing>,
    /// The zone in which times are shown.
    #[serde(skip)]
    zone: TimeZone,
}

#[derive(Debug)]
struct Drawing {
    zone: TimeZone,
    window: TimeWindow,
    lanes: Vec<Lane>,
    left_out: usize,
}

#[derive(Debug)]
struct Lane {
    name: PersonaName,
    /// The role in each part, with its first column and the one after its last.
    parts: Vec<(usize, usize, RoleName)>,
}

impl Lane {
    fn of(name: &PersonaName, spans: &[Span<'_>]) -> Self {
        let parts = spans.iter().map(|span| (span.from, span.until, span.task.role.clone()));
        Self { name: name.clone(), parts: parts.collect() }
    }
}

impl fmt::Display for LanesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (minute(self.from, &self.zone), minute(self.until, &self.zone));
        match &self.drawing {
            Some(drawing) if !drawing.lanes.is_empty() => drawing.fmt(f),
            None if !self.jobs.is_empty() => self.table(f),
            _ => writeln!(f, "Nobody was held from {from} to {until}."),
        }
    }
}

impl LanesReport {
    fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headings = ["PERSONA", "ASSIGNED", "RELEASED", "ROLE", "PROJECT", "WORK", "SLOT"];
        let mut table = Table::new(&headings);
        for job in &self.jobs {
            let Job { persona, role, project, work, slot, assigned_at, released_at, .. } = job;
            let released = released_at.map(|at| minute(at, &self.zone));
            let released = released.unwrap_or_else(|| "not yet".to_owned());
            let work = work.as_ref().map_or("", WorkName::as_str);
            let assigned = minute(*assigned_at, &self.zone);
            table.row(&[persona, &assigned, &released, role, project, &work, slot]);
        }
        if self.jobs.iter().all(|job| job.work.is_none()) {
            table.hide(5);
        }
        table.show(f)?;
        if self.jobs_left_out > 0 {
            let left_out = Count(self.jobs_left_out as u64, "more job");
            line(f, format!("Not listed: {left_out}; `--limit N` shows more of them."))?;
        }
        Ok(())
    }
}

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let window = &self.window;
        let keys = self.keys();
        let (from, until) = (window.start_of(0), window.start_of(window.columns()));
        let (from, until) = (minute(from, &self.zone), minute(until, &self.zone));
        let ends = from.chars().count() + until.chars().count();
        let between = " ".repeat(window.columns().saturating_sub(ends).max(2));
        writeln!(f, "{HEADING}{} {from}{between}{until}{HEADING:#}", fit("", NAME))?;
        for lane in &self.lanes {
            write!(f, "{} ", fit(&lane.name, NAME))?;
            let mut drawn = 0;
            for (from, until, role) in &lane.parts {
                let Some((letter, style)) = keys.get(role) else { continue };
                draw_free(f, from - drawn)?;
                write!(f, "{style}{}{style:#}", letter.to_string().repeat(until - from))?;
                drawn = *until;
            }
            draw_free(f, window.columns().saturating_sub(drawn))?;
            writeln!(f)?;
        }
        writeln!(f)?;
        for (role, (letter, style)) in &keys {
            writeln!(f, "{style}{letter}{style:#} {}", visible(role.as_str()))?;
        }
        writeln!(f, "One column is {}.", duration(window.step()))?;
        if self.left_out > 0 {
            let left_out = Count(self.left_out as u64, "more persona");
            line(f, format!("Not listed: {left_out}; `--limit N` shows more of them."))?;
        }
        Ok(())
    }
}

/// Draws columns in which nothing was held.
fn draw_free(f: &mut fmt::Formatter<'_>, columns: usize) -> fmt::Result {
    match columns {
        0 => Ok(()),
        columns => write!(f, "{FAINT}{}{FAINT:#}", "·".repeat(columns)),
    }
}

/// A letter and a style for each role.
type Keys = BTreeMap<RoleName, (char, Style)>;

impl Drawing {
    fn keys(&self) -> Keys {
        let mut keys = Keys::new();
        let roles = self.lanes.iter().flat_map(|lane| lane.parts.iter().map(|(.., role)| role));
        for role in roles.collect::<BTreeSet<_>>() {
            let is_free = |letter: &char| keys.values().all(|(taken, _)| taken != letter);
            let own = role.as_str().chars().filter(char::is_ascii_alphanumeric);
            let letters = own.flat_map(|c| [c.to_ascii_uppercase(), c.to_ascii_lowercase()]);
            let letter = letters.chain('A'..='Z').chain('a'..='z').find(is_free).unwrap_or('#');
            let color = COLORS.get(keys.len() % COLORS.len()).copied();
            let style = Style::new().fg_color(color.map(Into::into));
            keys.insert(role.clone(), (letter, style));
        }
        keys
    }
}

const COLORS: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::Red,
];
