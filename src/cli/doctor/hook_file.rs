//! The files in which hooks are registered for sessions that start here: settings and plugins.

use std::fs;
use std::path::{Path, PathBuf};

use jsonc_parser::ast::Value;
use regex_lite::Regex;

use crate::cli::claude_code::document::{Document, last};
use crate::cli::claude_code::registration::TOOLS;
use crate::cli::claude_code::{ClaudeCode, Place, Reason, Via, plugin, settings};

/// A settings file, or the hooks of a plugin.
#[derive(Debug, Default)]
pub struct HookFile {
    /// Where `install` registers, if this is such a place.
    pub place: Option<Place>,
    pub path: PathBuf,
    /// The folder of the plugin, if this is a plugin's.
    pub plugin: Option<PathBuf>,
    pub hooks: Vec<RegisteredHook>,
    /// Why it cannot be used.
    pub fault: Option<Reason>,
    /// The setting that no hook is called.
    pub disables_hooks: Option<bool>,
    /// The setting that the plugin in our folder is loaded.
    pub enables_plugin: Option<bool>,
    /// Our plugin, if it is enabled from a marketplace.
    pub marketplace: Option<String>,
    /// Variables that it sets for the session and its hooks.
    pub variables: Vec<(String, String)>,
}

/// A hook, ours or not, as it is registered.
#[derive(Debug)]
pub struct RegisteredHook {
    pub event: String,
    pub matcher: Option<String>,
    /// The command; `None` for a hook of another kind.
    pub command: Option<String>,
    /// The arguments in exec form; `None` in shell form.
    pub args: Option<Vec<String>>,
    /// In seconds.
    pub timeout: Option<f64>,
    /// Which of our hooks it is.
    pub own: Option<&'static str>,
}

/// Reads all settings and all plugins in folders.
pub fn read_all(client: &ClaudeCode) -> Vec<HookFile> {
    let mut files = Vec::new();
    for place in client.places() {
        match place.via {
            Via::Settings => files.extend(read(&place.path, Some(place.clone()), None)),
            Via::Plugin => {
                let skills = place.path.parent().unwrap_or(&place.path);
                let folders = fs::read_dir(skills).into_iter().flatten().flatten();
                let mut folders: Vec<_> = folders.map(|entry| entry.path()).collect();
                folders.sort();
                for folder in folders {
                    let own = (folder == place.path).then(|| place.clone());
                    files.extend(read(&folder.join(plugin::HOOKS), own, Some(folder)));
                }
            }
        }
    }
    files
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
    pub fn own_hooks(&self) -> impl Iterator<Item = &RegisteredHook> {
        self.hooks.iter().filter(|hook| hook.own.is_some())
    }

    /// Returns the first of our hooks of that name that is registered for an event.
    pub fn own_hook(&self, event: &str, name: &str) -> Option<&RegisteredHook> {
        self.hooks.iter().find(|hook| hook.event == event && hook.own == Some(name))
    }

    fn parse(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        let document = Document::read(bytes)?;
        let hooks = document.handlers().map(|handler| RegisteredHook {
            event: handler.event.to_owned(),
            matcher: handler.matcher.map(str::to_owned),
            command: handler.command().map(str::to_owned),
            args: handler.args(),
            timeout: handler.timeout(),
            own: handler.hook(),
        });
        self.hooks = hooks.collect();
        if self.plugin.is_none() {
            self.parse_settings(&document);
        }
        document.check()
    }

    fn parse_settings(&mut self, document: &Document<'_>) {
        let setting = |key| Some(&last(document.root.as_ref()?, key)?.value);
        let flag = |value: &Value<'_>| Some(value.as_boolean_lit()?.value);
        self.disables_hooks = setting("disableAllHooks").and_then(flag);
        let plugin = setting("enabledPlugins")
            .and_then(|plugins| Some(&last(plugins.as_object()?, settings::FOLDER)?.value));
        self.enables_plugin = plugin.and_then(flag);
        self.marketplace = settings::enabled_plugin(&self.path);
        let variables = setting("env").and_then(|env| env.as_object());
        let variables = variables.into_iter().flat_map(|env| &env.properties);
        let variables = variables.filter_map(|variable| {
            let value = variable.value.as_string_lit()?.value.to_string();
            Some((variable.name.as_str().to_owned(), value))
        });
        self.variables = variables.collect();
    }
}

/// Reads one file, if it is there.
fn read(path: &Path, place: Option<Place>, plugin: Option<PathBuf>) -> Option<HookFile> {
    let mut file = HookFile { place, path: path.to_owned(), plugin, ..HookFile::default() };
    let parsed = match settings::read(path) {
        Ok(bytes) => file.parse(&bytes?),
        Err(fault) => Err(fault),
    };
    file.fault = parsed.err();
    Some(file)
}

impl RegisteredHook {
    /// Returns whether it is called when an agent is about to start.
    pub fn is_called_for_agents(&self) -> bool {
        let matcher = self.matcher.as_deref();
        self.event == "PreToolUse" && TOOLS.split('|').any(|tool| matches(matcher, tool))
    }

    /// The command with its arguments, for people.
    pub fn command_line(&self) -> String {
        let words = self.command.iter().chain(self.args.iter().flatten());
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// Returns whether a matcher (a list of names, or else a pattern) matches a tool. None matches all.
fn matches(matcher: Option<&str>, tool: &str) -> bool {
    let Some(matcher) = matcher.filter(|matcher| !matches!(*matcher, "" | "*")) else {
        return true;
    };
    let is_list = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '|');
    if matcher.chars().all(is_list) {
        return matcher.split('|').any(|name| name == tool);
    }
    // A pattern that only the client understands may match anything.
    Regex::new(matcher).map_or(true, |pattern| pattern.is_match(tool))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matcher_names_tools_or_describes_them() {
        for (matcher, named) in [
            (None, true),
            (Some(""), true),
            (Some("*"), true),
            (Some("Agent"), true),
            (Some("Bash|Agent"), true),
            (Some(".*"), true),
            (Some("Ag.nt$"), true),
            (Some("^(Agent|Task)$"), true),
            (Some("(?<=x)Agent"), true),
            (Some("Bash"), false),
            (Some("Agen"), false),
            (Some("agent"), false),
            (Some("mcp__.*"), false),
            (Some("^Agents"), false),
        ] {
            assert_eq!(matches(matcher, "Agent"), named, "{matcher:?}");
        }
    }
}
