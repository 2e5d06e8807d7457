//! Stores in repositories of the real git.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::{Done, Home, parts};

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
    log.lines().map(|line| parts(line).1.to_owned()).collect()
}

/// The files of a store's log.
fn files(store: &Path) -> Vec<PathBuf> {
    let segments = fs::read_dir(store.join("segments")).into_iter().flatten();
    let segments = segments.map(|entry| entry.unwrap().path());
    segments.chain([store.join("events.jsonl")]).collect()
}

/// A store that is the work tree of a repository, with one commit on `main`.
pub struct Repository {
    pub home: Home,
    /// The ids of all events that were ever acknowledged.
    pub acknowledged: BTreeSet<String>,
}

impl Repository {
    pub fn new() -> Self {
        let home = Home::seeded();
        home.assign("before", "w", "testing");
        let mut repository = Self { home, acknowledged: BTreeSet::new() };
        repository.git(&["init", "--quiet"]);
        repository.commit("base");
        repository
    }

    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        git(&self.home, self.home.store(), args)
    }

    pub fn try_git(&self, args: &[&str]) -> Done {
        try_git(&self.home, self.home.store(), args)
    }

    /// Begins a branch where another one is.
    #[track_caller]
    pub fn branch(&self, name: &str, from: &str) {
        self.git(&["checkout", "--quiet", "-b", name, from]);
    }

    #[track_caller]
    pub fn checkout(&self, branch: &str) {
        self.git(&["checkout", "--quiet", branch]);
    }

    #[track_caller]
    pub fn merge(&self, what: &str) {
        self.git(&["merge", "--quiet", "--no-edit", what]);
    }

    /// Runs a command that records something, and commits it.
    #[track_caller]
    pub fn work(&mut self, now: &str, args: &[&str]) {
        self.home.at(now);
        let done = self.home.run(args);
        assert_eq!(done.code, Some(0), "{args:?}: {}", done.stderr);
        self.commit(now);
    }

    /// Lends a persona, and commits that.
    #[track_caller]
    pub fn assign(&mut self, now: &str, session: &str, role: &str) {
        self.work(now, &crate::harness::assign_args(session, "w", role));
    }

    /// Commits what is there.
    #[track_caller]
    fn commit(&mut self, message: &str) {
        self.acknowledged.extend(ids(&self.home));
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    /// The answers of a store that holds all that was ever acknowledged.
    #[track_caller]
    pub fn answers_of_all(&self) -> [Value; 2] {
        assert_eq!(ids(&self.home), self.acknowledged);
        answers(&self.home)
    }
}
