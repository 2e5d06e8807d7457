//! Where our hooks are registered, how often, whether they can be run, and what else is called.

use std::collections::BTreeSet;
use std::path::Path;

use muzzle_persona::wording::quoted;

use super::Check;
use super::hook_file::{HookFile, effective};
use super::programs::{fault, is_beside};
use crate::cli::claude_code::hook::{Hook, INJECT, RELEASE};
use crate::cli::claude_code::location::{ClaudeCode, Location, Via, word};
use crate::cli::claude_code::plugin;

pub fn checks(client: &ClaudeCode, files: &[HookFile], program: Option<&Path>) -> Vec<Check> {
    let ok = |message| Check::ok("registration", message);
    let mut checks = unusable(client, files);
    let (with, without): (Vec<_>, Vec<_>) =
        files.iter().partition(|file| file.own_hooks().next().is_some());
    for file in &with {
        let faults = faults(file, files, program);
        if faults.is_empty() {
            checks.push(ok(format!("The hooks are registered in `{}`.", file.path.display())));
        }
        checks.extend(faults);
    }
    let enabled = files.iter().filter_map(|file| {
        let (plugin, path) = (file.marketplace.as_ref()?, file.path.display());
        Some(ok(format!("The plugin `{plugin}` is enabled in `{path}`.")))
    });
    let enabled: Vec<_> = enabled.collect();
    let count = with.len() + enabled.len();
    checks.extend(enabled);
    let without = without.iter().filter(|file| file.plugin.is_none() && file.error.is_none());
    let without: Vec<_> = without.map(|file| file.path.display()).collect();
    if !without.is_empty() {
        checks.push(ok(format!("No hook of ours is in {}.", quoted(&without))));
    }
    if count == 0 {
        let means = "No agent of a session that starts here gets a persona.";
        let hint = "`muzzle-persona install`";
        checks.push(Check::problem("registration", "The hooks are not registered.", means, hint));
    } else if count > 1 {
        let message = format!("The hooks are registered {count} times.");
        let means = "Each of them runs for each agent. They agree on the persona, but the agent waits for all.";
        let hint = "`muzzle-persona uninstall` takes all out, then install once";
        checks.push(Check::warning("registration.twice", message, means, hint));
    }
    checks
}

/// Checks hooks of others that are called for the same calls, and the setting that none is called.
pub fn other_hooks(files: &[HookFile]) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some((file, true)) = effective(files, |file| file.disables_hooks) {
        let message = format!("`disableAllHooks` is true in `{}`.", file.path.display());
        let means = "Claude Code calls no hook, so no agent gets a persona.";
        let hint = "take it out, or set it to false";
        checks.push(Check::problem("hooks.disabled", message, means, hint));
    }
    for file in files {
        let others = file.hooks.iter().filter(|hook| hook.own.is_none());
        for hook in others.filter(|hook| hook.is_called_for_agents()) {
            let what = hook.command.as_ref().map(|command| format!("`{command}`"));
            let what = what.as_deref().unwrap_or("a hook that is no command");
            let message = format!("{what} in `{}` is called for agents too.", file.path.display());
            let means = "All hooks get the same call at once. If it rewrites the prompt too, the last to finish wins, and the persona may be lost.";
            let hint =
                "if it does not rewrite the call there is nothing to do; else narrow its matcher";
            checks.push(Check::warning("hooks.rival", message, means, hint));
        }
    }
    if checks.is_empty() {
        checks.push(Check::ok("hooks.rival", "No other hook is called for agents."));
    }
    checks
}

/// Checks for files and folders of ours that cannot be used, or were changed.
fn unusable(client: &ClaudeCode, files: &[HookFile]) -> Vec<Check> {
    let id = "registration.file";
    let mut checks = Vec::new();
    for file in files {
        if let (Some(_), Some(error)) = (&file.location, &file.error) {
            let message = format!("`{}` is not as it should be: {error}.", file.path.display());
            let means = "Claude Code may ignore the whole file, and `install` leaves it alone.";
            checks.push(Check::warning(id, message, means, error.hint()));
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
                let hint = &install_command(Some(&folder));
                checks.push(Check::warning(id, message, "The plugin registers nothing.", hint));
            }
        }
    }
    checks
}

fn faults(file: &HookFile, files: &[HookFile], program: Option<&Path>) -> Vec<Check> {
    let hint = &*install_command(file.location.as_ref());
    let path = file.path.display();
    let mut checks = Vec::new();
    if matches!(&file.location, Some(location) if location.via == Via::Plugin)
        && let Some((settings, false)) = effective(files, |file| file.enables_plugin)
    {
        let message = format!("The plugin is disabled in `{}`.", settings.path.display());
        let means = "Claude Code does not load it, so no agent gets a persona.";
        let hint = "`/plugin` in Claude Code enables it";
        checks.push(Check::problem("registration.disabled", message, means, hint));
    }
    let injects = |hook: &Hook| hook.own == Some(INJECT) && hook.is_called_for_agents();
    if !file.own_hooks().any(injects) {
        let event = "`PreToolUse` of `Agent`";
        let message = format!("`{path}` does not have `{INJECT}` called for {event}.");
        let means = "No agent gets a persona.";
        checks.push(Check::problem("registration.event", message, means, hint));
    }
    let end = "Personas come back only when their session has been silent for a day.";
    let start = "Personas of sessions that were cut off stay held until somebody cleans up.";
    for (event, means) in [("SessionEnd", end), ("SessionStart", start)] {
        if file.own_hook(event, RELEASE).is_none() {
            let message = format!("`{path}` does not have `{RELEASE}` called for `{event}`.");
            checks.push(Check::warning("registration.event", message, means, hint));
        }
    }
    for command in commands(file) {
        let target = Path::new(command);
        if let Some(fault) = fault(target) {
            let message = format!("`{command}`, as `{path}` registers it, {fault}.");
            let means = "Claude Code cannot run it, and tells so each time.";
            checks.push(Check::problem("registration.command", message, means, hint));
        } else if is_beside(program, target) == Some(false) {
            let message = format!("`{path}` registers `{command}`.");
            let means = "That is not the hook beside this program; it may be of another version.";
            checks.push(Check::warning("registration.command", message, means, hint));
        }
    }
    checks
}

/// Returns the paths that are registered, each once. A bare name is resolved only when it is run.
fn commands(file: &HookFile) -> BTreeSet<&str> {
    let exec = file.own_hooks().filter(|hook| hook.args.is_some());
    let paths = exec.filter_map(|hook| hook.command.as_deref());
    paths.filter(|path| Path::new(path).is_absolute()).collect()
}

fn install_command(location: Option<&Location>) -> String {
    location.map_or("`muzzle-persona install`".to_owned(), |Location { via, scope, .. }| {
        format!("`muzzle-persona install --via {} --scope {}`", word(via), word(scope))
    })
}
