//! `repair`: cut damaged lines out of the log, and record the gap.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use muzzle_persona::wording::Count;
use muzzle_persona::{
    CutLine, ForgottenText, LineEnds, MirrorRepair, MissingEvent, RepairOutcome, Store,
};
use serde::Serialize;

use super::{Context, Failure, ShownPath, line};

/// Cut damaged lines out of the log, and record the gap
///
/// Without `--yes` nothing is changed: the report says what would be. To put
/// the lines back from a copy, as from git, is better where there is one. What
/// is cut is kept in `quarantine/`, every sound line stays byte for byte, and a
/// `repair` event names what was cut and what is missing.
///
/// In a store that belongs to a fleet, it takes the fleet's copy of the log, and
/// keeps the damaged files in `quarantine/`; nothing is put on record then.
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
    if Store::remote(options)?.is_some() {
        let MirrorRepair { found, aside, .. } = Store::repair_mirror(options, args.yes)?;
        let kept = aside.iter().map(|path| path.as_path().into()).collect();
        return Ok(RepairReport { done: args.yes, from_fleet: true, outcome: found, kept });
    }
    let outcome = if args.yes { Store::repair(options)? } else { Store::plan_repair(options)? };
    context.warn(&outcome.torn);
    let kept = outcome.kept.iter().map(|path| path.as_path().into()).collect();
    Ok(RepairReport { done: args.yes, from_fleet: false, outcome, kept })
}

#[derive(Debug, Serialize)]
pub struct RepairReport {
    done: bool,
    /// Whether the store is the mirror of a fleet's log, whose copy takes its place.
    from_fleet: bool,
    #[serde(flatten)]
    outcome: RepairOutcome,
    kept: Vec<ShownPath>,
}

impl RepairReport {
    /// Says what is wrong with the mirror of a fleet's log.
    fn told_of_mirror(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RepairOutcome { cut, missing, line_ends, texts, .. } = &self.outcome;
        for CutLine { cut, reason } in cut {
            line(f, format!("{}:{}: {reason}", cut.file, cut.line))?;
        }
        let ends = line_ends.iter().map(|it| it.lines).sum::<u64>();
        let (missing, ends) = (Count(missing.len() as u64, "event"), Count(ends, "line end"));
        let texts = Count(texts.len() as u64, "text");
        for (count, what) in [
            (&missing, missing.agree("is missing", "are missing")),
            (&ends, ends.agree("was changed", "were changed")),
            (&texts, texts.agree("stands, though it was forgotten", "stand, though forgotten")),
        ] {
            if count.0 > 0 {
                line(f, format!("{count} {what}."))?;
            }
        }
        if !self.done {
            let would =
                "Would take the fleet's copy of the log, and keep these files in `quarantine/`.";
            line(f, would)?;
            return line(f, "Nothing was changed; `--yes` does it.");
        }
        line(f, "Took the fleet's copy of the log.")?;
        self.kept
            .iter()
            .try_for_each(|path| line(f, format!("The files as they were are kept in `{path}`.")))
    }
}

impl fmt::Display for RepairReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RepairOutcome { cut, missing, line_ends, texts, checkpoint, recorded, .. } =
            &self.outcome;
        if self.outcome.is_empty() {
            return line(f, "Nothing to repair: every line is sound, and none is missed.");
        }
        if self.from_fleet {
            return self.told_of_mirror(f);
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
