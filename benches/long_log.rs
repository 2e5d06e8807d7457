//! A store that has been in use for long.

use crate::bench::Bench;
use crate::past::Past;
use crate::programs::run;
use crate::report::{Row, grouped};
use crate::sample::by_turns;
use crate::store::Store;
use crate::{Problem, cast, sizes};

/// Measures a log of 1,000,000 events and 1,000 personas beside one of 100 and 5.
pub fn measure(bench: &mut Bench) -> Result<(), Problem> {
    let events = bench.events(1_000_000);
    let of = format!("{} events, 1,000 personas", grouped(events));
    let long = Store::with_past(&bench.programs, Past { personas: 1_000, events })?;
    let rows = [lending(bench, &long, &of)?, sizes::rebuild(bench, &long, events, &of)?];
    let reads = reads(bench, &long, &of)?;
    drop(long);
    rows.into_iter().chain(reads).try_for_each(|row| bench.report.add(row))
}

fn lending(bench: &Bench, long: &Store<'_>, of: &str) -> Result<Row, Problem> {
    let short = Store::with_past(&bench.programs, Past { personas: 5, events: 100 })?;
    let settled = |store: &Store<'_>| {
        bench.synced.settle()?;
        store.assign_and_release()
    };
    let [in_long, in_short] =
        by_turns(bench.rounds, [&mut || settled(long), &mut || settled(&short)])?;
    let (median, short) = (in_long.median(), in_short.median());
    Ok(Row::new(format!("`assign`, {of}"), in_long.len())
        .time("median", median)
        .time("median with 100 events, 5 personas", short)
        .times("that", median, short)
        .at_most(1.5))
}

fn reads(bench: &Bench, long: &Store<'_>, of: &str) -> Result<Vec<Row>, Problem> {
    let name = cast::names().next().ok_or("nobody has a name")?.to_string();
    let commands: [&[&str]; 4] =
        [&["history", &name], &["list"], &["stats"], &["search", "--role", "testing"]];
    // The first one may have to fold the log.
    run(&mut long.cli(&["stats"]), &[])?;
    let row = |args: &[&str]| {
        let [read, empty] = by_turns(
            bench.rounds,
            [&mut || Ok(run(&mut long.cli(args), &[])?.took), &mut || bench.empty(&[])],
        )?;
        let verb = args.first().copied().unwrap_or_default();
        Ok(Row::new(format!("`{verb}`, {of}"), read.len())
            .time("median", read.median())
            .time("median of an empty process", empty.median())
            .times("that", read.median(), empty.median()))
    };
    commands.into_iter().map(row).collect()
}
