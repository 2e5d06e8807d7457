//! What it costs to share a roster: whole processes beside those of a store that shares none, machines that
//! assign at once, and a network that takes its time.
//!
//! It needs `etcd`, and runs only where it is asked for by name.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use muzzle_persona::fleet::RemoteConfig;

use crate::Problem;
use crate::bench::Bench;
use crate::past::Past;
use crate::report::Row;
use crate::sample::{Sample, by_turns};
use crate::servers::cluster::Cluster;
use crate::servers::proxy::{Fate, Proxy};
use crate::store::Store;

/// How often a machine of a busy fleet assigns.
const PERIOD: Duration = Duration::from_secs(5);

/// Measures all of it.
pub fn measure(bench: &mut Bench) -> Result<(), Problem> {
    let one = Cluster::start(1).ok_or("there is no `etcd` on the path")?;
    let mut three = Cluster::start(3).ok_or("there is no `etcd` on the path")?;
    alone(bench, &one, &three)?;
    for round_trip in [0, 1, 20, 80].map(Duration::from_millis) {
        let upstream = address(&one)?;
        let proxy = Proxy::before(upstream, move |_, _| Fate::Late(round_trip));
        let (endpoints, over) = if round_trip.is_zero() {
            (one.endpoints(), String::new())
        } else {
            (vec![proxy.endpoint()], format!(", {} ms of round trip", round_trip.as_millis()))
        };
        at_once(bench, &endpoints, &over)?;
        without_a_pause(bench, &endpoints, &over)?;
        if round_trip < Duration::from_millis(50) {
            every_five_seconds(bench, &endpoints, &over)?;
        }
    }
    at_once(bench, &three.endpoints(), ", three members")?;
    without_a_pause(bench, &three.endpoints(), ", three members")?;
    joining(bench, &one)?;
    a_leader_dies(bench, &mut three)
}

fn address(cluster: &Cluster) -> Result<SocketAddr, Problem> {
    let endpoint = cluster.endpoint(0);
    Ok(endpoint.strip_prefix("http://").ok_or("no address")?.parse()?)
}

/// The settings of a roster that nobody used yet.
fn new_roster(endpoints: &[String]) -> RemoteConfig {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    RemoteConfig::new(endpoints.to_vec(), format!("bench-{number}"))
}

/// So many machines, on so many rosters, that all have what there is.
fn machines<'a>(
    bench: &'a Bench,
    endpoints: &[String],
    count: usize,
    rosters: usize,
) -> Result<Vec<Store<'a>>, Problem> {
    let rosters: Vec<_> = (0..rosters).map(|_| new_roster(endpoints)).collect();
    let of = |config: &RemoteConfig| Store::of_fleet(&bench.programs, config);
    rosters.iter().cycle().take(count).map(of).collect()
}

