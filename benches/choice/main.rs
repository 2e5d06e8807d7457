//! How much the ways of choosing a persona gain, in worlds whose truth is known.
//!
//! `cargo bench --bench choice -- [--quick]`. Nothing is timed: what comes out is the same on every
//! machine. `docs/broker.md` tells what is assumed, and has the figures.

mod cast;
mod chooser;
mod diary;
#[path = "../figures_file.rs"]
mod figures_file;
mod job;
mod report;
mod simulation;
mod world;

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use cast::Cast;
use report::Report;

/// Why there is no result.
type Problem = Box<dyn Error + Send + Sync>;

/// How many seeds make the means stable to half a point.
const SEEDS: u64 = 400;
/// How many seeds are enough for a first look.
const QUICK_SEEDS: u64 = 6;

fn main() -> ExitCode {
    match simulate() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // When this fails there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "error: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn simulate() -> Result<(), Problem> {
    let mut quick = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => quick = true,
            // Cargo says so to every bench.
            "--bench" => {}
            option if option.starts_with('-') => {
                return Err(format!("there is no option `{option}`; there is `--quick`").into());
            }
            // The name of a group of the bench `floor`, which is wanted instead of all.
            _ => return Ok(()),
        }
    }
    let seeds = if quick { QUICK_SEEDS } else { SEEDS };
    let samples = simulation::by_seed(&Cast::built_in()?, seeds)?;
    let report = Report::new(quick, &samples);
    report.print()?;
    report.save("choice.json")
}
