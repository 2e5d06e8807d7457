//! `verify`: read everything, and name every fault.

use std::fmt;

use clap::Args;
use muzzle_persona::audit::{Audit, Finding, NotedHead, Severity};
use muzzle_persona::events::{EventId, IdPrefix, visible};
use muzzle_persona::{Store, wording::Count};
use serde::Serialize;

use super::failure::Failure;
use super::output::{ERROR, FAINT, WARNING};
use super::{context::Context, shown_path::ShownPath};

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

/// Parses a head as it was noted: fewer digits than are shown would prove little.
fn parse_head(text: &str) -> Result<IdPrefix, String> {
    let head = IdPrefix::parse(text).filter(|head| head.len() >= IdPrefix::SHOWN);
    head.ok_or_else(|| {
        let (from, to) = (IdPrefix::SHOWN, EventId::DIGITS);
        format!("an id has from {from} to {to} lower-case hex digits")
    })
}

pub fn run(args: &VerifyArgs, context: &Context) -> Result<VerifyReport, Failure> {
    let audit = Store::verify(&context.options, &args.heads)?;
    Ok(VerifyReport {
        sound: audit.is_sound(),
        store: (&context.options.dir).into(),
        damage: audit.count(Severity::Damage),
        warnings: audit.count(Severity::Warning),
        notes: audit.count(Severity::Note),
        audit,
    })
}

#[derive(Debug, Serialize)]
pub struct VerifyReport {
    pub sound: bool,
    store: ShownPath,
    damage: usize,
    warnings: usize,
    notes: usize,
    #[serde(flatten)]
    audit: Audit,
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sound, store, damage, warnings, notes, audit } = self;
        let Audit { findings, noted, heads, events, lines, bytes, files, .. } = audit;
        findings.iter().try_for_each(|finding| write_finding(f, finding))?;
        for NotedHead { noted, event } in noted {
            if let Some(id) = event {
                writeln!(f, "The history contains the head `{noted}`, the event {id}.")?;
            }
        }
        heads.ids().iter().try_for_each(|head| writeln!(f, "head {head}"))?;
        let (events, lines) = (Count(*events, "event"), Count(*lines, "line"));
        write!(f, "{events} in {lines} of {}, {}", Count(*files, "file"), Count(*bytes, "byte"))?;
        for (n, noun, participle) in [
            (audit.repeated, "repeated line", ""),
            (audit.cut, "line", " cut out"),
            (audit.gaps, "mended gap", ""),
        ] {
            if n > 0 {
                write!(f, "; {}{participle}", Count(n, noun))?;
            }
        }
        let verdict = if *sound { "sound" } else { "damaged" };
        let (faults, warnings) = (Count(*damage, "fault"), Count(*warnings, "warning"));
        write!(f, "\nThe log in `{store}` is {verdict}: {faults}, {warnings}, ")?;
        writeln!(f, "{}.", Count(*notes, "note"))?;
        if *sound {
            return Ok(());
        }
        let hint = "Put back what is gone from a copy, as from git; or see what `muzzle-persona repair` would do.";
        writeln!(f, "{hint}")
    }
}

fn write_finding(f: &mut fmt::Formatter<'_>, Finding { place, fault }: &Finding) -> fmt::Result {
    if let Some(place) = place {
        write!(f, "{}: ", visible(&place.to_string()))?;
    }
    let (style, word) = match fault.severity() {
        Severity::Damage => (ERROR, "damage"),
        Severity::Warning => (WARNING, "warning"),
        Severity::Note => (FAINT, "note"),
    };
    writeln!(f, "{style}{word}:{style:#} {}", visible(&fault.to_string()))
}
