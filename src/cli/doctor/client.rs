//! Which Claude Code is installed, how it is served, and what in its settings is in the way.

use muzzle_persona::{Options, served};

use super::Check;
use super::hook_file::{HookFile, effective};
use crate::cli::client_files::version::{ClientVersion, LOADS_FOLDERS, RUNS_MODS};

const HINT: &str =
    "`muzzle-persona install` registers the hooks in the way that this client can use";

/// How agents of the installed client get their personas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By functions in the client itself, after all hooks.
    Mod,
    /// By the hooks that it calls, because of this.
    Hooks(&'static str),
}

pub fn checks(version: Option<ClientVersion>, files: &[HookFile], options: &Options) -> Vec<Check> {
    let is_loaded = |file: &&HookFile| file.own_hooks().next().is_some() && file.is_loaded(files);
    let own: Vec<_> = files.iter().filter(is_loaded).collect();
    let way = way(version, files, &own);
    let mut checks = vec![client(version, way, &own)];
    checks.extend(disabled(files));
    checks.extend(rivals(files, way == Some(Way::Mod)));
    checks.push(Check::ok(
        "client.mod",
        match served::last(options) {
            Some(at) => format!("A mod last began to serve a session at {at}."),
            None => "No mod has served a session of this store yet.".to_owned(),
        },
    ));
    checks
}

/// Returns how the client is served, if it is known and our hooks are registered.
fn way(version: Option<ClientVersion>, files: &[HookFile], own: &[&HookFile]) -> Option<Way> {
    let version = version?;
    own.first()?;
    Some(if version < RUNS_MODS {
        Way::Hooks("mods came with 2.1.287")
    } else if !own.iter().any(|file| file.has_module) {
        Way::Hooks("what is registered has no mod")
    } else if effective(files, |file| file.only_managed_mods).is_some_and(|(_, only)| only) {
        Way::Hooks("its managed settings keep mods out")
    } else {
        Way::Mod
    })
}

fn client(version: Option<ClientVersion>, way: Option<Way>, own: &[&HookFile]) -> Check {
    let id = "client";
    let Some(version) = version else {
        let is_mod = own.iter().any(|file| file.has_module);
        let ways = format!(
            ": from {RUNS_MODS} on it runs the plugin as a mod, before that it calls the hooks"
        );
        let ways = if is_mod { &*ways } else { "" };
        return Check::ok(id, format!("No `claude` is on the path to ask for its version{ways}."));
    };
    let installed = format!("Claude Code {version} is installed");
    let is_only_in_folders = own
        .iter()
        .all(|file| file.plugin_name.as_ref().is_some_and(|name| name.ends_with("@skills-dir")));
    match way {
        Some(_) if version < LOADS_FOLDERS && is_only_in_folders => {
            let message = format!("{installed}, and is not known to load plugins from a folder.");
            let means = "No agent gets a persona if it does not; 2.1.150 does not, 2.1.250 does.";
            Check::problem(id, message, means, HINT)
        }
        Some(Way::Mod) => Check::ok(id, format!("{installed}, and runs the plugin as a mod.")),
        Some(Way::Hooks(why)) => Check::ok(id, format!("{installed}, and calls the hooks: {why}.")),
        None => Check::ok(id, format!("{installed}.")),
    }
}

/// Checks the settings that switch hooks off, and mods with them.
fn disabled(files: &[HookFile]) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some((file, true)) = effective(files, |file| file.disables_hooks) {
        let message = format!("`disableAllHooks` is true in `{}`.", file.path.display());
        let means = "Claude Code calls no hook and runs no mod, so no agent gets a persona.";
        let hint = if file.is_managed {
            "ask who administers this machine"
        } else {
            "take it out, or set it to false"
        };
        checks.push(Check::problem("hooks.disabled", message, means, hint));
    }
    let only_managed = effective(files, |file| file.only_managed_hooks);
    let is_managed = |file: &HookFile| {
        file.plugins
            .iter()
            .any(|(name, is_enabled)| *is_enabled && name.starts_with("muzzle-persona@"))
    };
    if let Some((file, true)) = only_managed
        && !files.iter().any(|file| file.is_managed && is_managed(file))
    {
        let message = format!("`allowManagedHooksOnly` is true in `{}`.", file.path.display());
        let means = "Claude Code calls no hook and runs no mod but those of an administrator, so no agent gets a persona.";
        let hint = "ask who administers this machine to enable the plugin there";
        checks.push(Check::problem("hooks.managed", message, means, hint));
    }
    checks
}

