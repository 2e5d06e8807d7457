//! `install`: register the hooks in Claude Code.

use std::fmt;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::claude_code::change::{Change, Plan};
use super::claude_code::registration::{INJECT, RELEASE};
use super::claude_code::settings::enabled_plugin;
use super::claude_code::{ClaudeCode, Inject, Place, Reason, Registration, Scope, Via};
use super::context::Context;
use super::failure::Failure;
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
    let client = context.claude_code()?;
    let registration = registration(context.program.as_deref(), args.inject)?;
    let InstallArgs { via, scope, .. } = *args;
    let place = client.place(via, scope).ok_or_else(|| no_place(via, scope))?;
    let replaced = replaced(&client, &place)?;
    let plan = || {
        let plan = place.plan_install(&registration);
        plan.map_err(|reason| reason.left_alone(&place.path))
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
    let dir = program.and_then(Path::parent).ok_or_else(no_path)?;
    let hook = |name: &str| {
        let path = dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        if !path.is_file() {
            return Err(no_hook(&path));
        }
        path.to_str().map(str::to_owned).ok_or_else(no_path)
    };
    Ok(Registration::new(hook(INJECT)?, hook(RELEASE)?, which))
}

/// What to take out of the scope's other place; a registration of another scope is refused.
fn replaced(client: &ClaudeCode, place: &Place) -> Result<Vec<(Place, Plan)>, Failure> {
    for settings in client.settings() {
        if let Some(plugin) = enabled_plugin(&settings.path) {
            let path = settings.path.display();
            return Err(Failure::refused(
                format!(
                    "the hooks are registered already, by the plugin `{plugin}` that `{path}` enables"
                ),
                format!("`claude plugin uninstall {plugin}` takes it out"),
            ));
        }
    }
    let mut plans = Vec::new();
    for other in client.places().into_iter().filter(|other| other != place) {
        let left_alone = |reason: Reason| reason.left_alone(&other.path);
        if !other.is_registered().map_err(left_alone)? {
            continue;
        }
        if other.scope != place.scope {
            return Err(registered_elsewhere(&other, place.scope));
        }
        let plan = other.plan_uninstall().map_err(left_alone)?;
        plans.push((other, plan));
    }
    Ok(plans)
}

/// A way to register that a scope does not have.
fn no_place(via: Via, scope: Scope) -> Failure {
    match (via, scope) {
        (Via::Plugin, Scope::Local) => Failure::usage(
            "a plugin cannot be local: everybody in a project sees its folder",
            "`muzzle-persona install --via settings --scope local`",
        ),
        _ => Failure::usage(
            "the project's directory is the one of your own settings",
            "`muzzle-persona install --scope user`",
        ),
    }
}

/// A program whose path cannot be written into settings.
fn no_path() -> Failure {
    let message = "the path of this program cannot be written into settings";
    Failure::refused(message, "install it in a directory whose path is plain text")
}

/// A hook that is not beside this program.
fn no_hook(path: &Path) -> Failure {
    Failure::refused(
        format!("there is no hook at `{}`, beside this program", path.display()),
        "`cargo install --path . && cargo install --path hook` puts both in one place, as does `cargo build --workspace`",
    )
}

/// A registration of another scope, which reaches the sessions of this one too.
fn registered_elsewhere(place: &Place, scope: Scope) -> Failure {
    let (other, path) = (place.scope.name(), place.path.display());
    let scope = scope.name();
    Failure::refused(
        format!(
            "the hooks are registered already, for the scope {other} in `{path}`; twice is once too often"
        ),
        format!(
            "`muzzle-persona uninstall --scope {other}` takes them out there; then install for the scope {scope}"
        ),
    )
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
