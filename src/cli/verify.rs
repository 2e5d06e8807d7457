//! `verify`: read everything, and name every fault.

use std::fmt;

use clap::Args;
use muzzle_persona::Store;
use muzzle_persona::events::{EventId, IdPrefix, visible};
use muzzle_persona::projection::{Audit, Finding, NotedHead, Severity};
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::context::Context;
use super::failure::{DAMAGED, Failure};
use super::output::{ERROR, FAINT, Report, WARNING};
use super::shown_path::ShownPath;

/// Read every line of the log, and name every fault
///
/// It checks ids and ancestry, sizes and limits, and whether the checkpoint
/// says the same as the log; it writes nothing. Each finding is damage, a
/// warning or a note; only damage makes the log unsound and the exit code 3.
/// What cannot be seen in a log alone is whether lines were cut from its end:
/// note the head that it shows, and ask for it later with `--head`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Check that the history still contains this head, or the one that begins so
    #[arg(long = "head", value_name = "ID", value_parser = parse_head)]
    heads: Vec<IdPrefix>,
}

/// Reads a head as it was noted: with fewer digits than are shown it would vouch for little.
fn parse_head(text: &str) -> Result<IdPrefix, String> {
    let head = IdPrefix::parse(text).filter(|head| head.len() >= IdPrefix::SHOWN);
    head.ok_or_else(|| {
        let (from, to) = (IdPrefix::SHOWN, EventId::DIGITS);
        format!("an id has from {from} to {to} lower-case hex digits")
    })
}

pub fn run(args: &VerifyArgs, context: &Context) -> Result<VerifyReport, Failure> {
    let audit = Store::verify(&context.options, &args.heads)?;
    let Audit { heads, events, lines, bytes, files, repeated, cut, gaps, .. } = &audit;
    Ok(VerifyReport {
        sound: audit.is_sound(),
        store: context.options.dir.as_path().into(),
        damage: audit.count(Severity::Damage),
        warnings: audit.count(Severity::Warning),
        notes: audit.count(Severity::Note),
        findings: audit.findings.iter().map(FindingReport::from).collect(),
        noted_heads: audit.noted.iter().map(NotedReport::from).collect(),
        heads: heads.ids().to_vec(),
        events: *events,
        lines: *lines,
        bytes: *bytes,
        files: *files,
        repeated_lines: *repeated,
        cut_lines: *cut,
        mended_gaps: *gaps,
    })
}

#[derive(Debug, Serialize)]
pub struct VerifyReport {
    sound: bool,
    store: ShownPath,
    damage: usize,
    warnings: usize,
    notes: usize,
    findings: Vec<FindingReport>,
    noted_heads: Vec<NotedReport>,
    heads: Vec<EventId>,
    events: u64,
    lines: u64,
    bytes: u64,
    files: u64,
    repeated_lines: u64,
    cut_lines: u64,
    mended_gaps: u64,
}

#[derive(Debug, Serialize)]
struct FindingReport {
    severity: Severity,
    kind: &'static str,
    file: Option<String>,
    line: Option<u64>,
    message: String,
}

#[derive(Debug, Serialize)]
struct NotedReport {
    head: IdPrefix,
    /// The event, if the history contains it.
    id: Option<EventId>,
}

impl From<&Finding> for FindingReport {
    fn from(Finding { place, fault }: &Finding) -> Self {
        Self {
            severity: fault.severity(),
            kind: fault.kind(),
            file: place.as_ref().map(|place| place.file.to_string()),
            line: place.as_ref().and_then(|place| place.line),
            message: fault.to_string(),
        }
    }
}

impl From<&NotedHead> for NotedReport {
    fn from(noted: &NotedHead) -> Self {
        Self { head: noted.noted.clone(), id: noted.event }
    }
}

impl Report for VerifyReport {
    fn exit_code(&self) -> u8 {
        if self.sound { 0 } else { DAMAGED }
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            finding.fmt(f)?;
        }
        for NotedReport { head, id } in &self.noted_heads {
            if let Some(id) = id {
                writeln!(f, "The history contains the head `{head}`, the event {id}.")?;
            }
        }
        for head in &self.heads {
            writeln!(f, "head {head}")?;
        }
        write!(
            f,
            "{} in {} of {}, {}",
            Count(self.events, "event"),
            Count(self.lines, "line"),
            Count(self.files, "file"),
            Count(self.bytes, "byte"),
        )?;
        for (n, noun) in [
            (self.repeated_lines, "repeated line"),
            (self.cut_lines, "line"),
            (self.mended_gaps, "mended gap"),
        ] {
            if n > 0 {
                let cut = if noun == "line" { " cut out" } else { "" };
                write!(f, "; {}{cut}", Count(n, noun))?;
            }
        }
        let store = &self.store;
        let verdict = if self.sound { "sound" } else { "damaged" };
        write!(f, "\nThe log in `{store}` is {verdict}: ")?;
        self.tell_counts(f)
    }
}

impl VerifyReport {
    /// How many findings there are of each severity.
    fn tell_counts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let damage = Count(self.damage, "fault");
        let warnings = Count(self.warnings, "warning");
        writeln!(f, "{damage}, {warnings}, {}.", Count(self.notes, "note"))?;
        if !self.sound {
            writeln!(
                f,
                "Put back what is gone from a copy, as from git; or see what `muzzle-persona repair` would do."
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for FindingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}", visible(file))?;
            self.line.map_or(Ok(()), |line| write!(f, ":{line}"))?;
            f.write_str(": ")?;
        }
        let (style, word) = match self.severity {
            Severity::Damage => (ERROR, "damage"),
            Severity::Warning => (WARNING, "warning"),
            Severity::Note => (FAINT, "note"),
        };
        writeln!(f, "{style}{word}:{style:#} {}", visible(&self.message))
    }
}