/// Checks hooks of others that are called for the same calls.
fn rivals(files: &[HookFile], is_mod: bool) -> Vec<Check> {
    let id = "hooks.rival";
    let mut checks = Vec::new();
    for file in files.iter().filter(|file| file.is_loaded(files)) {
        let others = file.hooks.iter().filter(|hook| hook.own.is_none());
        for hook in others.filter(|hook| hook.is_called_for_agents(file.client)) {
            let what = hook.command.as_ref().map(|command| format!("`{command}`"));
            let what = what.as_deref().unwrap_or("a hook that is no command");
            let message = format!("{what} in `{}` is called for agents too", file.path.display());
            checks.push(if is_mod {
                Check::ok(id, format!("{message}; a mod's words come after all hooks."))
            } else {
                let means = "All hooks get the same call at once. If it rewrites the prompt too, the last to finish wins, and the persona may be lost. A client that runs the plugin as a mod (2.1.287 or later) is safe from that.";
                let hint = "if it does not rewrite the call there is nothing to do; else narrow its matcher";
                Check::warning(id, format!("{message}."), means, hint)
            });
        }
    }
    if checks.is_empty() {
        checks.push(Check::ok(id, "No other hook is called for agents."));
    }
    checks
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::{Value, json};

    use super::*;
    use crate::cli::client_files::location::{Client, Directories};
    use crate::cli::doctor::hook_file::read_all;

    fn put(path: &Path, value: &Value) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test writes somebody's settings")]
        fs::write(path, value.to_string()).unwrap();
    }

    /// What is found where our plugin is installed, with an administrator's settings: those of the
    /// main file, and of two beside it.
    fn found(settings: [&Value; 3]) -> Vec<String> {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        let [main, first, second] = settings;
        put(&path("managed/managed-settings.json"), main);
        put(&path("managed/managed-settings.d/10-first.json"), first);
        put(&path("managed/managed-settings.d/20-second.json"), second);
        put(&path("managed/managed-settings.d/notes.txt"), &json!({"disableAllHooks": true}));
        let hooks = [json!({"type": "command", "command": "persona-inject", "args": []})];
        let own = json!({"modules": ["./x.ts"], "hooks": {"PreToolUse": [{"hooks": hooks}]}});
        put(&path("user/skills/muzzle-persona/hooks/hooks.json"), &own);
        put(&path("user/settings.json"), &json!({"disableAllHooks": false}));
        let (user, project, managed) = (path("user"), path("project"), Some(path("managed")));
        let of = Client::ClaudeCode;
        let files = read_all(&Directories { client: of, user, project, managed, usual: None });
        let own: Vec<_> = files.iter().filter(|file| file.has_module).collect();
        let way = way(Some(RUNS_MODS), &files, &own);
        let checks = disabled(&files).into_iter().chain(rivals(&files, way == Some(Way::Mod)));
        let checks = [client(Some(RUNS_MODS), way, &own)].into_iter().chain(checks);
        checks
            .map(|check| format!("{} {check}", check.level).lines().next().unwrap().into())
            .collect()
    }

    #[test]
    fn an_administrators_settings_have_the_last_word() {
        let none = &json!({});
        let disables = &json!({"disableAllHooks": true});
        let keeps_out = &json!({"allowManagedHooksOnly": true});
        let no_mods = &json!({"pluginConfigs": {"cc-plugin-sec-default@builtin": {
            "options": {"allowManagedModsOnly": true},
        }}});
        let hooks = &json!({"hooks": {"PreToolUse": [{"hooks": [{"command": "x"}]}]}});
        let enables = &json!({"enabledPlugins": {"muzzle-persona@team": true}});
        let allows = &json!({"disableAllHooks": false});
        let has = |settings, what: &[&str]| {
            let found = found(settings);
            let is_there = |what: &&str| found.iter().any(|line| line.contains(what));
            assert!(what.iter().all(is_there), "{found:#?} and not {what:?}");
        };
        let calls = "calls the hooks: its managed settings keep mods out.";
        has([none, none, none], &["and runs the plugin as a mod.", "No other hook is called"]);
        has([disables, none, none], &["problem", "`disableAllHooks` is true in `"]);
        has([none, disables, none], &["/managed/managed-settings.d/10-first.json`."]);
        has([disables, none, allows], &["No other hook is called"]);
        has([keeps_out, none, none], &["problem", "`allowManagedHooksOnly` is true in `"]);
        assert_eq!(found([keeps_out, enables, none]).len(), 2, "ours is one of those");
        has([no_mods, none, none], &[calls]);
        has([hooks, none, none], &["ok", "`x` in `", "; a mod's words come after all hooks."]);
        has(
            [hooks, no_mods, none],
            &["warning", "managed-settings.json` is called for agents too."],
        );
    }

    #[test]
    fn only_an_administrator_keeps_hooks_of_others_out() {
        let home = tempfile::tempdir().unwrap();
        let user = home.path().to_owned();
        put(&user.join("settings.json"), &json!({"allowManagedHooksOnly": true}));
        let missing = home.path().join("missing");
        let (client, project, managed) = (Client::ClaudeCode, missing.clone(), Some(missing));
        let directories = Directories { client, user, project, managed, usual: None };
        assert!(disabled(&read_all(&directories)).is_empty());
    }
}
