//! The log as git has it at a revision.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use super::run_git;
use crate::disk::{FileSystem, Mode, OpenFile};
use crate::events::named_ends;
use crate::file_log::segments::{ACTIVE, DIRECTORY};
use crate::wording::shortened;

/// The files of a store's log in one of git's commits.
///
/// They are read as those of a store are: a revision is one more disk, which
/// has them where `REVISION:.` is the store's directory, and takes no writes.
#[derive(Debug)]
pub struct Revision {
    /// The commit's id.
    pub commit: String,
    /// The store's directory, so that git knows its files by their paths.
    pub dir: PathBuf,
    files: BTreeMap<PathBuf, Arc<Vec<u8>>>,
}

/// Why git does not tell what the log was.
#[expect(missing_docs, reason = "the messages say what each is")]
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    #[error("could not run `git`: {0}")]
    NoGit(#[source] io::Error),
    #[error("git knows no commit `{}` in the store's repository", shortened(.0))]
    Unknown(String),
    #[error("the commit `{}` has no log of this store", shortened(.0))]
    NoLog(String),
    #[error("git could not read `{}`: {said}", shortened(name))]
    Failed { name: String, said: String },
}

impl Revision {
    /// Reads the log of the store in `dir` as it was committed at a revision.
    ///
    /// The name is never taken for an option, and the files are read as they
    /// are stored: no filter or program of the repository's settings is run.
    pub fn read(dir: &Path, name: &str) -> Result<Self, RevisionError> {
        let commit = find_commit(dir, name)?;
        let mut revision = Self { commit, dir: format!("{name}:.").into(), files: BTreeMap::new() };
        let segments = format!("{DIRECTORY}/");
        let args = ["ls-tree", "-r", "-z", &revision.commit, "--", ACTIVE, &segments];
        for entry in String::from_utf8_lossy(&run(dir, name, &args)?).split('\0') {
            let Some((about, path)) = entry.split_once('\t') else { continue };
            let Some((_, blob)) = about.split_once(" blob ") else { continue };
            if path == ACTIVE
                || path.strip_prefix(&segments).is_some_and(|it| named_ends(it).is_some())
            {
                let bytes = run(dir, name, &["cat-file", "blob", blob])?;
                revision.files.insert(revision.dir.join(path), Arc::new(bytes));
            }
        }
        if revision.files.is_empty() {
            return Err(RevisionError::NoLog(name.to_owned()));
        }
        Ok(revision)
    }
}

impl FileSystem for Revision {
    fn open(&self, path: &Path, _: Mode) -> io::Result<Arc<dyn OpenFile>> {
        let file = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::<Vec<u8>>::clone(file))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let inside = self.files.keys().filter_map(|path| path.strip_prefix(dir).ok()?.to_str());
        Ok(inside.map(ToOwned::to_owned).collect())
    }

    fn file_len(&self, path: &Path) -> io::Result<u64> {
        self.open(path, Mode::Read)?.len()
    }

    fn names(&self, _: &Path, _: &dyn OpenFile) -> io::Result<bool> {
        Ok(true)
    }
}

fn find_commit(dir: &Path, name: &str) -> Result<String, RevisionError> {
    let find = |expression: &str| {
        let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", expression];
        let output = run_git(dir, &args).map_err(RevisionError::NoGit)?;
        let id = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        match output.status.code() {
            Some(0) if is_id => Ok(id),
            Some(0 | 1) => Err(RevisionError::Unknown(name.to_owned())),
            _ => Err(failed(name, &output)),
        }
    };
    // Nothing can be added to the name itself: `:/text` takes all that follows for its text.
    find(&format!("{}^{{commit}}", find(name)?))
}

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
