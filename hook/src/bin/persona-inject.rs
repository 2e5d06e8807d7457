//! `persona-inject`: the `PreToolUse` hook that gives a named sub-agent its persona.

use std::process::ExitCode;

use muzzle_persona_hook::{fail_open, inject, surroundings::Surroundings};

fn main() -> ExitCode {
    let surroundings = Surroundings::read();
    let limit = surroundings.timeout(inject::TIMEOUT);
    fail_open::run("persona-inject", "no persona", limit, || {
        inject::answer(std::io::stdin(), surroundings)
    })
}
