//! `remote`: the fleet whose log a store shares.
//!
//! Each file is a command: [`join`] and [`leave`], [`status`] and [`pull`], [`check`] and [`restore`].

use std::fmt;

use clap::{Args, Subcommand};
use muzzle_persona::fleet::RemoteConfig;
use serde::Serialize;

use super::{Context, DAMAGED, Failure, Output, ShownPath, line};

mod check;
mod join;
mod leave;
mod pull;
mod restore;
mod status;

/// Share the roster of many machines, or look after it
///
/// Where agents on many machines share one roster, etcd keeps its log, and the store on each
/// machine is a mirror of it: a file `remote.toml` in the store says which fleet it belongs to.
/// A store without one asks nobody. docs/fleets.md tells how a fleet is set up.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona remote join http://127.0.0.1:2379 --roster team
  muzzle-persona remote status")]
pub struct RemoteArgs {
    #[command(subcommand)]
    command: RemoteCommand,
}

#[derive(Debug, Subcommand)]
enum RemoteCommand {
    Join(Box<join::JoinArgs>),
    Status(status::StatusArgs),
    Pull(pull::PullArgs),
    Check(check::CheckArgs),
    Restore(restore::RestoreArgs),
    Leave(leave::LeaveArgs),
}

pub fn run(args: RemoteArgs, context: &mut Context, output: &Output) -> Result<u8, Failure> {
    match args.command {
        RemoteCommand::Join(args) => output.report(&join::run(*args, context)?),
        RemoteCommand::Status(_) => {
            let report = status::run(context)?;
            output.report(&report).and(Ok(report.code()))
        }
        RemoteCommand::Pull(_) => output.report(&pull::run(context)?),
        RemoteCommand::Check(_) => {
            let report = check::run(context)?;
            output.report(&report).and(Ok(report.code()))
        }
        RemoteCommand::Restore(args) => output.report(&restore::run(&args, context)?),
        RemoteCommand::Leave(args) => output.report(&leave::run(&args, context)?),
    }
}

/// Which fleet an answer is about.
#[derive(Debug, Serialize)]
struct Fleet {
    endpoints: Vec<String>,
    roster: String,
    prefix: String,
    user: Option<String>,
    trust: bool,
}

impl From<RemoteConfig> for Fleet {
    fn from(config: RemoteConfig) -> Self {
        let RemoteConfig { endpoints, roster, prefix, user, trust, .. } = config;
        Self { endpoints, roster, prefix, user, trust }
    }
}

/// In a sentence.
impl fmt::Display for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the roster `{}` at `{}`", self.roster, self.endpoints.join("`, `"))
    }
}
