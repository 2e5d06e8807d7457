//! Why a command failed: its words, its hint and its exit code.

use std::ffi::OsString;
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use muzzle_persona::broker::Refusal;
use muzzle_persona::environment::{EnvironmentError, STORE as STORE_VARIABLE};
use muzzle_persona::events::{LineError, LogError, PersonaName, SessionId, visible};
use muzzle_persona::fleet::FleetError;
use muzzle_persona::git::RevisionError;
use muzzle_persona::signature::SignatureError;
use muzzle_persona::wording::{LISTED, quoted_first};
use muzzle_persona::{JoinError, MembershipError, StoreError, projection::CutoffError};
use serde::Serialize;

use super::{environment, hint};

// Exit codes; 0 is success.
pub const REFUSED: u8 = 1;
pub const USAGE: u8 = 2;
pub const DAMAGED: u8 = 3;
const BUSY: u8 = 4;
pub const WRITE: u8 = 5;
pub const BUG: u8 = 70;

/// In a hint, what stands for git in the store's directory.
const STORE: &str = "git -C STORE";
/// In a hint, what stands for the moment that was asked about.
const MOMENT: &str = "--at MOMENT";
const CHECK_PATH: &str = "check the path and its permissions";
pub const EVENTS_HINT: &str =
    "`muzzle-persona log` shows the events with their times, numbers and ids";
const DAMAGE_HINT: &str = "`muzzle-persona verify` shows all that is wrong, and `muzzle-persona repair` what can be done; nothing was changed";
const SSH_KEYGEN_HINT: &str =
    "install OpenSSH's client (`openssh-client`), or add its directory to `PATH`";
const KEY_HINT: &str = "name a private key, or a public one that the agent has the private one of, as in `muzzle-persona sign --key ~/.ssh/id_ed25519`";
const UNREADABLE_COPY_HINT: &str = "name a file itself, as in `muzzle-persona repair --join FILE`";
const OTHER_COPY_HINT: &str =
    "nothing was changed; `muzzle-persona log` shows the history of this store";
const BAD_COPY_HINT: &str =
    "nothing was changed; take a sound copy, as from git or from the machine that it came from";
const STORE_HINT: &str =
    "check the path and its permissions, or name another store with `--store DIR`";
const NO_STORE_HINT: &str = "the first `muzzle-persona assign` or `grow` makes one; `--store DIR` or `MUZZLE_PERSONA_STORE` names another";
const GONE_HINT: &str = "bring it back from a backup or with git; `muzzle-persona verify` tells what is missing; to begin anew, remove the store's `.cache`";
const COMMITS_HINT: &str = "`git -C STORE log -- events.jsonl` shows the commits that have one";
const SESSION_HINT: &str = "`muzzle-persona log --type assign` shows which agents were lent whom";
const TEXTS_HINT: &str = "`muzzle-persona log --type feedback`, `--type lesson` and `--type note` list those that have one";
const FLEET_HINT: &str = "`muzzle-persona remote status` tells who of the fleet answers";
const JOIN_FLEET_HINT: &str =
    "`muzzle-persona remote join URL --roster NAME` makes it a member of one";
const NOT_SOUND_HINT: &str =
    "`muzzle-persona repair` shows what can be done; then run the same command again";
const WAITING_HINT: &str = "`muzzle-persona remote pull` tells the fleet of them; `muzzle-persona remote leave --discard` gives them up";
const CHECK_FLEET_HINT: &str =
    "nothing was changed; `muzzle-persona remote check` tells what differs";
const RECORDED_HINT: &str = "do not do it again; `muzzle-persona log` shows what is recorded";
const FORGET_HINT: &str = "nobody is shown it any more; the same command goes on where it stopped";
const IN_DATA_HINT: &str = "to be rid of it, cut its line out, and have `muzzle-persona repair --yes` put the gap on record; docs/git.md tells how";
const JUDGEMENT_HINT: &str = "`muzzle-persona log --type feedback`, `--type outcome` and `--type lesson` list them; what was taken back counts no more";
const LESSON_HINT: &str = "`muzzle-persona log --type lesson` lists all that were taught";
const HOLDER_HINT: &str = "a note is left while a persona is held; `muzzle-persona log --type assign` shows which agents were lent whom";
const TOO_DEEP_HINT: &str = "no writer makes a line so deep: take it and those that follow it out of the log by hand, then `muzzle-persona repair --yes` puts the gap on record";
const THEN_HINT: &str = "`muzzle-persona list --status all --at MOMENT` shows who was there";

#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    pub kind: &'static str,
    /// What happened, where: a lower-case clause.
    pub message: String,
    pub hint: Option<String>,
    #[serde(skip)]
    pub code: u8,
    /// What the hint is made of once the command line is known.
    #[serde(skip)]
    instead: Option<Box<Instead>>,
}

