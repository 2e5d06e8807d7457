//! Why a command failed: its words, its hint and its exit code.

use std::fmt::Display;
use std::io;
use std::path::Path;

use muzzle_persona::broker::Refusal;
use muzzle_persona::environment::{self, EnvironmentError};
use muzzle_persona::events::{LogError, visible};
use muzzle_persona::git::RevisionError;
use muzzle_persona::wording::quoted_first;
use muzzle_persona::{StoreError, projection::CutoffError};
use serde::Serialize;

// Exit codes; 0 is success.
pub const REFUSED: u8 = 1;
pub const USAGE: u8 = 2;
pub const DAMAGED: u8 = 3;
const BUSY: u8 = 4;
const WRITE: u8 = 5;
pub const BUG: u8 = 70;

const CHECK_PATH: &str = "check the path and its permissions";
pub const EVENTS_HINT: &str =
    "`muzzle-persona log` shows the events with their times, numbers and ids";
const DAMAGE_HINT: &str = "`muzzle-persona verify` shows all that is wrong, and `muzzle-persona repair` what can be done; nothing was changed";
const STORE_HINT: &str =
    "check the path and its permissions, or name another store with `--store DIR`";
const NO_STORE_HINT: &str = "the first `muzzle-persona assign` or `grow` makes one; `--store DIR` or `MUZZLE_PERSONA_STORE` names another";
const GONE_HINT: &str = "bring it back from a backup or with git; `muzzle-persona verify` tells what is missing; to begin anew, remove the store's `.cache`";
/// A session's name may be anything: it must not stand in a command to copy.
const HELD_HINT: &str =
    "`muzzle-persona release --session SESSION` gives it back; `--force` does that first";
const COMMITS_HINT: &str = "`git -C STORE log -- events.jsonl` shows the commits that have one";
const SESSION_HINT: &str = "`muzzle-persona log --type assign` shows which agents were lent whom";
const TEXTS_HINT: &str = "`muzzle-persona log --type feedback`, `--type lesson` and `--type note` list those that have one";
const FORGET_HINT: &str = "nobody is shown it any more; the same command goes on where it stopped";
const IN_DATA_HINT: &str = "to be rid of it, cut its line out, and have `muzzle-persona repair --yes` put the gap on record; docs/git.md tells how";
const JUDGEMENT_HINT: &str = "`muzzle-persona log --type feedback`, `--type outcome` and `--type lesson` list them; what was taken back counts no more";
const LESSON_HINT: &str = "`muzzle-persona show NAME` lists the lessons that a persona is offered";
const HOLDER_HINT: &str = "a note is left while a persona is held; `muzzle-persona log --type assign` shows which agents were lent whom";
const THEN_HINT: &str = "`muzzle-persona list --status all` with the same `--at` shows who was";

#[derive(Debug, Serialize)]
pub struct Failure {
    pub kind: &'static str,
    /// What happened, where: a lower-case clause.
    pub message: String,
    pub hint: Option<String>,
    #[serde(skip)]
    pub code: u8,
}

impl Failure {
    fn new(kind: &'static str, message: impl Display, hint: impl Display) -> Self {
        let code = match kind {
            "usage" => USAGE,
            "damaged" => DAMAGED,
            "busy" => BUSY,
            "io" | "write" | "sync" => WRITE,
            "bug" => BUG,
            _ => REFUSED,
        };
        let hint = Some(visible(&hint.to_string()));
        Self { kind, message: visible(&message.to_string()), hint, code }
    }

    pub fn usage(message: impl Display, hint: impl Display) -> Self {
        Self::new("usage", message, hint)
    }

    /// A request that cannot be met as things are.
    pub fn refused(message: impl Display, hint: impl Display) -> Self {
        Self::new("refused", message, hint)
    }

    pub fn not_found(message: impl Display, hint: impl Display) -> Self {
        Self::new("not_found", message, hint)
    }

    /// Something that another process changes at the same time.
    pub fn busy(message: impl Display, hint: impl Display) -> Self {
        Self::new("busy", message, hint)
    }

    pub fn read(path: &Path, error: &io::Error) -> Self {
        Self::new("io", format!("could not read `{}`: {error}", path.display()), CHECK_PATH)
    }

    pub fn write(doing: &str, path: &Path, error: &io::Error) -> Self {
        let message = format!("could not {doing} `{}`: {error}", path.display());
        Self::new("write", message, CHECK_PATH)
    }

    pub fn output(error: &io::Error) -> Self {
        let hint = "what was asked for is done; only its report is missing";
        Self::new("write", format!("could not write the answer: {error}"), hint)
    }

