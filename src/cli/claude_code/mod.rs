//! Claude Code's files, as far as hooks are registered in them.
//!
//! [`location`] knows the files and folders that a session reads, [`hook`] the hooks in them.
//! [`plugin`] writes a folder of our own, and [`settings`] an entry in a settings file of the user:
//! both return a [`Plan`], to be shown or carried out. A settings file is never written anew:
//! [`document`] finds the positions of its values, and [`edit`] changes the text between them, so
//! that every other byte stays. A file that cannot be understood is left alone, with a [`FileError`].
//!
//! `docs/claude-code.md` describes the files. Only `install`, `uninstall` and `doctor` use this.

use std::io;
use std::path::PathBuf;

use self::location::{ClaudeCode, Location, Via};
use self::{document::Document, hook::Hook, plan::Plan};
use super::failure::Failure;

pub mod document;
mod edit;
pub mod hook;
pub mod location;
pub mod plan;
pub mod plugin;
pub mod settings;

const MAX_SETTINGS: u64 = 16 * 1024 * 1024;

/// Returns whether a hook of ours is registered at a location.
///
/// A file that cannot be understood has none if it does not even name one.
pub fn is_registered(location: &Location) -> Result<bool, Failure> {
    match location.via {
        Via::Plugin => plugin::is_registered(&location.path),
        Via::Settings => settings::is_registered(&location.path),
    }
    .map_err(left_alone(location))
}

/// Plans to register the hooks, in place of an older registration at the same location.
pub fn plan_install(location: &Location, registration: &[Hook]) -> Result<Plan, Failure> {
    match location.via {
        Via::Plugin => plugin::plan_install(location, registration),
        Via::Settings => settings::plan_install(location, registration),
    }
    .map_err(left_alone(location))
}

pub fn plan_uninstall(location: &Location) -> Result<Plan, Failure> {
    match location.via {
        Via::Plugin => plugin::plan_uninstall(location),
        Via::Settings => settings::plan_uninstall(location),
    }
    .map_err(left_alone(location))
}

/// Returns the plugins of ours that a marketplace brought, each with the settings that enable it.
pub fn enabled_plugins(client: &ClaudeCode) -> impl Iterator<Item = (String, PathBuf)> {
    let settings = client.locations().into_iter().filter(|location| location.via == Via::Settings);
    settings.filter_map(|Location { path, .. }| {
        let bytes = settings::read(&path).ok()??;
        Some((Document::read(&bytes).ok()?.enabled_plugin()?, path))
    })
}

fn left_alone(location: &Location) -> impl FnOnce(FileError) -> Failure {
    let path = location.path.display();
    move |error| Failure::refused(format!("left `{path}` alone: {error}"), error.hint())
}

/// Why a settings file or a plugin's folder is left alone.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("it could not be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("it is a link to `{0}`, which is not there")]
    DanglingLink(String),
    #[error("it is no file")]
    NotAFile,
    #[error("it has {0} bytes; settings of more than {MAX_SETTINGS} are not read")]
    TooLong(u64),
    #[error("it is read-only")]
    ReadOnly,
    #[error("it is not UTF-8: byte {0} begins no character")]
    NotUtf8(usize),
    #[error("it is not valid JSON: {0}")]
    NotJson(String),
    #[error("`{key}` is {found} where {expected} is expected")]
    WrongType { key: &'static str, found: &'static str, expected: &'static str },
    /// Readers differ in which of the two they take.
    #[error("the key `{0}` is there twice")]
    DuplicateKey(&'static str),
    #[error("it is no folder of its own")]
    NotADirectory,
    #[error("it has no `{0}`, so muzzle-persona did not write it")]
    NoList(&'static str),
    #[error("it holds `{0}`, which muzzle-persona did not write")]
    UnknownFile(String),
    #[error("`{0}` was changed since muzzle-persona wrote it")]
    Modified(String),
}

impl FileError {
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "check the path and its permissions",
            Self::DanglingLink(_) => "make the file that the link leads to, or remove the link",
            Self::NotAFile | Self::TooLong(_) => "move it away, then try again",
            Self::ReadOnly => {
                "make it writable, as with `chmod u+w`, or change it where it is kept"
            }
            Self::NotUtf8(_)
            | Self::NotJson(_)
            | Self::WrongType { .. }
            | Self::DuplicateKey(_) => "mend the file by hand, then try again",
            Self::NotADirectory | Self::NoList(_) | Self::UnknownFile(_) | Self::Modified(_) => {
                "look at it, and move away or remove by hand what you do not need"
            }
        }
    }
}
