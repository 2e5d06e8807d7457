//! `persona-inject`: the `PreToolUse` hook that gives a named sub-agent its persona.

use std::process::ExitCode;

use muzzle_persona_hook::environment::Environment;
use muzzle_persona_hook::timed_stdin::TimedStdin;
use muzzle_persona_hook::{fail_open, inject};

fn main() -> ExitCode {
    let environment = Environment::read();
    let limit = environment.timeout(inject::TIMEOUT);
    fail_open::run("persona-inject", "no persona", limit, |deadline| {
        inject::answer(TimedStdin::new(deadline), deadline, environment)
    })
}
