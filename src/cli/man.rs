//! `man`: the manual, made from the same definitions as the help.

use std::path::{Path, PathBuf};
use std::{fmt, fs};

use clap::{Args, Command};
use muzzle_persona::wording::shortened;
use serde::Serialize;

use super::man_page::{HOOKS, HOOKS_FILE, hooks_page, page};
use super::{Failure, ShownPath, line};

/// Print a page of the manual, or write all of them
///
/// `man -l -` shows a page that it is given. `hooks` is the page about the programs
/// that Claude Code starts.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona man assign | man -l -
  muzzle-persona man hooks | man -l -
  muzzle-persona man --dir ~/.local/share/man/man1")]
pub struct ManArgs {
    /// The command, or `hooks`; without it, the program
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
        write_all(&program, dir)?;
        return Ok(ManReport { page: None, dir: Some(dir.as_path().into()) });
    }
    let page = match args.command.as_deref() {
        None => page_of(&program)?,
        Some(HOOKS) => hooks_page(program.get_version().unwrap_or_default()),
        Some(name) => {
            let command = program.find_subcommand(name).ok_or_else(|| {
                let hint = "`muzzle-persona help` shows all commands";
                Failure::not_found(format!("there is no command `{}`", shortened(name)), hint)
            })?;
            page_of(command)?
        }
    };
    Ok(ManReport { page: Some(page), dir: None })
}

fn page_of(command: &Command) -> Result<String, Failure> {
    page(command).map_err(|error| Failure::output(&error))
}

/// Writes the pages of a command and of all within it, and the one about the hooks.
fn write_all(program: &Command, dir: &Path) -> Result<(), Failure> {
    write(dir, HOOKS_FILE, &hooks_page(program.get_version().unwrap_or_default()))?;
    let mut commands = vec![program];
    while let Some(command) = commands.pop() {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name());
        write(dir, &format!("{name}.1"), &page_of(command)?)?;
        commands.extend(command.get_subcommands());
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a page is no file of the store")]
fn write(dir: &Path, name: &str, page: &str) -> Result<(), Failure> {
    fs::write(dir.join(name), page)
        .map_err(|error| Failure::write("write the manual to", dir, &error))
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
            Some(dir) => line(f, format!("Wrote the manual to `{dir}`.")),
        }
    }
}
