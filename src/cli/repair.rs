//! `repair`: cut damaged lines out of the log, and record the gap.

use std::fmt;

use clap::Args;
use muzzle_persona::events::{Cut, EventId};
use muzzle_persona::{Mending, Store};
use muzzle_persona::{projection::Place, wording::Count};
use serde::Serialize;
use smol_str::SmolStr;

use super::{context::Context, failure::Failure, output::line, shown_path::ShownPath};

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
    let Mending { cut, missing: missing_events, line_ends, checkpoint, recorded, kept, .. } =
        mending;
    let missing = |(id, place): (EventId, Option<Place>)| {
        let (file, line) = place.map(|it| (it.file, it.line)).unzip();
        MissingReport { id, file, line: line.flatten() }
    };
    let line_ends = line_ends.into_iter().map(|(file, lines)| LineEndsReport { file, lines });
    Ok(RepairReport {
        done: args.yes,
        cut: cut.into_iter().map(|(cut, reason)| CutReport { cut, reason }).collect(),
        missing: missing_events.into_iter().map(missing).collect(),
        line_ends: line_ends.collect(),
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
    file: SmolStr,
    lines: u64,
}

#[derive(Debug, Serialize)]
struct MissingReport {
    id: EventId,
    /// Where it is named, if a line does.
    file: Option<SmolStr>,
    line: Option<u64>,
}

impl fmt::Display for RepairReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cut, missing, line_ends, checkpoint, .. } = self;
        if cut.is_empty() && missing.is_empty() && line_ends.is_empty() && !checkpoint {
            return writeln!(f, "Nothing to repair: every line is sound, and none is missed.");
        }
        let verb = |done, would| if self.done { done } else { would };
        if !cut.is_empty() {
            let verb = verb("Moved", "Would move");
            writeln!(f, "{verb} {} to `quarantine/`:", Count(cut.len(), "line"))?;
        }
        for CutReport { cut: Cut { file, line: number, bytes, .. }, reason } in cut {
            let bytes = Count(*bytes, "byte");
            line(f, format!("  {file}:{number}: {bytes}: {reason}"))?;
        }
        if !missing.is_empty() {
            let events = Count(missing.len(), "event");
            let verb = verb("Put on record", "Would put on record");
            writeln!(f, "{verb} that {events} {} missing:", events.agree("is", "are"))?;
        }
        for MissingReport { id, file, line: number } in missing {
            let place = file.as_ref().zip(*number);
            let place = place.map(|(file, n)| format!("which line {n} of `{file}` follows"));
            let place = place.unwrap_or_else(|| "which the checkpoint knew of".to_owned());
            line(f, format!("  {id}, {place}"))?;
        }
        for LineEndsReport { file, lines } in line_ends {
            let (verb, ends) = (verb("Put back", "Would put back"), Count(*lines, "line end"));
            line(f, format!("{verb} {ends} of `{file}`."))?;
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
