//! The files of clients, as far as hooks are registered in them.
//!
//! [`location`] knows the files and folders that a session reads, [`hook`] the hooks in them.
//! [`plugin`] writes a folder of our own, and [`settings`] an entry in a settings file of the user:
//! both return a [`Plan`], to be shown or carried out. A settings file is never written anew:
//! [`document`] finds the positions of its values, and [`edit`] changes the text between them, so
//! that every other byte stays. A file that cannot be understood is left alone, with a [`FileError`].
//!
//! `docs/claude-code.md` and `docs/codex.md` describe the files. Only `install`, `uninstall` and `doctor` use this.

use std::path::PathBuf;

use self::location::{Directories, Location, Via};
use self::{document::Document, hook::Hook, plan::Plan, version::ClientVersion};
use super::failure::Failure;

pub mod document;
mod edit;
mod file_error;
pub mod hook;
pub mod location;
pub mod plan;
pub mod plugin;
pub mod settings;
pub mod version;

pub use self::file_error::FileError;

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

/// Plans to register the hooks for a client, in place of an older registration at the same location.
pub fn plan_install(
    location: &Location,
    registration: &[Hook],
    client: Option<ClientVersion>,
) -> Result<Plan, Failure> {
    match location.via {
        Via::Plugin => plugin::plan_install(location, registration, client),
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
pub fn enabled_plugins(client: &Directories) -> impl Iterator<Item = (String, PathBuf)> {
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
