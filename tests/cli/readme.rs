//! The README, run.

use crate::harness::{Done, Home};

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
    let mut ran = 0;
    for line in commands() {
        // Building and testing is what is happening here.
        let Some(args) = line
            .strip_prefix("cargo run --release -- ")
            .or_else(|| line.strip_prefix("muzzle-persona "))
        else {
            assert!(
                line == "cargo test --workspace" || line.starts_with("cargo install "),
                "{line}"
            );
            continue;
        };
        let shell = format!("exec \"$PROGRAM\" {args}");
        let mut command = home.command();
        let program = command.get_program().to_owned();
        let mut shell_command = std::process::Command::new("sh");
        shell_command.args(["-c", &shell]).env("PROGRAM", program).current_dir(home.path());
        for (name, value) in command.current_dir(home.path()).get_envs() {
            shell_command.env(name, value.unwrap_or_default());
        }
        assert!(!Done::of(&mut shell_command).ok().is_empty(), "{line}");
        ran += 1;
    }
    assert!(ran >= 5, "the README shows how to use it");
}
