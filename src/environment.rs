//! The environment of a process, as values.
//!
//! The `main` functions read the clock and the environment; these functions
//! turn what they read into what the library needs.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::events::is_moment;

/// The prefix of all variables of this program and its hooks.
pub const PREFIX: &str = "MUZZLE_PERSONA_";
/// The variable that names the store.
pub const STORE: &str = "MUZZLE_PERSONA_STORE";
/// The variable that sets the clock.
pub const NOW: &str = "MUZZLE_PERSONA_NOW";
/// The variable that sets which agents get a persona from the hooks.
pub const INJECT: &str = "MUZZLE_PERSONA_INJECT";
/// The variable that sets the time that a hook may take, in milliseconds.
pub const HOOK_TIMEOUT: &str = "MUZZLE_PERSONA_HOOK_TIMEOUT_MS";
/// The variable that says how wide an answer may be where it is written to no terminal, in columns.
pub const COLUMNS: &str = "MUZZLE_PERSONA_COLUMNS";

/// The time that `persona-inject` may take, unless the variable says otherwise.
pub const INJECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The time that `persona-release` may take, unless the variable says otherwise.
pub const RELEASE_TIMEOUT: Duration = Duration::from_secs(1);

/// A setting of the environment that cannot be used.
#[expect(missing_docs, reason = "the messages say what each is")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    #[error("could not find the home directory for the default store")]
    NoHome,
    #[error("the name of the store is empty")]
    EmptyStore,
    #[error("`{NOW}` is `{0}`, which is not an RFC 3339 time")]
    BadNow(String),
}

/// The home directory, by the variables alone.
///
/// The system's accounts are not asked: to do so loads a library of the system, which may crash a
/// program that is linked statically.
pub fn home(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let home = variable(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
    home.filter(|home| !home.is_empty()).map(PathBuf::from)
}

/// Picks the store's directory: the flag's, else the variable's, else `~/.muzzle/personas`.
///
/// Never one in the working directory unless it was named: a store's text ends
/// up in agents' prompts, so a cloned repository must not be able to supply one.
pub fn store_dir(
    flag: Option<PathBuf>,
    variable: Option<OsString>,
    home: Option<PathBuf>,
) -> Result<PathBuf, EnvironmentError> {
    match (flag.or_else(|| variable.map(PathBuf::from)), home) {
        (Some(dir), _) if dir.as_os_str().is_empty() => Err(EnvironmentError::EmptyStore),
        (Some(dir), _) => Ok(dir),
        (None, Some(home)) if home.is_absolute() => Ok(home.join(".muzzle").join("personas")),
        (None, _) => Err(EnvironmentError::NoHome),
    }
}

/// Picks the moment, in whole seconds: the variable's, else the clock's.
pub fn now(variable: Option<OsString>, clock: Timestamp) -> Result<Timestamp, EnvironmentError> {
    let now = variable.map_or(Ok(clock), |text| {
        let text = text.to_string_lossy();
        let now = text.parse().ok().filter(|now| is_moment(*now));
        now.ok_or_else(|| EnvironmentError::BadNow(text.into_owned()))
    })?;
    // Every timestamp has a whole second before it that is one too.
    Ok(Timestamp::from_second(now.as_second()).unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_the_flags_then_the_variables_then_the_homes() {
        let (flag, variable) = (Some(PathBuf::from("/f")), Some(OsString::from("/v")));
        let home = Some(PathBuf::from("/h"));
        assert_eq!(store_dir(flag, variable.clone(), home.clone()), Ok("/f".into()));
        assert_eq!(store_dir(None, variable, home.clone()), Ok("/v".into()));
        assert_eq!(store_dir(None, None, home), Ok("/h/.muzzle/personas".into()));
    }

    #[test]
    fn an_empty_home_is_none() {
        assert_eq!(home(|_| Some("/h".into())), Some("/h".into()));
        assert_eq!(home(|_| Some("".into())), None);
        assert_eq!(home(|_| None), None);
    }

    #[test]
    fn there_is_no_store_without_a_name_or_a_home() {
        assert_eq!(store_dir(None, None, None), Err(EnvironmentError::NoHome));
        assert_eq!(store_dir(None, None, Some("h".into())), Err(EnvironmentError::NoHome));
        assert_eq!(store_dir(Some("".into()), None, None), Err(EnvironmentError::EmptyStore));
    }

    #[test]
    fn the_moment_has_whole_seconds() {
        let clock = "2026-03-25T15:30:00.9Z".parse().unwrap();
        assert_eq!(now(None, clock).unwrap().to_string(), "2026-03-25T15:30:00Z");
        let set = Some(OsString::from("2026-01-01T01:00:00.5+01:00"));
        assert_eq!(now(set, clock).unwrap().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(
            now(Some("tomorrow".into()), clock).unwrap_err().to_string(),
            "`MUZZLE_PERSONA_NOW` is `tomorrow`, which is not an RFC 3339 time"
        );
        assert!(now(Some("-000001-12-31T23:59:59Z".into()), clock).is_err(), "no line can say it");
        assert!(now(Some("0000-01-01T00:00:00Z".into()), clock).is_ok());
    }
}
