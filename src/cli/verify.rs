//! `verify`: read everything, and name every fault.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

use anstyle::Style;
use clap::Args;
use muzzle_persona::audit::{Audit, Finding, LeftOut, Severity};
use muzzle_persona::events::{EventId, IdPrefix, visible};
use muzzle_persona::{Store, wording::Count};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::output::{self, ERROR, FAINT, WARNING, escape_hidden};
use super::signed::Signed;
use super::wrap::wrapped;
use super::{Context, DAMAGED, Failure, ShownPath, line};

/// Read every line of the log, and name every fault
///
/// It checks ids and ancestry, sizes and limits, and whether the checkpoint
/// says the same as the log; it writes nothing. Each finding is damage, a
/// warning or a note; only damage makes the log unsound and the exit code 3.
/// Of a kind that there are more of than a thousand, the first are told and
/// the others counted, unless `--all` is given.
/// What cannot be seen in a log alone is whether lines were cut from its end:
/// note the head that it shows, and ask for it later with `--head`; or `sign`
/// it, and ask with `--signed` which part of the history stands under whose
/// signature. With `--signed`, the exit code is 3 if a head that was signed is
/// not in the log, and 1 if nothing is signed, or a signature is wrong or nobody's.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona verify --head 2a9ff68b
  muzzle-persona verify --all --json
  muzzle-persona verify --signed ~/.ssh/allowed_signers")]
pub struct VerifyArgs {
    /// Check that the history still contains this head, or the one that begins so
    #[arg(long = "head", value_name = "ID", value_parser = parse_head)]
    heads: Vec<IdPrefix>,
    /// Check the signatures of heads against this list, as ssh-keygen reads it
    #[arg(long, value_name = "ALLOWED_SIGNERS")]
    signed: Option<PathBuf>,
    /// Tell every finding, however many there are
    #[arg(long)]
    pub all: bool,
}

/// Where a report has its findings, in JSON.
const NO_FINDINGS: &str = "\"findings\": []";
const FINDINGS: &str = "\"findings\": [";

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
    // One that cannot be used is told by what needs it.
    let is_mirror = matches!(Store::remote(&context.options), Ok(Some(_)));
    Ok(VerifyReport { sound, store, damage, warnings, notes, audit, signed, is_mirror })
}

/// Writes a report with the findings that it left out, as the log is read once more.
///
/// What is wrong with lines by themselves comes first, and is nowhere in memory as a whole.
pub fn write_all(
    args: &VerifyArgs,
    context: &Context,
    report: &mut VerifyReport,
    (out, json): (&mut dyn Write, bool),
) -> Result<io::Result<()>, Failure> {
    let (mut findings, columns) = (0_u64, output::columns());
    report.audit.findings.clear();
    report.audit.left_out.clear();
    let (mut before, mut after) = (String::new(), output::fitted(report, columns));
    if json {
        let whole = match serde_json::to_string_pretty(&report) {
            Ok(whole) => escape_hidden(&whole) + "\n",
            Err(error) => return Ok(Err(error.into())),
        };
        if let Some((start, end)) = whole.split_once(NO_FINDINGS) {
            (before, after) = (format!("{start}{FINDINGS}"), format!("\n  ]{end}"));
        }
    }
    let mut written = out.write_all(before.as_bytes());
    Store::verify_each(&context.options, &args.heads, |finding| {
        let comma = if findings == 0 { "" } else { "," };
        findings += 1;
        written = if json {
            let json = serde_json::to_string(finding).unwrap_or_default();
            write!(out, "{comma}\n    {}", escape_hidden(&json))
        } else {
            out.write_all(told(finding, columns).as_bytes())
        };
        written.is_ok()
    })?;
    Ok(written.and_then(|()| out.write_all(after.as_bytes())))
}

/// A finding as a line.
fn told(Finding { place, fault }: &Finding, columns: Option<usize>) -> String {
    let place = place.as_ref().map(|place| format!("{}: ", visible(&place.to_string())));
    let (style, word) = styled(fault.severity());
    let (place, fault) = (place.unwrap_or_default(), visible(&fault.to_string()));
    let (start, indent) = (place.width() + word.len() + 2, 2);
    let fault = columns.map_or(fault.clone(), |it| wrapped(&fault, start, indent, it));
    format!("{place}{style}{word}:{style:#} {fault}\n")
}

fn styled(severity: Severity) -> (Style, &'static str) {
    match severity {
        Severity::Damage => (ERROR, "damage"),
        Severity::Warning => (WARNING, "warning"),
        Severity::Note => (FAINT, "note"),
    }
}

#[derive(Debug, Serialize)]
pub struct VerifyReport {
    sound: bool,
    store: ShownPath,
    damage: u64,
    warnings: u64,
    notes: u64,
    #[serde(flatten)]
    audit: Audit,
    /// Only with `--signed`.
    signed: Option<Signed>,
    #[serde(skip)]
    is_mirror: bool,
}

impl VerifyReport {
    /// The exit code: damage comes first, then what the signatures tell.
    pub fn code(&self) -> u8 {
        if self.sound { self.signed.as_ref().map_or(0, Signed::code) } else { DAMAGED }
    }
}

impl VerifyReport {
    /// Returns whether it leaves findings out.
    pub fn is_partial(&self) -> bool {
        !self.audit.left_out.is_empty()
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sound, store, damage, warnings, notes, audit, signed, is_mirror } = self;
        let Audit { findings, left_out, noted, heads, events, lines, bytes, files, .. } = audit;
        for finding in findings {
            write!(f, "{}", told(finding, f.width()))?;
        }
        for LeftOut { severity, kind, count } in left_out {
            let (style, word) = styled(*severity);
            writeln!(
                f,
                "{style}{word}:{style:#} and {count} more of the kind `{kind}`; `--all` tells them too"
            )?;
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
        if *is_mirror {
            let whose = "It is the copy of a fleet's log;";
            line(f, format!("{whose} `muzzle-persona remote check` compares the two."))?;
        }
        if *sound {
            return Ok(());
        }
        let or = "or see what `muzzle-persona repair` would do.";
        line(f, format!("Put back what is gone from a copy, as from git; {or}"))
    }
}
