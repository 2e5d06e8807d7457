//! `uninstall`: take the hooks out of Claude Code.

use std::fmt;

use clap::Args;
use serde::Serialize;

use super::claude_code::change::Change;
use super::claude_code::settings::enabled_plugin;
use super::claude_code::{Reason, Scope, Via};
use super::context::Context;
use super::failure::Failure;
use super::shown_path::ShownPath;

/// Take the hooks out of Claude Code
///
/// It looks in your settings and in those of this directory, and puts back
/// what was there before. Where a settings file was changed since, only our
/// entries are taken out. The store stays as it is.
#[derive(Debug, Args)]
pub struct UninstallArgs {
    /// Look in this scope only
    #[arg(long)]
    scope: Option<Scope>,
    /// Show what would be taken out, and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &UninstallArgs, context: &mut Context) -> Result<UninstallReport, Failure> {
    let client = context.claude_code()?;
    let mut plans = Vec::new();
    for place in client.places() {
        let is_asked_for = args.scope.is_none_or(|scope| scope == place.scope);
        let left_alone = |reason: Reason| reason.left_alone(&place.path);
        if is_asked_for && place.is_registered().map_err(left_alone)? {
            plans.push((place.plan_uninstall().map_err(left_alone)?, place));
        } else if let Ok(true) = place.is_registered() {
            let (scope, path) = (place.scope.name(), place.path.display());
            let rest = format!("the hooks are still registered for the scope {scope}, in `{path}`");
            context.warn([rest]);
        }
    }
    for settings in client.settings() {
        context.warn(enabled_plugin(&settings.path).map(|plugin| {
            let path = settings.path.display();
            format!("the plugin `{plugin}` is still enabled in `{path}`; `claude plugin uninstall {plugin}` takes it out")
        }));
    }
    if !args.dry_run {
        plans.iter().try_for_each(|(plan, _)| plan.carry_out())?;
    }
    let places = plans.into_iter().map(|(plan, place)| PlaceReport {
        via: place.via,
        scope: place.scope,
        path: place.path.into(),
        backup: plan.backup.map(ShownPath::from),
        changes: plan.changes,
    });
    let places: Vec<_> = places.collect();
    Ok(UninstallReport {
        dry_run: args.dry_run,
        changed: !places.is_empty() && !args.dry_run,
        places,
    })
}

#[derive(Debug, Serialize)]
pub struct UninstallReport {
    dry_run: bool,
    changed: bool,
    places: Vec<PlaceReport>,
}

#[derive(Debug, Serialize)]
struct PlaceReport {
    via: Via,
    scope: Scope,
    path: ShownPath,
    /// The copy of an older state, where it is not what is there now.
    backup: Option<ShownPath>,
    changes: Vec<Change>,
}

impl fmt::Display for UninstallReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.places.is_empty() {
            return writeln!(f, "The hooks are not registered; nothing to do.");
        }
        for place in &self.places {
            let verb = if self.dry_run { "Would take" } else { "Took" };
            writeln!(f, "{verb} the hooks out of `{}`:", place.path)?;
            place.changes.iter().try_for_each(|change| change.tell(f, false))?;
            if let Some(copy) = &place.backup {
                writeln!(f, "A copy of what was there before `install` is still in `{copy}`.")?;
            }
        }
        if self.dry_run {
            return writeln!(f, "Nothing was written.");
        }
        writeln!(f, "The store stays as it is.")
    }
}
