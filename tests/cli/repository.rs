//! Stores in repositories of the real git.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::{Done, Home};

/// Where this process finds its programs.
#[expect(clippy::disallowed_methods, reason = "git is where the tests' own PATH says")]
pub fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

/// Has a process see nobody's settings of git but these.
pub fn hermetic<'a>(home: &Home, command: &'a mut Command) -> &'a mut Command {
    command
        .env("PATH", path())
        .env("HOME", home.path())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", home.path().join("no-such-file"))
}

/// Runs git in a store, whatever comes of it.
pub fn try_git(home: &Home, store: &Path, args: &[&str]) -> Done {
    let mut command = Command::new("git");
    let command = hermetic(home, &mut command)
        .current_dir(store)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
        .args(["-c", "init.defaultBranch=main", "-c", "core.autocrlf=false"])
        .args(args);
    Done::of(command)
}

/// Runs git in a store, and returns what it answers.
#[track_caller]
pub fn git(home: &Home, store: &Path, args: &[&str]) -> String {
    let done = try_git(home, store, args);
    assert_eq!(done.code, Some(0), "git {args:?}: {}{}", done.stdout, done.stderr);
    done.stdout
}

/// What a store holds, by everything that is asked of it.
#[track_caller]
pub fn answers(home: &Home) -> [Value; 2] {
    [&["list", "--json", "--status=all"][..], &["stats", "--json"]]
        .map(|args| home.run(args).json_with_warnings())
}

/// The ids of all events in the files of a store.
pub fn ids(home: &Home) -> BTreeSet<String> {
    files(home.store()).iter().flat_map(|path| ids_in(&fs::read_to_string(path).unwrap())).collect()
}

/// The ids of the events in a log.
pub fn ids_in(log: &str) -> BTreeSet<String> {
    log.lines().map(|line| line[line.len() - 34..line.len() - 2].to_owned()).collect()
}

/// The files of a store's log.
fn files(store: &Path) -> Vec<PathBuf> {
    let segments = fs::read_dir(store.join("segments")).into_iter().flatten();
    let segments = segments.map(|entry| entry.unwrap().path());
    segments.chain([store.join("events.jsonl")]).collect()
}
