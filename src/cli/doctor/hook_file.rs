//! The files in which hooks are registered for sessions that start here: settings, an
//! administrator's among them, and plugins.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::client_files::document::{Document, elements, flag, get, properties, text};
use crate::cli::client_files::location::{Client, Directories, Location, Via};
use crate::cli::client_files::{FileError, hook::Hook, plugin, settings};

/// The plugin of the client that keeps other mods out, where its options say so.
const MODS_POLICY: &str = "cc-plugin-sec-default@builtin";

#[derive(Debug, Default)]
pub struct HookFile {
    pub client: Client,
    /// Where `install` registers, if this is such a file.
    pub location: Option<Location>,
    pub path: PathBuf,
    /// The folder of the plugin, if this is a plugin's.
    pub plugin: Option<PathBuf>,
    /// What the client calls the plugin, if this is a plugin's.
    pub plugin_name: Option<String>,
    /// Whether only an administrator can change it.
    pub is_managed: bool,
    pub hooks: Vec<Hook>,
    /// Whether it names a module that the client runs as a mod.
    pub has_module: bool,
    pub error: Option<FileError>,
    /// The setting that no hook is called.
    pub disables_hooks: Option<bool>,
    /// An administrator's setting that only hooks of administrators are called.
    pub only_managed_hooks: Option<bool>,
    /// An administrator's setting that only mods of administrators run.
    pub only_managed_mods: Option<bool>,
    /// The plugins that it enables or disables.
    pub plugins: BTreeMap<String, bool>,
    /// The hooks that Codex's user has trusted, as Codex names them.
    pub trusted: Vec<String>,
    /// Variables that it sets for the session and its hooks.
    pub variables: Vec<(String, String)>,
}

/// Reads all of them, in the order of precedence of their settings, the lowest first.
pub fn read_all(client: &Directories) -> Vec<HookFile> {
    match client.client {
        Client::ClaudeCode => read_claude_code(client),
        Client::Codex => read_codex(client),
    }
}

/// Reads Codex's files of hooks, and its configuration, which may have hooks as well.
fn read_codex(client: &Directories) -> Vec<HookFile> {
    let of_codex = || HookFile { client: Client::Codex, ..HookFile::default() };
    let mut files = Vec::new();
    for location in client.locations() {
        let dir = location.path.parent().unwrap_or(&location.path);
        files.extend(of_codex().read_config(&dir.join("config.toml")));
        let path = location.path.clone();
        files.extend(HookFile { location: Some(location), ..of_codex() }.read(&path));
    }
    files
}

fn read_claude_code(client: &Directories) -> Vec<HookFile> {
    let mut files = Vec::new();
    for location in client.locations() {
        if location.via == Via::Settings {
            let file = HookFile { location: Some(location.clone()), ..HookFile::default() };
            files.extend(file.read(&location.path));
            continue;
        }
        let skills = location.path.parent().unwrap_or(&location.path);
        for folder in sorted(skills) {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let own = (folder == location.path).then(|| location.clone());
            files.extend(read_plugin(own, &folder, &format!("{name}@skills-dir")));
        }
    }
    let managed = client.managed.iter().flat_map(|dir| {
        let drop_ins = sorted(&dir.join("managed-settings.d")).into_iter();
        let drop_ins = drop_ins.filter(|path| path.extension() == Some("json".as_ref()));
        [dir.join("managed-settings.json")].into_iter().chain(drop_ins)
    });
    for path in managed {
        files.extend(HookFile { is_managed: true, ..HookFile::default() }.read(&path));
    }
    let installed = installed_plugins(&client.user.join("plugins").join("installed_plugins.json"));
    for (name, folder) in installed {
        let enabled = effective(&files, |file| file.plugins.get(&name).copied());
        if let Some((_, true)) = enabled {
            // The settings that enable a plugin have the last word.
            files.splice(0..0, read_plugin(None, &folder, &name));
        }
    }
    files
}

