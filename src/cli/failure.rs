//! Why a command failed: its words, its hint and its exit code.

use std::path::Path;

use super::claude_code::{Place, Reason, Scope, Via};
use muzzle_persona::StoreError;
use muzzle_persona::broker::{Refusal, SeedError};
use muzzle_persona::environment::EnvironmentError;
use muzzle_persona::events::{LogError, PersonaName, RevisionError, SessionId, TextError, visible};
use muzzle_persona::projection::MomentError;

/// The exit code of a command that was refused, or did not find what it was asked about.
pub const REFUSED: u8 = 1;
/// The exit code of a command line that cannot be read.
pub const USAGE: u8 = 2;
/// The exit code of a damaged log.
pub const DAMAGED: u8 = 3;
/// The exit code of a log that others kept busy.
const BUSY: u8 = 4;
/// The exit code of a store that could not be read or written.
const WRITE: u8 = 5;
/// The exit code of a bug.
pub const BUG: u8 = 70;

/// A command that was not done.
#[derive(Debug)]
pub struct Failure {
    /// What sort of failure it is, for programs.
    pub kind: &'static str,
    /// What happened, where: a lower-case clause.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The exit code.
    pub code: u8,
}

impl Failure {
    fn new(kind: &'static str, code: u8, message: &impl ToString, hint: Option<String>) -> Self {
        let message = visible(&message.to_string());
        Self { kind, message, hint: hint.map(|hint| visible(&hint)), code }
    }

    /// A command line that cannot be used.
    pub fn usage(message: &impl ToString, hint: Option<String>) -> Self {
        Self::new("usage", USAGE, message, hint)
    }

    /// A seed file that cannot be read.
    pub fn no_seed(file: &Path, error: &std::io::Error) -> Self {
        let message = format!("could not read the seed file `{}`: {error}", file.display());
        let hint = "name one with `--file FILE`".to_owned();
        Self::new("not_found", REFUSED, &message, Some(hint))
    }

    /// A file that could not be read.
    pub fn read(path: &Path, error: &std::io::Error) -> Self {
        let message = format!("could not read `{}`: {error}", path.display());
        Self::new("io", WRITE, &message, Some("check the path and its permissions".to_owned()))
    }

    /// A store that is not there, for a command that makes none.
    pub fn no_store(dir: &Path) -> Self {
        let message = format!("there is no store at `{}`", dir.display());
        let hint = "`muzzle-persona list` makes one where there is none".to_owned();
        Self::new("not_found", REFUSED, &message, Some(hint))
    }

    /// A store that no repository of git's has in its work tree.
    pub fn no_work_tree(dir: &Path) -> Self {
        let dir = dir.display().to_string();
        let quoted = shlex::try_quote(&dir).unwrap_or_default();
        let hint = format!("`git init {quoted}` makes it one");
        let message = format!("the store at `{dir}` is not in a work tree of git");
        Self::new("refused", REFUSED, &message, Some(hint))
    }

    /// A git that is not there.
    pub fn no_git() -> Self {
        let hint = "install git, or add its directory to `PATH`".to_owned();
        Self::new("refused", REFUSED, &"there is no `git` on this machine", Some(hint))
    }

    /// A git that did not do what was asked of it.
    pub fn git(words: &str) -> Self {
        let first = words.lines().next().unwrap_or_default();
        let said = first.trim_start_matches("fatal: ").trim_start_matches("error: ");
        let hint = "`git status` in the store's directory may tell more".to_owned();
        Self::new("refused", REFUSED, &format!("git refused: {said}"), Some(hint))
    }

    /// A program that does not know where it is.
    pub fn no_program() -> Self {
        let hint = "install it in a directory whose path is plain text".to_owned();
        Self::new("refused", REFUSED, &"the path of this program cannot be told to git", Some(hint))
    }

    /// A question with nobody to answer it.
    pub fn nobody_to_ask(setting: &str, config: &Path) -> Self {
        let config = config.display();
        let message =
            format!("there is no terminal to ask whether to write `{setting}` to `{config}`");
        let hint = "`muzzle-persona git-setup --yes` writes it without asking".to_owned();
        Self::new("refused", REFUSED, &message, Some(hint))
    }

    /// A file or directory that could not be written.
    pub fn write(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        let message = format!("could not {doing} `{}`: {error}", path.display());
        Self::new("write", WRITE, &message, Some("check the path and its permissions".to_owned()))
    }

