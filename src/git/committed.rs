//! Which events the commits of a store brought.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::Stdio;

use super::git;
use crate::events::{EventId, check_id};
use crate::file_log::segments::{ACTIVE, DIRECTORY};

/// The most bytes of git's answer that are read: what is older is not looked at.
const LIMIT: u64 = 256 * 1024 * 1024;

/// Where an event was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The commit's id.
    pub commit: String,
    /// The file of the log that has it there, as the store names it.
    pub file: String,
}

/// Tells `each` of the events that the commits behind `HEAD` brought into the log of the store in `dir`,
/// the newest commit first; an event may be told of more than once.
///
/// A merge counts for all that it brought. No program that a repository's settings name is run. Where
/// there is no git, no repository or no commit, nothing is told.
pub fn committed(dir: &Path, mut each: impl FnMut(EventId, &Committed)) -> io::Result<()> {
    let args = ["-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "log", "-p", "-U0"];
    let plain =
        ["--no-textconv", "--no-ext-diff", "--no-color", "--relative", "--format=commit %H"];
    let prefixes = ["--src-prefix=a/", "--dst-prefix=b/"];
    let which = ["--first-parent", "-m", "HEAD", "--", ACTIVE, DIRECTORY];
    let mut git = git(dir, &[&args[..], &plain, &prefixes, &which].concat());
    let child = git.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = match child {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        child => child?,
    };
    let Some(answer) = child.stdout.take() else { return Ok(()) };
    let mut answer = BufReader::new(answer.take(LIMIT));
    let mut at = Committed { commit: String::new(), file: String::new() };
    let mut line = Vec::new();
    while answer.read_until(b'\n', &mut line)? > 0 {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if let Some(commit) = text.strip_prefix(b"commit ") {
            at.commit = String::from_utf8_lossy(commit).into_owned();
        } else if let Some(file) = text.strip_prefix(b"+++ b/") {
            at.file = String::from_utf8_lossy(file).into_owned();
        } else if let Some(id) = text.strip_prefix(b"+").and_then(|it| check_id(it).ok()) {
            each(id, &at);
        }
        line.clear();
    }
    drop(answer);
    child.wait().map(drop)
}