/// What was typed, and what is suggested in its place, with the words around it.
#[derive(Debug, Clone)]
struct Instead {
    typed: String,
    meant: String,
    around: [String; 2],
}

impl Instead {
    fn hint(&self, shown: &str) -> String {
        let [before, after] = &self.around;
        format!("{before}`{shown}`{after}")
    }
}

impl Failure {
    fn new(kind: &'static str, message: impl Display, hint: impl Display) -> Self {
        let code = match kind {
            "usage" => USAGE,
            "damaged" => DAMAGED,
            "busy" => BUSY,
            "io" | "write" | "sync" | "fleet" => WRITE,
            "bug" => BUG,
            _ => REFUSED,
        };
        let hint = Some(visible(&hint.to_string()));
        Self { kind, message: visible(&message.to_string()), hint, code, instead: None }
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

    /// A log of which lines are damaged.
    pub fn damaged(message: impl Display) -> Self {
        Self::new("damaged", message, DAMAGE_HINT)
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
                &*format!("name a directory with `--store DIR` or in `{STORE_VARIABLE}`")
            }
            EnvironmentError::BadNow(_) => "write it as in `2026-03-25T15:30:00Z`, or unset it",
        };
        Self::usage(error, hint)
    }

    /// Suggests that one thing was typed, and another one meant.
    pub fn meaning(self, typed: &str, meant: &str) -> Self {
        self.suggesting(typed, meant, ["did you mean ", "?"])
    }

    /// Several sessions whose names begin as was typed.
    pub fn ambiguous_session(typed: &SessionId, sessions: &[SessionId]) -> Self {
        let listed = quoted_first(LISTED, sessions);
        let message = format!("`{typed}` could be any of the sessions {listed}");
        let first = sessions.first().unwrap_or(typed);
        Self::not_found(message, "").such_as(typed.as_str(), first.as_str(), "name")
    }

    /// Suggests something longer than what was typed.
    fn such_as(self, typed: &str, longer: &str, what: &str) -> Self {
        self.suggesting(typed, longer, [&format!("write more of the {what}, as in "), ""])
    }

    fn suggesting(mut self, typed: &str, meant: &str, around: [&str; 2]) -> Self {
        let (typed, meant) = (typed.to_owned(), meant.to_owned());
        let instead = Instead { typed, meant, around: around.map(str::to_owned) };
        self.hint = Some(visible(&instead.hint(&instead.meant)));
        self.instead = Some(Box::new(instead));
        self
    }

    /// Makes commands that can be pasted of the hint, by the command line that failed and the store
    /// that it named, if it did.
    pub fn addressed(mut self, args: &[OsString], named: Option<PathBuf>) -> Self {
        if let Some(instead) = &self.instead
            && let Some(line) = hint::corrected(args, &instead.typed, &instead.meant)
        {
            self.hint = Some(instead.hint(&line));
            return self;
        }
        let Some(mut told) = self.hint.take() else { return self };
        if let Some(at) = hint::value_of("--at", args) {
            told = told.replace(MOMENT, &format!("--at {}", hint::word(&at, "MOMENT")));
        }
        if let Some(named) = &named {
            told = hint::with_store(&told, named);
        }
        if told.contains(STORE)
            && let Ok(dir) = environment::store_dir(named)
        {
            told = told.replace(STORE, &format!("git -C {}", hint::path(&dir, "STORE")));
        }
        self.hint = Some(told);
        self
    }

    /// Says besides how things stand, if it was the fleet, the disk or another process that cut something
    /// short.
    pub fn unfinished(mut self, state: &str) -> Self {
        if let (WRITE | BUSY, Some(hint)) = (self.code, &mut self.hint) {
            *hint = format!("{hint}; {state}");
        }
        self
    }

    pub fn bug(message: impl Display) -> Self {
        Self::new("bug", message, "please report it, with the command that you ran")
    }
}

impl Failure {
    pub fn signature(error: &SignatureError) -> Self {
        let (kind, hint) = match error {
            SignatureError::NoProgram => ("refused", SSH_KEYGEN_HINT),
            SignatureError::NotRun(_) => {
                ("refused", "check the `ssh-keygen` that is first in `PATH`")
            }
            SignatureError::NotSigned { .. } => ("refused", KEY_HINT),
            SignatureError::Io { .. } => ("write", CHECK_PATH),
        };
        Self::new(kind, error, hint)
    }
}

