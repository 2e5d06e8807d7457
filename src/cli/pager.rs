//! Which program shows a long answer a screen at a time.

use std::ffi::OsString;
use std::io;
use std::process::{Child, Command, Stdio};

/// The pager when none was chosen.
const LESS: &str = "less";

/// What the environment says about pagers.
pub struct Pager {
    /// The value of `PAGER`: a command line, with quotes as in a shell.
    pub chosen: Option<OsString>,
    /// Whether `LESS` says how less is to behave.
    pub less_is_set: bool,
}

impl Pager {
    /// Starts the pager, if there is to be one. What it is fed is what it shows.
    pub fn start(&self) -> Result<Option<Child>, String> {
        let Some(chosen) = &self.chosen else {
            return match self.command(LESS, &[]).spawn() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                started => started.map(Some).map_err(|error| refused(LESS, &error.to_string())),
            };
        };
        let chosen = chosen.to_string_lossy();
        let Some(words) = shlex::split(&chosen) else {
            return Err(refused(&chosen, "a quote is not closed"));
        };
        match words.split_first() {
            None => Ok(None),
            Some((program, _)) if program.is_empty() || program == "cat" => Ok(None),
            Some((program, args)) => {
                let started = self.command(program, args).spawn();
                started.map(Some).map_err(|error| refused(&chosen, &error.to_string()))
            }
        }
    }

    fn command(&self, program: &str, args: &[String]) -> Command {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::piped());
        // Leave when all fits, show colours, leave the text on the screen: as git asks of it.
        if !self.less_is_set {
            command.env("LESS", "FRX");
        }
        command
    }
}

/// Says that there is no pager, and why.
fn refused(pager: &str, reason: &str) -> String {
    format!("could not start the pager `{pager}`: {reason}")
}