    /// A command that there is no page for.
    pub fn no_command(name: &str) -> Self {
        let hint = "`muzzle-persona help` shows all commands".to_owned();
        Self::new("not_found", REFUSED, &format!("there is no command `{name}`"), Some(hint))
    }

    /// A persona that was not there at the moment that was asked about.
    pub fn not_then(name: &str) -> Self {
        let hint =
            "`muzzle-persona list --status all` with the same `--at` shows who was".to_owned();
        let message = format!("there was no persona named `{name}` then");
        Self::new("not_found", REFUSED, &message, Some(hint))
    }

    /// A text that is no moment of a log, and no revision either.
    pub fn no_moment(text: &str, error: &RevisionError) -> Self {
        let message = format!("`{text}` is no time, sequence number or id, and {error}");
        let hint = MomentError::Unreadable.hint().to_owned();
        Self::new("not_found", REFUSED, &message, Some(hint))
    }

    /// A persona that a session never had.
    pub fn not_lent(name: &PersonaName, session: &SessionId, is_narrowed: bool) -> Self {
        let how = if is_narrowed { " in that role or slot" } else { "" };
        let message = format!("`{name}` was never lent to the session `{session}`{how}");
        let hint = "`muzzle-persona history NAME` shows the sessions that a persona was lent to";
        Self::new("not_found", REFUSED, &message, Some(hint.to_owned()))
    }

    /// A file of Claude Code's that is left alone.
    pub fn left_alone(path: &Path, reason: &Reason) -> Self {
        let message = format!("left `{}` alone: {reason}", path.display());
        Self::new("refused", REFUSED, &message, Some(reason.hint().to_owned()))
    }

    /// A file that somebody else changed at the same time.
    pub fn changed_meanwhile(path: &Path) -> Self {
        let message = format!("`{}` was changed by somebody else just now", path.display());
        Self::new("busy", BUSY, &message, Some("try again".to_owned()))
    }

    /// A client whose settings cannot be found.
    pub fn no_client() -> Self {
        let hint = "set `HOME`, or name Claude Code's directory in `CLAUDE_CONFIG_DIR`".to_owned();
        Self::usage(&"could not find the home directory for Claude Code's settings", Some(hint))
    }

    /// A way to register that there is not for a scope.
    pub fn no_place(via: Via, scope: Scope) -> Self {
        let (message, hint) = match (via, scope) {
            (Via::Plugin, Scope::Local) => (
                "a plugin cannot be local: everybody in a project sees its folder",
                "`muzzle-persona install --via settings --scope local`",
            ),
            _ => (
                "the project's directory is the one of your own settings",
                "`muzzle-persona install --scope user`",
            ),
        };
        Self::usage(&message, Some(hint.to_owned()))
    }

    /// A registration for other sessions that reaches these too.
    pub fn registered_elsewhere(place: &Place, scope: Scope) -> Self {
        let (is, path) = (place.scope.name(), place.path.display());
        let message = format!(
            "the hooks are registered already, for the scope {is} in `{path}`; twice is once too often"
        );
        let hint = format!(
            "`muzzle-persona uninstall --scope {is}` takes them out there; then install for the scope {}",
            scope.name()
        );
        Self::new("refused", REFUSED, &message, Some(hint))
    }

    /// A plugin of ours that a marketplace brought.
    pub fn registered_by_marketplace(path: &Path, plugin: &str) -> Self {
        let message = format!(
            "the hooks are registered already, by the plugin `{plugin}` that `{}` enables",
            path.display()
        );
        let hint = format!("`claude plugin uninstall {plugin}` takes it out");
        Self::new("refused", REFUSED, &message, Some(hint))
    }

    /// A hook that is not where this program is.
    pub fn no_hook(path: &Path) -> Self {
        let message = format!("there is no hook at `{}`, beside this program", path.display());
        let hint = "`cargo install --path . && cargo install --path hook` puts both in one place, as does `cargo build --workspace`";
        Self::new("refused", REFUSED, &message, Some(hint.to_owned()))
    }

    /// A program whose place cannot be written into settings.
    pub fn no_path() -> Self {
        let hint = "install it in a directory whose path is plain text".to_owned();
        let message = "the path of this program cannot be written into settings";
        Self::new("refused", REFUSED, &message, Some(hint))
    }

