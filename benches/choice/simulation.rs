//! All ways to choose, each with the same jobs in the same worlds.

use std::ops::AddAssign;
use std::thread;

use fastrand::Rng;

use crate::Problem;
use crate::cast::Cast;
use crate::chooser::{Choice, Chooser};
use crate::diary::{Diary, Known};
use crate::job::{BUSY, JOBS, Job, jobs};
use crate::world::{Kind, World};

/// What a way to choose came to in a world with one seed.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// The world.
    pub kind: Kind,
    /// The way to choose.
    pub chooser: Chooser,
    /// Its share of what lies, at each choice, between the mean of those who are free and the best
    /// of them, in per cent; none where nothing does.
    pub gain: Option<f64>,
    /// How many jobs of 100 did not succeed that did with a random choice.
    pub lost: f64,
}

/// Simulates all worlds with each seed, on all processors.
pub fn by_seed(cast: &Cast, seeds: u64) -> Result<Vec<Vec<Outcome>>, Problem> {
    let seeds: Vec<_> = (0..seeds).collect();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let parts = seeds.chunks(seeds.len().div_ceil(threads));
        let parts: Vec<_> = parts
            .map(|part| scope.spawn(|| part.iter().map(|seed| with_seed(cast, *seed)).collect()))
            .collect();
        let mut all = Vec::new();
        for part in parts {
            let part: Result<Vec<_>, Problem> = part.join().map_err(|_| "a thread panicked")?;
            all.extend(part?);
        }
        Ok(all)
    })
}

fn with_seed(cast: &Cast, seed: u64) -> Result<Vec<Outcome>, Problem> {
    let (mut rng, mut outcomes) = (Rng::with_seed(seed), Vec::new());
    for kind in Kind::ALL {
        outcomes.extend(in_worlds(cast, kind, &mut rng)?);
    }
    Ok(outcomes)
}

/// What all jobs of a run add up to.
#[derive(Debug, Clone, Copy, Default)]
struct Work {
    /// The sum of the qualities of those who were chosen.
    quality: f64,
    /// What the sum would be if each choice had been random.
    random: f64,
    /// What it would be if each had been of the best.
    best: f64,
    /// How many jobs succeeded.
    succeeded: u32,
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.quality += other.quality;
        self.random += other.random;
        self.best += other.best;
        self.succeeded += other.succeeded;
    }
}

/// Simulates worlds of a kind with all ways to choose: one for each number of busy personas.
fn in_worlds(cast: &Cast, kind: Kind, rng: &mut Rng) -> Result<Vec<Outcome>, Problem> {
    let mut work = Chooser::ALL.map(|chooser| (chooser, Work::default()));
    for busy in BUSY {
        let world = World::new(kind, cast, rng);
        let jobs = jobs(cast.personas.len(), cast.roles().len(), busy, rng);
        for (chooser, work) in &mut work {
            *work += run(cast, &world, &jobs, *chooser)?;
        }
    }
    let random = work.iter().find(|(it, _)| *it == Chooser::Random);
    let random = random.map_or(0, |(_, work)| work.succeeded);
    let all = f64::from(u32::try_from(JOBS * BUSY.len())?);
    let outcomes = work.map(|(chooser, work)| Outcome {
        kind,
        chooser,
        gain: (kind != Kind::Alike)
            .then(|| 100.0 * (work.quality - work.random) / (work.best - work.random)),
        lost: 100.0 * (f64::from(random) - f64::from(work.succeeded)) / all,
    });
    Ok(outcomes.to_vec())
}

/// Does all jobs, one after the other.
fn run(cast: &Cast, world: &World, jobs: &[Job], chooser: Chooser) -> Result<Work, Problem> {
    let mut diary = Diary::new(cast)?;
    let mut last = vec![None; cast.personas.len()];
    let mut done = vec![vec![0_u32; cast.roles().len()]; cast.personas.len()];
    let mut work = Work::default();
    for (number, job) in jobs.iter().enumerate() {
        let role = cast.roles().get(job.role).ok_or("a job has no role")?;
        let is_first_half = number * 2 < jobs.len();
        let quality = |persona: usize| {
            let done = done.get(persona).and_then(|roles| roles.get(job.role));
            world.quality(persona, job.role, done.copied().unwrap_or_default(), is_first_half)
        };
        let choice = Choice { cast, job, role, diary: &diary, last: &last };
        let chosen = choice.by(chooser).ok_or("nobody is free")?;
        let free: Vec<_> = job.free.iter().map(|persona| quality(*persona)).collect();
        let quality = quality(chosen);
        let is_success = job.luck < quality;
        work += Work {
            quality,
            random: free.iter().sum::<f64>() / f64::from(u32::try_from(free.len())?),
            best: free.iter().copied().fold(0.0, f64::max),
            succeeded: is_success.into(),
        };
        if let Some(last) = last.get_mut(chosen) {
            *last = Some(number);
        }
        if let Some(done) = done.get_mut(chosen).and_then(|roles| roles.get_mut(job.role)) {
            *done += 1;
        }
        if chooser.reads() {
            let persona = cast.personas.get(chosen).ok_or("nobody is there")?;
            let outcome = job.outcome.filter(|_| chooser == Chooser::RecordAndOutcomes);
            let known = Known {
                verdict: job.verdict.map(|said| said.of(is_success)),
                outcome: outcome.map(|said| said.of(is_success)),
            };
            diary.note(number, &persona.name, &role.name, known)?;
        }
    }
    Ok(work)
}
