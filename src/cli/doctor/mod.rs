//! `doctor`: does it work, and if not, why not?
//!
//! Each file of the folder looks at one subject, and answers with [`Check`]s: [`store`] and its
//! [`fleet`], [`programs`], [`registration`] in the [`hook_file`]s that a session reads, the [`client`] that
//! reads them ([`codex`], if it is that), and [`variables`]. The [`rehearsal`] then calls the registered
//! hooks as the client would. Nothing is written outside a temporary directory, which has the rehearsal's store.

use std::fmt;

use clap::Args;
use serde::Serialize;

use self::check::{Check, Rehearsal};
use super::client_files::{location::Client, version::ClientVersion};
use super::output::line;
use super::{context::Context, environment, failure::Failure};

mod check;
mod client;
mod codex;
mod fleet;
mod hook_file;
mod programs;
mod registration;
mod rehearsal;
mod store;
mod variables;

/// Check that sub-agents get personas, and show it
///
/// It looks at the store, the programs, the registrations in a client and the
/// variables; then it runs the registered hooks as the client would, on a
/// sample call and in a scratch store. It changes nothing, but that it writes a key to the
/// fleet of a store that has one, and takes it away again. Each finding is fine
/// (✓), worth a look (!) or in the way (✗); only the last makes the exit code 1.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona doctor
  muzzle-persona doctor --client codex
  muzzle-persona doctor --json")]
pub struct DoctorArgs {
    /// In which client
    #[arg(long, value_name = "CLIENT", default_value = "claude-code")]
    client: Client,
}

pub fn run(args: &DoctorArgs, context: &Context) -> Result<DoctorReport, Failure> {
    let client = &environment::directories(args.client)?;
    let program = context.program.as_deref();
    let files = hook_file::read_all(client);
    let variables = variables::in_effect(environment::own_variables(), &files);
    let version = ClientVersion::of(args.client);
    let mut findings = store::checks(&context.options);
    findings.extend(fleet::checks(&context.options, &mut environment::rng()));
    findings.extend(programs::checks(program));
    findings.extend(registration::checks(client, &files, program, version));
    findings.extend(match args.client {
        Client::ClaudeCode => client::checks(version, &files, &context.options),
        Client::Codex => codex::checks(&files),
    });
    findings.extend(variables::checks(&variables, &context.options.dir));
    findings.push(store::lending(&context.options, environment::rng()));
    findings.extend(rehearsal::checks(client, program, &variables, &files)?);
    let rehearsals = findings.iter().filter_map(|check| check.rehearsal.clone()).collect();
    let healthy = findings.iter().all(|check| check.level != "problem");
    Ok(DoctorReport { healthy, findings, rehearsals })
}

#[derive(Debug, Serialize)]
pub struct DoctorReport {
    pub healthy: bool,
    findings: Vec<Check>,
    rehearsals: Vec<Rehearsal>,
}

impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.findings.iter().try_for_each(|check| check.fmt(f))?;
        let has = |level| self.findings.iter().any(|check| check.level == level);
        let verdict = if has("problem") {
            "It does not work as it should; look at what is marked with ✗ first."
        } else if has("warning") {
            "It works; look at what is marked with !."
        } else {
            "All is well."
        };
        line(f, verdict)
    }
}
