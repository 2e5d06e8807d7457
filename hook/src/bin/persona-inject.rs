//! `persona-inject`: the `PreToolUse` hook that gives a named sub-agent its persona.

use std::process::ExitCode;

use muzzle_persona_hook::patience::Patience;
use muzzle_persona_hook::surroundings::Surroundings;
use muzzle_persona_hook::{fail_open, inject};

fn main() -> ExitCode {
    let surroundings = Surroundings::read();
    let limit = surroundings.timeout(inject::TIMEOUT);
    fail_open::run("persona-inject", "no persona", limit, |watch| {
        inject::answer(Patience::new(watch), watch, surroundings)
    })
}
