//! What the process was given besides its arguments: read here, and nowhere else.
#![expect(clippy::disallowed_methods, reason = "this is where they enter")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::hash::{BuildHasher as _, RandomState};
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use muzzle_persona::environment::{self, COLUMNS};

use super::Failure;
use super::client_files::location::{Client, Directories};

/// Where an administrator puts settings of Claude Code for all users of a machine.
const MANAGED: &str = if cfg!(target_os = "macos") {
    "/Library/Application Support/ClaudeCode"
} else if cfg!(windows) {
    r"C:\Program Files\ClaudeCode"
} else {
    "/etc/claude-code"
};

pub fn home() -> Option<PathBuf> {
    environment::home(|name| std::env::var_os(name))
}

/// The store's directory: the one that was named with `--store`, else the environment's.
pub fn store_dir(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let variable = std::env::var_os(environment::STORE);
    environment::store_dir(named, variable, home()).map_err(|error| Failure::environment(&error))
}

pub fn now() -> Result<Timestamp, Failure> {
    let variable = std::env::var_os(environment::NOW);
    environment::now(variable, Timestamp::now()).map_err(|error| Failure::environment(&error))
}

/// The working directory; none if it is gone.
pub fn working_directory() -> Option<PathBuf> {
    std::env::current_dir().ok()
}

/// A source of randomness whose seed is the system's: salts come from it, and nobody must guess them.
pub fn rng() -> fastrand::Rng {
    fastrand::Rng::with_seed(RandomState::new().hash_one(()))
}

/// The pager that was chosen, a command line with quotes as in a shell; and whether `less` has its
/// options.
pub fn pager() -> (Option<OsString>, bool) {
    (std::env::var_os("PAGER"), std::env::var_os("LESS").is_some())
}

/// How wide the terminal is, in columns; else what `COLUMNS` says, as for all other help.
pub fn columns() -> Option<usize> {
    if let Some((width, _)) = terminal_size::terminal_size() {
        return Some(width.0.into());
    }
    std::env::var("COLUMNS").ok()?.parse().ok()
}

/// How wide an answer may be that is written to no terminal.
pub fn columns_asked_for() -> Option<usize> {
    std::env::var(COLUMNS).ok()?.parse().ok().filter(|columns| *columns > 0)
}

/// How many lines the terminal has.
pub fn rows() -> Option<usize> {
    terminal_size::terminal_size().map(|(_, height)| height.0.into())
}

/// The time zone in which people read and write times: `TZ`, else the system's; UTC if there is none.
pub fn time_zone() -> TimeZone {
    TimeZone::system()
}

/// The editor that was chosen, a command line with quotes as in a shell.
pub fn editor() -> Option<OsString> {
    let chosen = ["VISUAL", "EDITOR"].into_iter().filter_map(std::env::var_os);
    chosen.into_iter().find(|command| !command.is_empty())
}

/// Finds the directories of a client's settings: the user's is the variable's, else the usual one in
/// the home.
///
/// There is none without a home or a working directory.
pub fn directories(client: Client) -> Result<Directories, Failure> {
    let configured = std::env::var_os(client.variable()).filter(|dir| !dir.is_empty());
    let home = home().filter(|home| home.is_absolute());
    let usual = home.map(|home| home.join(client.directory()));
    let is_configured = configured.is_some();
    let user = configured.map(PathBuf::from).or_else(|| usual.clone());
    let Some((here, user)) = std::env::current_dir().ok().zip(user) else {
        let (name, variable) = (client.name(), client.variable());
        let message = format!("could not find the home directory for {name}'s settings");
        let hint = format!("set `HOME`, or name {name}'s directory in `{variable}`");
        return Err(Failure::usage(message, hint));
    };
    let user = here.join(user);
    let usual = usual.filter(|usual| is_configured && *usual != user);
    let managed = (client == Client::ClaudeCode).then(|| MANAGED.into());
    Ok(Directories { client, user, project: here.join(client.directory()), managed, usual })
}

/// Reads all variables that set something for this program or its hooks.
pub fn own_variables() -> BTreeMap<String, OsString> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with(environment::PREFIX))
        .collect()
}
