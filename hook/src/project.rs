//! Which project a directory belongs to.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use muzzle_persona::events::ProjectName;

/// Names the project of a working directory.
///
/// It is the name of the main repository that the directory belongs to, so
/// that all work trees of a repository count as one project; outside any
/// repository it is the directory's own name.
pub fn of(cwd: &Path) -> ProjectName {
    let named = |dir: &Path| ProjectName::from_directory(&dir.file_name()?.to_string_lossy());
    cwd.ancestors()
        .find_map(repository)
        .and_then(|dir| named(&dir))
        .or_else(|| named(cwd))
        .unwrap_or_else(|| ProjectName::unchecked("unnamed"))
}

/// Returns the directory that a repository is named after, if its work tree is `dir`.
fn repository(dir: &Path) -> Option<PathBuf> {
    let git = dir.join(".git");
    let kind = fs::metadata(&git).ok()?;
    if kind.is_dir() {
        return Some(dir.to_owned());
    }
    // A file points to the repository's own directory: a linked work tree's
    // has a `commondir`, a submodule's has not.
    let pointer = read_pointer(&git)?;
    let git_dir = dir.join(pointer.strip_prefix("gitdir:")?.trim());
    let common = read_pointer(&git_dir.join("commondir"));
    let Some(common) = common else { return Some(dir.to_owned()) };
    let common = fs::canonicalize(git_dir.join(common.trim())).ok()?;
    if common.file_name()? == ".git" {
        return common.parent().map(Path::to_owned);
    }
    Some(common.with_extension("")) // a bare repository, `acme.git`
}

/// Reads a file that points to a directory, up to more bytes than any path has.
///
/// A directory tree from elsewhere may have a pipe or a device there, which would never end.
fn read_pointer(path: &Path) -> Option<String> {
    fs::metadata(path).ok()?.is_file().then_some(())?;
    std::io::read_to_string(File::open(path).ok()?.take(64 * 1024)).ok()
}
