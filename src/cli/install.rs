//! `install`: register the hooks in a client.

use std::fmt;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::client_files::hook::{INJECT, INSTALL_HINT, Inject, RELEASE, beside, registration};
use super::client_files::location::{Client, Directories, Location, Scope, Via, word};
use super::client_files::plan::{Change, Plan};
use super::client_files::version::{ClientVersion, LOADS_FOLDERS, RUNS_MODS};
use super::client_files::{enabled_plugins, is_registered, plan_install, plan_uninstall};
use super::{Context, Failure, ShownPath, environment, line};

/// Register the hooks in a client
///
/// From then on sub-agents get personas. In Codex the hooks go into a file `hooks.json`, beside
/// others, and you have to trust them there once. In Claude Code the plugin is one folder that
/// holds nothing else, and loads by itself in the next session. The settings are for clients before
/// 2.1.250, which load no such folder, and for a project's settings that all share: only our
/// entries are put in, every other byte stays, and a copy of the file is kept beside it. Within a
/// scope the one way takes the place of the other.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona install
  muzzle-persona install --scope project --via settings --dry-run
  muzzle-persona install --client codex")]
pub struct InstallArgs {
    /// In which client
    #[arg(long, value_name = "CLIENT", default_value = "claude-code")]
    client: Client,
    /// How to register the hooks [default: plugin, or what the client on the path can load]
    #[arg(long, value_name = "WAY")]
    via: Option<Via>,
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

/// What a user of Codex has to do.
const TRUST: &str = "Codex runs no hook that you have not reviewed and trusted: the next `codex` asks for it, and `/hooks` there shows them. A hook that changes has to be trusted again.";

pub fn run(args: &InstallArgs, context: &mut Context) -> Result<InstallReport, Failure> {
    let InstallArgs { client, via, scope, inject, dry_run } = *args;
    let directories = environment::directories(client)?;
    let client_version = ClientVersion::of(client);
    let via = via.unwrap_or_else(|| way_for(client, client_version));
    let commands @ [inject_command, release_command] = &hook_paths(context.program.as_deref())?;
    let registration = registration(client, inject_command, &inject.args(), release_command);
    let mut locations = directories.locations().into_iter();
    let location = locations.find(|location| (location.via, location.scope) == (via, scope));
    let location = location.ok_or_else(|| {
        let (message, instead) = match (client, scope) {
            (Client::Codex, _) if via == Via::Plugin => {
                ("Codex gets its hooks in a file, not in a plugin", "--client codex")
            }
            (Client::Codex, Scope::Local) => {
                ("Codex has no local settings", "--client codex --scope project")
            }
            (Client::Codex, _) => (
                "the project's directory is the one of your own settings",
                "--client codex --scope user",
            ),
            (_, Scope::Local) => (
                "a plugin cannot be local: everybody in a project sees its folder",
                "--via settings --scope local",
            ),
            _ => ("the project's directory is the one of your own settings", "--scope user"),
        };
        Failure::usage(message, format!("`muzzle-persona install {instead}`"))
    })?;
    let replaced = replaced(&directories, &location)?;
    let mut plan = plan_install(&location, &registration, client_version)?;
    if !dry_run {
        // At no time are there two registrations. What the older one leaves behind, such as no
        // directory, is what the new one finds.
        replaced.iter().try_for_each(Plan::carry_out)?;
        plan = plan_install(&location, &registration, client_version)?;
        plan.carry_out()?;
    }
    let paths = replaced.iter().map(|plan| ShownPath::from(&plan.location.path)).collect();
    let changes = replaced.into_iter().flat_map(|plan| plan.changes);
    let changes: Vec<_> = changes.chain(plan.changes).collect();
    Ok(InstallReport {
        location,
        inject,
        commands: commands.clone(),
        client_version,
        dry_run,
        changed: !changes.is_empty() && !dry_run,
        replaced: paths,
        backup: plan.backup,
        changes,
    })
}

/// Chooses how to register for a client: in a folder, unless that client would not load it.
fn way_for(client: Client, version: Option<ClientVersion>) -> Via {
    match version {
        _ if client == Client::Codex => Via::Settings,
        Some(version) if version < LOADS_FOLDERS => Via::Settings,
        _ => Via::Plugin,
    }
}

/// Says what Claude Code makes of a registration.
struct Served(Via, Option<ClientVersion>);

impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self(Via::Plugin, None) => write!(
                f,
                "No `claude` is on the path to ask for its version: from {LOADS_FOLDERS} on it loads the plugin, and an older one needs `--via settings`."
            ),
            Self(Via::Plugin, Some(version)) if version < LOADS_FOLDERS => write!(
                f,
                "Claude Code {version} is not known to load the plugin; `--via settings` works with it."
            ),
            Self(Via::Plugin, Some(version)) if version < RUNS_MODS => {
                write!(f, "Claude Code {version} calls the plugin's hooks.")
            }
            Self(Via::Plugin, Some(version)) => {
                write!(f, "Claude Code {version} runs the plugin as a mod.")
            }
            Self(Via::Settings, Some(version)) if version < LOADS_FOLDERS => write!(
                f,
                "Claude Code {version} loads no plugin from a folder, so the settings have the hooks."
            ),
            Self(Via::Settings, Some(version)) if version >= RUNS_MODS => write!(
                f,
                "Claude Code {version} would run the plugin as a mod, whose words no other hook can replace."
            ),
            Self(Via::Settings, _) => Ok(()),
        }
    }
}

