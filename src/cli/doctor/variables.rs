//! The variables that this program and its hooks read.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use muzzle_persona::environment::{COLUMNS, HOOK_TIMEOUT, INJECT, NOW, PREFIX, STORE};

use super::Check;
use super::hook_file::HookFile;

/// With less time than this, in milliseconds, a hook may not get done on a busy machine.
const MIN_TIMEOUT: u64 = 100;

/// Returns the variables that a session's hooks get, each with the settings file that sets it, if
/// one does: settings take precedence over the environment.
pub fn in_effect(
    environment: BTreeMap<String, OsString>,
    files: &[HookFile],
) -> BTreeMap<String, (OsString, Option<PathBuf>)> {
    let inherited = environment.into_iter().map(|(name, value)| (name, (value, None)));
    let set = files.iter().flat_map(|file| {
        let own = file.variables.iter().filter(|(name, _)| name.starts_with(PREFIX));
        own.map(|(name, value)| (name.clone(), (value.into(), Some(file.path.clone()))))
    });
    inherited.chain(set).collect()
}

pub fn checks(
    variables: &BTreeMap<String, (OsString, Option<PathBuf>)>,
    store: &Path,
) -> Vec<Check> {
    if variables.is_empty() {
        return vec![Check::ok("variables", format!("No variable `{PREFIX}…` is set."))];
    }
    let checks = variables
        .iter()
        .map(|(name, (value, file))| check(name, &value.to_string_lossy(), file.as_deref(), store));
    checks.collect()
}

fn check(name: &str, value: &str, file: Option<&Path>, store: &Path) -> Check {
    let origin = file.map(|file| format!(", as `{}` sets it", file.display()));
    let message = format!("`{name}` is `{value}`{}.", origin.unwrap_or_default());
    let ok = |message| Check::ok("variables", message);
    let warning = |means, hint| Check::warning("variables", &*message, means, hint);
    let problem = |means, hint| Check::problem("variables", &*message, means, hint);
    match name {
        STORE if file.is_some() && Path::new(value) != store => warning(
            "The hooks use this store, and this command uses another one.",
            "set the same in your shell, or run this with `--store`",
        ),
        STORE if value.is_empty() => {
            problem("The name of the store is empty, so the hooks do nothing.", "unset it")
        }
        STORE | COLUMNS => ok(message),
        INJECT => match value {
            "" | "named" | "all" => ok(message),
            "off" => warning("No agent gets a persona.", "unset it to lend personas again"),
            _ => problem(
                "The hook does not know that word, so no agent gets a persona.",
                "set it to `named`, `all` or `off`, or unset it",
            ),
        },
        HOOK_TIMEOUT => match value.parse::<u64>() {
            Ok(MIN_TIMEOUT..) => ok(message),
            Ok(_) => warning(
                "The hooks may not get done in that time.",
                "unset it: they take as long as they may by themselves",
            ),
            Err(_) => problem(
                "It is no number of milliseconds, so the hooks do nothing.",
                "set it to a number, or unset it",
            ),
        },
        NOW => warning(
            "The clock stands still: no session is ever stale, and no record is of its time.",
            "unset it, but for tests and rehearsals",
        ),
        _ => warning("Nothing reads it.", "look whether its name is spelled as you meant it"),
    }
}
