//! The jobs, one after the other, and all that is chance about them.

use std::iter;

use fastrand::Rng;

/// How many jobs there are: eleven months of them, six a day.
pub const JOBS: usize = 2000;
/// The hours from one job to the next.
pub const HOURS: i64 = 4;
/// How many personas are at work elsewhere while somebody is chosen.
pub const BUSY: [usize; 2] = [3, 8];
/// How often somebody gives a verdict on a job.
const VERDICT: f64 = 0.07;
/// How often the outcome of a job is measured, where outcomes are.
const OUTCOME: f64 = 0.4;
/// How often either says the opposite of what is true.
const WRONG: f64 = 0.1;

/// One job. What is chance in it is the same for everybody who chooses.
#[derive(Debug, Clone)]
pub struct Job {
    /// The role's position.
    pub role: usize,
    /// Who is free, by position, in an order that is chance.
    pub free: Vec<usize>,
    /// The job succeeds if its quality is above this.
    pub luck: f64,
    /// The verdict on it, if there is one.
    pub verdict: Option<Said>,
    /// What is measured of it, if anything is.
    pub outcome: Option<Said>,
}

/// Whether what is said of a job is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It is.
    True,
    /// It is the opposite.
    Wrong,
}

impl Said {
    /// What is said of a job that succeeded or did not.
    pub fn of(self, success: bool) -> bool {
        success == (self == Self::True)
    }
}

/// The jobs for a cast of so many personas and roles, with so many personas busy.
pub fn jobs(personas: usize, roles: usize, busy: usize, rng: &mut Rng) -> Vec<Job> {
    iter::repeat_with(|| {
        let mut free: Vec<_> = (0..personas).collect();
        rng.shuffle(&mut free);
        free.truncate(personas - busy);
        let role = rng.usize(0..roles);
        let luck = rng.f64();
        let mut said = |often| {
            // Drawn in any case, so that nothing else depends on it.
            let (is_said, is_wrong) = (rng.f64() < often, rng.f64() < WRONG);
            is_said.then_some(if is_wrong { Said::Wrong } else { Said::True })
        };
        Job { role, free, luck, verdict: said(VERDICT), outcome: said(OUTCOME) }
    })
    .take(JOBS)
    .collect()
}
