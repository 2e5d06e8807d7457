//! `persona-inject`: the `PreToolUse` hook that gives a named sub-agent its persona.

use std::process::ExitCode;

use muzzle_persona_hook::{fail_open, inject, surroundings::Surroundings};

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the clock, the environment and randomness enter"
)]
fn main() -> ExitCode {
    let surroundings = Surroundings {
        variable: |name| std::env::var_os(name),
        home: std::env::home_dir(),
        clock: jiff::Timestamp::now(),
        rng: fastrand::Rng::new(),
    };
    let limit = surroundings.timeout(inject::TIMEOUT);
    fail_open::run("persona-inject", limit, || inject::answer(std::io::stdin(), surroundings))
}
