//! `completions`: let a shell complete commands, options and personas' names.

use std::ffi::OsStr;
use std::fmt;
use std::sync::OnceLock;

use clap::{Args, CommandFactory as _, ValueEnum};
use clap_complete::CompletionCandidate;
use clap_complete::env::{CompleteEnv, Shells};
use muzzle_persona::events::{Disk, is_hidden};
use muzzle_persona::{Options, PendingCheckpoint, Progress, Store};
use serde::Serialize;

use super::failure::Failure;
use super::output::Report;
use super::{Cli, Context, Environment};

/// What the scripts call to complete a word.
const PROGRAM: &str = "muzzle-persona";
/// The variable by which a script asks for completions, and says for which shell.
const ASK: &str = "COMPLETE";

/// Print a script that lets a shell complete commands, options and names
///
/// For bash, add `source <(muzzle-persona completions bash)` to ~/.bashrc; for
/// zsh, `source <(muzzle-persona completions zsh)` to ~/.zshrc, after compinit.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: ShellArg,
}

#[derive(Debug, Clone, Copy, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum ShellArg {
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
    Elvish,
}

pub fn run(args: &CompletionsArgs) -> Result<CompletionsReport, Failure> {
    let value = args.shell.to_possible_value();
    let name = value.as_ref().map_or("", |value| value.get_name());
    let shells = Shells::builtins();
    let mut script = Vec::new();
    if let Some(shell) = shells.completer(name) {
        let registered = shell.write_registration(ASK, PROGRAM, PROGRAM, PROGRAM, &mut script);
        registered.map_err(|error| Failure::output(&error))?;
    }
    Ok(CompletionsReport {
        shell: args.shell,
        script: String::from_utf8_lossy(&script).into_owned(),
    })
}

#[derive(Debug, Serialize)]
pub struct CompletionsReport {
    shell: ShellArg,
    script: String,
}

impl Report for CompletionsReport {}

impl fmt::Display for CompletionsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.script)
    }
}

/// Whether it is bash that asks. Of all shells, it alone takes a completion as
/// it is, with its spaces unquoted. The variable is gone when a name is completed.
static FOR_BASH: OnceLock<bool> = OnceLock::new();

/// Answers a shell that asks for completions, and ends the process; else does nothing.
#[expect(clippy::disallowed_methods, reason = "a shell asks through its environment")]
pub fn answer_shell() {
    FOR_BASH.get_or_init(|| std::env::var_os(ASK).is_some_and(|shell| shell == "bash"));
    CompleteEnv::with_factory(Cli::command).var(ASK).bin(PROGRAM).complete();
}

/// The personas whose names begin as was typed.
///
/// A shell asks without a command line of ours, so the environment is read
/// here. A store that is not there is not made for the sake of a key press.
pub fn persona_names(typed: &OsStr) -> Vec<CompletionCandidate> {
    let names = names_in_store(Environment::read()).unwrap_or_default();
    let typed = typed.to_string_lossy().replace(['\\', '"', '\''], "").to_lowercase();
    let shown = names.into_iter().filter(|name| name.to_lowercase().starts_with(&typed));
    // What is offered becomes text on somebody's command line.
    let safe = shown.filter(|name| name.chars().all(is_plain));
    if FOR_BASH.get() == Some(&true) {
        safe.map(|name| CompletionCandidate::new(name.replace(' ', "\\ "))).collect()
    } else {
        safe.map(CompletionCandidate::new).collect()
    }
}

/// Whether a character means itself to every shell.
fn is_plain(c: char) -> bool {
    matches!(c, ' ' | '-' | '.') || (c.is_alphanumeric() && !is_hidden(c))
}

fn names_in_store(environment: Environment) -> Result<Vec<String>, Failure> {
    let Environment { store, now, home, clock, mut rng, .. } = environment;
    let dir = muzzle_persona::environment::store_dir(None, store, home)?;
    if !dir.join("events.jsonl").exists() {
        return Ok(Vec::new());
    }
    let now = muzzle_persona::environment::now(now, clock)?;
    let options = Options {
        dir,
        wait: Context::DEFAULT_WAIT,
        now,
        progress: Progress::default(),
        disk: Disk::default(),
        pending: PendingCheckpoint::default(),
    };
    let store = Store::open(&options, &mut rng)?;
    Ok(store.roster().names().map(ToString::to_string).collect())
}
