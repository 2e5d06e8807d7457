//! `forget`: take the text of an event away for good.

use std::fmt;

use clap::Args;
use muzzle_persona::ForgottenText;
use muzzle_persona::broker::{self, ForgetRequest};
use muzzle_persona::events::{EventId, IdPrefix, PersonaName, Reason, visible};
use muzzle_persona::projection::Needs;
use serde::Serialize;

use super::{Context, Failure, ShownPath, event_id, line};

/// Take the text of an event away for good
///
/// That of a feedback, a lesson or a note. The event stays and counts; its words are taken off its line, wherever it
/// lies, and out of `quarantine/` and the checkpoint. That they were forgotten
/// is put on record, so that a copy which a merge brings back is shown nowhere;
/// saying it again takes that away, too.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona forget 2a9ff68b --dry-run
  muzzle-persona forget 2a9ff68b -m 'It named a customer.'")]
pub struct ForgetArgs {
    /// How the id of the event begins, as `log` shows it
    #[arg(value_name = "ID", value_parser = event_id::parse)]
    event: IdPrefix,
    /// Why; this stays in the log
    #[arg(short = 'm', long, value_name = "TEXT", value_parser = Reason::parse)]
    why: Option<Reason>,
    /// Show the lines before and after, and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: ForgetArgs, context: &mut Context) -> Result<ForgetReport, Failure> {
    context.dry_run = args.dry_run;
    let mut snapshot = context.present()?;
    let event = event_id::find(&mut snapshot, &args.event)?;
    let found = snapshot.text_of(event)?;
    let (record, text) = found.ok_or_else(|| Failure::bug(format!("`{event}` is no event")))?;
    let name = record.event.personas().next().cloned();
    let kind = record.event.kind().to_owned();
    let request = ForgetRequest { event, kind: kind.clone(), text, reason: args.why };
    let needs = Needs::nothing();
    let (mut store, recorded) =
        context.execute(&needs, |situation| broker::forget(situation, &request))?;
    let (lines, quarantine) = if args.dry_run {
        (store.standing_texts()?, Vec::new())
    } else {
        let taken = store.take_texts_away()?;
        (taken.texts, taken.quarantine)
    };
    if !args.dry_run && is_in_git(context) {
        context.warn(["git still has the words in what was committed before"]);
    }
    if !args.dry_run && store.is_mirror() {
        context.warn(["etcd still has the words until it is compacted and defragmented"]);
    }
    let quarantine = quarantine.iter().map(|path| path.as_path().into()).collect();
    Ok(ForgetReport { event, kind, name, recorded, dry_run: args.dry_run, lines, quarantine })
}

/// Returns whether the store is in a repository, as far as its directories tell.
fn is_in_git(context: &Context) -> bool {
    let dir = std::path::absolute(&context.options.dir).unwrap_or_default();
    dir.ancestors().any(|dir| dir.join(".git").exists())
}

#[derive(Debug, Serialize)]
pub struct ForgetReport {
    event: EventId,
    #[serde(rename = "type")]
    kind: String,
    name: Option<PersonaName>,
    /// Whether it was not on record before.
    recorded: bool,
    dry_run: bool,
    /// The lines from which texts were taken, or would be.
    lines: Vec<ForgottenText>,
    quarantine: Vec<ShownPath>,
}

impl fmt::Display for ForgetReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event, kind, name, recorded, dry_run, lines, quarantine } = self;
        let of = name.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
        let text = format!("the text of the {kind} {event:.8}{of}");
        let verb = if *dry_run { "Would forget" } else { "Forgot" };
        if *recorded {
            line(f, format!("{verb} {text}."))?;
        } else if lines.is_empty() {
            let nowhere = if quarantine.is_empty() { ", and stands nowhere" } else { "" };
            line(f, format!("T{} was forgotten before{nowhere}.", &text[1..]))?;
        } else {
            line(f, format!("T{} was forgotten before, and was there again.", &text[1..]))?;
        }
        for ForgottenText { event, file, line: number, before, after } in lines {
            let verb = if *dry_run { "Would take" } else { "Took" };
            line(f, format!("{verb} the text of {event:.8} off line {number} of `{file}`."))?;
            let shown = [("-", before), ("+", after)];
            for (sign, bytes) in
                shown.into_iter().filter_map(|(sign, it)| Some((sign, it.as_ref()?)))
            {
                writeln!(f, "{sign} {}", visible(bytes))?;
            }
        }
        for path in quarantine {
            line(f, format!("Took it out of `{path}`, too."))?;
        }
        if *dry_run { writeln!(f, "Nothing was changed.") } else { Ok(()) }
    }
}
