//! Where the hooks are registered, how often, and whether what is registered can be run.

use std::fs;
use std::path::Path;

use muzzle_persona::wording::Quoted;

use super::Finding;
use super::programs::fault;
use super::registered::{Registered, Source, effective};
use super::rivals::calls_for_agents;
use crate::cli::claude_code::registration::{INJECT, RELEASE};
use crate::cli::claude_code::{ClaudeCode, Place, Via, plugin};

pub fn check(client: &ClaudeCode, sources: &[Source], program: Option<&Path>) -> Vec<Finding> {
    let mut findings = unusable(client, sources);
    let registered: Vec<_> =
        sources.iter().filter(|source| source.ours().next().is_some()).collect();
    for source in &registered {
        let faults = faults(source, sources, program);
        if faults.is_empty() {
            let message = format!("The hooks are registered in `{}`.", source.path.display());
            findings.push(Finding::ok("registration", message));
        }
        findings.extend(faults);
    }
    let marketplace = sources.iter().filter_map(|source| {
        let plugin = source.marketplace.as_ref()?;
        Some(format!("The plugin `{plugin}` is enabled in `{}`.", source.path.display()))
    });
    let marketplace: Vec<_> = marketplace.collect();
    let often = registered.len() + marketplace.len();
    findings.extend(marketplace.into_iter().map(|message| Finding::ok("registration", message)));
    let without = sources.iter().filter(|source| {
        source.plugin.is_none() && source.fault.is_none() && source.ours().next().is_none()
    });
    let without: Vec<_> = without.map(|source| source.path.display()).collect();
    if !without.is_empty() {
        let message = format!("No hook of ours is in {}.", Quoted::all(&without));
        findings.push(Finding::ok("registration", message));
    }
    match often {
        0 => findings.push(Finding::problem(
            "registration",
            "The hooks are not registered.",
            "No agent of a session that starts here gets a persona.",
            "`muzzle-persona install`",
        )),
        1 => {}
        _ => findings.push(Finding::warning(
            "registration.twice",
            format!("The hooks are registered {often} times."),
            "Each of them runs for each agent. They agree on the persona, but the agent waits for all.",
            "`muzzle-persona uninstall` takes all out, then install once",
        )),
    }
    findings
}

/// Files and folders that cannot be used, or not as they are.
fn unusable(client: &ClaudeCode, sources: &[Source]) -> Vec<Finding> {
    let own = sources.iter().filter(|source| source.place.is_some());
    let faults = own.filter_map(|source| Some((source.path.display(), source.fault.as_ref()?)));
    let faults = faults.map(|(path, reason)| {
        let message = format!("`{path}` is not as it should be: {reason}.");
        let means = "Claude Code may ignore the whole file, and `install` leaves it alone.";
        Finding::warning("registration.file", message, means, reason.hint())
    });
    let folders = client.places().into_iter().filter(|place| place.via == Via::Plugin);
    let folders = folders.filter_map(|place| {
        let path = place.path.display();
        let is_there = |source: &Source| source.place.as_ref() == Some(&place);
        match plugin::plan_uninstall(&place.path) {
            Err(reason) => Some(Finding::warning(
                "registration.file",
                format!("`{path}` is not as `install` wrote it: {reason}."),
                "`install` and `uninstall` leave the folder alone.",
                reason.hint(),
            )),
            Ok(plan) if plan.changes.is_empty() || sources.iter().any(is_there) => None,
            Ok(_) => Some(Finding::warning(
                "registration.file",
                format!("`{path}` has no `{}`.", plugin::HOOKS),
                "The plugin registers nothing.",
                install(Some(&place)),
            )),
        }
    });
    faults.chain(folders).collect()
}

/// What is wrong with a registration.
fn faults(source: &Source, sources: &[Source], program: Option<&Path>) -> Vec<Finding> {
    let hint = install(source.place.as_ref());
    let path = source.path.display();
    let mut findings = Vec::new();
    if source.place.as_ref().is_some_and(|place| place.via == Via::Plugin)
        && let Some((settings, false)) = effective(sources, |source| source.enables_plugin)
    {
        findings.push(Finding::problem(
            "registration.disabled",
            format!("The plugin is disabled in `{}`.", settings.path.display()),
            "Claude Code does not load it, so no agent gets a persona.",
            "`/plugin` in Claude Code enables it",
        ));
    }
    let has = |event: &str, hook| {
        source.ours().any(|handler| handler.event == event && handler.hook == Some(hook))
    };
    if !source.ours().any(is_called_for_agents) {
        findings.push(Finding::problem(
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
        if !has(event, RELEASE) {
            let message = format!("`{path}` does not have `{RELEASE}` called for `{event}`.");
            findings.push(Finding::warning("registration.event", message, means, hint.clone()));
        }
    }
    findings.extend(commands(source).into_iter().filter_map(|command| {
        let program = program.and_then(Path::parent);
        let command = Path::new(command);
        if let Some(fault) = fault(command) {
            let message = format!("`{}`, as `{path}` registers it, {fault}.", command.display());
            let means = "Claude Code cannot run it, and tells so each time.";
            return Some(Finding::problem("registration.command", message, means, hint.clone()));
        }
        let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let beside = program?.join(command.file_name()?);
        (beside.exists() && real(&beside) != real(command)).then(|| {
            let message = format!("`{path}` registers `{}`.", command.display());
            let means = "That is not the hook beside this program; it may be of another version.";
            Finding::warning("registration.command", message, means, hint.clone())
        })
    }));
    findings
}

/// The paths that are registered, each once. A bare name is found only when it is run.
fn commands(source: &Source) -> Vec<&str> {
    let exec = source.ours().filter(|handler| handler.args.is_some());
    let paths = exec.filter_map(|handler| handler.command.as_deref());
    let mut paths: Vec<_> = paths.filter(|path| Path::new(path).is_absolute()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

fn is_called_for_agents(handler: &Registered) -> bool {
    handler.event == "PreToolUse" && handler.hook == Some(INJECT) && calls_for_agents(handler)
}

/// The command that registers the hooks in a place.
fn install(place: Option<&Place>) -> String {
    place.map_or_else(
        || "`muzzle-persona install`".to_owned(),
        |place| {
            let (via, scope) = (place.via.name(), place.scope.name());
            format!("`muzzle-persona install --via {via} --scope {scope}`")
        },
    )
}
