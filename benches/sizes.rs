//! Stores of many sizes.

use crate::Problem;
use crate::bench::Bench;
use crate::memory;
use crate::past::Past;
use crate::programs::run;
use crate::report::{Row, grouped};
use crate::sample::by_turns;
use crate::store::Store;

/// How often memory is looked at: short processes hide their peak from most looks.
const LOOKS: usize = 9;

/// How many events make a log long.
const LONG: usize = 100_000;

/// Measures stores of 10 to 10,000 personas, with as many more events each.
pub fn by_personas(bench: &mut Bench) -> Result<(), Problem> {
    for personas in [10, 100, 1_000, 10_000] {
        measure(bench, Past { personas, events: personas + 10_000 })?;
    }
    Ok(())
}

/// Measures logs of 100 to 1,000,000 events, with 50 personas each.
pub fn by_events(bench: &mut Bench) -> Result<(), Problem> {
    for events in [100, 1_000, 10_000, 100_000, 1_000_000] {
        if bench.events(events) == events {
            measure(bench, Past { personas: 50, events })?;
        }
    }
    Ok(())
}

fn measure(bench: &mut Bench, past: Past) -> Result<(), Problem> {
    let store = Store::with_past(&bench.programs, past)?;
    let of = format!("{} events, {} personas", grouped(past.events), grouped(past.personas));
    let assigned = bench.beside_floor(bench.rounds, &[], || store.assign_and_release())?;
    let mut assign_peak = None;
    for _ in 0..LOOKS {
        assign_peak = assign_peak.max(store.assign_peak()?);
    }
    let rebuilt = rebuild(bench, &store, past.events, &of)?;
    drop(store);
    let mut row = assigned.row(format!("`assign`, {of}"));
    if let Some(peak) = assign_peak {
        row = row.bytes("at the peak of memory", peak);
    }
    bench.report.add(row)?;
    bench.report.add(rebuilt)
}

/// Measures a fold of the whole log.
pub fn rebuild(bench: &Bench, store: &Store<'_>, events: usize, of: &str) -> Result<Row, Problem> {
    let stats = || store.cli(&["stats"]);
    let [rebuilt] = by_turns(
        bench.rounds,
        [&mut || {
            store.forget_checkpoint()?;
            Ok(run(&mut stats(), &[])?.took)
        }],
    )?;
    let mut peak = None;
    for _ in 0..LOOKS {
        store.forget_checkpoint()?;
        peak = peak.max(memory::peak(&mut stats())?);
    }
    let median = rebuilt.median();
    let log = store.log_bytes()?;
    // A small log is small beside the process itself.
    let is_long = events >= LONG;
    let row = Row::new(format!("a rebuild by `stats`, {of}"), rebuilt.len())
        .time("median", median)
        .rate("events", events, median)
        .at_least(is_long.then_some(1e6))
        .bytes("of log", log);
    Ok(match peak {
        Some(peak) => row
            .bytes("at the peak of memory", peak)
            .times_bytes("the log", peak, log)
            .at_most(is_long.then_some(2.0)),
        None => row,
    })
}
