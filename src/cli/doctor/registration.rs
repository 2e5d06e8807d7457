//! Where our hooks are registered, how often, whether they can be run, and what else is called.

use std::collections::BTreeSet;
use std::path::Path;

use muzzle_persona::wording::Quoted;

use super::check::Check;
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
    let mut count = with.len();
    for file in files {
        if let Some(plugin) = &file.marketplace {
            count += 1;
            let path = file.path.display();
            checks.push(ok(format!("The plugin `{plugin}` is enabled in `{path}`.")));
        }
    }
    let without = without.iter().filter(|file| file.plugin.is_none() && file.error.is_none());
    let without: Vec<_> = without.map(|file| file.path.display()).collect();
    if !without.is_empty() {
        checks.push(ok(format!("No hook of ours is in {}.", Quoted::all(&without))));
    }
    match count {
        0 => checks.push(Check::problem(
            "registration",
            "The hooks are not registered.",
            "No agent of a session that starts here gets a persona.",
            "`muzzle-persona install`",
        )),
        1 => {}
        _ => checks.push(Check::warning(
            "registration.twice",
            format!("The hooks are registered {count} times."),
            "Each of them runs for each agent. They agree on the persona, but the agent waits for all.",
            "`muzzle-persona uninstall` takes all out, then install once",
        )),
    }
    checks
}

/// Checks hooks of others that are called for the same calls, and the setting that none is called.
pub fn other_hooks(files: &[HookFile]) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some((file, true)) = effective(files, |file| file.disables_hooks) {
        checks.push(Check::problem(
            "hooks.disabled",
            format!("`disableAllHooks` is true in `{}`.", file.path.display()),
            "Claude Code calls no hook, so no agent gets a persona.",
            "take it out, or set it to false",
        ));
    }
    for file in files {
        let others = file.hooks.iter().filter(|hook| hook.own.is_none());
        for hook in others.filter(|hook| hook.is_called_for_agents()) {
            let what = hook.command.as_ref().map(|command| format!("`{command}`"));
            let what = what.unwrap_or_else(|| "a hook that is no command".to_owned());
            checks.push(Check::warning(
                "hooks.rival",
                format!("{what} in `{}` is called for agents too.", file.path.display()),
                "All hooks get the same call at once. If it rewrites the prompt too, the last to finish wins, and the persona may be lost.",
                "if it does not rewrite the call there is nothing to do; else narrow its matcher",
            ));
        }
    }
    if checks.is_empty() {
        checks.push(Check::ok("hooks.rival", "No other hook is called for agents."));
    }
    checks
}

/// Checks for files and folders of ours that cannot be used, or were changed.
fn unusable(client: &ClaudeCode, files: &[HookFile]) -> Vec<Check> {
    let warning = |message, means: &str, hint: &str| {
        Check::warning("registration.file", message, means, hint)
    };
    let own = files.iter().filter(|file| file.location.is_some());
    let faults = own.filter_map(|file| Some((file.path.display(), file.error.as_ref()?)));
    let faults = faults.map(|(path, error)| {
        let message = format!("`{path}` is not as it should be: {error}.");
        let means = "Claude Code may ignore the whole file, and `install` leaves it alone.";
        warning(message, means, error.hint())
    });
    let folders = client.locations().into_iter().filter(|location| location.via == Via::Plugin);
    let folders = folders.filter_map(|location| {
        let path = location.path.display();
        match plugin::plan_uninstall(&location) {
            Err(error) => Some(warning(
                format!("`{path}` is not as `install` wrote it: {error}."),
                "`install` and `uninstall` leave the folder alone.",
                error.hint(),
            )),
            Ok(plan) if plan.changes.is_empty() => None,
            Ok(_) if files.iter().any(|file| file.location.as_ref() == Some(&location)) => None,
            Ok(_) => Some(warning(
                format!("`{path}` has no `{}`.", plugin::HOOKS),
                "The plugin registers nothing.",
                &install_command(Some(&location)),
            )),
        }
    });
    faults.chain(folders).collect()
}

/// Checks what is registered in a file.
fn faults(file: &HookFile, files: &[HookFile], program: Option<&Path>) -> Vec<Check> {
    let hint = &*install_command(file.location.as_ref());
    let path = file.path.display();
    let mut checks = Vec::new();
    if file.location.as_ref().is_some_and(|location| location.via == Via::Plugin)
        && let Some((settings, false)) = effective(files, |file| file.enables_plugin)
    {
        checks.push(Check::problem(
            "registration.disabled",
            format!("The plugin is disabled in `{}`.", settings.path.display()),
            "Claude Code does not load it, so no agent gets a persona.",
            "`/plugin` in Claude Code enables it",
        ));
    }
    let injects = |hook: &Hook| hook.own == Some(INJECT) && hook.is_called_for_agents();
    if !file.own_hooks().any(injects) {
        let message =
            format!("`{path}` does not have `{INJECT}` called for `PreToolUse` of `Agent`.");
        checks.push(Check::problem(
            "registration.event",
            message,
            "No agent gets a persona.",
            hint,
        ));
    }
    for (event, means) in [
        ("SessionEnd", "Personas come back only when their session has been silent for a day."),
        (
            "SessionStart",
            "Personas of sessions that were cut off stay held until somebody cleans up.",
        ),
    ] {
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
    let flags = location
        .map(|location| format!(" --via {} --scope {}", word(location.via), word(location.scope)))
        .unwrap_or_default();
    format!("`muzzle-persona install{flags}`")
}
