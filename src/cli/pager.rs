//! The program that shows a long answer a screen at a time.

use std::ffi::OsString;
use std::io;
use std::process::{Child, Command, Stdio};

/// The pager when none was chosen.
const LESS: &str = "less";

/// The pager that the environment chooses.
pub struct Pager {
    /// The value of `PAGER`: a command line, with quotes as in a shell.
    pub chosen: Option<OsString>,
    /// Whether `LESS` is set.
    pub less_is_set: bool,
}

impl Pager {
    /// Starts the pager, unless none is wanted or installed. It shows what is written to its stdin.
    pub fn start(&self) -> Result<Option<Child>, String> {
        let Some(chosen) = &self.chosen else {
            return match self.command(LESS, &[]).spawn() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                started => started.map(Some).map_err(|error| not_started(LESS, &error.to_string())),
            };
        };
        let chosen = chosen.to_string_lossy();
        let Some(words) = shlex::split(&chosen) else {
            return Err(not_started(&chosen, "a quote is not closed"));
        };
        match words.split_first() {
            None => Ok(None),
            Some((program, _)) if program.is_empty() || program == "cat" => Ok(None),
            Some((program, args)) => {
                let started = self.command(program, args).spawn();
                started.map(Some).map_err(|error| not_started(&chosen, &error.to_string()))
            }
        }
    }

    fn command(&self, program: &str, args: &[String]) -> Command {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::piped());
        // As git does: quit if the text fits, show colours, leave the text on the screen.
        if !self.less_is_set {
            command.env("LESS", "FRX");
        }
        command
    }
}

fn not_started(pager: &str, reason: &str) -> String {
    format!("could not start the pager `{pager}`: {reason}")
}
