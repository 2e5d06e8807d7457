//! `seed`: compare the roster with a seed file, and bring it up to date.

use std::path::PathBuf;
use std::{fmt, fs};

use clap::{Args, Subcommand};
use muzzle_persona::broker::{self, FieldChange, Seed, Synced};
use muzzle_persona::{projection::Needs, wording::Count};
use serde::Serialize;

use super::{Context, Failure, ShownPath, line};

/// The user's seed, in a store.
const FILE: &str = "seed.toml";
/// What a user's seed begins as.
const TEMPLATE: &str = include_str!("../../seed/template.toml");

/// Compare the personas with your seed file, or sync them
///
/// Without `--sync` nothing is recorded: the report says what would be, field by field. Personas
/// that the file does not name are left alone, and grown ones are never revised.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_long_help = "\
Examples:
  muzzle-persona seed init
  muzzle-persona seed --sync
  muzzle-persona seed export | less")]
pub struct SeedArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Record what is new and what changed
    #[arg(long)]
    sync: bool,
    /// The file [default: seed.toml in the store]
    #[arg(short = 'f', long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write a commented seed.toml into the store, where there is none
    #[command(after_long_help = "\
Examples:
  muzzle-persona seed init
  muzzle-persona seed init --store ~/team")]
    Init,
    /// Print the roster in the form of a seed file
    #[command(after_long_help = "\
Examples:
  muzzle-persona seed export
  muzzle-persona seed export --json")]
    Export,
}

pub fn run(args: SeedArgs, context: &mut Context) -> Result<SeedAnswer, Failure> {
    match args.action {
        Some(Action::Init) => init(context).map(SeedAnswer::Init),
        Some(Action::Export) => export(context).map(SeedAnswer::Export),
        None => compare(args, context).map(SeedAnswer::Compared),
    }
}

fn init(context: &Context) -> Result<InitReport, Failure> {
    let path = context.options.dir.join(FILE);
    let disk = &context.options.disk;
    if disk.exists(&path).map_err(|error| Failure::read(&path, &error))? {
        let message = format!("there is `{}` already; nothing was written", path.display());
        let hint = "`muzzle-persona seed` checks it and tells what it changes";
        return Err(Failure::refused(message, hint));
    }
    let write = || {
        disk.make_dirs(&context.options.dir)?;
        disk.write_new(&path, TEMPLATE)
    };
    write().map_err(|error| Failure::write("write", &path, &error))?;
    Ok(InitReport { file: path.into() })
}

fn export(context: &mut Context) -> Result<ExportReport, Failure> {
    let mut store = context.open()?;
    let toml = store.look(&Needs::everyone(), |store| {
        let personas = store.roster().by_name();
        let personas: Vec<_> = personas.iter().map(|it| it.definition.clone()).collect();
        Ok(broker::seed_text(&personas, &store.rules().roles))
    })?;
    Ok(ExportReport { toml })
}

fn compare(args: SeedArgs, context: &mut Context) -> Result<SeedReport, Failure> {
    let file = args.file.unwrap_or_else(|| context.options.dir.join(FILE));
    let text = fs::read_to_string(&file).map_err(|error| {
        let message = format!("could not read the seed file `{}`: {error}", file.display());
        Failure::not_found(
            message,
            "`muzzle-persona seed init` writes one; `--file FILE` names another",
        )
    })?;
    let personas = Seed::with_user(&file, &text)?.own_personas();
    let rule = |situation: &mut broker::Situation<'_>| broker::sync(situation, &personas);
    context.dry_run = !args.sync;
    let (_, synced) = context.execute(&Needs::everyone(), rule)?;
    Ok(SeedReport { file: file.into(), recorded: args.sync, synced })
}

/// What `seed` answers, by what was asked.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum SeedAnswer {
    Compared(SeedReport),
    Init(InitReport),
    Export(ExportReport),
}

impl fmt::Display for SeedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compared(report) => report.fmt(f),
            Self::Init(InitReport { file }) => {
                writeln!(f, "Wrote `{file}`; all of it is commented out.")?;
                writeln!(f, "Take the # off what you want; `muzzle-persona seed` checks it.")
            }
            Self::Export(ExportReport { toml }) => toml.lines().try_for_each(|it| line(f, it)),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct InitReport {
    file: ShownPath,
}

#[derive(Debug, Serialize)]
pub struct ExportReport {
    toml: String,
}

#[derive(Debug, Serialize)]
pub struct SeedReport {
    file: ShownPath,
    recorded: bool,
    #[serde(flatten)]
    synced: Synced,
}

impl fmt::Display for SeedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, recorded, synced } = self;
        let Synced { added, revised, changes, unchanged, kept } = synced;
        let [n, of_added, of_revised, same] = [kept, added, revised, unchanged].map(Vec::len);
        let all = Count(n + of_added + of_revised + same, "persona");
        let [add, revise] = if *recorded { ["added", "revised"] } else { ["to add", "to revise"] };
        let differ = format!("{of_added} {add}, {of_revised} {revise}");
        line(f, format!("{all} in `{file}`: {differ}, {same} unchanged"))?;
        let grown = ("=", kept, ", grown, is never revised");
        for (mark, names, note) in [("+", added, ""), ("~", revised, ""), grown] {
            for name in names {
                line(f, format!("  {mark} {name}{note}"))?;
                write_changes(f, changes.get(name).map(Vec::as_slice).unwrap_or_default())?;
            }
        }
        if !recorded && of_added + of_revised > 0 {
            line(f, "Nothing was recorded; `--sync` does it.")?;
        }
        Ok(())
    }
}

/// Writes what changes in a persona, field by field.
pub fn write_changes(f: &mut fmt::Formatter<'_>, changes: &[FieldChange]) -> fmt::Result {
    for FieldChange { field, from, to } in changes {
        line(f, format!("      {field}:"))?;
        for (mark, text) in [("-", from), ("+", to)] {
            if !text.is_empty() {
                line(f, format!("        {mark} {text}"))?;
            }
        }
    }
    Ok(())
}
