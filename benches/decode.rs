//! Reading and folding lines, beside what others do with the same bytes.

use std::hint::black_box;
use std::time::{Duration, Instant};

use muzzle_persona::events::{EventId, decode};
use muzzle_persona::projection::{Fold, View};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::Problem;
use crate::bench::Bench;
use crate::past::Past;
use crate::report::{Row, grouped};
use crate::sample::{Rounds, by_turns};

/// Measures, in this process and on one core, each step from bytes to a roster.
pub fn measure(bench: &mut Bench) -> Result<(), Problem> {
    let events = bench.events(200_000);
    let mut log = Vec::new();
    Past { personas: 1_000, events }.write(&mut log)?;
    let lines: Vec<_> = log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let rounds = Rounds { most: 30, ..bench.rounds };
    let steps = by_turns(
        rounds,
        [
            &mut || fold(&log, events),
            &mut || each(&lines, |line| Ok(decode(line)?)),
            &mut || each(&lines, |line| Ok(EventId::of(line))),
            &mut || each(&lines, |line| Ok(serde_json::from_slice::<IgnoredAny>(line)?)),
            &mut || each(&lines, |line| Ok(serde_json::from_slice::<Value>(line)?)),
        ],
    )?;
    let names = [
        "decode and fold",
        "decode, with its check of the id",
        "BLAKE3 alone",
        "serde_json to nothing (`IgnoredAny`)",
        "serde_json to a `Value`",
    ];
    let [.., to_nothing, _] = &steps;
    let nothing = to_nothing.median();
    for (name, sample) in names.into_iter().zip(&steps) {
        let median = sample.median();
        let what = format!("{name}, {} events in memory", grouped(events));
        let row = Row::new(what, sample.len())
            .time("median", median)
            .rate("events", events, median)
            .rate("bytes", log.len(), median)
            .times("serde_json to nothing", median, nothing);
        bench.report.add(row)?;
    }
    Ok(())
}

/// Times the reading of every line.
fn each<'a, T>(
    lines: &[&'a [u8]],
    read: impl Fn(&'a [u8]) -> Result<T, Problem>,
) -> Result<Duration, Problem> {
    let start = Instant::now();
    for line in lines {
        black_box(read(line)?);
    }
    Ok(start.elapsed())
}

/// Times the way from the log to a roster.
fn fold(log: &[u8], events: usize) -> Result<Duration, Problem> {
    let mut view = View::default();
    let start = Instant::now();
    let folded =
        view.fold(log).map_err(|damage| format!("line {}: {}", damage.line, damage.reason))?;
    let took = start.elapsed();
    if folded == Fold::Done && view.events == events as u64 {
        Ok(took)
    } else {
        Err("the log was not folded as it was written".into())
    }
}
