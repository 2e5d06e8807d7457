//! `compact`: let old feedback count less.

use std::fmt;

use clap::Args;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use muzzle_persona::{broker, events::Summary, projection::Needs, wording::Count};
use serde::Serialize;

use super::{Context, Failure, ShownPath, Table, line, minute, number::whole};

/// Let old feedback count half, and keep a summary of it
///
/// In the model `share` it does not count any more. The events stay in the log.
///
/// It writes the checkpoint anew, too, and seals the log when that is longer
/// than 4 MiB: what was written so far becomes a file in `segments/` that is
/// never written to again.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona compact
  muzzle-persona compact --older-than 90 --seal")]
pub struct CompactArgs {
    /// Feedback that is older than this many days
    #[arg(long, value_name = "DAYS", default_value = "30")]
    #[arg(value_parser = whole(0..=36_500_u32))]
    older_than: u32,
    /// Seal the log, however short it is
    #[arg(long)]
    seal: bool,
}

pub fn run(args: &CompactArgs, context: &mut Context) -> Result<CompactReport, Failure> {
    let age = SignedDuration::from_hours(24 * i64::from(args.older_than));
    let (mut store, (before, summaries)) =
        context.execute(&Needs::all(), |situation| broker::compact(situation, age))?;
    if let Err(error) = store.checkpoint() {
        context.warn([format!("could not write the checkpoint: {error}")]);
    }
    let sealed = store.seal(args.seal)?;
    context.warn(store.take_torn());
    let sealed = sealed.map(|(path, bytes)| SealedReport { segment: path.into(), bytes });
    Ok(CompactReport { before, summaries, sealed, zone: context.zone.clone() })
}

#[derive(Debug, Serialize)]
pub struct CompactReport {
    before: Timestamp,
    summaries: Vec<Summary>,
    sealed: Option<SealedReport>,
    /// The zone in which times are shown.
    #[serde(skip)]
    zone: TimeZone,
}

#[derive(Debug, Serialize)]
struct SealedReport {
    segment: ShownPath,
    bytes: u64,
}

impl fmt::Display for CompactReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, summaries, sealed, zone } = self;
        let before = minute(*before, zone);
        if summaries.is_empty() {
            line(f, format!("No feedback from before {before} is left to compact."))?;
        } else {
            let mut table =
                Table::new(&["NAME", "ROLE", "MONTH", ">POSITIVE", ">NEGATIVE", ">NEUTRAL"]);
            let mut total = 0;
            for Summary { persona, role, month, positive, negative, neutral } in summaries {
                table.row(&[persona, role, month, positive, negative, neutral]);
                total += positive + negative + neutral;
            }
            let total = Count(total, "feedback event");
            line(f, format!("Compacted {total} from before {before}:"))?;
            table.show(f)?;
        }
        let Some(SealedReport { segment, bytes }) = sealed else { return Ok(()) };
        line(f, format!("Sealed {} of the log as `{segment}`.", Count(*bytes, "byte")))
    }
}
