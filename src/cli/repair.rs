//! `repair`: cut damaged lines out of the log, and record the gap.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use muzzle_persona::wording::Count;
use muzzle_persona::{CutLine, ForgottenText, LineEnds, MissingEvent, RepairOutcome, Store};
use serde::Serialize;

use super::{Context, Failure, ShownPath, line};

/// Cut damaged lines out of the log, and record the gap
///
/// Without `--yes` nothing is changed: the report says what would be. To put
/// the lines back from a copy, as from git, is better where there is one. What
/// is cut is kept in `quarantine/`, every sound line stays byte for byte, and a
/// `repair` event names what was cut and what is missing.
///
/// With `--join`, it adds what a copy of the log has besides, as git merges a
/// branch, and does nothing else: the copy that a program left which keeps
/// directories in step, or the log as a commit has it. It has to be a log of
/// this store, and stays as it is.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona repair
  muzzle-persona repair --yes
  muzzle-persona repair --join 'events (conflicted copy).jsonl'")]
pub struct RepairArgs {
    /// Do it
    #[arg(short = 'y', long)]
    pub yes: bool,
    /// Add what this copy of the log has, and the log has not
    #[arg(long, value_name = "FILE")]
    pub join: Option<PathBuf>,
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

impl fmt::Display for RepairReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RepairOutcome { cut, missing, line_ends, texts, checkpoint, recorded, .. } =
            &self.outcome;
        if self.outcome.is_empty() {
            return line(f, "Nothing to repair: every line is sound, and none is missed.");
        }
        let verb = |done, would| if self.done { done } else { would };
        if !cut.is_empty() {
            let (verb, lines) = (verb("Moved", "Would move"), Count(cut.len(), "line"));
            line(f, format!("{verb} {lines} to `quarantine/`:"))?;
        }
        for CutLine { cut, reason } in cut {
            let (file, bytes) = (&cut.file, Count(cut.bytes, "byte"));
            line(f, format!("  {file}:{}: {bytes}: {reason}", cut.line))?;
        }
        if !missing.is_empty() {
            let events = Count(missing.len(), "event");
            let verb = verb("Put on record", "Would put on record");
            line(f, format!("{verb} that {events} {} missing:", events.agree("is", "are")))?;
        }
        for MissingEvent { id, file, line: number } in missing {
            match file.as_ref().zip(*number) {
                Some((file, n)) => line(f, format!("  {id}, which line {n} of `{file}` follows"))?,
                None => line(f, format!("  {id}, which the checkpoint knew of"))?,
            }
        }
        for LineEnds { file, lines } in line_ends {
            let (verb, ends) = (verb("Put back", "Would put back"), Count(*lines, "line end"));
            line(f, format!("{verb} {ends} of `{file}`."))?;
        }
        for ForgottenText { event, file, line: number, .. } in texts {
            let verb = verb("Took", "Would take");
            let what = format!("the text of {event:.8}, which was forgotten,");
            line(f, format!("{verb} {what} off line {number} of `{file}`."))?;
        }
        if *checkpoint {
            let verb = verb("Removed", "Would remove");
            let why = "says otherwise than the log, or may be somebody else's";
            line(f, format!("{verb} the checkpoint, which {why}."))?;
        }
        let mut kept = self.kept.iter();
        kept.try_for_each(|path| line(f, format!("What was cut is kept in `{path}`.")))?;
        recorded
            .iter()
            .try_for_each(|id| line(f, format!("Recorded the repair as the event {id}.")))?;
        if self.done { Ok(()) } else { line(f, "Nothing was changed; `--yes` does it.") }
    }
}