impl Failure {
    /// A log that is kept elsewhere, and could not be asked.
    fn elsewhere(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Self {
        match error.downcast_ref::<FleetError>() {
            Some(error) => Self::fleet(error),
            None => Self::new("fleet", error, FLEET_HINT),
        }
    }

    pub fn fleet(error: &FleetError) -> Self {
        let kind = match error {
            FleetError::Io { .. } => return Self::new("io", error, STORE_HINT),
            FleetError::NotThisLog { .. } | FleetError::Damaged { .. } => "damaged",
            FleetError::Settings { .. }
            | FleetError::OpenToOthers { .. }
            | FleetError::TlsFile { .. } => "refused",
            FleetError::Outrun { .. } => "busy",
            _ => "fleet",
        };
        Self::new(kind, error, error.hint().as_deref().unwrap_or(FLEET_HINT))
    }
}

/// The kind of an error about a store and its fleet, and what to do about it.
fn membership(error: &MembershipError) -> (&'static str, &'static str) {
    match error {
        MembershipError::NotMember(_) => ("refused", JOIN_FLEET_HINT),
        MembershipError::OtherFleet { .. } => {
            ("refused", "`muzzle-persona remote leave` takes it out of that fleet first")
        }
        MembershipError::NotSound(_) => ("damaged", NOT_SOUND_HINT),
        MembershipError::Waiting(_) => ("refused", WAITING_HINT),
        MembershipError::Lacks(_) | MembershipError::NotRestorable { .. } => {
            ("damaged", CHECK_FLEET_HINT)
        }
    }
}

fn copy_hint(error: &JoinError) -> &'static str {
    match error {
        JoinError::Unreadable { .. } => UNREADABLE_COPY_HINT,
        JoinError::NoEvent(_) | JoinError::OtherStore { .. } => OTHER_COPY_HINT,
        JoinError::Line { .. } | JoinError::Text { .. } => BAD_COPY_HINT,
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
                LogError::Elsewhere { source, .. } => return Self::elsewhere(&**source),
            },
            StoreError::Refused(refusal) => match refusal {
                Refusal::NoRole => ("refused", "ask for one, as in `--roles code-reviewer`"),
                Refusal::TooManyRoles(_) => ("refused", "ask in several `assign` commands"),
                Refusal::UnknownPersona { name, nearest: Some(nearest) } => {
                    return Self::not_found(&error, "").meaning(name, nearest.as_str());
                }
                Refusal::UnknownPersona { nearest: None, .. } => {
                    ("not_found", "`muzzle-persona list --status all` shows all personas")
                }
                Refusal::AmbiguousName { name, candidates } => {
                    let first = candidates.first().map_or(name.as_str(), PersonaName::as_str);
                    return Self::not_found(&error, "").such_as(name, first, "name");
                }
                Refusal::NamesAlike { known, .. } => {
                    let hint = format!("write it as `{known}`, or give the new one another name");
                    return Self::refused(&error, hint);
                }
                Refusal::NameTaken { by, .. } => {
                    let by = hint::word(by.as_str(), "NAME");
                    let hint = format!("`muzzle-persona edit {by}` changes it");
                    return Self::refused(&error, hint);
                }
                Refusal::IsHeld { session, .. } => {
                    let session = hint::word(session.as_str(), "SESSION");
                    let release = format!("muzzle-persona release --session {session}");
                    let hint = format!("`{release}` gives it back; `--force` does that first");
                    return Self::refused(&error, hint);
                }
                Refusal::UnknownRole { role, nearest: Some(nearest), .. } => {
                    return Self::not_found(&error, "").meaning(role.as_str(), nearest.as_str());
                }
                Refusal::UnknownRole { known, .. } => {
                    ("not_found", &*format!("the roles are {}", quoted_first(LISTED, known)))
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
                CutoffError::AmbiguousId(typed, ids) => {
                    let (typed, first) = (typed.to_string(), ids.first().map(ToString::to_string));
                    let first = first.unwrap_or_else(|| typed.clone());
                    return Self::not_found(error, "").such_as(&typed, &first, "id");
                }
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
            StoreError::Join(error) => ("refused", copy_hint(error)),
            StoreError::Membership(error) => membership(error),
            StoreError::Seed(_) => {
                ("seed", "mend the file, or move it away to use the built-in seed")
            }
            StoreError::UnknownThen(_) => ("not_found", THEN_HINT),
            StoreError::Recorded(_) => ("io", RECORDED_HINT),
            StoreError::TextStands(error) => match &**error {
                StoreError::Log(LogError::Busy { .. }) => ("busy", FORGET_HINT),
                _ => ("write", FORGET_HINT),
            },
            StoreError::CannotEncode(LineError::TooDeep) => ("refused", TOO_DEEP_HINT),
            StoreError::CannotEncode(_) => ("refused", "ask for less at once"),
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
