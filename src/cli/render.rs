//! `render`: show a log's file to git.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;
use muzzle_persona::events::{Event, EventId, LineError, Record, decode, visible};
use serde::Serialize;

use super::{Failure, minute, sentence};

/// Tell each line of a log's file as a sentence, for git
///
/// A line that is no sound event is shown as it stands, and marked. No store
/// is needed; where there is one, what was forgotten there is not told of any
/// file. `git-setup` has git call this for the logs of a store.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona render ~/.muzzle/personas/events.jsonl
  git show HEAD:events.jsonl | muzzle-persona render -")]
pub struct RenderArgs {
    /// The file, or `-` for what comes on stdin
    file: PathBuf,
}

/// `known` are events whose texts were forgotten elsewhere; it is asked if there is any text.
pub fn run(
    args: &RenderArgs,
    known: impl FnOnce() -> BTreeSet<EventId>,
) -> Result<RenderReport, Failure> {
    let mut bytes = Vec::new();
    let read = if args.file.as_os_str() == "-" {
        io::stdin().lock().read_to_end(&mut bytes)
    } else {
        File::open(&args.file).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::read(&args.file, &error))?;
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\n").unwrap_or(line));
    let mut decoded: Vec<_> = lines.map(|line| (line, decode(line))).collect();
    let mut forgotten: BTreeSet<_> = decoded.iter().filter_map(|(_, it)| forgotten(it)).collect();
    if decoded.iter().any(|(_, it)| it.as_ref().is_ok_and(|record| record.event.has_text())) {
        forgotten.extend(known());
    }
    for (_, record) in &mut decoded {
        if let Ok(record) = record
            && forgotten.contains(&record.id)
        {
            record.event.forget_text();
        }
    }
    let shown = decoded.iter().map(|(line, decoded)| match decoded {
        Ok(record) => {
            format!("{}  {:.8}  {}", minute(record.at, &TimeZone::UTC), record.id, sentence(record))
        }
        Err(_) => format!("no sound event: {}", visible(&String::from_utf8_lossy(line))),
    });
    Ok(RenderReport { lines: shown.collect() })
}

/// The event whose text a line says is forgotten.
fn forgotten(line: &Result<Record, LineError>) -> Option<EventId> {
    match line {
        Ok(Record { event: Event::Forget(forget), .. }) => Some(forget.event),
        _ => None,
    }
}

#[derive(Debug, Serialize)]
pub struct RenderReport {
    lines: Vec<String>,
}

impl fmt::Display for RenderReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
