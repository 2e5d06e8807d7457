//! `muzzle-persona`: named, persistent personas for coding agents.
//!
//! The surroundings (the clock, the environment, the source of randomness)
//! are read here, and the exit code is decided here. Everything else is told
//! what it needs.

use std::panic;
use std::process::ExitCode;

mod cli;

fn main() -> ExitCode {
    panic::set_hook(Box::new(cli::report_bug));
    let code = panic::catch_unwind(|| {
        cli::answer_shell();
        cli::main(std::env::args_os(), cli::Surroundings::read())
    });
    ExitCode::from(code.unwrap_or(cli::BUG))
}
