//! Where a directory stands in git, as the files there say: no process is run.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::events::{ProjectName, WorkName};

/// The branches that are the default one of a repository which does not say.
const DEFAULTS: [&str; 2] = ["main", "master"];

/// What a directory is worked on for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The name of the main repository that the directory belongs to, so that all work trees of a
    /// repository count as one project; outside any repository the directory's own name.
    pub project: ProjectName,
    /// The branch that is checked out there, unless it is the repository's default one.
    pub work: Option<WorkName>,
}

impl Checkout {
    /// Looks at a working directory, which need not be there.
    #[must_use]
    pub fn of(cwd: &Path) -> Self {
        let found = cwd.ancestors().find_map(Repository::at);
        let named = |dir: &Path| ProjectName::from_directory(&dir.file_name()?.to_string_lossy());
        let project = found
            .as_ref()
            .and_then(|repository| named(&repository.named_after))
            .or_else(|| named(cwd))
            .unwrap_or_else(|| ProjectName::unchecked("unnamed"));
        Self { project, work: found.and_then(|repository| repository.work()) }
    }
}

/// The repository of a work tree.
struct Repository {
    /// The directory that it is named after.
    named_after: PathBuf,
    /// The directory of this work tree's own files.
    git_dir: PathBuf,
    /// The directory of the files that all work trees share.
    common_dir: PathBuf,
}

impl Repository {
    /// The repository whose work tree is `dir`, if it is one.
    fn at(dir: &Path) -> Option<Self> {
        let git = dir.join(".git");
        let kind = fs::metadata(&git).ok()?;
        if kind.is_dir() {
            let common_dir = git.clone();
            return Some(Self { named_after: dir.to_owned(), git_dir: git, common_dir });
        }
        // A file points to the repository's own directory: a linked work tree's
        // has a `commondir`, a submodule's has not.
        let pointer = read(&git)?;
        let git_dir = dir.join(pointer.strip_prefix("gitdir:")?.trim());
        let Some(common) = read(&git_dir.join("commondir")) else {
            let common_dir = git_dir.clone();
            return Some(Self { named_after: dir.to_owned(), git_dir, common_dir });
        };
        let common_dir = fs::canonicalize(git_dir.join(common.trim())).ok()?;
        let named_after = if common_dir.file_name()? == ".git" {
            common_dir.parent()?.to_owned()
        } else {
            common_dir.with_extension("") // a bare repository, `acme.git`
        };
        Some(Self { named_after, git_dir, common_dir })
    }

    /// The branch that is checked out, unless it is the default one.
    fn work(&self) -> Option<WorkName> {
        let branch = self.branch()?;
        let default = read_ref(&self.common_dir.join("refs/remotes/origin/HEAD"))
            .and_then(|target| Some(target.strip_prefix("refs/remotes/origin/")?.to_owned()));
        let is_default = match default {
            Some(default) => branch == default,
            None => DEFAULTS.contains(&branch.as_str()),
        };
        // A branch's name is a text from outside. One that the log would not take is none.
        if is_default { None } else { WorkName::parse(&branch).ok() }
    }

    /// The branch that is checked out, or is being rebased.
    fn branch(&self) -> Option<String> {
        let head = read_ref(&self.git_dir.join("HEAD"));
        // Where refs are kept in a table, the file names a branch that no repository can have.
        let head = head.or_else(|| {
            let rebased = ["rebase-merge/head-name", "rebase-apply/head-name"];
            let name = rebased.iter().find_map(|file| read(&self.git_dir.join(file)))?;
            Some(name.trim_ascii().to_owned())
        });
        let branch = head?.strip_prefix("refs/heads/")?.to_owned();
        (branch != ".invalid").then_some(branch)
    }
}

/// Reads a file of a ref that stands for another one, and returns that.
fn read_ref(path: &Path) -> Option<String> {
    Some(read(path)?.strip_prefix("ref:")?.trim_ascii().to_owned())
}

/// Reads a small file, up to more bytes than any path has.
///
/// A directory tree from elsewhere may have a pipe or a device there, which would never end.
fn read(path: &Path) -> Option<String> {
    fs::metadata(path).ok()?.is_file().then_some(())?;
    std::io::read_to_string(File::open(path).ok()?.take(64 * 1024)).ok()
}
