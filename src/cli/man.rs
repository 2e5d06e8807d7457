//! `man`: the manual, made from the same definitions as the help.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, Command};
use serde::Serialize;

use super::{Failure, ShownPath};

/// Print a page of the manual, or write all of them
///
/// `muzzle-persona man assign | man -l -` shows the page of `assign`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command; without it, the program
    command: Option<String>,
    /// Write the pages of all commands into this directory instead
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

/// Renders pages of `program`, which is the whole command line.
pub fn run(args: &ManArgs, program: Command) -> Result<ManReport, Failure> {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    if let Some(dir) = &args.dir {
        clap_mangen::generate_to(program, dir)
            .map_err(|error| Failure::write("write the manual to", dir, &error))?;
        return Ok(ManReport { page: None, dir: Some(dir.as_path().into()) });
    }
    let page = match &args.command {
        None => &program,
        Some(name) => program.find_subcommand(name).ok_or_else(|| {
            let hint = "`muzzle-persona help` shows all commands";
            Failure::not_found(format!("there is no command `{name}`"), hint)
        })?,
    };
    let mut roff = Vec::new();
    let rendered = clap_mangen::Man::new(page.clone()).render(&mut roff);
    rendered.map_err(|error| Failure::output(&error))?;
    Ok(ManReport { page: Some(String::from_utf8_lossy(&roff).into_owned()), dir: None })
}

#[derive(Debug, Serialize)]
pub struct ManReport {
    page: Option<String>,
    dir: Option<ShownPath>,
}

impl fmt::Display for ManReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.dir {
            None => f.write_str(self.page.as_deref().unwrap_or_default()),
            Some(dir) => writeln!(f, "Wrote the manual to `{dir}`."),
        }
    }
}
