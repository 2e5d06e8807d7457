//! What is printed, and kept as JSON.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use serde::Serialize;

use crate::Problem;
use crate::chooser::Chooser;
use crate::figures_file;
use crate::job::JOBS;
use crate::simulation::Outcome;
use crate::world::Kind;

/// All rows.
#[derive(Debug, Serialize)]
pub struct Report {
    quick: bool,
    seeds: usize,
    jobs: usize,
    rows: Vec<Row>,
}

/// What one way to choose came to.
#[derive(Debug, Serialize)]
struct Row {
    chooser: Chooser,
    worlds: Vec<InWorld>,
    /// Over the worlds in which there is a gain.
    mean_gain: Figure,
    /// What the mean is to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    reach: Option<Reach>,
}

#[derive(Debug, Serialize)]
struct InWorld {
    world: Kind,
    /// In per cent of what lies between a random choice and the best.
    #[serde(skip_serializing_if = "Option::is_none")]
    gain: Option<Figure>,
    /// Of 100 jobs, those that succeed with a random choice only.
    lost: Figure,
}

/// A mean over all seeds.
#[derive(Debug, Clone, Copy, Serialize)]
struct Figure {
    mean: f64,
    /// How far it may be off: two standard errors.
    within: f64,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Reach {
    at_least: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
}

impl Report {
    /// Sums up what was simulated, seed by seed.
    pub fn new(quick: bool, by_seed: &[Vec<Outcome>]) -> Self {
        let rows = Chooser::ALL.map(|chooser| Row::new(chooser, by_seed));
        Self { quick, seeds: by_seed.len(), jobs: JOBS, rows: rows.into() }
    }

    /// Prints the table.
    pub fn print(&self) -> io::Result<()> {
        io::stdout().write_all(self.table().as_bytes())
    }

    fn table(&self) -> String {
        let quick = if self.quick { "; a quick run" } else { "" };
        let mut table = format!("{} jobs, {} seeds{quick}\n\n", self.jobs, self.seeds);
        table.push_str("gain, % of what lies between a random choice and the best\n");
        let mut line = |name: &str, cells: Vec<String>, end: &str| {
            let _ = write!(table, "{name:<18}");
            for cell in cells {
                let _ = write!(table, "{cell:>15}");
            }
            let _ = writeln!(table, "{end}");
        };
        let worlds = Kind::ALL.iter().filter(|kind| **kind != Kind::Alike);
        let names = worlds.map(|kind| kind.name().to_owned());
        line("", names.chain(["mean".to_owned(), "alike: lost".to_owned()]).collect(), "");
        for row in &self.rows {
            let gains = row.worlds.iter().filter_map(|world| world.gain);
            let lost = row.worlds.iter().filter(|world| world.gain.is_none()).map(|it| it.lost);
            let figures = gains.chain([row.mean_gain]).chain(lost);
            let reach = row.reach.map(Reach::shown).unwrap_or_default();
            line(row.chooser.name(), figures.map(Figure::shown).collect(), &reach);
        }
        table
    }

    /// Writes all rows to a file in `target/bench/`, and says so.
    pub fn save(&self, name: &str) -> Result<(), Problem> {
        Ok(figures_file::save(self, name)?)
    }
}

impl Row {
    fn new(chooser: Chooser, by_seed: &[Vec<Outcome>]) -> Self {
        let of = |seed: &Vec<Outcome>| -> Vec<Outcome> {
            seed.iter().filter(|it| it.chooser == chooser).copied().collect()
        };
        let by_seed: Vec<_> = by_seed.iter().map(of).collect();
        let worlds = Kind::ALL.map(|kind| {
            let here = || by_seed.iter().flatten().filter(|it| it.kind == kind);
            let gains: Vec<_> = here().filter_map(|it| it.gain).collect();
            let gain = (!gains.is_empty()).then(|| Figure::of(&gains));
            let lost: Vec<_> = here().map(|it| it.lost).collect();
            InWorld { world: kind, gain, lost: Figure::of(&lost) }
        });
        // Worlds of one seed have their chances in common: only seeds are independent.
        let means: Vec<_> = by_seed
            .iter()
            .map(|seed| mean(&seed.iter().filter_map(|it| it.gain).collect::<Vec<_>>()))
            .collect();
        let reach = match chooser {
            Chooser::Record => Some(Reach { at_least: 33.0, at_most: None }),
            Chooser::RecordAndOutcomes => Some(Reach { at_least: 41.0, at_most: None }),
            Chooser::Share => Some(Reach { at_least: 22.0, at_most: Some(28.0) }),
            Chooser::Random | Chooser::LongestIdle | Chooser::Ucb => None,
        };
        Self { chooser, worlds: worlds.into(), mean_gain: Figure::of(&means), reach }
    }
}

impl Figure {
    fn of(samples: &[f64]) -> Self {
        let (mean, count) = (mean(samples), count(samples));
        let squares: f64 = samples.iter().map(|sample| (sample - mean) * (sample - mean)).sum();
        let variance = if count > 1.0 { squares / (count - 1.0) } else { 0.0 };
        Self { mean, within: 2.0 * (variance / count).sqrt() }
    }

    fn shown(self) -> String {
        format!("{:.1} ± {:.1}", self.mean, self.within)
    }
}

impl Reach {
    fn shown(self) -> String {
        match self.at_most {
            None => format!("  to reach: ≥ {}", self.at_least),
            Some(at_most) => format!("  to reach: {} to {at_most}", self.at_least),
        }
    }
}

fn mean(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / count(samples)
}

fn count(samples: &[f64]) -> f64 {
    u32::try_from(samples.len()).map_or(f64::INFINITY, f64::from)
}
