//! Git, run beside a store.

use std::path::{Path, PathBuf};
use std::{fs, io};

use muzzle_persona::StoreError;
use muzzle_persona::git::{RevisionError, run_git};

use super::Failure;

/// Finds the file with the settings of the repository whose work tree holds a store.
pub fn config_file(store: &Path) -> Result<PathBuf, Failure> {
    if !store.is_dir() {
        return Err(StoreError::NoStore(store.to_owned()).into());
    }
    let answer = run(store, &["rev-parse", "--is-inside-work-tree", "--git-path", "config"])?;
    let config = answer.as_deref().and_then(|answer| answer.strip_prefix("true\n"));
    let config = store.join(config.ok_or_else(|| no_work_tree(store))?);
    Ok(fs::canonicalize(&config).unwrap_or(config))
}

/// Returns what git prints, without the line end; nothing if it fails without a word, as when
/// there is no such setting.
pub fn run(store: &Path, args: &[&str]) -> Result<Option<String>, Failure> {
    let output = run_git(store, args).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RevisionError::NoGit(error).into(),
        _ => refused(&error.to_string()),
    })?;
    let text = |bytes| String::from_utf8_lossy(bytes).trim_end().to_owned();
    match text(&output.stderr).as_str() {
        _ if output.status.success() => Ok(Some(text(&output.stdout))),
        "" => Ok(None),
        words if words.starts_with("fatal: not a git repository") => Err(no_work_tree(store)),
        words => Err(refused(words)),
    }
}

fn no_work_tree(store: &Path) -> Failure {
    let store = store.display().to_string();
    let quoted = shlex::try_quote(&store).unwrap_or_default();
    let message = format!("the store at `{store}` is not in a work tree of git");
    Failure::refused(message, format!("`git init {quoted}` makes it one"))
}

pub fn refused(words: &str) -> Failure {
    let first = words.lines().next().unwrap_or_default();
    let said = first.trim_start_matches("fatal: ").trim_start_matches("error: ");
    let hint = "`git -C STORE status` may tell more";
    Failure::refused(format!("git refused: {said}"), hint)
}
