//! `completions`: let a shell complete commands, options and personas' names.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use clap::{Args, Command};
use clap_complete::CompletionCandidate;
use clap_complete::engine::ArgValueCompleter;
use clap_complete::env::{CompleteEnv, Shells};
use jiff::Timestamp;
use muzzle_persona::{Disk, Options, PendingCheckpoint, Progress, Store, events::is_hidden};
use serde::Serialize;

use super::{Failure, environment};

const PROGRAM: &str = "muzzle-persona";
/// The variable by which a script asks for completions, and says for which shell.
const ASK: &str = "COMPLETE";
/// The variable in which most scripts say which word is completed; else it is the last.
const INDEX: &str = "_CLAP_COMPLETE_INDEX";

/// Print a script for completion of commands and names
///
/// For bash, add `source <(muzzle-persona completions bash)` to ~/.bashrc; for
/// zsh, `source <(muzzle-persona completions zsh)` to ~/.zshrc, after compinit.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  source <(muzzle-persona completions bash)
  muzzle-persona completions fish | source")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_parser = ["bash", "zsh", "fish", "powershell", "elvish"])]
    shell: String,
}

pub fn run(args: CompletionsArgs) -> Result<CompletionsReport, Failure> {
    let mut script = Vec::new();
    if let Some(shell) = Shells::builtins().completer(&args.shell) {
        let registered = shell.write_registration(ASK, PROGRAM, PROGRAM, PROGRAM, &mut script);
        registered.map_err(|error| Failure::output(&error))?;
    }
    let script = String::from_utf8_lossy(&script).into_owned();
    Ok(CompletionsReport { shell: args.shell, script })
}

#[derive(Debug, Serialize)]
pub struct CompletionsReport {
    shell: String,
    script: String,
}

impl fmt::Display for CompletionsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.script)
    }
}

/// The shell that asks, and the store that its line names before the word that is completed: a
/// completer gets nothing but that word.
static ASKING: OnceLock<(String, Option<PathBuf>)> = OnceLock::new();

/// Answers a shell that asks for completions of `program`, which is the whole command line, and
/// ends the process; else does nothing.
#[expect(clippy::disallowed_methods, reason = "a shell asks through its environment")]
pub fn answer_shell(program: fn() -> Command) {
    let Some(shell) = std::env::var_os(ASK) else { return };
    let shell = Path::new(&shell).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let index = std::env::var(INDEX).ok().and_then(|index| index.parse().ok());
    let mut args: Vec<_> = std::env::args_os().collect();
    let line = args.iter().position(|arg| arg == "--").map_or(args.len(), |end| end + 1);
    let words = args.get_mut(line..).unwrap_or_default();
    let before = index.unwrap_or(words.len().saturating_sub(1)).min(words.len());
    let words = words.get_mut(..before).unwrap_or_default();
    join_at_equals(words);
    let store = named_store(words, &shell, environment::home().as_deref());
    ASKING.get_or_init(|| (shell, store));
    let complete = CompleteEnv::with_factory(program).var(ASK).bin(PROGRAM);
    let here = std::env::current_dir().ok();
    if complete.try_complete(args, here.as_deref()).unwrap_or_else(|error| error.exit()) {
        std::process::exit(0);
    }
}

/// Joins what bash takes apart: `--store`, `=` and `DIR` of `--store=DIR`.
///
/// Each of the three becomes the whole, so that no word after them changes its number.
fn join_at_equals(words: &mut [OsString]) {
    for at in 2..words.len() {
        if let Some([option, equals, value]) = words.get_mut(at - 2..=at)
            && option.to_string_lossy().starts_with("--")
            && *equals == *"="
        {
            let whole = [&**option, &**equals, &**value].join(OsStr::new(""));
            for word in [option, equals, value] {
                whole.clone_into(word);
            }
        }
    }
}

/// The store that the words of a line name, if any; one without a name if it cannot be made out.
fn named_store(words: &[OsString], shell: &str, home: Option<&Path>) -> Option<PathBuf> {
    let is_raw = matches!(shell, "bash" | "zsh");
    let mut words = words.iter().map(|word| {
        let word = word.to_string_lossy();
        if is_raw { unquoted(&word, home) } else { word.into_owned() }
    });
    let mut store = None;
    while let Some(word) = words.next().filter(|word| word != "--") {
        let named = match word.strip_prefix("--store") {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        store = named.or(store);
    }
    store.map(PathBuf::from)
}

/// What a shell makes of a word as it was typed; nothing if that takes more than to unquote it.
fn unquoted(word: &str, home: Option<&Path>) -> String {
    let (home, word) = match (home.and_then(Path::to_str), word.strip_prefix("~/")) {
        (Some(home), Some(rest)) => (format!("{home}/"), rest),
        _ => (String::new(), word),
    };
    match shlex::split(word).as_deref() {
        Some([word]) => home + word,
        _ => String::new(),
    }
}

pub fn persona_names() -> ArgValueCompleter {
    ArgValueCompleter::new(names_that_begin)
}

/// The personas whose names begin as was typed.
///
/// A shell asks without a command line of ours, so the environment is read
/// here. Whatever goes wrong, nothing is offered.
fn names_that_begin(typed: &OsStr) -> Vec<CompletionCandidate> {
    let (shell, store) = ASKING.get().cloned().unwrap_or_default();
    let names = names_in_store(store).unwrap_or_default();
    let typed = typed.to_string_lossy().replace(['\\', '"', '\''], "").to_lowercase();
    let is_plain = |c| matches!(c, ' ' | '-' | '.') || (c.is_alphanumeric() && !is_hidden(c));
    let matching = names.into_iter().filter(|name| name.to_lowercase().starts_with(&typed));
    // What is offered becomes text on somebody's command line: it must mean itself to every shell.
    let safe = matching.filter(|name| name.chars().all(is_plain));
    // Of all shells, bash alone takes a completion as it is, with its spaces unquoted.
    let space = if shell == "bash" { "\\ " } else { " " };
    safe.map(|name| CompletionCandidate::new(name.replace(' ', space))).collect()
}

fn names_in_store(store: Option<PathBuf>) -> Result<Vec<String>, Failure> {
    // No name depends on what time it is.
    let (dir, now) = (environment::store_dir(store)?, Timestamp::default());
    let (progress, disk, pending) =
        (Progress::default(), Disk::default(), PendingCheckpoint::default());
    let options =
        Options { dir, wait: Duration::ZERO, now, is_hook: false, progress, disk, pending };
    Ok(Store::peek(&options)?.roster().names().map(ToString::to_string).collect())
}
