//! Git, asked about the repository that a store is in.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;

use muzzle_persona::events::run_git;

use super::failure::Failure;

/// The repository in whose work tree a store is.
pub struct Repository<'a> {
    store: &'a Path,
    /// The file of its own settings.
    pub config: PathBuf,
}

impl<'a> Repository<'a> {
    /// Finds the repository, or says that there is none.
    pub fn of(store: &'a Path) -> Result<Self, Failure> {
        if !store.is_dir() {
            return Err(Failure::no_store(store));
        }
        let asked = run(store, &["rev-parse", "--is-inside-work-tree", "--git-path", "config"])?;
        let said = words(&asked.stdout);
        match said.split_once('\n') {
            Some(("true", config)) => {
                let config = store.join(config);
                Ok(Self { store, config: fs::canonicalize(&config).unwrap_or(config) })
            }
            Some(_) => Err(Failure::no_work_tree(store)),
            None => {
                let words = words(&asked.stderr);
                let none = words.starts_with("fatal: not a git repository");
                Err(if none { Failure::no_work_tree(store) } else { Failure::git(&words) })
            }
        }
    }

    /// The value that a setting has in this repository.
    pub fn setting(&self, key: &str) -> Result<Option<String>, Failure> {
        let asked = self.run(&["config", "--local", "--get", key])?;
        match asked.status.code() {
            Some(0) => Ok(Some(words(&asked.stdout))),
            Some(1) => Ok(None),
            _ => Err(Failure::git(&words(&asked.stderr))),
        }
    }

    /// Gives a setting a value, in this repository alone.
    pub fn set(&self, key: &str, value: &str) -> Result<(), Failure> {
        let done = self.run(&["config", "--local", "--replace-all", key, value])?;
        if done.status.success() { Ok(()) } else { Err(Failure::git(&words(&done.stderr))) }
    }

    /// The way in which git compares a file of the store, as its attributes name it.
    pub fn diff_driver(&self, file: &str) -> Result<String, Failure> {
        let asked = self.run(&["check-attr", "diff", "--", file])?;
        Ok(words(&asked.stdout).rsplit(' ').next().unwrap_or_default().to_owned())
    }

    fn run(&self, args: &[&str]) -> Result<Output, Failure> {
        run(self.store, args)
    }
}

/// Runs git in a directory, or says why that cannot be.
fn run(dir: &Path, args: &[impl AsRef<OsStr>]) -> Result<Output, Failure> {
    run_git(dir, args).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::no_git(),
        _ => Failure::git(&error.to_string()),
    })
}

/// What git said, without the line end.
fn words(said: &[u8]) -> String {
    String::from_utf8_lossy(said).trim_end().to_owned()
}
