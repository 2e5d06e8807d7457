//! `muzzle-persona`: named, persistent personas for coding agents.
//!
//! The exit code is decided here.

use std::panic;
use std::process::ExitCode;

mod cli;

fn main() -> ExitCode {
    panic::set_hook(Box::new(cli::report_bug));
    let code = panic::catch_unwind(|| {
        cli::answer_shell();
        cli::main(std::env::args_os())
    });
    ExitCode::from(code.unwrap_or(cli::BUG))
}
