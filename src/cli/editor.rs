//! The editor in which a person writes what a command needs.

use std::fmt::Display;
use std::fs;
use std::io::Write as _;
use std::process::Command;

use super::{Failure, environment};

/// The editor where none was chosen, as for git.
const USUAL: &str = "vi";

/// Lets a person edit a text, in a file whose name ends in `suffix`, and returns what it is then.
///
/// It is refused if the editor does not start or fails, so that leaving it with an error (`:cq`)
/// records nothing.
///
/// What is written is handed to `take`. If that refuses it, the file stays, and the hint names it.
pub fn edit<T>(
    text: &str,
    suffix: &str,
    take: impl FnOnce(&str) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let chosen = environment::editor().unwrap_or_else(|| USUAL.into());
    let chosen = chosen.to_string_lossy().into_owned();
    let failed = |why: &dyn Display| {
        let message = format!("the editor `{chosen}` {why}; nothing was recorded");
        Failure::refused(
            message,
            "name one in `VISUAL` or `EDITOR`, or give the text as an argument",
        )
    };
    let file = tempfile::Builder::new().prefix("muzzle-persona-").suffix(suffix).tempfile();
    let mut file = file.map_err(|error| failed(&format!("got no file: {error}")))?;
    file.write_all(text.as_bytes())
        .map_err(|error| Failure::write("write", file.path(), &error))?;
    let words =
        shlex::split(&chosen).ok_or_else(|| failed(&"is no command: a quote is not closed"))?;
    let (program, args) = words.split_first().ok_or_else(|| failed(&"is no command"))?;
    let status = Command::new(program).args(args).arg(file.path()).status();
    let status = status.map_err(|error| failed(&format!("could not be started: {error}")))?;
    if !status.success() {
        return Err(failed(&format!("failed: {status}")));
    }
    let written = fs::read_to_string(file.path());
    let written = written.map_err(|error| Failure::read(file.path(), &error))?;
    take(&written).map_err(|mut refused| {
        if written != text
            && let Ok((_, path)) = file.keep()
        {
            refused.hint = Some(format!("what you wrote is kept in `{}`", path.display()));
        }
        refused
    })
}
