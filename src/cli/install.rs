//! `install`: register the hooks in Claude Code.

use std::fmt;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::Context;
use super::claude_code::change::{Change, Plan};
use super::claude_code::registration::{INJECT, RELEASE};
use super::claude_code::settings::enabled_plugin;
use super::claude_code::{ClaudeCode, Inject, Place, Registration, Scope, Via};
use super::failure::Failure;
use super::output::Report;
use super::shown_path::ShownPath;

/// Register the hooks in Claude Code, so that sub-agents get personas
///
/// The plugin is one folder that holds nothing else, and loads by itself in the
/// next session. The settings are for older clients, and for a project's
/// settings that all share: only our entries are put in, every other byte
/// stays, and a copy of the file is kept beside it. Within a scope the one way
/// takes the place of the other.
#[derive(Debug, Args)]
pub struct InstallArgs {
    /// How to register the hooks
    #[arg(long, value_name = "WAY", default_value = "plugin")]
    via: Via,
    /// For which sessions
    #[arg(long, default_value = "user")]
    scope: Scope,
    /// Which sub-agents get a persona
    #[arg(long, value_name = "WHICH", default_value = "named")]
    inject: Inject,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &InstallArgs, context: &mut Context) -> Result<InstallReport, Failure> {
    let client = context.client.as_ref().ok_or_else(Failure::no_client)?;
    let registration = registration(context.program.as_deref(), args.inject)?;
    let InstallArgs { via, scope, .. } = *args;
    let place = client.place(via, scope).ok_or_else(|| Failure::no_place(via, scope))?;
    let replaced = replaced(client, &place)?;
    let plan = || {
        let plan = place.plan_install(&registration);
        plan.map_err(|reason| Failure::left_alone(&place.path, &reason))
    };
    let mut planned = plan()?;
    if !args.dry_run {
        // At no time are there two registrations. What the older one leaves behind, such as no
        // directory, is what the new one finds.
        replaced.iter().try_for_each(|(_, plan)| plan.carry_out())?;
        planned = plan()?;
        planned.carry_out()?;
    }
    let backup = planned.backup.clone();
    let changes = replaced.iter().map(|(_, plan)| plan).chain([&planned]);
    let changes: Vec<_> = changes.flat_map(|plan| plan.changes.clone()).collect();
    Ok(InstallReport {
        via,
        scope,
        path: place.path.into(),
        inject: args.inject,
        commands: [registration.inject, registration.release],
        dry_run: args.dry_run,
        changed: !changes.is_empty() && !args.dry_run,
        replaced: replaced.into_iter().map(|(place, _)| place.path.into()).collect(),
        backup: backup.map(ShownPath::from),
        changes,
    })
}

/// The hooks beside this program.
fn registration(program: Option<&Path>, which: Inject) -> Result<Registration, Failure> {
    let dir = program.and_then(Path::parent).ok_or_else(Failure::no_path)?;
    let hook = |name: &str| {
        let path = dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        if !path.is_file() {
            return Err(Failure::no_hook(&path));
        }
        path.to_str().map(str::to_owned).ok_or_else(Failure::no_path)
    };
    Ok(Registration::new(hook(INJECT)?, hook(RELEASE)?, which))
}

/// What to take out of the scope's other place; a registration of another scope is refused.
fn replaced(client: &ClaudeCode, place: &Place) -> Result<Vec<(Place, Plan)>, Failure> {
    for settings in client.settings() {
        if let Some(plugin) = enabled_plugin(&settings.path) {
            return Err(Failure::registered_by_marketplace(&settings.path, &plugin));
        }
    }
    let mut plans = Vec::new();
    for other in client.places().into_iter().filter(|other| other != place) {
        let left_alone = |reason| Failure::left_alone(&other.path, &reason);
        if !other.is_registered().map_err(left_alone)? {
            continue;
        }
        if other.scope != place.scope {
            return Err(Failure::registered_elsewhere(&other, place.scope));
        }
        let plan = other.plan_uninstall().map_err(left_alone)?;
        plans.push((other, plan));
    }
    Ok(plans)
}

#[derive(Debug, Serialize)]
pub struct InstallReport {
    via: Via,
    scope: Scope,
    path: ShownPath,
    inject: Inject,
    commands: [String; 2],
    dry_run: bool,
    changed: bool,
    replaced: Vec<ShownPath>,
    backup: Option<ShownPath>,
    changes: Vec<Change>,
}

impl Report for InstallReport {}

impl fmt::Display for InstallReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        if self.changes.is_empty() {
            return writeln!(f, "The hooks are registered already in `{path}`; nothing to do.");
        }
        let verb = |done, would| if self.dry_run { would } else { done };
        for path in &self.replaced {
            let verb = verb("Took", "Would take");
            writeln!(f, "{verb} the older registration out of `{path}`.")?;
        }
        writeln!(f, "{} the hooks in `{path}`:", verb("Registered", "Would register"))?;
        let is_whole = self.dry_run || self.via == Via::Settings;
        self.changes.iter().try_for_each(|change| change.tell(f, is_whole))?;
        if let Some(copy) = &self.backup {
            let verb = verb("is kept", "would be kept");
            writeln!(f, "What was there before {verb} in `{copy}`.")?;
        }
        if self.dry_run {
            return writeln!(f, "Nothing was written.");
        }
        let which = if self.inject == Inject::All { "" } else { "named " };
        writeln!(
            f,
            "From the next session on, {which}sub-agents get a persona. `muzzle-persona doctor` shows that it works."
        )
    }
}
