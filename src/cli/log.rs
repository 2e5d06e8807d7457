//! `log`: tell what happened, event by event.

use std::collections::VecDeque;
use std::fmt;

use clap::Args;
use muzzle_persona::events::{decode, visible};
use muzzle_persona::projection::{Line, Needs};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

use super::Context;
use super::at::AtArgs;
use super::failure::Failure;
use super::filter::FilterArgs;
use super::output::{FAINT, Report};
use super::persona::minute;
use super::sentence::sentence;

/// Tell what happened, newest first
///
/// One line an event: when, the start of its id, and a sentence. On a terminal
/// it goes through `$PAGER`. An event is told if all of the filters take it.
#[derive(Debug, Args)]
pub struct LogArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// At most this many, the newest
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Oldest first
    #[arg(long)]
    reverse: bool,
    #[command(flatten)]
    at: AtArgs,
}

pub fn run(args: &LogArgs, context: &mut Context) -> Result<LogReport, Failure> {
    let mut reading = context.read(&args.at)?;
    let filter = reading.look(&Needs::nothing(), |scene| args.filter.resolve(&scene))?;
    context.warnings.extend(filter.doubt());
    let mut newest = Newest { limit: args.limit.unwrap_or(usize::MAX), lines: VecDeque::new() };
    let all = filter.takes_all();
    reading.visit_lines(&filter.needles(), |line| {
        if all || filter.takes(&line.decode()?) {
            newest.push(line);
        }
        Ok(())
    })?;
    let mut events = Vec::with_capacity(newest.lines.len());
    for (number, bytes) in newest.lines {
        // Not each of them was read, and what is told must be sound.
        let read = Line { number, bytes: &bytes }.decode();
        read.map_err(|damage| reading.damaged(damage))?;
        events.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    if !args.reverse {
        events.reverse();
    }
    Ok(LogReport { events })
}

/// The last of the lines that were pushed, with their numbers: no more than there is a use for.
struct Newest {
    limit: usize,
    lines: VecDeque<(u64, Vec<u8>)>,
}

impl Newest {
    fn push(&mut self, line: Line<'_>) {
        if self.limit == 0 {
            return;
        }
        // The room of the oldest is used again.
        let oldest = if self.lines.len() == self.limit { self.lines.pop_front() } else { None };
        let mut bytes = oldest.map(|(_, bytes)| bytes).unwrap_or_default();
        bytes.clear();
        bytes.extend_from_slice(line.bytes);
        self.lines.push_back((line.number, bytes));
    }
}

#[derive(Debug, serde::Serialize)]
pub struct LogReport {
    /// The lines of the log, in the order in which they are told.
    #[serde(serialize_with = "as_they_are")]
    events: Vec<String>,
}

/// Puts lines of the log into an answer as they stand there: their ids are those of their bytes.
fn as_they_are<S: Serializer>(lines: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    let raw = lines.iter().map(|line| serde_json::from_str::<&RawValue>(line));
    raw.collect::<Result<Vec<_>, _>>().map_err(S::Error::custom)?.serialize(serializer)
}

impl Report for LogReport {}

impl fmt::Display for LogReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.events.is_empty() {
            return writeln!(f, "No event matches.");
        }
        for line in &self.events {
            // They were read before; to keep a million read events takes more than their lines.
            match decode(line.as_bytes()) {
                Ok(record) => writeln!(
                    f,
                    "{}  {FAINT}{:.8}{FAINT:#}  {}",
                    minute(record.at),
                    record.id,
                    sentence(&record)
                )?,
                Err(_) => writeln!(f, "{}", visible(line))?,
            }
        }
        Ok(())
    }
}
