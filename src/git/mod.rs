//! Git, run beside a store; and where a working directory stands in it.
//!
//! It runs in the store's directory and answers in plain English, whatever the environment says, and
//! no program that a repository's settings name is run. A `Revision` has the files of the log as they
//! were committed: it is a disk that is only read, so that the past in git is read like any other log.
//! A [`Checkout`] tells project and branch of an agent's directory from git's files: before each agent
//! there is no time for a process.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

mod checkout;
mod committed;
mod revision;

pub use self::checkout::Checkout;
pub use self::committed::{Committed, committed};
pub(crate) use self::revision::Revision;
pub use self::revision::RevisionError;

/// What a hook of another repository would have git look at instead.
const ELSEWHERE: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CONFIG",
];

/// Returns whether git may keep a file of a directory, so that it can have come from elsewhere.
///
/// It does not where there is no repository, or no git.
pub(crate) fn may_keep(dir: &Path, name: &str) -> bool {
    // Not even a program that watches files for git.
    match run_git(dir, &["-c", "core.fsmonitor=false", "ls-files", "--", name]) {
        Ok(output) if output.status.success() => !output.stdout.is_empty(),
        Ok(output) => !output.stderr.starts_with(b"fatal: not a git repository"),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Runs git in a directory, in plain English, whatever repository called this program.
pub fn run_git(dir: &Path, args: &[impl AsRef<OsStr>]) -> io::Result<Output> {
    git(dir, args).output()
}

fn git(dir: &Path, args: &[impl AsRef<OsStr>]) -> Command {
    let mut git = Command::new("git");
    git.current_dir(dir).args(args).stdin(Stdio::null()).env("LC_ALL", "C");
    for variable in ELSEWHERE {
        git.env_remove(variable);
    }
    git
}
