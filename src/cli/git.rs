//! The git repository that a store is in.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;

use muzzle_persona::StoreError;
use muzzle_persona::git::{RevisionError, run_git};

use super::failure::Failure;

/// The repository whose work tree holds a store.
pub struct Repository {
    store: PathBuf,
    /// The file of the repository's own settings.
    pub config: PathBuf,
}

impl Repository {
    /// Finds the repository of a store.
    pub fn of(store: &Path) -> Result<Self, Failure> {
        if !store.is_dir() {
            return Err(StoreError::NoStore(store.to_owned()).into());
        }
        let asked = run(store, &["rev-parse", "--is-inside-work-tree", "--git-path", "config"])?;
        let said = words(&asked.stdout);
        match said.split_once('\n') {
            Some(("true", config)) => {
                let config = store.join(config);
                Ok(Self {
                    store: store.to_owned(),
                    config: fs::canonicalize(&config).unwrap_or(config),
                })
            }
            Some(_) => Err(no_work_tree(store)),
            None => {
                let words = words(&asked.stderr);
                let none = words.starts_with("fatal: not a git repository");
                Err(if none { no_work_tree(store) } else { refused(&words) })
            }
        }
    }

    /// The value that a setting has in this repository.
    pub fn setting(&self, key: &str) -> Result<Option<String>, Failure> {
        let asked = self.run(&["config", "--local", "--get", key])?;
        match asked.status.code() {
            Some(0) => Ok(Some(words(&asked.stdout))),
            Some(1) => Ok(None),
            _ => Err(refused(&words(&asked.stderr))),
        }
    }

    /// Sets a setting of this repository.
    pub fn set(&self, key: &str, value: &str) -> Result<(), Failure> {
        let done = self.run(&["config", "--local", "--replace-all", key, value])?;
        if done.status.success() { Ok(()) } else { Err(refused(&words(&done.stderr))) }
    }

    /// The diff driver that git's attributes name for a file of the store.
    pub fn diff_driver(&self, file: &str) -> Result<String, Failure> {
        let asked = self.run(&["check-attr", "diff", "--", file])?;
        Ok(words(&asked.stdout).rsplit(' ').next().unwrap_or_default().to_owned())
    }

    fn run(&self, args: &[&str]) -> Result<Output, Failure> {
        run(&self.store, args)
    }
}

/// Runs git in a directory.
fn run(dir: &Path, args: &[impl AsRef<OsStr>]) -> Result<Output, Failure> {
    run_git(dir, args).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RevisionError::NoGit(error).into(),
        _ => refused(&error.to_string()),
    })
}

/// A store that is in no work tree of git's.
fn no_work_tree(store: &Path) -> Failure {
    let store = store.display().to_string();
    let quoted = shlex::try_quote(&store).unwrap_or_default();
    let message = format!("the store at `{store}` is not in a work tree of git");
    Failure::refused(message, format!("`git init {quoted}` makes it one"))
}

/// A git that refused, with its own words.
fn refused(words: &str) -> Failure {
    let first = words.lines().next().unwrap_or_default();
    let said = first.trim_start_matches("fatal: ").trim_start_matches("error: ");
    let hint = "`git status` in the store's directory may tell more";
    Failure::refused(format!("git refused: {said}"), hint)
}

/// The output of git, without the line end.
fn words(said: &[u8]) -> String {
    String::from_utf8_lossy(said).trim_end().to_owned()
}
