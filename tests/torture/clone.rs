//! A clone of a store under torture, kept in step with it by plain git and by `repair --join`.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Done, Home};
use crate::store::command;

/// A clone, in which verdicts are given while others write to the store.
pub struct Clone<'a> {
    home: &'a Home,
    path: PathBuf,
    /// The verdicts that were acknowledged in it.
    pub given: Vec<String>,
}

impl<'a> Clone<'a> {
    /// Puts the store under git, and clones it.
    pub fn of(home: &'a Home) -> Self {
        let path = home.path().join("clone");
        let clone = Self { home, path, given: Vec::new() };
        clone.git(home.store(), &["init", "-q", "-b", "main"]);
        clone.commit_store();
        let (from, to) = (home.store().to_str().unwrap(), clone.path.to_str().unwrap());
        clone.git(home.path(), &["clone", "-q", from, to]);
        clone
    }

    /// Commits the store, pulls it into the clone, judges somebody there, and joins that to the store.
    pub fn step(&mut self, n: usize) {
        self.commit_store();
        self.git(&self.path, &["pull", "-q", "--no-rebase", "--no-edit"]);
        let clone = self.path.to_str().unwrap();
        let words = format!("Seen in the clone: {n}");
        let judge = ["--store", clone, "feedback", "elena", "--good", "-m", &words, "--json"];
        let judged: Value = serde_json::from_str(&self.does(&judge)).unwrap();
        self.given.push(judged["event"].as_str().unwrap().to_owned());
        self.does(&["--store", clone, "verify"]);
        self.git(&self.path, &["add", "-A"]);
        self.git(&self.path, &["commit", "-q", "-m", "a verdict"]);
        self.join();
    }

    /// Joins what the clone has to the store.
    pub fn join(&self) {
        let log = self.path.join("events.jsonl");
        self.does(&["repair", "--join", log.to_str().unwrap(), "--yes", "--wait", "120"]);
    }

    /// Does it, and perhaps tells of a torn line that it found.
    fn does(&self, args: &[&str]) -> String {
        let done = Done::of(&mut command(self.home, args));
        assert_eq!(done.code, Some(0), "{args:?}: {}", done.stderr);
        done.stdout
    }

    fn commit_store(&self) {
        self.git(self.home.store(), &["add", "-A"]);
        self.git(self.home.store(), &["commit", "-q", "--allow-empty", "-m", "as it is"]);
    }

    fn git(&self, dir: &std::path::Path, args: &[&str]) {
        let who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "gc.auto=0"];
        let mut git = Command::new("git");
        git.env("HOME", self.home.path()).env("GIT_CONFIG_NOSYSTEM", "1").current_dir(dir);
        let done = git.args(who).args(args).output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}
