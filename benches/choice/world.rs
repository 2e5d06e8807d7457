//! How well each persona really works in each role, which nobody in the world can see.

use fastrand::Rng;
use serde::Serialize;

use crate::cast::Cast;

/// What is assumed of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Personas differ, and expertise tells something of it.
    Differ,
    /// They do, and expertise tells nothing of it.
    TagsLie,
    /// Each job in a role makes the next one better.
    Practice,
    /// Four personas are others from half-time on.
    FourChange,
    /// Each is as good as any other, in everything.
    Alike,
}

impl Kind {
    /// All worlds.
    pub const ALL: [Self; 5] =
        [Self::Differ, Self::TagsLie, Self::Practice, Self::FourChange, Self::Alike];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Differ => "differ",
            Self::TagsLie => "tags lie",
            Self::Practice => "practice",
            Self::FourChange => "four change",
            Self::Alike => "alike",
        }
    }

    /// How much better somebody is on average whose expertise fits than somebody whose does not.
    const fn tags_tell(self) -> f64 {
        match self {
            Self::Differ | Self::Practice | Self::FourChange => 0.1,
            Self::TagsLie | Self::Alike => 0.0,
        }
    }
}

/// The quality of an average persona: how many jobs in one succeed.
const AVERAGE: f64 = 0.6;
/// The spread of a persona's quality in all its roles, as a standard deviation.
const SPREAD: f64 = 0.075;
/// The spread of its quality in each role around that.
const SPREAD_OF_ROLES: f64 = 0.15;
/// The qualities that there are at the least and at the most.
const EXTREMES: (f64, f64) = (0.02, 0.98);
/// What practice adds at the most.
const PRACTICE: f64 = 0.15;
/// How many jobs in a role make half of it.
const HALF_PRACTICED: f64 = 8.0;
/// How many personas change at half-time.
const CHANGING: usize = 4;

/// The truth about a cast.
#[derive(Debug, Clone)]
pub struct World {
    kind: Kind,
    /// By persona and role.
    first_half: Vec<Vec<f64>>,
    second_half: Vec<Vec<f64>>,
}

impl World {
    /// Makes up a world.
    pub fn new(kind: Kind, cast: &Cast, rng: &mut Rng) -> Self {
        let first_half = qualities(kind, cast, rng);
        let mut second_half = first_half.clone();
        if kind == Kind::FourChange {
            let mut changing: Vec<_> =
                second_half.iter_mut().zip(qualities(kind, cast, rng)).collect();
            rng.shuffle(&mut changing);
            for (persona, new) in changing.into_iter().take(CHANGING) {
                *persona = new;
            }
        }
        Self { kind, first_half, second_half }
    }

    /// How likely a persona succeeds that did so many jobs in the role before.
    pub fn quality(&self, persona: usize, role: usize, done: u32, is_first_half: bool) -> f64 {
        let half = if is_first_half { &self.first_half } else { &self.second_half };
        let born = half.get(persona).and_then(|roles| roles.get(role)).copied().unwrap_or_default();
        match self.kind {
            Kind::Practice => {
                let done = f64::from(done);
                (born + PRACTICE * done / (done + HALF_PRACTICED)).min(EXTREMES.1)
            }
            Kind::Differ | Kind::TagsLie | Kind::FourChange | Kind::Alike => born,
        }
    }
}

/// The qualities by persona and role.
fn qualities(kind: Kind, cast: &Cast, rng: &mut Rng) -> Vec<Vec<f64>> {
    let persona = cast.personas.iter().map(|persona| {
        let own = SPREAD * normal(rng);
        let role = cast.roles().iter().map(|role| {
            let told = kind.tags_tell() / 2.0;
            let told = if Cast::knows(persona, role) { told } else { -told };
            let quality = AVERAGE + own + told + SPREAD_OF_ROLES * normal(rng);
            if kind == Kind::Alike { AVERAGE } else { quality.clamp(EXTREMES.0, EXTREMES.1) }
        });
        role.collect()
    });
    persona.collect()
}

/// A number that is nearly normally distributed, by nothing but sums: the same on every machine.
fn normal(rng: &mut Rng) -> f64 {
    (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0
}
