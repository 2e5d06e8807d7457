//! `repair`: cut damaged lines out of the log, and record the gap.

use std::fmt;

use clap::Args;
use muzzle_persona::events::visible;
use muzzle_persona::wording::Count;
use muzzle_persona::{CutLine, LineEnds, MissingEvent, RepairOutcome, Store};
use serde::Serialize;

use super::context::Context;
use super::failure::Failure;
use super::output::Report;
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
    let outcome = if args.yes { Store::repair(options)? } else { Store::plan_repair(options)? };
    context.warn(&outcome.torn);
    let kept = outcome.kept.iter().map(|path| path.as_path().into()).collect();
    Ok(RepairReport { done: args.yes, outcome, kept })
}

#[derive(Debug, Serialize)]
pub struct RepairReport {
    done: bool,
    #[serde(flatten)]
    outcome: RepairOutcome,
    kept: Vec<ShownPath>,
}

impl Report for RepairReport {}

impl fmt::Display for RepairReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RepairOutcome { cut, missing, line_ends, checkpoint, recorded, .. } = &self.outcome;
        if self.outcome.is_empty() {
            return writeln!(f, "Nothing to repair: every line is sound, and none is missed.");
        }
        let verb = |done, would| if self.done { done } else { would };
        if !cut.is_empty() {
            let lines = Count(cut.len(), "line");
            writeln!(f, "{} {lines} to `quarantine/`:", verb("Moved", "Would move"))?;
            cut.iter().try_for_each(|line| write_cut(f, line))?;
        }
        if !missing.is_empty() {
            let events = Count(missing.len(), "event");
            let verb = verb("Put on record", "Would put on record");
            writeln!(f, "{verb} that {events} {} missing:", events.agree("is", "are"))?;
            missing.iter().try_for_each(|event| write_missing(f, event))?;
        }
        for LineEnds { file, lines } in line_ends {
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
        for id in recorded {
            writeln!(f, "Recorded the repair as the event {id}.")?;
        }
        if !self.done {
            writeln!(f, "Nothing was changed; `--yes` does it.")?;
        }
        Ok(())
    }
}

fn write_cut(f: &mut fmt::Formatter<'_>, CutLine { cut, reason }: &CutLine) -> fmt::Result {
    let (file, bytes) = (visible(&cut.file), Count(cut.bytes, "byte"));
    writeln!(f, "  {file}:{}: {bytes}: {}", cut.line, visible(reason))
}

fn write_missing(f: &mut fmt::Formatter<'_>, missing: &MissingEvent) -> fmt::Result {
    match missing {
        MissingEvent { id, file: Some(file), line: Some(line) } => {
            writeln!(f, "  {id}, which line {line} of `{}` follows", visible(file))
        }
        MissingEvent { id, .. } => writeln!(f, "  {id}, which the checkpoint knew of"),
    }
}
