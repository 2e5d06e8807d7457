//! The log as git has it at a revision.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;

use super::run_git;
use crate::file_log::{ACTIVE, segments, tail};

/// What git has of a store's log at one of its commits.
#[derive(Debug)]
pub struct Revision {
    name: String,
    commit: String,
    /// All whole lines.
    log: Vec<u8>,
    /// The files, and how many lines each has.
    files: Vec<(String, u64)>,
}

/// Why git does not tell what the log was.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// It could not be run.
    #[error("could not run `git`: {0}")]
    NoGit(#[source] io::Error),
    /// It knows no such commit.
    #[error("git knows no commit `{0}` in the store's repository")]
    Unknown(String),
    /// The commit has no log where the store is.
    #[error("the commit `{0}` has no log of this store")]
    NoLog(String),
    /// It said no.
    #[error("git could not read `{name}`: {said}")]
    Failed {
        /// The revision.
        name: String,
        /// What it said.
        said: String,
    },
}

impl RevisionError {
    /// Tells whether the revision is one.
    #[must_use]
    pub fn is_found(&self) -> bool {
        matches!(self, Self::NoLog(_))
    }
}

impl Revision {
    /// Reads the log of the store in `dir` as it was committed at a revision.
    ///
    /// The name is never taken for an option, and the files are read as they
    /// are stored: no filter or program of the repository's settings is run.
    pub fn read(dir: &Path, name: &str) -> Result<Self, RevisionError> {
        let commit = find_commit(dir, name)?;
        let files = find_files(dir, name, &commit)?;
        let mut revision =
            Self { name: name.to_owned(), commit, log: Vec::new(), files: Vec::new() };
        for (file, blob) in files {
            let mut lines = run(dir, name, &["cat-file", "blob", &blob])?;
            if file == ACTIVE {
                tail::keep_lines(&mut lines);
            }
            let count = memchr::memchr_iter(b'\n', &lines).count() as u64;
            revision.files.push((file, count));
            revision.log.append(&mut lines);
        }
        if revision.files.is_empty() {
            return Err(RevisionError::NoLog(revision.name));
        }
        Ok(revision)
    }

    /// The commit's id.
    #[must_use]
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// All whole lines of the log.
    #[must_use]
    pub fn log(&self) -> &[u8] {
        &self.log
    }

    /// Where a line of the log is kept, as git names it. For messages.
    #[must_use]
    pub fn place(&self, line: u64) -> (PathBuf, u64) {
        let mut left = line;
        for (file, lines) in &self.files {
            if left <= *lines {
                return (format!("{}:./{file}", self.name).into(), left);
            }
            left -= lines;
        }
        (format!("{}:./{ACTIVE}", self.name).into(), left)
    }
}

/// The id of the commit that a revision names.
fn find_commit(dir: &Path, name: &str) -> Result<String, RevisionError> {
    // Nothing can be added to the name itself: `:/text` takes all that follows for its text.
    let object = find_object(dir, name, name)?;
    find_object(dir, name, &format!("{object}^{{commit}}"))
}

fn find_object(dir: &Path, name: &str, expression: &str) -> Result<String, RevisionError> {
    let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", expression];
    let output = run_git(dir, &args).map_err(RevisionError::NoGit)?;
    let id = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    match output.status.code() {
        Some(0) if is_id => Ok(id),
        Some(0 | 1) => Err(RevisionError::Unknown(name.to_owned())),
        _ => Err(failed(name, &output)),
    }
}

/// The files of the log in a commit, oldest first, each with the id of its content.
fn find_files(
    dir: &Path,
    name: &str,
    commit: &str,
) -> Result<Vec<(String, String)>, RevisionError> {
    let segments = format!("{}/", segments::DIRECTORY);
    let listed = run(dir, name, &["ls-tree", "-r", "-z", commit, "--", ACTIVE, &segments])?;
    let listed = String::from_utf8_lossy(&listed).into_owned();
    let mut files: Vec<_> = listed
        .split('\0')
        .filter_map(|entry| {
            let (about, path) = entry.split_once('\t')?;
            let (_, blob) = about.split_once(" blob ")?;
            let depth = match path.strip_prefix(&segments) {
                Some(piece) => segments::first_depth(piece)?,
                None => 0,
            };
            Some((path == ACTIVE, depth, path.to_owned(), blob.to_owned()))
        })
        .collect();
    files.sort();
    Ok(files.into_iter().map(|(_, _, path, blob)| (path, blob)).collect())
}

/// Runs git in the store, and returns what it answers.
fn run(dir: &Path, name: &str, args: &[&str]) -> Result<Vec<u8>, RevisionError> {
    let output = run_git(dir, args).map_err(RevisionError::NoGit)?;
    if output.status.success() { Ok(output.stdout) } else { Err(failed(name, &output)) }
}

fn failed(name: &str, output: &Output) -> RevisionError {
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().next().unwrap_or("it does not say why");
    let said = said.strip_prefix("fatal: ").unwrap_or(said).to_owned();
    RevisionError::Failed { name: name.to_owned(), said }
}
