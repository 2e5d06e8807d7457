//! Many processes at once.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Problem;
use crate::bench::{Bench, BesideFloor};
use crate::past::Past;
use crate::report::Row;
use crate::sample::{Rounds, Sample, ratio};
use crate::store::Store;

/// How many sessions there are in a crowd, and how many of them are there at once.
const CROWD: usize = 300;
const AT_ONCE: usize = 16;

/// Measures 300 sessions, 16 at once, that each get a persona of a new store.
pub fn measure(bench: &mut Bench) -> Result<(), Problem> {
    let crowds = if bench.quick { 1 } else { 5 };
    let rounds = Rounds { most: 60, ..bench.rounds };
    let quiet = Store::seeded(&bench.programs)?;
    let (mut alone, mut all, mut slowest) =
        (BesideFloor::default(), Sample::default(), Sample::default());
    for _ in 0..crowds {
        alone.extend(bench.beside_floor(rounds, &[], || quiet.assign_and_release())?);
        let crowd = lend_all(&Store::seeded(&bench.programs)?)?;
        slowest.extend([crowd.slowest()]);
        all.extend(crowd);
    }
    drop(quiet);
    let single = alone.subject.median();
    bench.report.add(alone.row("`assign`, alone in a new store"))?;
    bench.report.add(
        Row::new("300 `assign` processes, 16 at once, 300 personas", crowds)
            .time("median", all.median())
            .time("slowest, the median of all crowds", slowest.median())
            .times("one alone, in the median of all crowds", slowest.median(), single)
            .time("slowest of all crowds", slowest.slowest())
            .times("one alone, of all crowds", slowest.slowest(), single),
    )
}

/// Has every session of a crowd borrow, and checks that no persona was lent twice.
fn lend_all(store: &Store<'_>) -> Result<Sample, Problem> {
    let names = Mutex::new(BTreeSet::new());
    let sample = at_once(AT_ONCE, CROWD, || {
        let assigned = store.assign(&store.new_session())?;
        let answer: Value = serde_json::from_slice(&assigned.stdout)?;
        let name = answer.pointer("/assignments/0/name").ok_or("the answer has no name")?;
        names.lock().map_err(|_| "another thread panicked")?.insert(name.to_string());
        Ok([assigned.took])
    })?;
    let personas = names.into_inner()?.len();
    if personas == CROWD {
        Ok(sample)
    } else {
        Err(format!("{CROWD} sessions got {personas} personas").into())
    }
}

/// Measures what it costs that all wait for one lock: 300 sessions that borrow from one store, beside
/// 300 that have a store each.
pub fn beside_stores(bench: &mut Bench) -> Result<(), Problem> {
    let past = Past { personas: 400, events: 1_000 };
    let rounds = if bench.quick { 1 } else { 5 };
    let apart: Result<Vec<_>, _> =
        (0..CROWD).map(|_| Store::with_past(&bench.programs, past)).collect();
    let apart = apart?;
    for threads in [AT_ONCE, 64] {
        let mut pairs = Vec::new();
        for _ in 0..rounds {
            let store = Store::with_past(&bench.programs, past)?;
            let together =
                at_once(threads, CROWD, || Ok([store.assign(&store.new_session())?.took]))?;
            let next = AtomicUsize::new(0);
            let alone = at_once(threads, CROWD, || {
                let store = apart.get(next.fetch_add(1, Ordering::Relaxed)).ok_or("no store")?;
                Ok([store.assign(&store.new_session())?.took])
            })?;
            pairs.push((together, alone));
        }
        pairs.sort_by(|a, b| ratio(a.0.p99(), a.1.p99()).total_cmp(&ratio(b.0.p99(), b.1.p99())));
        let (together, alone) = pairs.get(rounds / 2).ok_or("nothing was measured")?;
        bench.report.add(
            Row::new(format!("300 `assign` processes, {threads} at once, one store"), rounds)
                .time("median", together.median())
                .times("a store each, in the median", together.median(), alone.median())
                .time("slowest of a hundred, in the round of the median", together.p99())
                .times("a store each, at the slowest of a hundred", together.p99(), alone.p99())
                .at_most(1.3),
        )?;
    }
    Ok(())
}

/// Measures 1, 4, 16 and 64 writers at once, each of which assigns and releases by turns.
pub fn by_writers(bench: &mut Bench) -> Result<(), Problem> {
    let past = Past { personas: 1_000, events: 2_000 };
    let (repeats, sessions) = if bench.quick { (1, 64) } else { (3, 160) };
    let rounds = Rounds { most: 20, ..bench.rounds };
    let store = Store::with_past(&bench.programs, past)?;
    let writers = [1, 4, 16, 64];
    let mut alone = BesideFloor::default();
    let mut samples = writers.map(|_| (Sample::default(), Sample::default()));
    for _ in 0..repeats {
        alone.extend(bench.beside_floor(rounds, &[], || store.assign_and_release())?);
        for (writers, (sample, whole)) in writers.into_iter().zip(&mut samples) {
            let start = Instant::now();
            sample.extend(at_once(writers, sessions, || {
                let session = store.new_session();
                Ok([store.assign(&session)?.took, store.release(&session)?.took])
            })?);
            whole.extend([start.elapsed()]);
        }
    }
    drop(store);
    bench.report.add(alone.row("`assign`, nobody else, 1,000 personas"))?;
    for (writers, (sample, whole)) in writers.into_iter().zip(samples) {
        let many = if writers == 1 { "writer" } else { "writers" };
        let row = Row::new(format!("{writers} {many} at once, 1,000 personas"), sample.len())
            .time("median of a command", sample.median())
            .times("the floor, in the median", sample.median(), alone.floor.median())
            .time("slowest", sample.slowest())
            .times("the floor, at the slowest", sample.slowest(), alone.floor.median())
            .rate("commands", 2 * sessions, whole.median());
        bench.report.add(row)?;
    }
    Ok(())
}

/// Does a work so often, by so many threads at once.
fn at_once<const N: usize>(
    threads: usize,
    times: usize,
    work: impl Fn() -> Result<[Duration; N], Problem> + Sync,
) -> Result<Sample, Problem> {
    let left = AtomicUsize::new(times);
    let take = || left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    thread::scope(|scope| {
        let worker = || {
            let mut sample = Sample::default();
            while take().is_ok() {
                sample.extend(work()?);
            }
            Ok(sample)
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let mut all = Sample::default();
        for worker in workers {
            let sample: Result<Sample, Problem> = worker.join().map_err(|_| "a thread panicked")?;
            all.extend(sample?);
        }
        Ok(all)
    })
}
