//! The walk through an audit in `docs/audit.md`, run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Done, Home, without_ids};

const TRANSCRIPT: &str = include_str!("../../docs/audit.md");

/// The commands of the transcript, each with what it says that is printed.
fn steps() -> Vec<(&'static str, String)> {
    let mut steps: Vec<(&str, String)> = Vec::new();
    for block in TRANSCRIPT.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            match line.strip_prefix("$ ") {
                Some(command) => steps.push((command, String::new())),
                None => steps.last_mut().unwrap().1.extend([line, "\n"]),
            }
        }
    }
    steps
}

/// A shell's user in an empty home, with a git of their own.
struct User {
    home: Home,
    cwd: PathBuf,
    variables: BTreeMap<String, String>,
    programs: PathBuf,
}

impl User {
    #[expect(clippy::disallowed_methods, reason = "git and sed are where they are")]
    fn new() -> Self {
        let home = Home::new();
        let programs = Path::new(env!("CARGO_BIN_EXE_muzzle-persona")).parent().unwrap();
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
        let root = home.path().to_str().unwrap().to_owned();
        let who = |what: &str, is: &str| (what.to_owned(), is.to_owned());
        let variables = BTreeMap::from([
            who("PATH", &path),
            who("HOME", &root),
            who("GIT_CONFIG_NOSYSTEM", "1"),
            who("GIT_CONFIG_GLOBAL", &format!("{root}/none")),
            who("GIT_AUTHOR_NAME", "you"),
            who("GIT_AUTHOR_EMAIL", "you@example.org"),
            who("GIT_COMMITTER_NAME", "you"),
            who("GIT_COMMITTER_EMAIL", "you@example.org"),
            who("LC_ALL", "C.UTF-8"),
        ]);
        Self { cwd: home.path().to_owned(), home, variables, programs: programs.to_owned() }
    }

    /// Runs one command, and answers what it printed.
    fn run(&mut self, command: &str) -> String {
        if let Some((name, value)) =
            command.strip_prefix("export ").and_then(|set| set.split_once('='))
        {
            self.variables.insert(name.to_owned(), value.to_owned());
            return String::new();
        }
        if let Some(dir) = command.strip_prefix("cd ~/") {
            self.cwd = self.home.path().join(dir);
            return String::new();
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{{ {command}; }} 2>&1")]).current_dir(&self.cwd);
        let Done { stdout, .. } = Done::of(shell.env_clear().envs(&self.variables));
        let said = stdout.replace(self.home.path().to_str().unwrap(), "/home/you");
        said.replace(self.programs.to_str().unwrap(), "/usr/local/bin")
    }
}

/// A text without what another seed or another git would change in it.
fn plain(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("index "));
    without_ids(&lines.collect::<Vec<_>>().join("\n"))
}

#[test]
fn the_transcript_is_what_happens() {
    let mut user = User::new();
    let steps = steps();
    assert!(steps.len() > 20);
    for (command, printed) in steps {
        assert_eq!(plain(&user.run(command)), plain(&printed), "$ {command}");
    }
}
