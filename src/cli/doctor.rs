//! `doctor`: see that it works, or what keeps it from working.
//!
//! Each file of the folder looks at one thing and answers with [findings](Finding).
//! Nothing is written, but to a scratch directory in which the rehearsal has its store.

use std::fmt;

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::environment;
use super::failure::{Failure, REFUSED};
use super::output::Report;

use self::finding::{Finding, Level};
use self::rehearsal::Rehearsal;

mod answer;
mod finding;
mod programs;
mod ran;
mod registered;
mod registrations;
mod rehearsal;
mod rivals;
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
    let client = &context.claude_code()?;
    let variables = &environment::own_variables();
    let program = context.program.as_deref();
    let found = registered::find(client);
    let mut findings = store::check(&context.options);
    findings.extend(programs::check(program));
    findings.extend(registrations::check(client, &found, program));
    findings.extend(rivals::check(&found));
    findings.extend(variables::check(variables, &found, &context.options.dir));
    let rehearsals = rehearsal::run(client, program, variables, &found, &mut findings)?;
    let healthy = findings.iter().all(|finding| finding.level != Level::Problem);
    Ok(DoctorReport { healthy, findings, rehearsals })
}

#[derive(Debug, Serialize)]
pub struct DoctorReport {
    healthy: bool,
    findings: Vec<Finding>,
    rehearsals: Vec<Rehearsal>,
}

impl Report for DoctorReport {
    fn exit_code(&self) -> u8 {
        if self.healthy { 0 } else { REFUSED }
    }
}

impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.findings.iter().try_for_each(|finding| finding.fmt(f))?;
        let count = |level| self.findings.iter().filter(|finding| finding.level == level).count();
        match (count(Level::Problem), count(Level::Warning)) {
            (0, 0) => writeln!(f, "All is well."),
            (0, _) => writeln!(f, "It works; look at what is marked with !."),
            _ => writeln!(f, "It does not work as it should; look at what is marked with ✗ first."),
        }
    }
}
