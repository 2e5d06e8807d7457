//! A clone of a store under torture, kept in step with it by plain git and by `repair --join`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::{Done, Home};
use crate::store::command;

/// How often git is called before it has to have done it.
const TRIES: usize = 5;

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
    ///
    /// It returns whether that was done: a commit that git made while a writer sealed may have the one
    /// file as it was before, and the other as it is after that. The next commit has both.
    pub fn step(&mut self, n: usize) -> bool {
        self.commit_store();
        self.pull();
        let clone = self.path.to_str().unwrap();
        if Done::of(&mut command(self.home, &["--store", clone, "verify"])).code != Some(0) {
            return false;
        }
        let words = format!("Seen in the clone: {n}");
        let judge = ["--store", clone, "feedback", "elena", "--good", "-m", &words, "--json"];
        let judged: Value = serde_json::from_str(&self.does(&judge)).unwrap();
        self.given.push(judged["event"].as_str().unwrap().to_owned());
        self.does(&["--store", clone, "verify"]);
        self.git(&self.path, &["add", "-A"]);
        self.git(&self.path, &["commit", "-q", "-m", "a verdict"]);
        self.join();
        true
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

    /// Merges the store. Where that was just sealed, it has no file for new lines, and git leaves the clone's.
    fn pull(&self) {
        let pull = ["pull", "-q", "--no-rebase", "--no-edit"];
        if let Err(said) = self.try_git(&self.path, &pull) {
            assert!(said.contains("CONFLICT (modify/delete): events.jsonl deleted in"), "{said}");
            self.git(&self.path, &["add", "events.jsonl"]);
            self.git(&self.path, &["commit", "-q", "--no-edit"]);
        }
    }

    fn commit_store(&self) {
        self.git(self.home.store(), &["add", "-A"]);
        self.git(self.home.store(), &["commit", "-q", "--allow-empty", "-m", "as it is"]);
    }

    fn git(&self, dir: &Path, args: &[&str]) {
        // Git gives up on a file that is replaced as it looks at it, as a seal does: it is called again.
        let failed = (0..TRIES).map_while(|_| self.try_git(dir, args).err()).collect::<Vec<_>>();
        assert!(failed.len() < TRIES, "{args:?}: {failed:?}");
    }

    fn try_git(&self, dir: &Path, args: &[&str]) -> Result<(), String> {
        let who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "gc.auto=0"];
        let mut git = Command::new("git");
        git.env("HOME", self.home.path()).env("GIT_CONFIG_NOSYSTEM", "1").current_dir(dir);
        let done = git.args(who).args(args).output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        if done.status.success() { Ok(()) } else { Err(String::from_utf8(said).unwrap()) }
    }
}
