//! Where our hooks are registered, how often, whether they are as `install` would write them, and
//! whether they can be run.

use std::collections::BTreeSet;
use std::path::Path;

use muzzle_persona::wording::quoted;

use super::Check;
use super::hook_file::{HookFile, effective};
use super::programs::{fault, is_beside};
use crate::cli::client_files::hook::{
    Hook, INJECT, RELEASE, beside, events, registration, start_event,
};
use crate::cli::client_files::location::{Client, Directories, Location, Via, word};
use crate::cli::client_files::version::ClientVersion;
use crate::cli::client_files::{is_registered, plugin};

pub fn checks(
    client: &Directories,
    files: &[HookFile],
    program: Option<&Path>,
    version: Option<ClientVersion>,
) -> Vec<Check> {
    let ok = |message| Check::ok("registration", message);
    let mut checks = unusable(client, files);
    let (with, without): (Vec<_>, Vec<_>) =
        files.iter().partition(|file| file.own_hooks().next().is_some());
    for file in &with {
        let faults = faults(file, files, program, version);
        if faults.is_empty() {
            checks.push(ok(format!("The hooks are registered in `{}`.", file.path.display())));
        }
        checks.extend(faults);
    }
    let unread = enabled_plugins(files).filter(|(plugin, _)| {
        !files.iter().any(|file| file.plugin_name.as_deref() == Some(plugin))
    });
    let unread: Vec<_> = unread.collect();
    checks.extend(unread.iter().map(|(plugin, path)| {
        ok(format!("The plugin `{plugin}` is enabled in `{}`.", path.display()))
    }));
    let without = without
        .iter()
        .filter(|file| file.plugin.is_none() && !file.is_managed && file.error.is_none());
    let without: Vec<_> = without.map(|file| file.path.display()).collect();
    if !without.is_empty() {
        checks.push(ok(format!("No hook of ours is in {}.", quoted(&without))));
    }
    let times = with.iter().map(|file| times(file)).sum::<usize>() + unread.len();
    checks.extend(count(client.client, times));
    checks.extend(elsewhere(client));
    checks
}

/// Returns how often a file registers our hooks: as often as it does so for one event.
fn times(file: &HookFile) -> usize {
    let of = |event| file.own_hooks().filter(|hook| hook.event == event).count();
    events(file.client).map(of).max().unwrap_or_default()
}

fn count(client: Client, count: usize) -> Option<Check> {
    let option = client.option();
    match count {
        0 => {
            let means = "No agent of a session that starts here gets a persona.";
            let hint = format!("`muzzle-persona install{option}`");
            Some(Check::problem("registration", "The hooks are not registered.", means, &hint))
        }
        1 => None,
        _ => {
            let message = format!("The hooks are registered {count} times.");
            let means = "Each of them runs for each agent. They agree on the persona, but the agent waits for all.";
            let hint =
                format!("`muzzle-persona uninstall{option}` takes all out, then install once");
            Some(Check::warning("registration.twice", message, means, &hint))
        }
    }
}

/// Returns the plugins of ours that come from a marketplace, each with the settings that enable it.
fn enabled_plugins(files: &[HookFile]) -> impl Iterator<Item = (&str, &Path)> {
    files.iter().flat_map(|file| {
        let enabled = file.plugins.iter().filter(|(name, is_enabled)| {
            // The folder that we write counts by itself.
            **is_enabled && name.starts_with("muzzle-persona@") && !name.ends_with("@skills-dir")
        });
        enabled.map(|(name, _)| (name.as_str(), file.path.as_path()))
    })
}

/// Checks the directory that would be the user's if no variable named another one.
fn elsewhere(client: &Directories) -> Option<Check> {
    let usual = client.usual.clone()?;
    let (user, name) = (client.user.display(), client.client.name());
    let (variable, option) = (client.client.variable(), client.client.option());
    let other = Directories { user: usual.clone(), usual: None, ..client.clone() };
    let registered = other.locations().into_iter().find(|location| {
        location.path.starts_with(&usual) && matches!(is_registered(location), Ok(true))
    });
    Some(match registered {
        None => {
            let message = format!("`{variable}` has {name}'s directory at `{user}`.");
            Check::ok("registration", message)
        }
        Some(location) => Check::warning(
            "registration.elsewhere",
            format!("The hooks are registered in `{}`, too.", location.path.display()),
            &format!(
                "`{variable}` names another directory, so that only a session without it reads them."
            ),
            &format!(
                "nothing needs to be done if you start both kinds of sessions; `env -u {variable} muzzle-persona uninstall{option}` takes them out there"
            ),
        ),
    })
}

/// Checks for files and folders of ours that cannot be used, or were changed.
fn unusable(client: &Directories, files: &[HookFile]) -> Vec<Check> {
    let id = "registration.file";
    let mut checks = Vec::new();
    for file in files {
        let is_read = file.location.is_some() || file.client == Client::Codex;
        if let Some(error) = file.error.as_ref().filter(|_| is_read) {
            let message = format!("`{}` is not as it should be: {error}.", file.path.display());
            let name = client.client.name();
            let means = format!("{name} may ignore the whole file, and `install` leaves it alone.");
            checks.push(Check::warning(id, message, &means, error.hint()));
        }
    }
    for folder in client.locations().into_iter().filter(|folder| folder.via == Via::Plugin) {
        let path = folder.path.display();
        match plugin::plan_uninstall(&folder) {
            Err(error) => {
                let message = format!("`{path}` is not as `install` wrote it: {error}.");
                let means = "`install` and `uninstall` leave the folder alone.";
                checks.push(Check::warning(id, message, means, error.hint()));
            }
            Ok(plan) if plan.changes.is_empty() => {}
            Ok(_) if files.iter().any(|file| file.location.as_ref() == Some(&folder)) => {}
            Ok(_) => {
                let message = format!("`{path}` has no `{}`.", plugin::HOOKS);
                let hint = &install_command(client.client, Some(&folder), None);
                checks.push(Check::warning(id, message, "The plugin registers nothing.", hint));
            }
        }
    }
    checks
}

