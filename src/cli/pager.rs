//! The program that shows a long answer a screen at a time.

use std::fmt::Display;
use std::io::ErrorKind;
use std::process::{Child, Command, Stdio};

/// Starts the pager, unless none is wanted or installed. It shows what is written to its stdin.
pub fn start() -> Result<Option<Child>, String> {
    let (chosen, less_is_set) = super::environment::pager();
    let is_chosen = chosen.is_some();
    let chosen = chosen.unwrap_or_else(|| "less".into()).to_string_lossy().into_owned();
    let failed = |reason: &dyn Display| format!("could not start the pager `{chosen}`: {reason}");
    let words = shlex::split(&chosen).ok_or_else(|| failed(&"a quote is not closed"))?;
    let command = words.split_first().filter(|(it, _)| !matches!(it.as_str(), "" | "cat"));
    let Some((program, args)) = command else { return Ok(None) };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped());
    // As git does: quit if the text fits, show colours, leave the text on the screen.
    if !less_is_set {
        command.env("LESS", "FRX");
    }
    match command.spawn() {
        Err(error) if !is_chosen && error.kind() == ErrorKind::NotFound => Ok(None),
        started => started.map(Some).map_err(|error| failed(&error)),
    }
}
