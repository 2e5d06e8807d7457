//! `verify`: read everything, and name every fault.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use muzzle_persona::audit::{Audit, Finding, Severity};
use muzzle_persona::events::{EventId, IdPrefix, visible};
use muzzle_persona::{Store, wording::Count};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::output::{ERROR, FAINT, WARNING};
use super::signed::Signed;
use super::wrap::wrapped;
use super::{Context, DAMAGED, Failure, ShownPath, line};

/// Read every line of the log, and name every fault
///
/// It checks ids and ancestry, sizes and limits, and whether the checkpoint
/// says the same as the log; it writes nothing. Each finding is damage, a
/// warning or a note; only damage makes the log unsound and the exit code 3.
/// What cannot be seen in a log alone is whether lines were cut from its end:
/// note the head that it shows, and ask for it later with `--head`; or `sign`
/// it, and ask with `--signed` which part of the history stands under whose
/// signature. With `--signed`, the exit code is 3 if a head that was signed is
/// not in the log, and 1 if nothing is signed, or a signature is wrong or nobody's.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona verify
  muzzle-persona verify --head 2a9ff68b
  muzzle-persona verify --signed ~/.ssh/allowed_signers")]
pub struct VerifyArgs {
    /// Check that the history still contains this head, or the one that begins so
    #[arg(long = "head", value_name = "ID", value_parser = parse_head)]
    heads: Vec<IdPrefix>,
    /// Check the signatures of heads against this list, as ssh-keygen reads it
    #[arg(long, value_name = "ALLOWED_SIGNERS")]
    signed: Option<PathBuf>,
}

/// Parses a head as it was noted: fewer digits than are shown would prove little.
fn parse_head(text: &str) -> Result<IdPrefix, String> {
    let (from, to) = (IdPrefix::SHOWN, EventId::DIGITS);
    let head = IdPrefix::parse(text).filter(|head| head.len() >= from);
    head.ok_or_else(|| format!("an id has from {from} to {to} lower-case hex digits"))
}

pub fn run(args: &VerifyArgs, context: &Context) -> Result<VerifyReport, Failure> {
    let (signed, heads) = args
        .signed
        .as_deref()
        .map_or(Ok(None), |allowed| Signed::find(allowed, &context.options).map(Some))?
        .unzip();
    let heads = heads.unwrap_or_default();
    let (audit, coverage) = Store::verify_signed(&context.options, &args.heads, &heads)?;
    let signed = signed.map(|signed| signed.covering(coverage, audit.events));
    let (sound, store) = (audit.is_sound(), ShownPath::from(&context.options.dir));
    let [damage, warnings, notes] =
        [Severity::Damage, Severity::Warning, Severity::Note].map(|severity| audit.count(severity));
    Ok(VerifyReport { sound, store, damage, warnings, notes, audit, signed })
}

#[derive(Debug, Serialize)]
pub struct VerifyReport {
    sound: bool,
    store: ShownPath,
    damage: usize,
    warnings: usize,
    notes: usize,
    #[serde(flatten)]
    audit: Audit,
    /// Only with `--signed`.
    signed: Option<Signed>,
}

impl VerifyReport {
    /// The exit code: damage comes first, then what the signatures tell.
    pub fn code(&self) -> u8 {
        if self.sound { self.signed.as_ref().map_or(0, Signed::code) } else { DAMAGED }
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sound, store, damage, warnings, notes, audit, signed } = self;
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
        signed.as_ref().map_or(Ok(()), |signed| signed.fmt(f))?;
        if *sound {
            return Ok(());
        }
        let or = "or see what `muzzle-persona repair` would do.";
        line(f, format!("Put back what is gone from a copy, as from git; {or}"))
    }
}
