//! What the programs cost, each figure beside the least that it could be.
//!
//! `cargo bench --bench floor -- [--quick] [GROUP …]`. `docs/performance.md`
//! tells the method.

mod bench;
mod cast;
mod crowd;
mod decode;
mod figures_file;
mod fleet;
mod lending;
mod long_log;
mod machine;
mod memory;
mod past;
mod programs;
mod report;
mod sample;
mod sizes;
mod store;
mod sync;

/// The servers of a test and its network, of which this needs a part.
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]
#[path = "../tests/fleet"]
mod servers {
    pub mod certificates;
    pub mod cluster;
    pub mod network;
    pub mod proxy;
}

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use bench::Bench;

/// Why nothing was measured.
type Problem = Box<dyn Error + Send + Sync>;

/// Measures a group, and reports its rows.
type Group = fn(&mut Bench) -> Result<(), Problem>;

/// What there is to measure, in this order.
const GROUPS: [(&str, Group); 9] = [
    ("lending", lending::measure),
    ("long-log", long_log::measure),
    ("personas", sizes::by_personas),
    ("events", sizes::by_events),
    ("crowd", crowd::measure),
    ("lock", crowd::beside_stores),
    ("writers", crowd::by_writers),
    ("decode", decode::measure),
    ("fleet", fleet::measure),
];

/// The groups that are left out unless they are named: they need more than the programs.
const ON_REQUEST: [&str; 1] = ["fleet"];

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // When this fails there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "error: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), Problem> {
    let (mut quick, mut wanted) = (false, Vec::new());
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => quick = true,
            // Cargo says so to every bench.
            "--bench" => {}
            name => match GROUPS.iter().find(|(group, _)| *group == name) {
                Some(group) => wanted.push(group),
                None => return Err(unknown(name).into()),
            },
        }
    }
    if wanted.is_empty() {
        wanted.extend(GROUPS.iter().filter(|(group, _)| !ON_REQUEST.contains(group)));
    }
    let mut bench = Bench::new(quick)?;
    for (_, group) in wanted {
        group(&mut bench)?;
    }
    bench.report.save("floor.json")
}

fn unknown(name: &str) -> String {
    let groups = GROUPS.map(|(group, _)| group).join("`, `");
    format!("there is no group `{name}`; the groups are `{groups}`")
}
