//! `repair`: cut damaged lines out of the log, and record the gap.

use std::fmt;

use clap::Args;
use muzzle_persona::events::{Cut, EventId, visible};
use muzzle_persona::projection::Place;
use muzzle_persona::wording::Count;
use muzzle_persona::{Mending, Store};
use serde::Serialize;
use smol_str::SmolStr;

use super::context::Context;
use super::failure::Failure;
use super::shown_path::ShownPath;

/// Take lines that are not sound out of the log, and put the gap on record
///
/// Without `--yes` nothing is changed: the report says what would be. To put
/// the lines back from a copy, as from git, is better where there is one. What
/// is cut is kept in `quarantine/`, every sound line stays byte for byte, and a
/// `repair` event names what was cut and what is missing.
#[derive(Debug, Args)]
pub struct RepairArgs {
    /// Do it
    #[arg(long)]
    yes: bool,
}

pub fn run(args: &RepairArgs, context: &mut Context) -> Result<RepairReport, Failure> {
    let options = &context.options;
    let mending = if args.yes { Store::repair(options)? } else { Store::plan_repair(options)? };
    context.warn(&mending.torn);
    let Mending { cut, missing, line_ends, checkpoint, recorded, kept, .. } = mending;
    Ok(RepairReport {
        done: args.yes,
        cut: cut.into_iter().map(|(cut, reason)| CutReport { cut, reason }).collect(),
        missing: missing.into_iter().map(MissingReport::from).collect(),
        line_ends: line_ends.into_iter().map(LineEndsReport::from).collect(),
        checkpoint,
        recorded,
        kept: kept.into_iter().map(ShownPath::from).collect(),
    })
}

#[derive(Debug, Serialize)]
pub struct RepairReport {
    done: bool,
    cut: Vec<CutReport>,
    missing: Vec<MissingReport>,
    line_ends: Vec<LineEndsReport>,
    checkpoint: bool,
    recorded: Vec<EventId>,
    kept: Vec<ShownPath>,
}

#[derive(Debug, Serialize)]
struct CutReport {
    #[serde(flatten)]
    cut: Cut,
    reason: String,
}

#[derive(Debug, Serialize)]
struct LineEndsReport {
    file: String,
    lines: u64,
}

#[derive(Debug, Serialize)]
struct MissingReport {
    id: EventId,
    /// Where it is named, if a line does.
    file: Option<String>,
    line: Option<u64>,
}

impl From<(EventId, Option<Place>)> for MissingReport {
    fn from((id, place): (EventId, Option<Place>)) -> Self {
        let line = place.as_ref().and_then(|place| place.line);
        Self { id, file: place.map(|place| place.file.to_string()), line }
    }
}

impl From<(SmolStr, u64)> for LineEndsReport {
    fn from((file, lines): (SmolStr, u64)) -> Self {
        Self { file: file.to_string(), lines }
    }
}

impl fmt::Display for RepairReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cut, missing, line_ends, checkpoint, .. } = self;
        if cut.is_empty() && missing.is_empty() && line_ends.is_empty() && !checkpoint {
            return writeln!(f, "Nothing to repair: every line is sound, and none is missed.");
        }
        let verb = |done, would| if self.done { done } else { would };
        if !cut.is_empty() {
            let lines = Count(cut.len(), "line");
            writeln!(f, "{} {lines} to `quarantine/`:", verb("Moved", "Would move"))?;
            cut.iter().try_for_each(|cut| cut.fmt(f))?;
        }
        if !missing.is_empty() {
            let events = Count(missing.len(), "event");
            let verb = verb("Put on record", "Would put on record");
            writeln!(f, "{verb} that {events} {} missing:", events.agree("is", "are"))?;
            missing.iter().try_for_each(|missing| missing.fmt(f))?;
        }
        for LineEndsReport { file, lines } in line_ends {
            let verb = verb("Put back", "Would put back");
            writeln!(f, "{verb} {} of `{}`.", Count(*lines, "line end"), visible(file))?;
        }
        if *checkpoint {
            let verb = verb("Removed", "Would remove");
            writeln!(f, "{verb} the checkpoint, which says otherwise than the log.")?;
        }
        for path in &self.kept {
            writeln!(f, "What was cut is kept in `{path}`.")?;
        }
        for id in &self.recorded {
            writeln!(f, "Recorded the repair as the event {id}.")?;
        }
        if !self.done {
            writeln!(f, "Nothing was changed; `--yes` does it.")?;
        }
        Ok(())
    }
}

impl fmt::Display for CutReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cut { file, line, bytes, .. } = &self.cut;
        let reason = visible(&self.reason);
        writeln!(f, "  {}:{line}: {}: {reason}", visible(file), Count(*bytes, "byte"))
    }
}

impl fmt::Display for MissingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => {
                writeln!(f, "  {}, which line {line} of `{}` follows", self.id, visible(file))
            }
            _ => writeln!(f, "  {}, which the checkpoint knew of", self.id),
        }
    }
}
