//! `persona-release`: the `SessionEnd` and `SessionStart` hook that gives personas back.

use std::process::ExitCode;

use muzzle_persona_hook::patience::Patience;
use muzzle_persona_hook::surroundings::Surroundings;
use muzzle_persona_hook::{fail_open, release};

fn main() -> ExitCode {
    let surroundings = Surroundings::read();
    let limit = surroundings.timeout(release::TIMEOUT);
    fail_open::run("persona-release", "nothing released", limit, |watch| {
        release::answer(Patience::new(watch), watch, surroundings)
    })
}
