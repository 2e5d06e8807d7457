//! `persona-inject`: the `PreToolUse` hook that gives a named sub-agent its persona.

use std::process::ExitCode;

use muzzle_persona_hook::{fail_open, inject};

fn main() -> ExitCode {
    fail_open::run("persona-inject", inject::HELP, "no persona", inject::TIMEOUT, inject::answer)
}
