//! `git-setup`: have git show the log as sentences.

use std::fmt;
use std::path::Path;

use clap::Args;
use muzzle_persona::events::visible;
use serde::Serialize;

use super::context::Context;
use super::failure::Failure;
use super::git::Repository;
use super::shown_path::ShownPath;

/// The diff driver that a store's `.gitattributes` name for logs.
const DRIVER: &str = "muzzle-persona";
/// The setting with the command that turns a log into text.
const SETTING: &str = "diff.muzzle-persona.textconv";

/// Have `git diff` and `git log -p` tell events as sentences
///
/// It writes one setting into the configuration of the repository that the
/// store is in, and asks first.
#[derive(Debug, Args)]
pub struct GitSetupArgs {
    /// Write it without asking
    #[arg(long)]
    yes: bool,
}

/// Sets git up. `ask` asks the user, and returns nothing where it cannot.
pub fn run(
    args: &GitSetupArgs,
    context: &mut Context,
    ask: impl FnOnce(&str) -> Option<bool>,
) -> Result<GitSetupReport, Failure> {
    let repository = Repository::of(&context.options.dir)?;
    let value = textconv(context.program.as_deref())?;
    let before = repository.setting(SETTING)?;
    if repository.diff_driver("events.jsonl")? != DRIVER {
        let line = format!("`*.jsonl diff={DRIVER}`, without which git does not use the setting");
        context.warn([format!("the store's `.gitattributes` lack {line}")]);
    }
    let report = |done| GitSetupReport {
        config: repository.config.as_path().into(),
        setting: SETTING,
        value: value.clone(),
        changed: matches!(done, Done::Written),
        done,
    };
    if before.as_ref() == Some(&value) {
        return Ok(report(Done::Already));
    }
    if !args.yes {
        let question = question(&repository.config, &value, before.as_deref());
        match ask(&question) {
            Some(true) => {}
            Some(false) => return Ok(report(Done::Declined)),
            None => {
                let config = repository.config.display();
                return Err(Failure::refused(
                    format!(
                        "there is no terminal to ask whether to write `{SETTING}` to `{config}`"
                    ),
                    "`muzzle-persona git-setup --yes` writes it without asking",
                ));
            }
        }
    }
    repository.set(SETTING, &value)?;
    Ok(report(Done::Written))
}

/// The command that git runs, quoted for its shell.
fn textconv(program: Option<&Path>) -> Result<String, Failure> {
    let quoted = program.and_then(Path::to_str).and_then(|path| shlex::try_quote(path).ok());
    quoted.map(|program| format!("{program} render")).ok_or_else(|| {
        let message = "the path of this program cannot be told to git";
        Failure::refused(message, "install it in a directory whose path is plain text")
    })
}

fn question(config: &Path, value: &str, before: Option<&str>) -> String {
    let instead =
        before.map(|before| format!("\n  instead of {}", visible(before))).unwrap_or_default();
    let (config, value) = (ShownPath::from(config), visible(value));
    format!("This writes to `{config}`:\n  {SETTING} = {value}{instead}\nGo on?")
}

#[derive(Debug, Serialize)]
pub struct GitSetupReport {
    config: ShownPath,
    setting: &'static str,
    value: String,
    changed: bool,
    #[serde(skip)]
    done: Done,
}

#[derive(Debug)]
enum Done {
    Written,
    Already,
    Declined,
}

impl fmt::Display for GitSetupReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = &self.config;
        match self.done {
            Done::Declined => return writeln!(f, "Nothing was written."),
            Done::Already => writeln!(f, "`{config}` has it already; nothing to do:")?,
            Done::Written => writeln!(f, "Wrote to `{config}`:")?,
        }
        writeln!(f, "  {} = {}", self.setting, visible(&self.value))?;
        writeln!(f, "`git diff` and `git log -p` tell the events of this store as sentences.")
    }
}
