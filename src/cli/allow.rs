//! `allow`: whose words may reach a prompt on this machine.

use std::fmt;

use clap::Args;
use jiff::tz::TimeZone;
use muzzle_persona::broker::{self, PromptText, PromptTextKind, Refusal};
use muzzle_persona::events::{EventId, IdPrefix, visible};
use muzzle_persona::projection::Needs;
use muzzle_persona::wording::{Count, shortened};
use muzzle_persona::{Store, StoreError};
use serde::Serialize;

use super::output::{FAINT, HEADING};
use super::persona::tags;
use super::{Context, Failure, line, minute, persona_names};

const LIST_HINT: &str = "`muzzle-persona allow` shows the texts that wait, with their ids";

/// Show the texts that wait, or let them reach prompts here
///
/// What somebody else wrote into the log, and a merge, a clone or a checkout
/// brought, reaches no prompt before it is allowed here. What is recorded on this
/// machine and what is built in waits for nobody, nor does what comes from a fleet that
/// `remote join --trust` named. Without a name or an id nothing is changed.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona allow
  muzzle-persona allow elena
  muzzle-persona allow 2a9ff68b --revoke")]
pub struct AllowArgs {
    /// A persona's name, or how one of its words begins: all its texts; or how the id of
    /// one event begins
    #[arg(value_name = "NAME|ID", group = "which", add = persona_names())]
    what: Option<String>,
    /// All texts
    #[arg(long, group = "which")]
    all: bool,
    /// Have them wait again
    #[arg(long, requires = "which")]
    revoke: bool,
}

pub fn run(args: &AllowArgs, context: &mut Context) -> Result<AllowReport, Failure> {
    let (mut store, zone) = (context.open_for_allow()?, context.zone.clone());
    context.warn(store.allowed_fault().map(|(fault, _)| fault));
    let all = store.prompt_texts()?;
    let waiting = all.iter().filter(|(_, is_allowed)| !is_allowed).count();
    let trusts_all = store.trusts_all();
    if trusts_all && args.revoke {
        let what =
            "`remote.toml` says `trust = true`: texts reach prompts here, whatever is revoked";
        context.warn([what]);
    }
    let Some(events) = chosen(args, &mut store, &all)? else {
        let texts = all.into_iter().filter(|(_, is_allowed)| !is_allowed);
        let texts = texts.map(|(text, _)| text).collect();
        return Ok(AllowReport { action: Action::List, texts, waiting, trusts_all, zone });
    };
    // Of these, those that are not yet as they shall be.
    let changed = all
        .into_iter()
        .filter(|(text, is_allowed)| *is_allowed == args.revoke && events.contains(&text.event));
    let texts: Vec<_> = changed.map(|(text, _)| text).collect();
    if !texts.is_empty() {
        let events: Vec<_> = texts.iter().map(|text| text.event).collect();
        store.allow(&events, args.revoke)?;
    }
    Ok(if args.revoke {
        AllowReport {
            action: Action::Revoke,
            waiting: waiting + texts.len(),
            texts,
            trusts_all,
            zone,
        }
    } else {
        AllowReport {
            action: Action::Allow,
            waiting: waiting - texts.len(),
            texts,
            trusts_all,
            zone,
        }
    })
}

/// The events whose texts are meant; none if nothing is to be changed.
fn chosen(
    args: &AllowArgs,
    store: &mut Store,
    all: &[(PromptText, bool)],
) -> Result<Option<Vec<EventId>>, Failure> {
    let events = |is_meant: &dyn Fn(&PromptText) -> bool| -> Vec<_> {
        all.iter().map(|(text, _)| text).filter(|it| is_meant(it)).map(|it| it.event).collect()
    };
    let Some(what) = &args.what else { return Ok(args.all.then(|| events(&|_| true))) };
    let named = store.look(&Needs::nothing(), |it| Ok(broker::find(it.roster(), what)?.clone()));
    let prefix = IdPrefix::parse(what);
    let begun = events(&|text| prefix.as_ref().is_some_and(|it| it.begins(text.event)));
    let shown = shortened(what);
    match (named, begun.as_slice()) {
        // Whoever writes an event can have its id begin like somebody's name.
        (Ok(name), [_, ..]) => {
            let message = format!("`{shown}` could be `{name}`, or begin the id of an event");
            Err(Failure::refused(message, "write more of the name or of the id"))
        }
        (Ok(name), []) => Ok(Some(events(&|text| text.name == name))),
        (Err(_), [_]) => Ok(Some(begun)),
        (Err(_), [_, ..]) => {
            let message = format!("`{shown}` begins the ids of {} events", begun.len());
            Err(Failure::not_found(message, "write more of the id"))
        }
        (Err(StoreError::Refused(Refusal::UnknownPersona { .. })), []) if prefix.is_some() => {
            let message = format!(
                "`{shown}` begins no persona's name, and no id of a text that can reach a prompt"
            );
            Err(Failure::not_found(message, LIST_HINT))
        }
        (Err(error), []) => Err(error.into()),
    }
}