    pub fn environment(error: &EnvironmentError) -> Self {
        let hint = match error {
            EnvironmentError::NoHome | EnvironmentError::EmptyStore => {
                &*format!("name a directory with `--store DIR` or in `{}`", environment::STORE)
            }
            EnvironmentError::BadNow(_) => "write it as in `2026-03-25T15:30:00Z`, or unset it",
        };
        Self::usage(error, hint)
    }

    pub fn bug(message: impl Display) -> Self {
        Self::new("bug", message, "please report it, with the command that you ran")
    }
}

impl<E: Into<StoreError>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let (kind, hint) = match &error {
            StoreError::Log(error) => match error {
                LogError::Damaged { .. } => ("damaged", DAMAGE_HINT),
                LogError::Busy { .. } => ("busy", "try again, or wait longer, as with `--wait 30`"),
                LogError::Io { .. } => ("io", STORE_HINT),
                LogError::Write { .. } => ("write", "check the space and the limits of the disk"),
                LogError::Sync { .. } => {
                    ("sync", "check the disk, then look whether the event is there")
                }
            },
            StoreError::Refused(refusal) => match refusal {
                Refusal::NoRole => ("refused", "ask for one, as in `--roles code-reviewer`"),
                Refusal::TooManyRoles(_) => ("refused", "ask in several `assign` commands"),
                Refusal::UnknownPersona { nearest: Some(name), .. } => {
                    ("not_found", &*format!("did you mean `{name}`?"))
                }
                Refusal::UnknownPersona { nearest: None, .. } => {
                    ("not_found", "`muzzle-persona list --status all` shows all personas")
                }
                Refusal::NameTaken { .. } => {
                    ("refused", "`muzzle-persona edit NAME` changes a persona that there is")
                }
                Refusal::AmbiguousName { .. } => ("not_found", "write more of the name"),
                Refusal::IsHeld { .. } => ("refused", HELD_HINT),
                Refusal::UnknownRole { nearest: Some(name), .. } => {
                    ("not_found", &*format!("did you mean `{name}`?"))
                }
                Refusal::UnknownRole { known, .. } => {
                    ("not_found", &*format!("the roles are {}", quoted_first(10, known)))
                }
                Refusal::NeverLent { .. } => ("not_found", SESSION_HINT),
                Refusal::NoText { .. } => ("refused", TEXTS_HINT),
                Refusal::TextInData { .. } => ("refused", IN_DATA_HINT),
                Refusal::NotRetractable { .. } => ("not_found", JUDGEMENT_HINT),
                Refusal::NotOffered { .. } => ("not_found", LESSON_HINT),
                Refusal::HoldsNobody { .. } => ("not_found", HOLDER_HINT),
            },
            StoreError::Cutoff(error) => match error {
                CutoffError::Unreadable | CutoffError::UnknownId(_) => ("not_found", EVENTS_HINT),
                CutoffError::AmbiguousId(..) => ("not_found", "write more of the id"),
                CutoffError::Revision(_) => {
                    ("usage", "`--at git:REV` reads the log as it is at a revision")
                }
            },
            StoreError::Revision(error) => match error {
                RevisionError::NoGit(why) if why.kind() == io::ErrorKind::NotFound => {
                    let hint = "install git, or add its directory to `PATH`";
                    return Self::refused("there is no `git` on this machine", hint);
                }
                RevisionError::NoGit(_) => {
                    ("not_found", "name the moment by time, sequence number or id")
                }
                RevisionError::Unknown(_) | RevisionError::Failed { .. } => {
                    ("not_found", "`git -C STORE log` shows the commits of a store that git keeps")
                }
                RevisionError::NoLog(_) => ("not_found", COMMITS_HINT),
            },
            StoreError::Seed(_) => {
                ("seed", "mend the file, or move it away to use the built-in seed")
            }
            StoreError::UnknownThen(_) => ("not_found", THEN_HINT),
            StoreError::Recorded(_) => {
                ("io", "do not do it again; `muzzle-persona log` shows what is recorded")
            }
            StoreError::TextStands(error) => {
                let busy = matches!(**error, StoreError::Log(LogError::Busy { .. }));
                (if busy { "busy" } else { "write" }, FORGET_HINT)
            }
            StoreError::TooLong(_) => ("refused", "ask for less at once"),
            StoreError::NewerFormat(_) => {
                ("newer_format", "install the newer muzzle-persona that wrote it")
            }
            StoreError::NoStore(_) => ("not_found", NO_STORE_HINT),
            StoreError::LogGone(_) => ("damaged", GONE_HINT),
            StoreError::KeepsMoving(_) => ("busy", "try again when the checkout is done"),
            StoreError::AmbiguousHead(_) => ("not_found", "write more of its digits"),
        };
        Self::new(kind, &error, hint)
    }
}