fn faults(
    file: &HookFile,
    files: &[HookFile],
    program: Option<&Path>,
    version: Option<ClientVersion>,
) -> Vec<Check> {
    let start = start_event(file.client);
    let args = file.own_hook(start, INJECT).and_then(Hook::words).map(|(_, args)| args);
    let hint = &*install_command(file.client, file.location.as_ref(), args.as_deref());
    let path = file.path.display();
    let mut checks = Vec::new();
    let name = file.plugin_name.as_ref();
    let disabled = name.and_then(|name| effective(files, |it| it.plugins.get(name).copied()));
    if let Some((settings, false)) = disabled {
        let message = format!("The plugin is disabled in `{}`.", settings.path.display());
        let means = "Claude Code does not load it, so no agent gets a persona.";
        let hint = "`/plugin` in Claude Code enables it";
        checks.push(Check::problem("registration.disabled", message, means, hint));
    }
    let injects = |hook: &Hook| hook.own == Some(INJECT) && hook.is_called_for_agents(file.client);
    if !file.own_hooks().any(injects) {
        let event = match file.client {
            Client::ClaudeCode => "`PreToolUse` of `Agent`",
            Client::Codex => "`SubagentStart`",
        };
        let message = format!("`{path}` does not have `{INJECT}` called for {event}.");
        let means = "No agent gets a persona.";
        checks.push(Check::problem("registration.event", message, means, hint));
    }
    let end = "Personas come back only when their session has been silent for a day.";
    let start = "Personas of sessions that were cut off stay held until somebody cleans up.";
    let (runs, run): (&[_], _) = match file.client {
        Client::ClaudeCode => (
            &["PostToolUse", "SubagentStop"],
            "Without a mod, nothing is known of how a run began and ended.",
        ),
        Client::Codex => (
            &["SubagentStop"],
            "A persona whose work is done is not lent again before the session ends.",
        ),
    };
    for (events, name, means) in [
        (&["SessionEnd"][..], RELEASE, end),
        (&["SessionStart"], RELEASE, start),
        (runs, INJECT, run),
    ] {
        let missing = events.iter().filter(|event| file.own_hook(event, name).is_none());
        let missing: Vec<_> = missing.collect();
        if !missing.is_empty() {
            let message =
                format!("`{path}` does not have `{name}` called for {}.", quoted(&missing));
            checks.push(Check::warning("registration.event", message, means, hint));
        }
    }
    for command in &commands(file) {
        let target = Path::new(command);
        if let Some(fault) = fault(target) {
            let message = format!("`{command}`, as `{path}` registers it, {fault}.");
            let means = format!("{} cannot run it, and tells so each time.", file.client.name());
            checks.push(Check::problem("registration.command", message, &means, hint));
        } else if is_beside(program, target) == Some(false) {
            let message = format!("`{path}` registers `{command}`.");
            let means = "That is not the hook beside this program; it may be of another version.";
            checks.push(Check::warning("registration.command", message, means, hint));
        }
    }
    if checks.is_empty() {
        checks.extend(older(file, program, version, &args.unwrap_or_default(), hint));
    }
    checks
}

/// Checks whether our folder is what `install` would write now.
fn older(
    file: &HookFile,
    program: Option<&Path>,
    version: Option<ClientVersion>,
    args: &[String],
    hint: &str,
) -> Option<Check> {
    let folder = file.location.as_ref().filter(|location| location.via == Via::Plugin)?;
    let [inject, release] = [INJECT, RELEASE].map(|name| beside(program, name));
    let (inject, release) = (inject?.to_str()?.to_owned(), release?.to_str()?.to_owned());
    let registration = registration(file.client, &inject, args, &release);
    let plan = plugin::plan_install(folder, &registration, version).ok()?;
    if plan.changes.is_empty() {
        return None;
    }
    let message = format!("The plugin in `{}` is of another version.", folder.path.display());
    let means = "It does what that version did; this one's would do more, or otherwise.";
    Some(Check::warning("registration.version", message, means, hint))
}

/// Returns the paths that are registered, each once. A bare name is resolved only when it is run.
fn commands(file: &HookFile) -> BTreeSet<String> {
    // In Claude Code, a line for a shell is somebody's own.
    let is_path = |hook: &&Hook| hook.args.is_some() || file.client == Client::Codex;
    let paths = file.own_hooks().filter(is_path).filter_map(Hook::words).map(|(path, _)| path);
    paths.filter(|path| Path::new(path).is_absolute()).collect()
}

/// Returns the command that registers at a location anew, for the same agents.
fn install_command(client: Client, location: Option<&Location>, args: Option<&[String]>) -> String {
    let option = client.option();
    let Some(Location { via, scope, .. }) = location else {
        return format!("`muzzle-persona install{option}`");
    };
    let all = args.is_some_and(|args| args.iter().any(|arg| arg == "all"));
    let all = if all { " --inject all" } else { "" };
    let via = match client {
        Client::ClaudeCode => format!(" --via {}", word(via)),
        Client::Codex => String::new(),
    };
    format!("`muzzle-persona install{option}{via} --scope {}{all}`", word(scope))
}
