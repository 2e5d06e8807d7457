//! `git-setup`: have git show the log as sentences.

use std::fmt;
use std::path::Path;

use clap::Args;
use muzzle_persona::events::visible;
use serde::Serialize;

use super::{Context, Failure, ShownPath, git, line};

/// The diff driver that a store's `.gitattributes` name for logs.
const DRIVER: &str = "muzzle-persona";
/// The setting with the command that turns a log into text.
const SETTING: &str = "diff.muzzle-persona.textconv";

/// Have `git diff` and `git log -p` tell events as sentences
///
/// It writes one setting into the configuration of the repository that the
/// store is in, and asks first.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona git-setup
  muzzle-persona git-setup --yes --store ~/team-personas")]
pub struct GitSetupArgs {
    /// Write it without asking
    #[arg(short = 'y', long)]
    yes: bool,
}

/// Sets git up. `ask` asks the user, and returns nothing where it cannot.
pub fn run(
    args: &GitSetupArgs,
    context: &mut Context,
    ask: impl FnOnce(&str) -> Option<bool>,
) -> Result<GitSetupReport, Failure> {
    let store = &context.options.dir;
    let path = git::config_file(store)?;
    let value = textconv(context.program.as_deref())?;
    let before = git::run(store, &["config", "--local", "--get", SETTING])?;
    let driver = git::run(store, &["check-attr", "diff", "--", "events.jsonl"])?;
    if !driver.is_some_and(|driver| driver.ends_with(&format!(" {DRIVER}"))) {
        let line = format!("`*.jsonl diff={DRIVER}`, without which git does not use the setting");
        context.warn([format!("the store's `.gitattributes` lack {line}")]);
    }
    let config = ShownPath::from(&path);
    let is_there = before.as_ref() == Some(&value);
    let instead = before.map(|before| format!("\n  instead of {}", visible(&before)));
    let (instead, shown) = (instead.unwrap_or_default(), visible(&value));
    let question = format!("This writes to `{config}`:\n  {SETTING} = {shown}{instead}\nGo on?");
    let answer = if is_there || args.yes { Some(true) } else { ask(&question) };
    let wanted = answer.ok_or_else(|| {
        let to = format!("`{SETTING}` to `{}`", path.display());
        let hint = "`muzzle-persona git-setup --yes` writes it without asking";
        Failure::refused(format!("there is no terminal to ask whether to write {to}"), hint)
    })?;
    let changed = wanted && !is_there;
    if changed {
        let set = ["config", "--local", "--replace-all", SETTING, &value];
        git::run(&context.options.dir, &set)?.ok_or_else(|| git::refused(""))?;
    }
    Ok(GitSetupReport { config, setting: SETTING, value, changed, declined: !wanted })
}

fn textconv(program: Option<&Path>) -> Result<String, Failure> {
    let quoted = program.and_then(Path::to_str).and_then(|path| shlex::try_quote(path).ok());
    quoted.map(|program| format!("{program} render")).ok_or_else(|| {
        let message = "the path of this program cannot be told to git";
        Failure::refused(message, "install it in a directory whose path is plain text")
    })
}

#[derive(Debug, Serialize)]
pub struct GitSetupReport {
    config: ShownPath,
    setting: &'static str,
    value: String,
    changed: bool,
    #[serde(skip)]
    declined: bool,
}

impl fmt::Display for GitSetupReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config, setting, value, changed, declined } = self;
        if *declined {
            return writeln!(f, "Nothing was written.");
        }
        if *changed {
            writeln!(f, "Wrote to `{config}`:")?;
        } else {
            line(f, format!("`{config}` has it already; nothing to do:"))?;
        }
        writeln!(f, "  {setting} = {}", visible(value))?;
        line(f, "`git diff` and `git log -p` tell the events of this store as sentences.")
    }
}
