//! Where our hooks are registered, how often, and whether what is registered can be run.

use std::collections::BTreeSet;
use std::path::Path;

use muzzle_persona::wording::Quoted;

use super::check::Check;
use super::hook_file::{HookFile, RegisteredHook, effective};
use super::programs::{beside, fault, is_same_file};
use crate::cli::claude_code::registration::{INJECT, RELEASE};
use crate::cli::claude_code::{ClaudeCode, Place, Via, plugin};

pub fn checks(client: &ClaudeCode, files: &[HookFile], program: Option<&Path>) -> Vec<Check> {
    let mut checks = unusable(client, files);
    let has_hooks = |file: &&HookFile| file.own_hooks().next().is_some();
    let mut count = 0;
    for file in files.iter().filter(has_hooks) {
        count += 1;
        let faults = faults(file, files, program);
        if faults.is_empty() {
            let message = format!("The hooks are registered in `{}`.", file.path.display());
            checks.push(Check::ok("registration", message));
        }
        checks.extend(faults);
    }
    for file in files {
        if let Some(plugin) = &file.marketplace {
            count += 1;
            let message = format!("The plugin `{plugin}` is enabled in `{}`.", file.path.display());
            checks.push(Check::ok("registration", message));
        }
    }
    let without = files
        .iter()
        .filter(|file| file.plugin.is_none() && file.fault.is_none() && !has_hooks(file));
    let without: Vec<_> = without.map(|file| file.path.display()).collect();
    if !without.is_empty() {
        let message = format!("No hook of ours is in {}.", Quoted::all(&without));
        checks.push(Check::ok("registration", message));
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

/// Files and folders of ours that cannot be used, or were changed.
fn unusable(client: &ClaudeCode, files: &[HookFile]) -> Vec<Check> {
    let own = files.iter().filter(|file| file.place.is_some());
    let faults = own.filter_map(|file| Some((file.path.display(), file.fault.as_ref()?)));
    let faults = faults.map(|(path, reason)| {
        let message = format!("`{path}` is not as it should be: {reason}.");
        let means = "Claude Code may ignore the whole file, and `install` leaves it alone.";
        Check::warning("registration.file", message, means, reason.hint())
    });
    let folders = client.places().into_iter().filter(|place| place.via == Via::Plugin);
    let folders = folders.filter_map(|place| {
        let path = place.path.display();
        match plugin::plan_uninstall(&place.path) {
            Err(reason) => Some(Check::warning(
                "registration.file",
                format!("`{path}` is not as `install` wrote it: {reason}."),
                "`install` and `uninstall` leave the folder alone.",
                reason.hint(),
            )),
            Ok(plan) if plan.changes.is_empty() => None,
            Ok(_) if files.iter().any(|file| file.place.as_ref() == Some(&place)) => None,
            Ok(_) => Some(Check::warning(
                "registration.file",
                format!("`{path}` has no `{}`.", plugin::HOOKS),
                "The plugin registers nothing.",
                install_command(Some(&place)),
            )),
        }
    });
    faults.chain(folders).collect()
}

/// What is wrong with a registration.
fn faults(file: &HookFile, files: &[HookFile], program: Option<&Path>) -> Vec<Check> {
    let hint = install_command(file.place.as_ref());
    let path = file.path.display();
    let mut checks = Vec::new();
    if file.place.as_ref().is_some_and(|place| place.via == Via::Plugin)
        && let Some((settings, false)) = effective(files, |file| file.enables_plugin)
    {
        checks.push(Check::problem(
            "registration.disabled",
            format!("The plugin is disabled in `{}`.", settings.path.display()),
            "Claude Code does not load it, so no agent gets a persona.",
            "`/plugin` in Claude Code enables it",
        ));
    }
    let injects = |hook: &RegisteredHook| hook.own == Some(INJECT) && hook.is_called_for_agents();
    if !file.own_hooks().any(injects) {
        checks.push(Check::problem(
            "registration.event",
            format!("`{path}` does not have `{INJECT}` called for `PreToolUse` of `Agent`."),
            "No agent gets a persona.",
            hint.clone(),
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
            checks.push(Check::warning("registration.event", message, means, hint.clone()));
        }
    }
    for command in commands(file) {
        let at = Path::new(command);
        if let Some(fault) = fault(at) {
            let message = format!("`{command}`, as `{path}` registers it, {fault}.");
            let means = "Claude Code cannot run it, and tells so each time.";
            checks.push(Check::problem("registration.command", message, means, hint.clone()));
        } else if let Some(beside) = beside(program, at)
            && beside.exists()
            && !is_same_file(&beside, at)
        {
            let message = format!("`{path}` registers `{command}`.");
            let means = "That is not the hook beside this program; it may be of another version.";
            checks.push(Check::warning("registration.command", message, means, hint.clone()));
        }
    }
    checks
}

/// The paths that are registered, each once. A bare name is resolved only when it is run.
fn commands(file: &HookFile) -> BTreeSet<&str> {
    let exec = file.own_hooks().filter(|hook| hook.args.is_some());
    let paths = exec.filter_map(|hook| hook.command.as_deref());
    paths.filter(|path| Path::new(path).is_absolute()).collect()
}

/// The command that registers the hooks in a place.
fn install_command(place: Option<&Place>) -> String {
    place.map_or_else(
        || "`muzzle-persona install`".to_owned(),
        |place| {
            let (via, scope) = (place.via.name(), place.scope.name());
            format!("`muzzle-persona install --via {via} --scope {scope}`")
        },
    )
}
