//! `persona-release`: the `SessionEnd` and `SessionStart` hook that gives personas back.

use std::process::ExitCode;

use muzzle_persona_hook::environment::Environment;
use muzzle_persona_hook::timed_stdin::TimedStdin;
use muzzle_persona_hook::{fail_open, release};

fn main() -> ExitCode {
    let environment = Environment::read();
    let limit = environment.timeout(release::TIMEOUT);
    fail_open::run("persona-release", "nothing released", limit, |deadline| {
        release::answer(TimedStdin::new(deadline), deadline, environment)
    })
}
