//! `compact`: take old feedback out of the affinity.

use std::fmt;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use muzzle_persona::broker;
use muzzle_persona::events::{Sealed, Summary};
use muzzle_persona::projection::Needs;
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::context::Context;
use super::failure::Failure;
use super::persona::minute;
use super::shown_path::ShownPath;
use super::table::Table;

/// Take old feedback out of the affinity, and keep a summary of it
///
/// It writes the checkpoint anew, too, and seals the log when that is longer
/// than 4 MiB: what was written so far becomes a file in `segments/` that is
/// never written to again.
#[derive(Debug, Args)]
pub struct CompactArgs {
    /// Feedback that is older than this many days
    #[arg(long, value_name = "DAYS", default_value = "30")]
    #[arg(value_parser = clap::value_parser!(u32).range(..=36_500))]
    older_than: u32,
    /// Seal the log, however short it is
    #[arg(long)]
    seal: bool,
}

pub fn run(args: &CompactArgs, context: &mut Context) -> Result<CompactReport, Failure> {
    let age = SignedDuration::from_hours(24 * i64::from(args.older_than));
    let (mut store, compacted) =
        context.execute(&Needs::everyone(), |situation| broker::compact(situation, age))?;
    if let Err(error) = store.checkpoint() {
        context.warn([format!("could not write the checkpoint: {error}")]);
    }
    let sealed = store.seal(args.seal)?;
    context.warn(sealed.iter().filter_map(|sealed| sealed.torn.as_ref()));
    Ok(CompactReport {
        before: compacted.before,
        summaries: compacted.summaries,
        sealed: sealed
            .map(|Sealed { path, bytes, .. }| SealedReport { segment: path.into(), bytes }),
    })
}

#[derive(Debug, Serialize)]
pub struct CompactReport {
    before: Timestamp,
    summaries: Vec<Summary>,
    /// What was sealed, if anything.
    sealed: Option<SealedReport>,
}

#[derive(Debug, Serialize)]
struct SealedReport {
    segment: ShownPath,
    bytes: u64,
}

impl fmt::Display for CompactReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_feedback(f)?;
        if let Some(SealedReport { segment, bytes }) = &self.sealed {
            writeln!(f, "Sealed {} of the log as `{segment}`.", Count(*bytes, "byte"))?;
        }
        Ok(())
    }
}

impl CompactReport {
    fn write_feedback(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = minute(self.before);
        if self.summaries.is_empty() {
            return writeln!(f, "No feedback from before {before} counts; nothing to compact.");
        }
        let total = |of: &Summary| of.positive + of.negative + of.neutral;
        let left = Count(self.summaries.iter().map(total).sum::<u64>(), "feedback event");
        writeln!(f, "Took {left} from before {before} out of the affinity:")?;
        let mut table =
            Table::new(&["NAME", "ROLE", "MONTH", ">POSITIVE", ">NEGATIVE", ">NEUTRAL"]);
        for summary in &self.summaries {
            table.row([
                summary.persona.to_string(),
                summary.role.to_string(),
                summary.month.to_string(),
                summary.positive.to_string(),
                summary.negative.to_string(),
                summary.neutral.to_string(),
            ]);
        }
        write!(f, "{table}")
    }
}
