//! Why a command failed: its words, its hint and its exit code.

use std::io;
use std::path::Path;

use muzzle_persona::StoreError;
use muzzle_persona::broker::{Refusal, SeedError};
use muzzle_persona::environment::{self, EnvironmentError};
use muzzle_persona::events::{LogError, RevisionError, visible};
use muzzle_persona::projection::CutoffError;
use serde::Serialize;

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

/// The hint when a path cannot be read or written.
const CHECK_PATH: &str = "check the path and its permissions";
/// The hint when a place in the log cannot be found.
pub const EVENTS_HINT: &str =
    "`muzzle-persona log` shows the events with their times, numbers and ids";

/// A command that was not done.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// The sort of failure, for programs.
    pub kind: &'static str,
    /// What happened, where: a lower-case clause.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    #[serde(skip)]
    pub code: u8,
}

impl Failure {
    fn new(
        kind: &'static str,
        code: u8,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let hint = Some(visible(&hint.into()));
        Self { kind, message: visible(&message.into()), hint, code }
    }

    /// A command line that cannot be used.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new("usage", USAGE, message, hint)
    }

    /// A request that cannot be met as things are.
    pub fn refused(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new("refused", REFUSED, message, hint)
    }

    /// Something that was named and is not there.
    pub fn not_found(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new("not_found", REFUSED, message, hint)
    }

    /// Something that another process changes at the same time.
    pub fn busy(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new("busy", BUSY, message, hint)
    }

    /// A file that could not be read.
    pub fn read(path: &Path, error: &io::Error) -> Self {
        Self::new("io", WRITE, format!("could not read `{}`: {error}", path.display()), CHECK_PATH)
    }

    /// A file or directory that could not be written.
    pub fn write(doing: &str, path: &Path, error: &io::Error) -> Self {
        let message = format!("could not {doing} `{}`: {error}", path.display());
        Self::new("write", WRITE, message, CHECK_PATH)
    }

    /// An answer that could not be written.
    pub fn output(error: &io::Error) -> Self {
        let hint = "what was asked for is done; only its report is missing";
        Self::new("write", WRITE, format!("could not write the answer: {error}"), hint)
    }

    /// A panic.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new("bug", BUG, message, "please report it, with the command that you ran")
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::Refused(refusal) => refusal.into(),
            StoreError::Log(error) => error.into(),
            StoreError::Seed(error) => error.into(),
            StoreError::Cutoff(error) => error.into(),
            StoreError::UnknownThen(_) => {
                let hint = "`muzzle-persona list --status all` with the same `--at` shows who was";
                Self::not_found(message, hint)
            }
            StoreError::Recorded(_) => {
                let hint = "do not do it again; `muzzle-persona log` shows what is recorded";
                Self::new("io", WRITE, message, hint)
            }
            StoreError::Revision(error) => error.into(),
            StoreError::TooLong(_) => Self::refused(message, "ask for less at once"),
            StoreError::NewerFormat(_) => {
                let hint = "install the newer muzzle-persona that wrote it";
                Self::new("newer_format", REFUSED, message, hint)
            }
            StoreError::NoStore(_) => {
                Self::not_found(message, "`muzzle-persona list` makes one where there is none")
            }
            StoreError::KeepsMoving(_) => {
                Self::busy(message, "try again when the checkout is done")
            }
            StoreError::AmbiguousHead(_) => Self::not_found(message, "write more of its digits"),
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
        Self::new(kind, code, error.to_string(), hint)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::UnknownPersona { .. } | Refusal::AmbiguousName { .. } => "not_found",
            Refusal::NoRole | Refusal::TooManyRoles(_) | Refusal::IsHeld { .. } => "refused",
        };
        let hint = Some(visible(&refusal_hint(&refusal)));
        Self { kind, message: visible(&refusal.to_string()), hint, code: REFUSED }
    }
}

impl From<CutoffError> for Failure {
    fn from(error: CutoffError) -> Self {
        let hint = match error {
            CutoffError::Unreadable | CutoffError::UnknownId(_) => EVENTS_HINT,
            CutoffError::AmbiguousId(..) => "write more of the id",
            CutoffError::Revision(_) => {
                let hint = "`--at git:REV` reads the log as it is at a revision";
                return Self::usage(error.to_string(), hint);
            }
        };
        Self::not_found(error.to_string(), hint)
    }
}

impl From<RevisionError> for Failure {
    fn from(error: RevisionError) -> Self {
        let hint = match &error {
            RevisionError::NoGit(why) if why.kind() == io::ErrorKind::NotFound => {
                let hint = "install git, or add its directory to `PATH`";
                return Self::refused("there is no `git` on this machine", hint);
            }
            RevisionError::NoGit(_) => "name the moment by time, sequence number or id",
            RevisionError::Unknown(_) | RevisionError::Failed { .. } => {
                "`git -C STORE log` shows the commits of a store that git keeps"
            }
            RevisionError::NoLog(_) => {
                "`git -C STORE log -- events.jsonl` shows the commits that have one"
            }
        };
        Self::not_found(error.to_string(), hint)
    }
}

impl From<SeedError> for Failure {
    fn from(error: SeedError) -> Self {
        let hint = "mend the file, or move it away to use the built-in seed";
        Self::new("seed", REFUSED, error.to_string(), hint)
    }
}

impl From<EnvironmentError> for Failure {
    fn from(error: EnvironmentError) -> Self {
        let hint = match error {
            EnvironmentError::NoHome | EnvironmentError::EmptyStore => {
                format!("name a directory with `--store DIR` or in `{}`", environment::STORE)
            }
            EnvironmentError::BadNow(_) => {
                "write it as in `2026-03-25T15:30:00Z`, or unset it".to_owned()
            }
        };
        Self::usage(error.to_string(), hint)
    }
}

/// What to do about a refusal.
fn refusal_hint(refusal: &Refusal) -> String {
    let hint = match refusal {
        Refusal::NoRole => "ask for one, as in `--roles code-reviewer`",
        Refusal::TooManyRoles(_) => "ask in several `assign` commands",
        Refusal::UnknownPersona { nearest: Some(name), .. } => {
            return format!("did you mean `{name}`?");
        }
        Refusal::UnknownPersona { nearest: None, .. } => {
            "`muzzle-persona list --status all` shows all personas"
        }
        Refusal::AmbiguousName { .. } => "write more of the name",
        // A session's name may be anything: it must not stand in a command to copy.
        Refusal::IsHeld { .. } => {
            "`muzzle-persona release --session SESSION` gives it back; `--force` does that first"
        }
    };
    hint.to_owned()
}
