//! The files in which hooks are registered for sessions that start here: settings and plugins.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::claude_code::document::{Document, FOLDER_PLUGIN, flag, get, properties, text};
use crate::cli::claude_code::location::{ClaudeCode, Location, Via};
use crate::cli::claude_code::{FileError, hook::Hook, plugin, settings};

#[derive(Debug, Default)]
pub struct HookFile {
    /// Where `install` registers, if this is such a file.
    pub location: Option<Location>,
    pub path: PathBuf,
    /// The folder of the plugin, if this is a plugin's.
    pub plugin: Option<PathBuf>,
    pub hooks: Vec<Hook>,
    pub error: Option<FileError>,
    /// The setting that no hook is called.
    pub disables_hooks: Option<bool>,
    /// The setting that the plugin in our folder is loaded.
    pub enables_plugin: Option<bool>,
    /// Our plugin, if it is enabled from a marketplace.
    pub marketplace: Option<String>,
    /// Variables that it sets for the session and its hooks.
    pub variables: Vec<(String, String)>,
}

pub fn read_all(client: &ClaudeCode) -> Vec<HookFile> {
    let mut files = Vec::new();
    for location in client.locations() {
        if location.via == Via::Settings {
            files.extend(read(&location.path, Some(&location), None));
            continue;
        }
        let skills = location.path.parent().unwrap_or(&location.path);
        let folders = fs::read_dir(skills).into_iter().flatten().flatten();
        let mut folders: Vec<_> = folders.map(|entry| entry.path()).collect();
        folders.sort();
        for folder in folders {
            let own = (folder == location.path).then_some(&location);
            files.extend(read(&folder.join(plugin::HOOKS), own, Some(folder)));
        }
    }
    files
}

fn read(path: &Path, location: Option<&Location>, plugin: Option<PathBuf>) -> Option<HookFile> {
    let bytes = settings::read(path).transpose()?;
    let (path, location) = (path.to_owned(), location.cloned());
    let mut file = HookFile { location, path, plugin, ..HookFile::default() };
    file.error = bytes.and_then(|bytes| file.parse(&bytes)).err();
    Some(file)
}

/// Returns the last value of a setting, and its file: the local settings take precedence over the
/// project's, and those over the user's.
pub fn effective(
    files: &[HookFile],
    setting: impl Fn(&HookFile) -> Option<bool>,
) -> Option<(&HookFile, bool)> {
    files.iter().rev().find_map(|file| Some((file, setting(file)?)))
}

impl HookFile {
    pub fn own_hooks(&self) -> impl Iterator<Item = &Hook> {
        self.hooks.iter().filter(|hook| hook.own.is_some())
    }

    /// Returns the first of our hooks of that name that is registered for an event.
    pub fn own_hook(&self, event: &str, name: &str) -> Option<&Hook> {
        self.hooks.iter().find(|hook| hook.event == event && hook.own == Some(name))
    }

    fn parse(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let document = Document::read(bytes)?;
        self.hooks = document.hooks();
        if self.plugin.is_none() {
            self.disables_hooks = document.setting("disableAllHooks").and_then(flag);
            let plugins = document.setting("enabledPlugins");
            self.enables_plugin = get(plugins, FOLDER_PLUGIN).and_then(flag);
            self.marketplace = document.enabled_plugin();
            self.variables.extend(
                properties(document.setting("env")).iter().filter_map(|it| {
                    Some((it.name.as_str().to_owned(), text(&it.value)?.to_owned()))
                }),
            );
        }
        document.check()
    }
}
