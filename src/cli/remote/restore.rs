//! `remote restore`: give the fleet back the lines that it lost.

use std::fmt;

use clap::Args;
use muzzle_persona::wording::Count;
use muzzle_persona::{FleetCheck, Restored, Store};
use serde::Serialize;

use super::check::difference;
use super::{Context, Failure, line};

/// Give the fleet back the lines that it lost, from the mirror
///
/// Without `--yes` nothing is changed: the report says what would be. Lines are put only
/// where none is, and only if each line that the fleet still has is the mirror's: as
/// where it was restored from an older backup, or its keys were deleted.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona remote restore
  muzzle-persona remote restore --yes")]
pub struct RestoreArgs {
    /// Do it
    #[arg(short = 'y', long)]
    yes: bool,
}

pub fn run(args: &RestoreArgs, context: &Context) -> Result<RestoreReport, Failure> {
    let Restored { check, restored } = Store::restore_fleet(&context.options, args.yes)?;
    let restorable = check.is_same() || check.is_restorable();
    Ok(RestoreReport { done: args.yes, restorable, restored, check })
}

#[derive(Debug, Serialize)]
pub struct RestoreReport {
    done: bool,
    /// Whether each line that the fleet has is the mirror's.
    restorable: bool,
    /// How many lines were given back.
    restored: u64,
    /// How the fleet's log was before.
    #[serde(flatten)]
    check: FleetCheck,
}

impl fmt::Display for RestoreReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = &self.check.first else {
            let lines = Count(self.check.lines, "line");
            return line(f, format!("Nothing to give back: the fleet has all {lines}."));
        };
        if !self.restorable {
            line(f, difference(first))?;
            return line(f, "Nothing can be given back: the fleet's log is not this one.");
        }
        let missing = Count(self.check.missing, "line");
        if self.done {
            return line(f, format!("Gave back {missing}, from line {} on.", first.line));
        }
        line(f, format!("Would give back {missing}, from line {} on.", first.line))?;
        line(f, "Nothing was changed; `--yes` does it.")
    }
}
