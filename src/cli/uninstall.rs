//! `uninstall`: take the hooks out of a client.

use std::fmt;

use clap::Args;
use serde::Serialize;

use super::client_files::location::{Client, Scope, word};
use super::client_files::{enabled_plugins, is_registered, plan::Plan, plan_uninstall};
use super::{Context, Failure, ShownPath, environment, line};

/// Take the hooks out of a client
///
/// It looks in your settings and in those of this directory, and puts back
/// what was there before. Where a settings file was changed since, only our
/// entries are taken out. The store stays as it is.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona uninstall --dry-run
  muzzle-persona uninstall --scope project")]
pub struct UninstallArgs {
    /// Of which client
    #[arg(long, value_name = "CLIENT", default_value = "claude-code")]
    client: Client,
    /// Look in this scope only
    #[arg(long)]
    scope: Option<Scope>,
    /// Show what would be taken out, and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &UninstallArgs, context: &mut Context) -> Result<UninstallReport, Failure> {
    let client = environment::directories(args.client)?;
    let mut places = Vec::new();
    for location in client.locations() {
        if args.scope.is_none_or(|scope| scope == location.scope) {
            if is_registered(&location)? {
                places.push(plan_uninstall(&location)?);
            }
        } else if let Ok(true) = is_registered(&location) {
            let (scope, path) = (word(&location.scope), location.path.display());
            let rest = format!("the hooks are still registered for the scope {scope}, in `{path}`");
            context.warn([rest]);
        }
    }
    context.warn(enabled_plugins(&client).map(|(plugin, path)| {
        let path = path.display();
        format!("the plugin `{plugin}` is still enabled in `{path}`; `claude plugin uninstall {plugin}` takes it out")
    }));
    if !args.dry_run {
        places.iter().try_for_each(Plan::carry_out)?;
    }
    let changed = !places.is_empty() && !args.dry_run;
    Ok(UninstallReport { dry_run: args.dry_run, changed, places })
}

#[derive(Debug, Serialize)]
pub struct UninstallReport {
    dry_run: bool,
    changed: bool,
    places: Vec<Plan>,
}

impl fmt::Display for UninstallReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.places.is_empty() {
            return writeln!(f, "The hooks are not registered; nothing to do.");
        }
        for plan in &self.places {
            let verb = if self.dry_run { "Would take" } else { "Took" };
            line(
                f,
                format!("{verb} the hooks out of `{}`:", ShownPath::from(&plan.location.path)),
            )?;
            plan.changes.iter().try_for_each(|change| change.show(f, false))?;
            if let Some(copy) = &plan.backup {
                line(
                    f,
                    format!("A copy of what was there before `install` is still in `{copy}`."),
                )?;
            }
        }
        let end = if self.dry_run { "Nothing was written." } else { "The store stays as it is." };
        writeln!(f, "{end}")
    }
}
