//! `verify`: read everything, and name every fault.

use std::fmt;

use clap::Args;
use muzzle_persona::audit::{Audit, Finding, Severity};
use muzzle_persona::events::{EventId, IdPrefix, visible};
use muzzle_persona::{Store, wording::Count};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::output::{ERROR, FAINT, WARNING};
use super::wrap::wrapped;
use super::{Context, Failure, ShownPath, line};

/// Read every line of the log, and name every fault
///
/// It checks ids and ancestry, sizes and limits, and whether the checkpoint
/// says the same as the log; it writes nothing. Each finding is damage, a
/// warning or a note; only damage makes the log unsound and the exit code 3.
/// What cannot be seen in a log alone is whether lines were cut from its end:
/// note the head that it shows, and ask for it later with `--head`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona verify
  muzzle-persona verify --head 2a9ff68b")]
pub struct VerifyArgs {
    /// Check that the history still contains this head, or the one that begins so
    #[arg(long = "head", value_name = "ID", value_parser = parse_head)]
    heads: Vec<IdPrefix>,
}

/// Parses a head as it was noted: fewer digits than are shown would prove little.
fn parse_head(text: &str) -> Result<IdPrefix, String> {
    let (from, to) = (IdPrefix::SHOWN, EventId::DIGITS);
    let head = IdPrefix::parse(text).filter(|head| head.len() >= from);
    head.ok_or_else(|| format!("an id has from {from} to {to} lower-case hex digits"))
}

pub fn run(args: &VerifyArgs, context: &Context) -> Result<VerifyReport, Failure> {
    let audit = Store::verify(&context.options, &args.heads)?;
    let (sound, store) = (audit.is_sound(), ShownPath::from(&context.options.dir));
    let [damage, warnings, notes] =
        [Severity::Damage, Severity::Warning, Severity::Note].map(|severity| audit.count(severity));
    Ok(VerifyReport { sound, store, damage, warnings, notes, audit })
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
        for Finding { place, fault } in findings {
            let place = place.as_ref().map(|place| format!("{}: ", visible(&place.to_string())));
            let (style, word) = match fault.severity() {
                Severity::Damage => (ERROR, "damage"),
                Severity::Warning => (WARNING, "warning"),
                Severity::Note => (FAINT, "note"),
            };
            let (place, fault) = (place.unwrap_or_default(), visible(&fault.to_string()));
            let (start, indent) = (place.width() + word.len() + 2, 2);
            let fault = f.width().map_or(fault.clone(), |it| wrapped(&fault, start, indent, it));
            writeln!(f, "{place}{style}{word}:{style:#} {fault}")?;
        }
        for (noted, id) in noted.iter().filter_map(|it| Some((&it.noted, it.event.as_ref()?))) {
            line(f, format!("The history contains the head `{noted}`, the event {id}."))?;
        }
        heads.ids().iter().try_for_each(|head| writeln!(f, "head {head}"))?;
        let (events, lines) = (Count(*events, "event"), Count(*lines, "line"));
        let (files, bytes) = (Count(*files, "file"), Count(*bytes, "byte"));
        let mut sums = format!("{events} in {lines} of {files}, {bytes}");
        let (cut, gaps) = ((audit.cut, "line", " cut out"), (audit.gaps, "mended gap", ""));
        let more = [(audit.repeated, "repeated line", ""), cut, gaps];
        for (n, noun, participle) in more.into_iter().filter(|(n, ..)| *n > 0) {
            sums = format!("{sums}; {}{participle}", Count(n, noun));
        }
        line(f, sums)?;
        let verdict = if *sound { "sound" } else { "damaged" };
        let (faults, warnings) = (Count(*damage, "fault"), Count(*warnings, "warning"));
        let notes = Count(*notes, "note");
        line(f, format!("The log in `{store}` is {verdict}: {faults}, {warnings}, {notes}."))?;
        if *sound {
            return Ok(());
        }
        let or = "or see what `muzzle-persona repair` would do.";
        line(f, format!("Put back what is gone from a copy, as from git; {or}"))
    }
}
