//! `install`: register the hooks in Claude Code.

use std::fmt;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::claude_code::hook::{INJECT, INSTALL_HINT, Inject, RELEASE, Registration, beside};
use super::claude_code::location::{ClaudeCode, Location, Scope, Via, word};
use super::claude_code::plan::{Change, Plan};
use super::claude_code::{enabled_plugins, is_registered, plan_install, plan_uninstall};
use super::{Context, Failure, ShownPath, environment};

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

#[expect(clippy::similar_names, reason = "the report has `changed` and `changes`")]
pub fn run(args: &InstallArgs, context: &mut Context) -> Result<InstallReport, Failure> {
    let client = environment::claude_code()?;
    let registration = registration(context.program.as_deref(), args.inject)?;
    let InstallArgs { via, scope, inject, dry_run } = *args;
    let mut locations = client.locations().into_iter();
    let location = locations.find(|location| (location.via, location.scope) == (via, scope));
    let location = location.ok_or_else(|| match scope {
        Scope::Local => Failure::usage(
            "a plugin cannot be local: everybody in a project sees its folder",
            "`muzzle-persona install --via settings --scope local`",
        ),
        _ => Failure::usage(
            "the project's directory is the one of your own settings",
            "`muzzle-persona install --scope user`",
        ),
    })?;
    let replaced = replaced(&client, &location)?;
    let mut plan = plan_install(&location, &registration)?;
    if !dry_run {
        // At no time are there two registrations. What the older one leaves behind, such as no
        // directory, is what the new one finds.
        replaced.iter().try_for_each(Plan::carry_out)?;
        plan = plan_install(&location, &registration)?;
        plan.carry_out()?;
    }
    let commands = [registration.inject, registration.release];
    let paths = replaced.iter().map(|plan| plan.location.path.as_path().into()).collect();
    let first = replaced.into_iter().flat_map(|plan| plan.changes);
    let changes: Vec<_> = first.chain(plan.changes).collect();
    let (changed, replaced, backup) = (!changes.is_empty() && !dry_run, paths, plan.backup);
    Ok(InstallReport { location, inject, commands, dry_run, changed, replaced, backup, changes })
}

fn registration(program: Option<&Path>, which: Inject) -> Result<Registration, Failure> {
    let no_path = || {
        let message = "the path of this program cannot be written into settings";
        Failure::refused(message, "install it in a directory whose path is plain text")
    };
    let hook = |name| {
        let path = beside(program, name).ok_or_else(no_path)?;
        if !path.is_file() {
            let message = format!("there is no hook at `{}`, beside this program", path.display());
            return Err(Failure::refused(message, INSTALL_HINT));
        }
        path.to_str().map(str::to_owned).ok_or_else(no_path)
    };
    Ok(Registration::new(hook(INJECT)?, hook(RELEASE)?, which))
}

/// Plans to take out what the scope has registered in the other way, and refuses if another scope
/// has registered something.
fn replaced(client: &ClaudeCode, location: &Location) -> Result<Vec<Plan>, Failure> {
    if let Some((plugin, path)) = enabled_plugins(client).next() {
        let by = format!("by the plugin `{plugin}` that `{}` enables", path.display());
        let message = format!("the hooks are registered already, {by}");
        let hint = format!("`claude plugin uninstall {plugin}` takes it out");
        return Err(Failure::refused(message, hint));
    }
    let mut plans = Vec::new();
    for other in client.locations().into_iter().filter(|other| other != location) {
        if !is_registered(&other)? {
            continue;
        }
        if other.scope != location.scope {
            // It reaches the sessions of this scope too.
            let (there, here) = (word(&other.scope), word(&location.scope));
            let place = format!("for the scope {there} in `{}`", other.path.display());
            return Err(Failure::refused(
                format!("the hooks are registered already, {place}; twice is once too often"),
                format!(
                    "`muzzle-persona uninstall --scope {there}` takes them out there; then install for the scope {here}"
                ),
            ));
        }
        plans.push(plan_uninstall(&other)?);
    }
    Ok(plans)
}

#[derive(Debug, Serialize)]
pub struct InstallReport {
    #[serde(flatten)]
    location: Location,
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
        let path = ShownPath::from(self.location.path.as_path());
        if self.changes.is_empty() {
            return writeln!(f, "The hooks are registered already in `{path}`; nothing to do.");
        }
        let verb = |done, would| if self.dry_run { would } else { done };
        let took = verb("Took", "Would take");
        for path in &self.replaced {
            writeln!(f, "{took} the older registration out of `{path}`.")?;
        }
        writeln!(f, "{} the hooks in `{path}`:", verb("Registered", "Would register"))?;
        let is_whole = self.dry_run || self.location.via == Via::Settings;
        self.changes.iter().try_for_each(|change| change.show(f, is_whole))?;
        if let Some(copy) = &self.backup {
            let verb = verb("is kept", "would be kept");
            writeln!(f, "What was there before {verb} in `{copy}`.")?;
        }
        if self.dry_run {
            return writeln!(f, "Nothing was written.");
        }
        let which = if self.inject == Inject::All { "" } else { "named " };
        write!(f, "From the next session on, {which}sub-agents get a persona. ")?;
        writeln!(f, "`muzzle-persona doctor` shows that it works.")
    }
}
