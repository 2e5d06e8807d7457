//! `remote check`: compare the whole mirror with the fleet's log.

use std::fmt;

use clap::Args;
use muzzle_persona::events::EventId;
use muzzle_persona::wording::Count;
use muzzle_persona::{Difference, DifferenceKind, FleetCheck, Store};
use serde::Serialize;

use super::{Context, DAMAGED, Failure, line};

/// Compare the whole mirror with the fleet's log
///
/// Every line is compared, byte for byte. That the fleet has more is fine, and a text that
/// was forgotten on one side is no difference; anything else is, and the exit code is 3.
/// Nothing is changed.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona remote check
  muzzle-persona remote check --json")]
pub struct CheckArgs {}

pub fn run(context: &Context) -> Result<CheckReport, Failure> {
    let check = Store::check_fleet(&context.options)?;
    Ok(CheckReport { same: check.is_same(), restorable: check.is_restorable(), check })
}

#[derive(Debug, Serialize)]
pub struct CheckReport {
    /// Whether the fleet's log is the mirror, and what follows it.
    same: bool,
    /// Whether `remote restore` can give the fleet back what it lacks.
    restorable: bool,
    #[serde(flatten)]
    check: FleetCheck,
}

impl CheckReport {
    pub fn code(&self) -> u8 {
        if self.same { 0 } else { DAMAGED }
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FleetCheck { lines, missing, other, damaged, damaged_here, texts, ahead, first } =
            &self.check;
        if let Some(first) = first {
            line(f, difference(first))?;
        }
        for (count, what) in [
            (missing, "missing in the fleet"),
            (other, "another event there"),
            (damaged, "damaged there"),
            (damaged_here, "damaged here"),
        ] {
            if *count > 0 {
                let lines = Count(*count, "line");
                line(f, format!("{lines} {} {what}.", lines.agree("is", "are")))?;
            }
        }
        if *texts > 0 {
            let lines = Count(*texts, "line");
            let have = lines.agree("has its text", "have their texts");
            line(f, format!("{lines} {have} on one side alone; on the other it was forgotten."))?;
        }
        let lines = Count(*lines, "line");
        if self.same {
            let ahead = match *ahead {
                0 => String::new(),
                more => format!(", which has {} more", Count(more, "line")),
            };
            return line(f, format!("All {lines} of the mirror are in the fleet's log{ahead}."));
        }
        if self.restorable {
            return line(
                f,
                "What the fleet lacks is here: `muzzle-persona remote restore` shows what it would give back.",
            );
        }
        if *damaged_here > 0 && *other + *damaged == 0 {
            return line(f, "`muzzle-persona repair` takes the fleet's copy.");
        }
        line(
            f,
            "It is not the log that this store follows. If the fleet is right, `muzzle-persona remote leave` and join it again; if the store is, have the fleet's keys restored from a backup.",
        )
    }
}

/// A difference, as a sentence.
pub fn difference(Difference { line, kind, here, there }: &Difference) -> String {
    let id = |id: &Option<EventId>| id.map_or_else(|| "?".to_owned(), |id| format!("{id:.8}"));
    let (here, there) = (id(here), id(there));
    let what = match kind {
        DifferenceKind::Missing => format!("the fleet lacks the event {here}"),
        DifferenceKind::Other => format!("it is the event {here} here, and {there} in the fleet"),
        DifferenceKind::Damaged => "what the fleet has there is damaged".to_owned(),
        DifferenceKind::DamagedHere => "it is damaged here".to_owned(),
    };
    format!("Line {line} is the first that differs: {what}.")
}
