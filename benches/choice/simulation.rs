//! All ways to choose, each with the same jobs in the same worlds.

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
    /// Its share of what lies between a random choice and the best, in per cent; none where
    /// nothing does.
    pub gain: Option<f64>,
    /// How many jobs of 100 did not succeed that did with a random choice.
    pub lost: f64,
}

/// Simulates all worlds with each seed.
pub fn by_seed(cast: &Cast, seeds: u64) -> Result<Vec<Vec<Outcome>>, Problem> {
    (0..seeds)
        .map(|seed| {
            let mut outcomes = Vec::new();
            for kind in Kind::ALL {
                outcomes.extend(in_a_world(cast, kind, seed)?);
            }
            Ok(outcomes)
        })
        .collect()
}

/// What all jobs of a run add up to.
#[derive(Debug, Clone, Copy, Default)]
struct Work {
    /// The sum of the qualities with which they were done.
    quality: f64,
    /// How many succeeded.
    succeeded: u32,
}

impl Work {
    fn and(self, other: Self) -> Self {
        Self {
            quality: self.quality + other.quality,
            succeeded: self.succeeded + other.succeeded,
        }
    }
}

/// Simulates one world with all ways to choose, once for each number of busy personas.
fn in_a_world(cast: &Cast, kind: Kind, seed: u64) -> Result<Vec<Outcome>, Problem> {
    let mut rng = Rng::with_seed(seed);
    let world = World::new(kind, cast, &mut rng);
    let mut work = Chooser::ALL.map(|chooser| (chooser, Work::default()));
    for busy in BUSY {
        let jobs = jobs(cast.personas.len(), cast.roles().len(), busy, &mut rng);
        for (chooser, work) in &mut work {
            *work = work.and(run(cast, &world, &jobs, *chooser)?);
        }
    }
    let of = |wanted| work.iter().find(|(it, _)| *it == wanted).map(|(_, work)| *work);
    let (random, best) =
        (of(Chooser::Random).unwrap_or_default(), of(Chooser::Best).unwrap_or_default());
    let between = best.quality - random.quality;
    let all = f64::from(u32::try_from(JOBS * BUSY.len())?);
    let outcomes = work.map(|(chooser, work)| Outcome {
        kind,
        chooser,
        gain: (kind != Kind::Alike).then(|| 100.0 * (work.quality - random.quality) / between),
        lost: 100.0 * (f64::from(random.succeeded) - f64::from(work.succeeded)) / all,
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
        let quality = |(at, done): (usize, &Vec<u32>)| {
            let done = done.get(job.role).copied().unwrap_or_default();
            world.quality(at, job.role, done, is_first_half)
        };
        let qualities: Vec<_> = done.iter().enumerate().map(quality).collect();
        let choice = Choice { cast, job, role, diary: &diary, last: &last, qualities: &qualities };
        let chosen = choice.by(chooser).ok_or("nobody is free")?;
        let quality = qualities.get(chosen).copied().ok_or("nobody is there")?;
        let is_success = job.luck < quality;
        work = work.and(Work { quality, succeeded: is_success.into() });
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
