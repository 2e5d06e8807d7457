//! The README, run.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{Done, Home};
use crate::repository::{hermetic, path};

/// The command lines that the README shows in its `sh` blocks.
fn commands() -> Vec<String> {
    let readme = include_str!("../../README.md");
    let blocks = readme.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    lines.map(str::to_owned).collect()
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let home = Home::new();
    let programs = Path::new(env!("CARGO_BIN_EXE_muzzle-persona")).parent().unwrap();
    let is_built = programs.join("persona-inject").exists();
    assert!(is_built, "`cargo test --workspace` builds what is tested here");
    let mut search = OsString::from(programs);
    search.push(":");
    search.push(path());
    let mut ran = 0;
    for line in commands() {
        // Building, testing and installing is what is happening here.
        let shell = match line.strip_prefix("cargo run --release -- ") {
            Some(args) => format!("muzzle-persona {args}"),
            None if line.starts_with("cargo ") => continue,
            None => line.clone(),
        };
        let mut command = Command::new("sh");
        hermetic(&home, command.env_clear())
            .args(["-c", &shell])
            .env("PATH", &search)
            .envs([("GIT_AUTHOR_NAME", "t"), ("GIT_AUTHOR_EMAIL", "t@example.org")])
            .envs([("GIT_COMMITTER_NAME", "t"), ("GIT_COMMITTER_EMAIL", "t@example.org")])
            // A slow machine must not fail a test that is not about time.
            .env("MUZZLE_PERSONA_HOOK_TIMEOUT_MS", "60000")
            .current_dir(home.path())
            .stdin(Stdio::null());
        let done = Done::of(&mut command);
        assert_eq!(done.code, Some(0), "{line}: {}{}", done.stdout, done.stderr);
        assert!(line.contains(" add ") || !done.stdout.is_empty(), "{line} says nothing");
        ran += 1;
    }
    assert!(ran >= 20, "the README shows how to use it");
}