fn sorted(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Returns the plugins that came from marketplaces, each with its folder.
fn installed_plugins(list: &Path) -> Vec<(String, PathBuf)> {
    let Ok(Some(bytes)) = settings::read(list) else { return Vec::new() };
    let Ok(list) = serde_json::from_slice::<Value>(&bytes) else { return Vec::new() };
    let plugins = list.get("plugins").and_then(Value::as_object);
    let mut found = Vec::new();
    for (name, places) in plugins.into_iter().flatten() {
        let places = places.as_array().into_iter().flatten();
        let folders = places.filter_map(|place| place.get("installPath")?.as_str());
        let mut folders: Vec<_> = folders.map(PathBuf::from).collect();
        folders.sort();
        folders.dedup();
        found.extend(folders.into_iter().map(|folder| (name.clone(), folder)));
    }
    found
}

/// Reads the hooks of a plugin, which are in files, or in its manifest.
fn read_plugin(location: Option<Location>, folder: &Path, name: &str) -> Vec<HookFile> {
    let file = |location: Option<Location>| HookFile {
        location,
        plugin: Some(folder.to_owned()),
        plugin_name: Some(name.to_owned()),
        ..HookFile::default()
    };
    let path = folder.join(plugin::HOOKS);
    let mut files: Vec<_> = file(location).read(&path).into_iter().collect();
    let manifest = folder.join(".claude-plugin").join("plugin.json");
    let bytes = settings::read(&manifest).ok().flatten().unwrap_or_default();
    let listed = serde_json::from_slice::<Value>(&bytes).ok();
    let listed = listed.and_then(|manifest| Some(manifest.get("hooks")?.clone()));
    let listed = match listed {
        Some(Value::Array(paths)) => paths,
        other => other.into_iter().collect(),
    };
    for hooks in listed {
        match hooks {
            Value::String(other) => {
                let other = folder.join(other.strip_prefix("./").unwrap_or(&other));
                files.extend((other != path).then(|| file(None).read(&other)).flatten());
            }
            Value::Object(hooks) => {
                let whole = Value::Object(hooks);
                let hooks = whole.get("hooks").unwrap_or(&whole);
                let text = serde_json::json!({ "hooks": hooks }).to_string();
                let mut file = HookFile { path: manifest.clone(), ..file(None) };
                file.error = file.parse(text.as_bytes()).err();
                files.push(file);
            }
            _ => {}
        }
    }
    files
}

/// Returns the last value of a setting, and its file: an administrator's settings take precedence
/// over the local ones, those over the project's, and those over the user's.
pub fn effective(
    files: &[HookFile],
    setting: impl Fn(&HookFile) -> Option<bool>,
) -> Option<(&HookFile, bool)> {
    files.iter().rev().find_map(|file| Some((file, setting(file)?)))
}

impl HookFile {
    /// Reads the file at a path; `None` if there is none.
    fn read(mut self, path: &Path) -> Option<Self> {
        let bytes = settings::read(path).transpose()?;
        path.clone_into(&mut self.path);
        self.error = bytes.and_then(|bytes| self.parse(&bytes)).err();
        Some(self)
    }

    /// Reads a configuration of Codex at a path; `None` if there is none.
    fn read_config(mut self, path: &Path) -> Option<Self> {
        let bytes = settings::read(path).transpose()?;
        path.clone_into(&mut self.path);
        self.error = bytes.and_then(|bytes| self.parse_config(&bytes)).err();
        Some(self)
    }

    fn parse_config(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let text =
            str::from_utf8(bytes).map_err(|error| FileError::NotUtf8(error.valid_up_to()))?;
        let config: Value =
            toml::from_str(text).map_err(|error| FileError::NotToml(error.message().to_owned()))?;
        let features = config.get("features");
        let is_on = features.and_then(|features| features.get("hooks")).and_then(Value::as_bool);
        self.disables_hooks = is_on.map(|is_on| !is_on);
        let Some(mut hooks) = config.get("hooks").and_then(Value::as_object).cloned() else {
            return Ok(());
        };
        // What the user said of hooks, wherever they are registered.
        let state = hooks.remove("state");
        let state = state.as_ref().and_then(Value::as_object).into_iter().flatten();
        let trusted = state.filter(|(_, state)| state.get("trusted_hash").is_some());
        self.trusted = trusted.map(|(hook, _)| hook.clone()).collect();
        self.parse(serde_json::json!({ "hooks": hooks }).to_string().as_bytes())
    }

    pub fn own_hooks(&self) -> impl Iterator<Item = &Hook> {
        self.hooks.iter().filter(|hook| hook.own.is_some())
    }

    /// Returns the first of our hooks of that name that is registered for an event.
    pub fn own_hook(&self, event: &str, name: &str) -> Option<&Hook> {
        self.hooks.iter().find(|hook| hook.event == event && hook.own == Some(name))
    }

    /// Returns whether the client loads it: a plugin can be disabled.
    pub fn is_loaded(&self, files: &[HookFile]) -> bool {
        let Some(name) = &self.plugin_name else { return true };
        !matches!(effective(files, |file| file.plugins.get(name).copied()), Some((_, false)))
    }

    fn parse(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let document = Document::read(bytes)?;
        self.hooks = document.hooks();
        if self.client == Client::Codex {
            return document.check(self.client);
        }
        self.has_module = !elements(document.setting("modules")).is_empty();
        if self.plugin.is_none() {
            self.disables_hooks = document.setting("disableAllHooks").and_then(flag);
            let plugins = properties(document.setting("enabledPlugins")).iter();
            self.plugins = plugins
                // What is no flag is a version to keep to.
                .map(|it| (it.name.as_str().to_owned(), flag(&it.value).unwrap_or(true)))
                .collect();
            self.variables.extend(
                properties(document.setting("env")).iter().filter_map(|it| {
                    Some((it.name.as_str().to_owned(), text(&it.value)?.to_owned()))
                }),
            );
        }
        if self.is_managed {
            self.only_managed_hooks = document.setting("allowManagedHooksOnly").and_then(flag);
            let policy = get(document.setting("pluginConfigs"), MODS_POLICY);
            let options = get(policy, "options");
            self.only_managed_mods = get(options, "allowManagedModsOnly").and_then(flag);
        }
        document.check(self.client)
    }
}
