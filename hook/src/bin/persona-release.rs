//! `persona-release`: the `SessionEnd` and `SessionStart` hook that gives personas back.

use std::process::ExitCode;

use muzzle_persona_hook::{fail_open, release, surroundings::Surroundings};

fn main() -> ExitCode {
    let surroundings = Surroundings::read();
    let limit = surroundings.timeout(release::TIMEOUT);
    fail_open::run("persona-release", "nothing released", limit, || {
        release::answer(std::io::stdin(), surroundings)
    })
}
