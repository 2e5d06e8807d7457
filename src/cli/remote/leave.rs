//! `remote leave`: take the store out of its fleet.

use std::fmt;

use clap::Args;
use muzzle_persona::wording::Count;
use muzzle_persona::{Left, Store};
use serde::Serialize;

use super::{Context, Failure, Fleet, line};

/// Take this store out of its fleet
///
/// What the fleet has is brought first, if it answers. The log stays as it is, and the store
/// is one of this machine alone from then on; the fleet keeps what it has.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona remote leave
  muzzle-persona remote leave --discard")]
pub struct LeaveArgs {
    /// Give up the reports that the fleet was not told of yet
    #[arg(long)]
    discard: bool,
}

pub fn run(args: &LeaveArgs, context: &mut Context) -> Result<LeaveReport, Failure> {
    let left = Store::leave_fleet(&context.options, args.discard)?;
    let Left { config, fetched, behind, discarded } = left;
    let what = "what this store has may be behind the fleet";
    context.warn(behind.iter().map(|why| format!("{why}; {what}")));
    Ok(LeaveReport { fetched, behind, discarded, fleet: config.into() })
}

#[derive(Debug, Serialize)]
pub struct LeaveReport {
    /// How many lines came first.
    fetched: u64,
    /// Why no more could be brought, if so.
    behind: Option<String>,
    /// How many reports were given up.
    discarded: u64,
    #[serde(flatten)]
    fleet: Fleet,
}

impl fmt::Display for LeaveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, format!("This store does not share {} any more.", self.fleet))?;
        let fetched = Count(self.fetched, "line");
        line(f, format!("{fetched} came first; the log stays as it is."))?;
        if self.discarded > 0 {
            let reports = Count(self.discarded, "report");
            let were = reports.agree("was", "were");
            line(f, format!("{reports} that the fleet was not told of {were} given up."))?;
        }
        Ok(())
    }
}
