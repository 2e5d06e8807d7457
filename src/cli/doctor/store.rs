//! The store: where it is, its modes, the end of its log, its lock, the space on its disk.

use std::fs;
use std::path::{Path, PathBuf};

use muzzle_persona::audit::{Fault, Severity};
use muzzle_persona::broker::{AssignRequest, Start};
use muzzle_persona::events::{AgentName, ProjectName, RoleName, SessionId};
use muzzle_persona::git::Committed;
use muzzle_persona::wording::Count;
use muzzle_persona::{Condition, Hold, Options, Store, StoreError, hook_settings};

use super::Check;
use crate::cli::failure::Failure;

const MIB: u64 = 1024 * 1024;
/// With less free space than this, in bytes, the user should know.
const LOW_SPACE: u64 = 64 * MIB;
/// With less than this, a write may fail.
const NO_SPACE: u64 = MIB;
/// How many copies of the log are looked at: each is read through, and the log with it.
const COPIES: usize = 10;
const MISSED: &str = "A program that keeps directories in step left it, as where two machines had written. What is only there does not count.";
const VERIFY: &str =
    "`muzzle-persona verify` shows all that is wrong, and `muzzle-persona repair` what can be done";
const NOT_LENT: &str = "The hooks meet the same, so no agent gets a persona.";
const NOT_RECORDED: &str = "Nothing can be recorded, so no agent gets a persona.";

pub fn checks(options: &Options) -> Vec<Check> {
    let (id, dir) = ("store", options.dir.display());
    let mut checks = Vec::new();
    match Store::examine(options) {
        Ok(condition) => {
            let bytes = Count(condition.bytes, "byte");
            checks.push(Check::ok(id, format!("The store is in `{dir}`; its log has {bytes}.")));
            checks.extend(modes(&options.dir, &condition));
            checks.extend([log_end(&condition), lock(condition.lock)]);
            checks.extend(whole_log(options, &condition).into_iter().flatten());
            checks.extend(allowed(options));
            checks.extend(copies(options));
            checks.extend(lost_to_git(options));
        }
        Err(StoreError::NoStore(_)) => {
            let message = format!("There is no store at `{dir}` yet; the first agent makes one.");
            checks.push(Check::ok(id, message));
        }
        Err(error) => {
            let Failure { message, hint, .. } = Failure::from(error);
            let means = &format!("The store at `{dir}` cannot be looked at.");
            let hint = &hint.unwrap_or_default();
            checks.push(Check::problem(id, sentence(&message), means, hint));
        }
    }
    checks.extend(space(&options.dir));
    checks
}

fn modes(dir: &Path, condition: &Condition) -> Vec<Check> {
    let (id, shown) = ("store.modes", dir.display().to_string());
    let quoted = shlex::try_quote(&shown).unwrap_or_default();
    let open = condition.open_to_others.iter();
    let open: Vec<_> = open.map(|(name, mode)| format!("`{name}` ({mode:03o})")).collect();
    let mut checks = vec![if open.is_empty() {
        Check::ok(id, "It is open to its owner only.")
    } else {
        let message = format!("Others than its owner may use {} of the store.", open.join(", "));
        let means = "Whoever reads it learns what your agents do; whoever writes to it puts words into their prompts.";
        Check::warning(id, message, means, &format!("`chmod -R go= {quoted}`"))
    }];
    let mut paths = ["", "events.jsonl", ".lock"].into_iter().map(|name| dir.join(name));
    let found = paths.find(|path| fs::metadata(path).is_ok_and(|it| it.permissions().readonly()));
    checks.extend(found.map(|path| {
        let message = format!("`{}` is read-only.", path.display());
        Check::problem(id, message, NOT_RECORDED, &format!("`chmod -R u+w {quoted}`"))
    }));
    checks
}

fn log_end(condition: &Condition) -> Check {
    let id = "store.tail";
    match (condition.torn, &condition.last) {
        (None, None) => Check::ok(id, "The log is empty."),
        (None, Some(Ok(it))) => {
            Check::ok(id, format!("The log ends with the event {it}, which is sound."))
        }
        (Some(bytes), _) => Check::warning(
            id,
            format!("The log ends with {} of a write that was cut off.", Count(bytes, "byte")),
            "No event that was acknowledged is lost; the next writer moves them to `quarantine/`.",
            "nothing needs to be done; `muzzle-persona verify` reads the whole log",
        ),
        (None, Some(Err(error))) => Check::problem(
            id,
            format!("The last line of the log is damaged: {error}."),
            "Nothing is recorded behind damage, so no agent gets a persona.",
            VERIFY,
        ),
    }
}

