//! Variables that tell the program or its hooks something.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use muzzle_persona::environment::{HOOK_TIMEOUT, INJECT, NOW, PREFIX, STORE};

use super::Finding;
use super::registered::Source;

/// With less time than this, in milliseconds, a hook may not get done on a busy machine.
const SHORT: u64 = 100;

/// The variables that a session's hooks get: the settings' say more than the environment's.
pub fn in_effect(
    variables: &BTreeMap<String, OsString>,
    sources: &[Source],
) -> BTreeMap<String, (OsString, Option<String>)> {
    let mut all: BTreeMap<_, _> =
        variables.iter().map(|(name, value)| (name.clone(), (value.clone(), None))).collect();
    for source in sources {
        for (name, value) in source.variables.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
            let from = source.path.display().to_string();
            all.insert(name.clone(), (value.into(), Some(from)));
        }
    }
    all
}

pub fn check(
    variables: &BTreeMap<String, OsString>,
    sources: &[Source],
    store: &Path,
) -> Vec<Finding> {
    let all = in_effect(variables, sources);
    if all.is_empty() {
        return vec![Finding::ok("variables", format!("No variable `{PREFIX}…` is set."))];
    }
    let findings = all.iter().map(|(name, (value, from))| {
        let text = value.to_string_lossy();
        let from = from.as_ref().map(|from| format!(", as `{from}` sets it")).unwrap_or_default();
        let message = format!("`{name}` is `{text}`{from}.");
        match judge(name, &text, store, !from.is_empty()) {
            None => Finding::ok("variables", message),
            Some((true, means, hint)) => Finding::problem("variables", message, means, hint),
            Some((false, means, hint)) => Finding::warning("variables", message, means, hint),
        }
    });
    findings.collect()
}

/// What is wrong with a variable: whether it is in the way, what it means, what to do.
fn judge(
    name: &str,
    value: &str,
    store: &Path,
    is_in_settings: bool,
) -> Option<(bool, &'static str, &'static str)> {
    match name {
        STORE if is_in_settings && Path::new(value) != store => Some((
            false,
            "The hooks use this store, and this command uses another one.",
            "set the same in your shell, or run this with `--store`",
        )),
        STORE if value.is_empty() => {
            Some((true, "The name of the store is empty, so the hooks do nothing.", "unset it"))
        }
        INJECT => match value {
            "" | "named" | "all" => None,
            "off" => Some((false, "No agent gets a persona.", "unset it to lend personas again")),
            _ => Some((
                true,
                "The hook does not know that word, so no agent gets a persona.",
                "set it to `named`, `all` or `off`, or unset it",
            )),
        },
        HOOK_TIMEOUT => match value.parse::<u64>() {
            Ok(SHORT..) => None,
            Ok(_) => Some((
                false,
                "The hooks may not get done in that time.",
                "unset it: they take as long as they may by themselves",
            )),
            Err(_) => Some((
                true,
                "It is no number of milliseconds, so the hooks do nothing.",
                "set it to a number, or unset it",
            )),
        },
        NOW => Some((
            false,
            "The clock stands still: no session is ever stale, and no record is of its time.",
            "unset it, but for tests and rehearsals",
        )),
        STORE => None,
        _ => Some((false, "Nothing reads it.", "look whether its name is spelled as you meant it")),
    }
}
