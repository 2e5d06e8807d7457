//! `persona-release`: the `SessionEnd` and `SessionStart` hook that gives personas back.

use std::process::ExitCode;

use muzzle_persona_hook::{fail_open, release};

fn main() -> ExitCode {
    fail_open::run(
        "persona-release",
        release::HELP,
        "nothing released",
        release::TIMEOUT,
        release::answer,
    )
}