/// One machine that nobody disturbs.
fn alone(bench: &mut Bench, one: &Cluster, three: &Cluster) -> Result<(), Problem> {
    let file = Store::seeded(&bench.programs)?;
    let [on_one, on_three] = [one, three].map(|it| machines(bench, &it.endpoints(), 1, 1));
    let (on_one, on_three) = (on_one?, on_three?);
    let first = |machines: &[Store<'_>]| machines.first().ok_or("no machine")?.assign_and_release();
    let [local, one, three] = by_turns(
        bench.rounds,
        [&mut || file.assign_and_release(), &mut || first(&on_one), &mut || first(&on_three)],
    )?;
    drop((file, on_one, on_three));
    bench.report.add(
        Row::new("`assign`, 12 personas, nobody else", local.len())
            .time("in a store of its own", local.median())
            .time("on one member", one.median())
            .time("slowest of a hundred, on one member", one.p99())
            .time("on three members", three.median())
            .time("slowest of a hundred, on three members", three.p99()),
    )
}

/// Machines that assign in the same instant.
fn at_once(bench: &mut Bench, endpoints: &[String], over: &str) -> Result<(), Problem> {
    for count in if bench.quick { vec![16, 64] } else { vec![16, 64, 200] } {
        let all = machines(bench, endpoints, count, 1)?;
        let (barrier, start, sample) =
            (Barrier::new(count), Mutex::new(None::<Instant>), Mutex::new(Sample::default()));
        let failed = AtomicUsize::new(0);
        each(&all, |machine| {
            barrier.wait();
            lock(&start)?.get_or_insert_with(Instant::now);
            match machine.assign(&machine.new_session()) {
                Ok(ran) => lock(&sample)?.extend([ran.took]),
                // Others were faster for as long as it waits.
                Err(_) => drop(failed.fetch_add(1, Ordering::Relaxed)),
            }
            Ok(())
        })?;
        let took = lock(&start)?.map_or(Duration::ZERO, |start| start.elapsed());
        let sample = sample.into_inner().map_err(|_| "a thread panicked")?;
        drop(all);
        bench.report.add(
            Row::new(format!("{count} machines that assign in one instant{over}"), count)
                .time("median", sample.median())
                .time("all of them", took)
                .count("gave up", failed.into_inner() as u64),
        )?;
    }
    Ok(())
}

/// Machines that assign and give back, one after the other.
fn without_a_pause(bench: &mut Bench, endpoints: &[String], over: &str) -> Result<(), Problem> {
    let time = Duration::from_secs(if bench.quick { 2 } else { 5 });
    for (count, rosters) in [(1, 1), (4, 1), (16, 1), (64, 1), (16, 16), (64, 16)] {
        let all = machines(bench, endpoints, count, rosters)?;
        let (sample, start) = (Mutex::new(Sample::default()), Instant::now());
        let failed = AtomicUsize::new(0);
        each(&all, |machine| {
            while start.elapsed() < time {
                match machine.assign_and_release() {
                    Ok(took) => lock(&sample)?.extend([took]),
                    // Others may be faster for as long as it waits.
                    Err(_) => drop(failed.fetch_add(1, Ordering::Relaxed)),
                }
            }
            Ok(())
        })?;
        let took = start.elapsed();
        let sample = sample.into_inner().map_err(|_| "a thread panicked")?;
        drop(all);
        let of = if rosters == 1 { "one roster".to_owned() } else { format!("{rosters} rosters") };
        let row = Row::new(format!("{count} machines without a pause, {of}{over}"), sample.len());
        let failed = failed.into_inner() as u64;
        bench.report.add(
            row.rate("`assign` and `release`", sample.len(), took)
                .time("median of an `assign`", sample.median())
                .time("slowest of a hundred", sample.p99())
                .count("gave up", failed),
        )?;
    }
    Ok(())
}

/// Two hundred machines that each assign every five seconds.
fn every_five_seconds(bench: &mut Bench, endpoints: &[String], over: &str) -> Result<(), Problem> {
    let (count, time) = (200_u32, PERIOD * if bench.quick { 1 } else { 4 });
    let all = machines(bench, endpoints, usize::try_from(count)?, 1)?;
    let (sample, start) = (Mutex::new(Sample::default()), Instant::now());
    let turn = AtomicUsize::new(0);
    each(&all, |machine| {
        let mut next = PERIOD / count * u32::try_from(turn.fetch_add(1, Ordering::Relaxed))?;
        while next < time {
            thread::sleep(next.saturating_sub(start.elapsed()));
            lock(&sample)?.extend([machine.assign_and_release()?]);
            next += PERIOD;
        }
        Ok(())
    })?;
    let sample = sample.into_inner().map_err(|_| "a thread panicked")?;
    drop(all);
    bench.report.add(
        Row::new(format!("200 machines that assign every five seconds{over}"), sample.len())
            .time("median", sample.median())
            .time("slowest of a hundred", sample.p99())
            .at_most(over.is_empty().then_some(0.05)),
    )
}

/// A store that joins a fleet with a past, and the one that gave it that.
fn joining(bench: &mut Bench, cluster: &Cluster) -> Result<(), Problem> {
    for events in if bench.quick { vec![10_000] } else { vec![10_000, 1_000_000] } {
        let config = new_roster(&cluster.endpoints());
        let past = Store::with_past(&bench.programs, Past { personas: 100, events })?;
        let published = past.join(&config)?;
        let taken = Store::empty(&bench.programs)?.join(&config)?;
        drop(past);
        bench.report.add(
            Row::new(format!("`remote join`, {events} events"), 1)
                .time("with all of them, into an empty fleet", published)
                .rate("published", events, published)
                .time("with none, into a fleet that has them", taken)
                .rate("read", events, taken),
        )?;
    }
    Ok(())
}

/// How long nobody is served when the leader dies.
fn a_leader_dies(bench: &mut Bench, cluster: &mut Cluster) -> Result<(), Problem> {
    let rounds = if bench.quick { 1 } else { 5 };
    let mut lost = Sample::default();
    for _ in 0..rounds {
        let machines = machines(bench, &cluster.endpoints(), 1, 1)?;
        let machine = machines.first().ok_or("no machine")?;
        machine.assign_and_release()?;
        let leader = cluster.leader();
        cluster.kill(leader);
        let start = Instant::now();
        machine.assign_and_release()?;
        lost.extend([start.elapsed()]);
        cluster.restart(leader);
    }
    bench.report.add(
        Row::new("an `assign` and a `release` when the leader was just killed", rounds)
            .time("median", lost.median())
            .time("slowest", lost.slowest()),
    )
}

/// Does something with each machine, all at once.
fn each<'a>(
    machines: &'a [Store<'_>],
    work: impl Fn(&'a Store<'_>) -> Result<(), Problem> + Sync,
) -> Result<(), Problem> {
    let work = &work;
    thread::scope(|scope| {
        let workers: Vec<_> =
            machines.iter().map(|machine| scope.spawn(move || work(machine))).collect();
        for worker in workers {
            worker.join().map_err(|_| "a thread panicked")??;
        }
        Ok(())
    })
}

fn lock<T>(value: &Mutex<T>) -> Result<std::sync::MutexGuard<'_, T>, Problem> {
    value.lock().map_err(|_| "another thread panicked".into())
}