fn hook_paths(program: Option<&Path>) -> Result<[String; 2], Failure> {
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
    Ok([hook(INJECT)?, hook(RELEASE)?])
}

/// Plans to take out what the scope has registered in the other way, and refuses if another scope
/// has registered something.
fn replaced(client: &Directories, location: &Location) -> Result<Vec<Plan>, Failure> {
    if let Some((plugin, path)) = enabled_plugins(client).next() {
        let path = path.display();
        let by = format!("by the plugin `{plugin}` that `{path}` enables");
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
            let path = other.path.display();
            let (other, scope) = (word(&other.scope), word(&location.scope));
            let by = format!("for the scope {other} in `{path}`; twice is once too often");
            let message = format!("the hooks are registered already, {by}");
            let option = location.client.option();
            let first =
                format!("`muzzle-persona uninstall{option} --scope {other}` takes them out there");
            let hint = format!("{first}; then install for the scope {scope}");
            return Err(Failure::refused(message, hint));
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
    client_version: Option<ClientVersion>,
    dry_run: bool,
    changed: bool,
    replaced: Vec<ShownPath>,
    backup: Option<ShownPath>,
    changes: Vec<Change>,
}

impl fmt::Display for InstallReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = ShownPath::from(&self.location.path);
        if self.changes.is_empty() {
            return writeln!(f, "The hooks are registered already in `{path}`; nothing to do.");
        }
        let verb = |done, would| if self.dry_run { would } else { done };
        for path in &self.replaced {
            line(
                f,
                format!("{} the older registration out of `{path}`.", verb("Took", "Would take")),
            )?;
        }
        line(f, format!("{} the hooks in `{path}`:", verb("Registered", "Would register")))?;
        let is_whole = self.dry_run || self.location.via == Via::Settings;
        self.changes.iter().try_for_each(|change| change.show(f, is_whole))?;
        if let Some(copy) = &self.backup {
            let is_kept = verb("is kept", "would be kept");
            line(f, format!("What was there before {is_kept} in `{copy}`."))?;
        }
        let client = self.location.client;
        let served = match client {
            Client::ClaudeCode => Served(self.location.via, self.client_version).to_string(),
            Client::Codex => TRUST.to_owned(),
        };
        if !served.is_empty() {
            writeln!(f, "{served}")?;
        }
        if self.dry_run {
            return writeln!(f, "Nothing was written.");
        }
        let is_for_all = self.inject == Inject::All || client == Client::Codex;
        let which = if is_for_all { "" } else { "named " };
        let check = format!("`muzzle-persona doctor{}` shows that it works", client.option());
        line(f, format!("From the next session on, {which}sub-agents get a persona. {check}."))
    }
}
