//! Everything that is registered for sessions that start here, ours or not.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::claude_code::document::{Document, last};
use crate::cli::claude_code::settings;
use crate::cli::claude_code::{ClaudeCode, Place, Reason, Via, plugin};

/// A file in which hooks are registered.
#[derive(Debug)]
pub struct Source {
    /// Where we register ourselves, if this is such a place.
    pub place: Option<Place>,
    pub path: PathBuf,
    /// The folder of the plugin, if this is one's.
    pub plugin: Option<PathBuf>,
    pub handlers: Vec<Registered>,
    /// What keeps it from being read.
    pub fault: Option<Reason>,
    /// Whether it says that no hooks are called.
    pub disables_hooks: Option<bool>,
    /// Whether it says that the plugin in our folder is loaded.
    pub enables_plugin: Option<bool>,
    /// The plugin of ours that it enables from a marketplace.
    pub marketplace: Option<String>,
    /// Variables that it sets for the session and its hooks.
    pub variables: Vec<(String, String)>,
}

/// A hook, as it is registered.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    pub event: String,
    pub matcher: Option<String>,
    /// The command; none if it is a hook of another kind.
    pub command: Option<String>,
    /// The arguments in exec form; none in shell form.
    pub args: Option<Vec<String>>,
    /// In seconds.
    pub timeout: Option<f64>,
    /// Which hook of ours it is.
    pub hook: Option<&'static str>,
}

/// Reads all settings and all plugins in folders.
pub fn find(client: &ClaudeCode) -> Vec<Source> {
    let mut sources = Vec::new();
    for place in client.places() {
        match place.via {
            Via::Settings => sources.extend(read(&place.path, Some(place.clone()), None)),
            Via::Plugin => {
                let skills = place.path.parent().unwrap_or(&place.path);
                let folders = fs::read_dir(skills).into_iter().flatten().flatten();
                let mut folders: Vec<_> = folders.map(|entry| entry.path()).collect();
                folders.sort();
                for folder in folders {
                    let own = (folder == place.path).then(|| place.clone());
                    sources.extend(read(&folder.join(plugin::HOOKS), own, Some(folder)));
                }
            }
        }
    }
    sources
}

impl Source {
    /// Its hooks that are ours.
    pub fn ours(&self) -> impl Iterator<Item = &Registered> {
        self.handlers.iter().filter(|handler| handler.hook.is_some())
    }
}

/// What the last of the settings that say it says: the local ones before the project's, and those
/// before the user's.
pub fn effective(
    sources: &[Source],
    said: impl Fn(&Source) -> Option<bool>,
) -> Option<(&Source, bool)> {
    sources.iter().rev().find_map(|source| Some((source, said(source)?)))
}

fn read(path: &Path, place: Option<Place>, plugin: Option<PathBuf>) -> Option<Source> {
    let source = Source {
        place,
        path: path.to_owned(),
        plugin,
        handlers: Vec::new(),
        fault: None,
        disables_hooks: None,
        enables_plugin: None,
        marketplace: None,
        variables: Vec::new(),
    };
    let bytes = match settings::read(path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return None,
        Err(fault) => return Some(Source { fault: Some(fault), ..source }),
    };
    let document = match Document::read(&bytes) {
        Ok(document) => document,
        Err(fault) => return Some(Source { fault: Some(fault), ..source }),
    };
    let handlers = document.handlers().map(|handler| Registered {
        event: handler.event.to_owned(),
        matcher: handler.matcher.map(str::to_owned),
        command: handler.command().map(str::to_owned),
        args: handler.args(),
        timeout: handler.timeout(),
        hook: handler.hook(),
    });
    let handlers = handlers.collect();
    let fault = document.check().err();
    if source.plugin.is_some() {
        return Some(Source { handlers, fault, ..source });
    }
    let setting = |key| last(document.root.as_ref()?, key);
    let flag = |key| Some(setting(key)?.value.as_boolean_lit()?.value);
    let enables_plugin = || {
        let plugins = setting("enabledPlugins")?.value.as_object()?;
        Some(last(plugins, settings::FOLDER)?.value.as_boolean_lit()?.value)
    };
    let variables = setting("env").and_then(|env| env.value.as_object());
    let variables = variables.into_iter().flat_map(|env| &env.properties).filter_map(|variable| {
        Some((variable.name.as_str().to_owned(), variable.value.as_string_lit()?.value.to_string()))
    });
    Some(Source {
        handlers,
        fault,
        disables_hooks: flag("disableAllHooks"),
        enables_plugin: enables_plugin(),
        marketplace: settings::enabled_plugin(path),
        variables: variables.collect(),
        ..source
    })
}
