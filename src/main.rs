//! `muzzle-persona`: named, persistent personas for coding agents.
//!
//! The clock, the environment and the source of randomness are read here, and
//! the exit code is decided here. Everything else is told what it needs.

use std::panic;
use std::process::ExitCode;

mod cli;

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the clock, the environment and randomness enter"
)]
fn main() -> ExitCode {
    let surroundings = cli::Surroundings {
        store: std::env::var_os(muzzle_persona::environment::STORE),
        now: std::env::var_os(muzzle_persona::environment::NOW),
        home: std::env::home_dir(),
        clock: jiff::Timestamp::now(),
        rng: fastrand::Rng::new(),
    };
    panic::set_hook(Box::new(cli::report_bug));
    let code = panic::catch_unwind(move || cli::main(std::env::args_os(), surroundings));
    ExitCode::from(code.unwrap_or(cli::BUG))
}