/// Checks every line of the log, those that a checkpoint saves reading among them. A log whose end is
/// damaged or torn is told of already. So is whether the checkpoint is used.
fn whole_log(options: &Options, condition: &Condition) -> Option<Vec<Check>> {
    let id = "store.log";
    if condition.torn.is_some() || !matches!(condition.last, Some(Ok(_))) {
        return None;
    }
    let audit = Store::verify(options, &[]).ok()?;
    let damage = audit.findings.iter().find(|it| it.fault.severity() == Severity::Damage);
    let events = Count(audit.events, "event");
    let distrust = audit.findings.iter().find_map(|it| match &it.fault {
        Fault::CheckpointDistrusted(why) => Some(why),
        _ => None,
    });
    let distrusted = distrust.map(|why| {
        let message = format!("The checkpoint in `.cache/checkpoint.json` is not used: {why}.");
        let means = "Every command reads the whole log. Somebody else may have written what the checkpoint says.";
        let hint = "`muzzle-persona repair --yes` removes it, and another is made when one is due";
        Check::warning("store.checkpoint", message, means, hint)
    });
    let lines = match damage {
        None => Check::ok(id, format!("All lines of the log are sound: {events}.")),
        Some(first) => {
            let place = first.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
            let more = match audit.count(Severity::Damage) - 1 {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let message = format!("The log is damaged: {place}{}{more}.", first.fault);
            let means = "What is damaged does not count, and no other machine will accept it.";
            Check::problem(id, message, means, VERIFY)
        }
    };
    Some([Some(lines), distrusted].into_iter().flatten().collect())
}

fn lock(hold: Hold) -> Check {
    let holder = match hold {
        Hold::Free => return Check::ok("store.lock", "Nobody holds the lock."),
        Hold::Held(None) => "somebody".to_owned(),
        Hold::Held(Some(process)) => {
            let name = fs::read_to_string(format!("/proc/{process}/comm")).ok();
            let name = name.map(|name| format!(" (`{}`)", name.trim_end())).unwrap_or_default();
            format!("the process {process}{name}")
        }
    };
    let message = format!("The lock is held by {holder}.");
    let means = "A writer holds it for some milliseconds. While it is held, others wait: a hook for a second.";
    let hint =
        "run `muzzle-persona doctor` again; if it is still the same, see what that process is at";
    Check::warning("store.lock", message, means, hint)
}

/// Checks whose words reach prompts. A log that cannot be read is told of elsewhere.
fn allowed(options: &Options) -> Vec<Check> {
    let (id, list) = ("store.allowed", "`muzzle-persona allow` shows them, and lets them in");
    let Ok(mut store) = Store::peek(options) else { return Vec::new() };
    let Ok(texts) = store.prompt_texts() else { return Vec::new() };
    let waiting = texts.iter().filter(|(_, is_allowed)| !is_allowed).count();
    let waiting = Count(waiting as u64, "text");
    let mut checks = vec![if store.trusts_all() {
        Check::ok(id, "No text waits: `remote.toml` trusts all members of the fleet.")
    } else if waiting.0 == 0 {
        Check::ok(id, "No text of the log waits to be allowed.")
    } else {
        let message =
            format!("{waiting} of the log {} to be allowed.", waiting.agree("waits", "wait"));
        let means = "Somebody else wrote that, or it was brought here; its words reach no agent.";
        Check::warning(id, message, means, list)
    }];
    checks.extend(store.allowed_fault().map(|(fault, is_read)| {
        let means = if is_read {
            "The other lines count."
        } else {
            "Nothing counts as allowed but what is built in."
        };
        Check::warning(id, sentence(&fault), means, list)
    }));
    checks
}

/// Checks the copies that a program which keeps directories in step left beside the log.
fn copies(options: &Options) -> Vec<Check> {
    let id = "store.copies";
    let Ok(copies) = Store::copies(options) else { return Vec::new() };
    let more = copies.len().saturating_sub(COPIES);
    let mut checks: Vec<_> = copies.iter().take(COPIES).map(|it| copy(options, it)).collect();
    if more > 0 {
        let what = if more == 1 { "copy" } else { "copies" };
        let message = format!("{more} more {what} of the log stand beside it.");
        checks.push(Check::warning(id, message, MISSED, "join or remove those above first"));
    }
    checks
}

/// Checks whether git took events away that it has in a commit, as a revert or an older file does.
fn lost_to_git(options: &Options) -> Option<Check> {
    let lost = Store::lost_to_git(options).ok()?;
    let (first, Committed { commit, file }) = lost.first_key_value()?;
    let events = Count(lost.len(), "event");
    let message = format!("The log lacks {events} that git has in a commit, as {first:.8}.");
    let means = "A revert, a rebase, or a checkout of an older file takes events away as if they had never been.";
    let dir = options.dir.display().to_string();
    let (dir, file) = (shlex::try_quote(&dir).ok()?, shlex::try_quote(file).ok()?);
    let show = format!("git -C {dir} show {commit:.12}:./{file} > FILE");
    let hint = format!("`{show}`, then `muzzle-persona repair --join FILE`");
    Some(Check::warning("store.git", message, means, &hint))
}

fn copy(options: &Options, path: &Path) -> Check {
    let (id, shown) = ("store.copies", path.display().to_string());
    let quoted = shlex::try_quote(&shown).unwrap_or_default();
    match Store::plan_join(options, path) {
        Ok(it) if it.is_empty() => {
            let rest = if it.rest > 0 { "" } else { ", which can be deleted" };
            Check::ok(id, format!("The log has every line of its copy `{shown}`{rest}."))
        }
        Ok(it) => {
            let (events, texts) = (Count(it.events.len(), "event"), Count(it.texts.len(), "text"));
            let lacked = if events.0 > 0 { events } else { texts };
            let message = format!("The log lacks {lacked} of its copy `{shown}`.");
            let hint =
                format!("`muzzle-persona repair --yes --join {quoted}` adds what is missing");
            Check::warning(id, message, MISSED, &hint)
        }
        Err(error) => {
            let means = "It is named like a copy of the log, and cannot be joined with it.";
            let hint = "look at it, and move it out of the store if nothing of it is missed";
            Check::warning(id, sentence(&error.to_string()), means, hint)
        }
    }
}

/// Checks whether a persona could be lent from this very store: what the hooks do with a store of
/// their own is no proof of that. Nothing is recorded.
pub fn lending(options: &Options, mut rng: fastrand::Rng) -> Check {
    let id = "rehearsal.store";
    let request = AssignRequest {
        session: SessionId::unchecked("rehearsal"),
        agent: AgentName::unchecked("worker-1"),
        team: None,
        project: ProjectName::unchecked("rehearsal"),
        work: None,
        roles: vec![RoleName::unchecked("code-reviewer")],
        summon: None,
        tool_use_id: None,
        start: Start::Unknown,
        explain: false,
    };
    let mut lent = || match Store::peek(options) {
        // The seed of a store that is to be made may be there before it.
        Err(StoreError::NoStore(_)) => hook_settings(options).map(|_| None),
        store => {
            let (assigned, _) = store?.rehearse_assign(&request, options.now, &mut rng)?;
            Ok(assigned.into_iter().next())
        }
    };
    match lent().map_err(Failure::from) {
        Err(Failure { message, hint, .. }) => {
            Check::problem(id, sentence(&message), NOT_LENT, &hint.unwrap_or_default())
        }
        Ok(_) if let Some(path) = unwritable(&options.dir) => {
            let message = format!("`{}` cannot be written to.", path.display());
            let hint = "check its owner and its permissions, or name another store in `MUZZLE_PERSONA_STORE`";
            Check::problem(id, message, NOT_RECORDED, hint)
        }
        Ok(Some(assigned)) => {
            let (name, role) = (assigned.name, assigned.role);
            Check::ok(id, format!("The store would lend {name} as {role} now."))
        }
        Ok(None) => Check::ok(id, "A store can be made."),
    }
}

/// Returns what of a store, or of the directory that it is to be made in, cannot be written to.
fn unwritable(dir: &Path) -> Option<PathBuf> {
    let there = dir.ancestors().find(|dir| dir.exists())?;
    if !there.is_dir() {
        return Some(there.to_owned());
    }
    let names = ["events.jsonl", ".lock"].map(|name| dir.join(name));
    let files = names.into_iter().filter(|path| path.exists());
    [there.to_owned()].into_iter().chain(files).find(|path| !may_write(path))
}

#[cfg(unix)]
fn may_write(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
fn may_write(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|it| !it.permissions().readonly())
}

/// Checks how much can still be written where the store is, or will be.
fn space(dir: &Path) -> Option<Check> {
    let free = fs2::available_space(dir.ancestors().find(|dir| dir.is_dir())?).ok()?;
    let (id, message) = ("store.space", format!("{} MiB are free on its disk.", free / MIB));
    let hint = "make room, or name another store in `MUZZLE_PERSONA_STORE`";
    let soon = "Soon nothing more can be recorded.";
    Some(match free {
        ..NO_SPACE => Check::problem(id, message, NOT_RECORDED, hint),
        NO_SPACE..LOW_SPACE => Check::warning(id, message, soon, hint),
        _ => Check::ok(id, message),
    })
}

pub fn sentence(clause: &str) -> String {
    let mut chars = clause.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}