/// What was done with the texts of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    List,
    Allow,
    Revoke,
}

#[derive(Debug, Serialize)]
pub struct AllowReport {
    action: Action,
    /// Those that wait; or whose state was changed.
    texts: Vec<PromptText>,
    /// How many wait now.
    waiting: usize,
    /// Whether the store belongs to a fleet whose texts all reach prompts here.
    trusts_all: bool,
    /// The zone in which times are shown.
    #[serde(skip)]
    zone: TimeZone,
}

impl fmt::Display for AllowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, texts, waiting, trusts_all, zone } = self;
        let texts_in_all = Count(texts.len() as u64, "text");
        match action {
            _ if texts.is_empty() => {
                return f.write_str(match action {
                    Action::List if *trusts_all => {
                        "No text waits: `remote.toml` says `trust = true`, which lets in those of all members.\n"
                    }
                    Action::List => "No text waits.\n",
                    Action::Allow => "Nothing of that waits.\n",
                    Action::Revoke => "Nothing of that was allowed, but what is built in.\n",
                });
            }
            Action::List => {
                let (wait, reach) =
                    (texts_in_all.agree("waits", "wait"), texts_in_all.agree("reaches", "reach"));
                line(f, format!("{texts_in_all} {wait}, and {reach} no prompt on this machine:"))?;
            }
            Action::Allow => {
                let may = "may reach prompts on this machine from now on:";
                writeln!(f, "{texts_in_all} {may}")?;
            }
            Action::Revoke => {
                let wait = texts_in_all.agree("waits", "wait");
                line(f, format!("{texts_in_all} {wait} again, and will reach no prompt:"))?;
            }
        }
        for (index, text) in texts.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| texts.get(before));
            if before.is_none_or(|before| before.name != text.name) {
                writeln!(f, "\n{HEADING}{}{HEADING:#}", visible(text.name.as_str()))?;
            }
            entry(f, text, zone)?;
        }
        match (action, waiting) {
            (Action::List, _) => f.write_str(
                "\n`muzzle-persona allow NAME`, `allow ID` or `allow --all` lets them in; `--revoke` takes that back.\n",
            ),
            (_, 0) => Ok(()),
            (_, waiting) => {
                let waiting = Count(*waiting as u64, "text");
                writeln!(f, "\n{waiting} {} now.", waiting.agree("waits", "wait"))
            }
        }
    }
}

/// One text, with its words as a terminal may show them.
fn entry(f: &mut fmt::Formatter<'_>, text: &PromptText, zone: &TimeZone) -> fmt::Result {
    let kind = match text.kind {
        PromptTextKind::Definition => "definition",
        PromptTextKind::Lesson => "lesson",
        PromptTextKind::Note => "note",
    };
    let role = text.role.as_ref().map(|role| format!(" for {role}"));
    let project = text.project.as_ref().map(|project| format!(" on {project}"));
    let of = visible(&(role.unwrap_or_default() + &project.unwrap_or_default()));
    let (event, at) = (text.event, minute(text.at, zone));
    writeln!(f, "  {FAINT}{event:.8}  {at}{FAINT:#}  {kind}{of}")?;
    for (what, words) in [("Traits", &text.traits), ("Expertise", &text.expertise)] {
        if let Some(words) = words.as_ref().filter(|words| !words.is_empty()) {
            line(f, format!("    {what}: {}", tags(words)))?;
        }
    }
    for (role, words) in text.role_instructions.iter().flatten() {
        line(f, format!("    {role}: {words}"))?;
    }
    text.text.as_ref().map_or(Ok(()), |words| line(f, format!("    {words}")))
}
