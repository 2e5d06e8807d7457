//! The store: where it is, who may see it, how its log ends, who holds its lock, what room it has.

use std::fs;
use std::path::Path;

use muzzle_persona::events::Hold;
use muzzle_persona::wording::Count;
use muzzle_persona::{Condition, LogEnd, Options, Store, StoreError};

use super::Finding;
use crate::cli::failure::Failure;

const MIB: u64 = 1024 * 1024;
/// With less free space than this, in bytes, somebody should know.
const LITTLE: u64 = 64 * MIB;
/// With less than this, nothing can be relied on.
const NOTHING: u64 = MIB;

pub fn check(options: &Options) -> Vec<Finding> {
    let dir = options.dir.display();
    let mut findings = match Store::examine(options) {
        Ok(condition) => look(&options.dir, &condition),
        Err(StoreError::NoStore(_)) => {
            let message = format!("There is no store at `{dir}` yet; the first agent makes one.");
            vec![Finding::ok("store", message)]
        }
        Err(error) => {
            let Failure { message, hint, .. } = Failure::from(error);
            let means = format!("The store at `{dir}` cannot be looked at.");
            vec![Finding::problem("store", sentence(&message), means, hint.unwrap_or_default())]
        }
    };
    findings.extend(space(&options.dir));
    findings
}

fn look(dir: &Path, condition: &Condition) -> Vec<Finding> {
    let bytes = Count(condition.bytes, "byte");
    let mut findings = vec![Finding::ok(
        "store",
        format!("The store is in `{}`; its log has {bytes}.", dir.display()),
    )];
    findings.extend(modes(dir, condition));
    findings.push(end(&condition.end));
    findings.push(lock(condition.lock));
    findings
}

fn modes(dir: &Path, condition: &Condition) -> Vec<Finding> {
    let shown = dir.display().to_string();
    let quoted = shlex::try_quote(&shown).unwrap_or_default();
    let mut findings = Vec::new();
    let open = condition.open_to_others.iter().map(|(name, mode)| format!("`{name}` ({mode:03o})"));
    let open: Vec<_> = open.collect();
    if open.is_empty() {
        findings.push(Finding::ok("store.modes", "It is open to its owner only."));
    } else {
        let message = format!("Others than its owner may use {} of the store.", open.join(", "));
        let means = "Whoever reads it learns what your agents do; whoever writes to it puts words into their prompts.";
        let hint = format!("`chmod -R go= {quoted}`");
        findings.push(Finding::warning("store.modes", message, means, hint));
    }
    let closed = ["", "events.jsonl", ".lock"]
        .into_iter()
        .map(|name| dir.join(name))
        .find(|path| fs::metadata(path).is_ok_and(|found| found.permissions().readonly()));
    findings.extend(closed.map(|path| {
        let message = format!("`{}` is read-only.", path.display());
        let means = "Nothing can be recorded, so no agent gets a persona.";
        Finding::problem("store.modes", message, means, format!("`chmod -R u+w {quoted}`"))
    }));
    findings
}

fn end(end: &LogEnd) -> Finding {
    match end {
        LogEnd::Empty => Finding::ok("store.tail", "The log is empty."),
        LogEnd::Sound(id) => {
            Finding::ok("store.tail", format!("The log ends with the event {id}, which is sound."))
        }
        LogEnd::Torn { bytes } => Finding::warning(
            "store.tail",
            format!("The log ends with {} of a write that was cut off.", Count(*bytes, "byte")),
            "No event that was acknowledged is lost; the next writer moves them to `quarantine/`.",
            "nothing needs to be done; `muzzle-persona verify` reads the whole log",
        ),
        LogEnd::Damaged(error) => Finding::problem(
            "store.tail",
            format!("The last line of the log is damaged: {error}."),
            "Nothing is recorded behind damage, so no agent gets a persona.",
            "`muzzle-persona verify` shows all that is wrong, and `muzzle-persona repair` what can be done",
        ),
    }
}

fn lock(hold: Hold) -> Finding {
    let holder = match hold {
        Hold::Free => return Finding::ok("store.lock", "Nobody holds the lock."),
        Hold::Held(None) => "somebody".to_owned(),
        Hold::Held(Some(process)) => {
            let name = fs::read_to_string(format!("/proc/{process}/comm")).ok();
            let name = name.map(|name| format!(" (`{}`)", name.trim_end())).unwrap_or_default();
            format!("the process {process}{name}")
        }
    };
    Finding::warning(
        "store.lock",
        format!("The lock is held by {holder}."),
        "A writer holds it for some milliseconds. While it is held, others wait: a hook for a second.",
        "run `muzzle-persona doctor` again; if it is still the same, see what that process is at",
    )
}

/// How much can still be written where the store is, or will be.
fn space(dir: &Path) -> Option<Finding> {
    let place = dir.ancestors().find(|place| place.is_dir())?;
    let free = fs2::available_space(place).ok()?;
    let message = format!("{} MiB are free on its disk.", free / MIB);
    let hint = "make room, or name another store in `MUZZLE_PERSONA_STORE`";
    Some(if free < NOTHING {
        let means = "Nothing can be recorded, so no agent gets a persona.";
        Finding::problem("store.space", message, means, hint)
    } else if free < LITTLE {
        Finding::warning("store.space", message, "Soon nothing more can be recorded.", hint)
    } else {
        Finding::ok("store.space", message)
    })
}

/// An error's clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut chars = clause.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}
