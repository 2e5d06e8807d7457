//! What the process was given besides its arguments: read here, and nowhere else.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use muzzle_persona::environment;

use super::{claude_code::location::ClaudeCode, pager::Pager};

pub struct Environment {
    pub store: Option<OsString>,
    pub now: Option<OsString>,
    pub home: Option<PathBuf>,
    pub pager: Pager,
    pub program: Option<PathBuf>,
    pub clock: Timestamp,
    pub rng: fastrand::Rng,
}

impl Environment {
    #[expect(clippy::disallowed_methods, reason = "this is where they enter")]
    pub fn read() -> Self {
        Self {
            store: std::env::var_os(environment::STORE),
            now: std::env::var_os(environment::NOW),
            home: environment::home(|name| std::env::var_os(name)),
            pager: Pager {
                chosen: std::env::var_os("PAGER"),
                less_is_set: std::env::var_os("LESS").is_some(),
            },
            program: std::env::current_exe().ok(),
            clock: Timestamp::now(),
            rng: fastrand::Rng::new(),
        }
    }
}

/// Finds the directories of Claude Code's settings, for the few commands that need them: the user's
/// is the variable's, else `~/.claude`.
///
/// There is none without a home or a working directory.
#[expect(clippy::disallowed_methods, reason = "this is where they enter")]
pub fn find_claude_code(home: Option<&Path>) -> Option<ClaudeCode> {
    let here = std::env::current_dir().ok()?;
    let configured = std::env::var_os("CLAUDE_CONFIG_DIR").filter(|dir| !dir.is_empty());
    let user = match configured {
        Some(dir) => here.join(dir),
        None => home.filter(|home| home.is_absolute())?.join(".claude"),
    };
    Some(ClaudeCode { user, project: here.join(".claude") })
}

/// Reads all variables that set something for this program or its hooks.
pub fn own_variables() -> BTreeMap<String, OsString> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with(environment::PREFIX))
        .collect()
}
