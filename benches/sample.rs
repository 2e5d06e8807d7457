//! Repeating a measurement, and what the repetitions add up to.

use std::time::{Duration, Instant};

use crate::Problem;

/// How often something is measured.
#[derive(Debug, Clone, Copy)]
pub struct Rounds {
    /// The most rounds.
    pub most: usize,
    /// The fewest rounds, however long they take.
    pub least: usize,
    /// When no round above the fewest begins any more.
    pub limit: Duration,
}

impl Rounds {
    /// As many as fit into the time.
    #[must_use]
    pub fn of(quick: bool) -> Self {
        let seconds = Duration::from_secs;
        if quick {
            Self { most: 20, least: 3, limit: seconds(2) }
        } else {
            Self { most: 300, least: 9, limit: seconds(20) }
        }
    }
}

/// One way to measure something once.
pub type Contender<'a> = &'a mut dyn FnMut() -> Result<Duration, Problem>;

/// Measures by turns, A B A B …, so that a machine that drifts does so for all.
pub fn by_turns<const N: usize>(
    rounds: Rounds,
    mut contenders: [Contender<'_>; N],
) -> Result<[Sample; N], Problem> {
    let mut samples = [(); N].map(|()| Sample::default());
    let start = Instant::now();
    for round in 0..rounds.most {
        if round >= rounds.least && start.elapsed() > rounds.limit {
            break;
        }
        for (contender, sample) in contenders.iter_mut().zip(&mut samples) {
            sample.0.push(contender()?);
        }
    }
    Ok(samples)
}

/// What was measured, time by time.
#[derive(Debug, Clone, Default)]
pub struct Sample(Vec<Duration>);

impl Sample {
    /// How many times there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The middle one; of an even number, the mean of the two in the middle.
    #[must_use]
    pub fn median(&self) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
        let half = sorted.len() / 2;
        if sorted.len().is_multiple_of(2) {
            (at(half.saturating_sub(1)) + at(half)) / 2
        } else {
            at(half)
        }
    }

    /// The time that 99 of 100 do not exceed.
    #[must_use]
    pub fn p99(&self) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let index = (sorted.len() * 99).div_ceil(100).saturating_sub(1);
        sorted.get(index).copied().unwrap_or_default()
    }

    /// The shortest.
    #[must_use]
    pub fn fastest(&self) -> Duration {
        self.0.iter().min().copied().unwrap_or_default()
    }

    /// The longest.
    #[must_use]
    pub fn slowest(&self) -> Duration {
        self.0.iter().max().copied().unwrap_or_default()
    }
}

impl Extend<Duration> for Sample {
    fn extend<T: IntoIterator<Item = Duration>>(&mut self, times: T) {
        self.0.extend(times);
    }
}

impl IntoIterator for Sample {
    type Item = Duration;
    type IntoIter = std::vec::IntoIter<Duration>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// How many times as long.
#[must_use]
pub fn ratio(time: Duration, floor: Duration) -> f64 {
    time.as_secs_f64() / floor.as_secs_f64()
}
