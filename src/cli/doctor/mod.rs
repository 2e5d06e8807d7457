//! `doctor`: does it work, and if not, why not?
//!
//! Each file of the folder checks one subject: [`store`], [`programs`], [`registration`] in the
//! [`hook_file`]s that a session reads, and [`variables`]. The [`rehearsal`] then calls the
//! registered hooks as Claude Code would. Nothing is written outside a temporary directory, which
//! has the rehearsal's store.

use std::fmt;

use clap::Args;
use muzzle_persona::events::visible;
use serde::Serialize;

use super::output::{ERROR, FAINT, GOOD, WARNING};
use super::{context::Context, environment, failure::Failure};

mod hook_file;
mod programs;
mod registration;
mod rehearsal;
mod store;
mod variables;

/// Check that sub-agents get personas, and show it
///
/// It looks at the store, the programs, the registrations in Claude Code and the
/// variables; then it runs the registered hooks as Claude Code would, on a
/// sample call and in a scratch store. It changes nothing. Each finding is fine
/// (✓), worth a look (!) or in the way (✗); only the last makes the exit code 1.
#[derive(Debug, Args)]
pub struct DoctorArgs {}

pub fn run(_: &DoctorArgs, context: &Context) -> Result<DoctorReport, Failure> {
    let client = &environment::claude_code()?;
    let program = context.program.as_deref();
    let files = hook_file::read_all(client);
    let variables = variables::in_effect(environment::own_variables(), &files);
    let mut findings = store::checks(&context.options);
    findings.extend(programs::checks(program));
    findings.extend(registration::checks(client, &files, program));
    findings.extend(registration::other_hooks(&files));
    findings.extend(variables::checks(&variables, &context.options.dir));
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
        f.write_str(if has("problem") {
            "It does not work as it should; look at what is marked with ✗ first.\n"
        } else if has("warning") {
            "It works; look at what is marked with !.\n"
        } else {
            "All is well.\n"
        })
    }
}

#[derive(Debug, Serialize)]
pub struct Check {
    /// `ok`, `warning`, or `problem`: what keeps agents from getting personas, or the log from
    /// being written.
    level: &'static str,
    /// What was checked; documented in `docs/claude-code.md`.
    #[serde(rename = "check")]
    id: &'static str,
    message: String,
    /// What that means, if it is not as it should be.
    means: Option<String>,
    hint: Option<String>,
    #[serde(skip)]
    rehearsal: Option<Rehearsal>,
}

/// What a hook did with a sample call.
#[derive(Debug, Clone, Serialize)]
pub struct Rehearsal {
    command: String,
    args: Option<Vec<String>>,
    milliseconds: u64,
    /// What it put ahead of the agent's prompt, if it did.
    preamble: Option<String>,
}

impl Check {
    pub fn ok(id: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { level: "ok", id, message, means: None, hint: None, rehearsal: None }
    }

    pub fn warning(id: &'static str, message: impl Into<String>, means: &str, hint: &str) -> Self {
        let (means, hint) = (Some(means.to_owned()), Some(hint.to_owned()));
        Self { level: "warning", means, hint, ..Self::ok(id, message) }
    }

    pub fn problem(id: &'static str, message: impl Into<String>, means: &str, hint: &str) -> Self {
        Self { level: "problem", ..Self::warning(id, message, means, hint) }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (style, sign) = match self.level {
            "ok" => (GOOD, '✓'),
            "warning" => (WARNING, '!'),
            _ => (ERROR, '✗'),
        };
        writeln!(f, "{style}{sign}{style:#} {}", visible(&self.message))?;
        let preamble = self.rehearsal.as_ref().and_then(|it| it.preamble.as_deref());
        for line in preamble.unwrap_or_default().lines() {
            writeln!(f, "    {FAINT}│{FAINT:#} {}", visible(line))?;
        }
        if let Some(means) = &self.means {
            writeln!(f, "    {FAINT}{}{FAINT:#}", visible(means))?;
        }
        self.hint.as_ref().map_or(Ok(()), |hint| writeln!(f, "    hint: {}", visible(hint)))
    }
}