    /// The answer could not be written.
    pub fn output(error: &std::io::Error) -> Self {
        let message = format!("could not write the answer: {error}");
        let hint = "what was asked for is done; only its report is missing".to_owned();
        Self::new("write", WRITE, &message, Some(hint))
    }

    /// A panic.
    pub fn bug(message: &str) -> Self {
        let hint = "please report it, with the command that you ran".to_owned();
        Self::new("bug", BUG, &message, Some(hint))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => refusal.into(),
            StoreError::Log(error) => error.into(),
            StoreError::Seed(error) => error.into(),
            StoreError::TooLong(_) => {
                Self::new("refused", REFUSED, &error, Some("ask for less at once".to_owned()))
            }
            StoreError::NewerFormat(_) => Self::new(
                "newer_format",
                REFUSED,
                &error,
                Some("install the newer muzzle-persona that wrote it".to_owned()),
            ),
            StoreError::NoStore(dir) => Self::no_store(&dir),
            StoreError::Moment(error) => error.into(),
            StoreError::Revision(error) => error.into(),
            StoreError::KeepsMoving(_) => Self::new(
                "busy",
                BUSY,
                &error,
                Some("try again when the checkout is done".to_owned()),
            ),
            StoreError::AmbiguousHead(_) => {
                Self::new("not_found", REFUSED, &error, Some("write more of its digits".to_owned()))
            }
        }
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        let (kind, code, hint) = match &error {
            LogError::Damaged(_) => (
                "damaged",
                DAMAGED,
                "`muzzle-persona verify` shows all that is wrong, and `muzzle-persona repair` what can be done; nothing was changed",
            ),
            LogError::Busy { .. } => {
                ("busy", BUSY, "try again, or wait longer, as with `--wait 30`")
            }
            LogError::Io { .. } => (
                "io",
                WRITE,
                "check the path and its permissions, or name another store with `--store DIR`",
            ),
            LogError::Write { .. } => {
                ("write", WRITE, "check the space and the limits of the disk")
            }
            LogError::Sync { .. } => {
                ("sync", WRITE, "check the disk, then look whether the event is there")
            }
        };
        Self::new(kind, code, &error, Some(hint.to_owned()))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::UnknownPersona { .. } | Refusal::AmbiguousName { .. } => "not_found",
            Refusal::NoRole
            | Refusal::TooManyRoles(_)
            | Refusal::IsHeld { .. }
            | Refusal::Seed(_) => "refused",
        };
        Self::new(kind, REFUSED, &refusal, refusal_hint(&refusal))
    }
}

impl From<MomentError> for Failure {
    fn from(error: MomentError) -> Self {
        Self::new("not_found", REFUSED, &error, Some(error.hint().to_owned()))
    }
}

impl From<RevisionError> for Failure {
    fn from(error: RevisionError) -> Self {
        match &error {
            RevisionError::NoGit(why) if why.kind() == std::io::ErrorKind::NotFound => {
                Self::no_git()
            }
            error => Self::new("not_found", REFUSED, error, Some(error.hint().to_owned())),
        }
    }
}

impl From<SeedError> for Failure {
    fn from(error: SeedError) -> Self {
        let hint = "mend the file, or move it away to use the built-in seed".to_owned();
        Self::new("seed", REFUSED, &error, Some(hint))
    }
}

impl From<EnvironmentError> for Failure {
    fn from(error: EnvironmentError) -> Self {
        Self::usage(&error, Some(error.hint()))
    }
}

impl From<TextError> for Failure {
    fn from(error: TextError) -> Self {
        Self::usage(&error, None)
    }
}

/// What to do about a refusal.
fn refusal_hint(refusal: &Refusal) -> Option<String> {
    let hint = match refusal {
        Refusal::NoRole => "ask for one, as in `--roles code-reviewer`",
        Refusal::TooManyRoles(_) => "ask in several `assign` commands",
        Refusal::UnknownPersona { nearest: Some(name), .. } => {
            return Some(format!("did you mean `{name}`?"));
        }
        Refusal::UnknownPersona { nearest: None, .. } => {
            "`muzzle-persona list --status all` shows all personas"
        }
        Refusal::AmbiguousName { .. } => "write more of the name",
        // A session's name may be anything: it must not stand in a command to copy.
        Refusal::IsHeld { .. } => {
            "`muzzle-persona release --session SESSION` gives it back; `--force` does that first"
        }
        Refusal::Seed(_) => return None,
    };
    Some(hint.to_owned())
}
