//! The program that shows a long answer a screen at a time.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::ErrorKind;
use std::process::{Child, Command, Stdio};

pub struct Pager {
    /// The value of `PAGER`: a command line, with quotes as in a shell.
    pub chosen: Option<OsString>,
    pub less_is_set: bool,
}

impl Pager {
    /// Starts the pager, unless none is wanted or installed. It shows what is written to its stdin.
    pub fn start(&self) -> Result<Option<Child>, String> {
        let chosen = self.chosen.as_deref().unwrap_or(OsStr::new("less")).to_string_lossy();
        let failed =
            |reason: &dyn Display| format!("could not start the pager `{chosen}`: {reason}");
        let words = shlex::split(&chosen).ok_or_else(|| failed(&"a quote is not closed"))?;
        let (program, args) = match words.split_first() {
            Some((program, args)) if !program.is_empty() && program != "cat" => (program, args),
            _ => return Ok(None),
        };
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::piped());
        // As git does: quit if the text fits, show colours, leave the text on the screen.
        if !self.less_is_set {
            command.env("LESS", "FRX");
        }
        match command.spawn() {
            Err(error) if self.chosen.is_none() && error.kind() == ErrorKind::NotFound => Ok(None),
            started => started.map(Some).map_err(|error| failed(&error)),
        }
    }
}
