//! `muzzle-persona`: named, persistent personas for coding agents.
//!
//! The environment, the clock and the source of randomness are read here, and
//! the exit code is decided here. Everything else is passed what it needs.

use std::panic;
use std::process::ExitCode;

mod cli;

fn main() -> ExitCode {
    panic::set_hook(Box::new(cli::report_bug));
    let code = panic::catch_unwind(|| {
        cli::answer_shell();
        cli::main(std::env::args_os(), cli::Environment::read())
    });
    ExitCode::from(code.unwrap_or(cli::BUG))
}
