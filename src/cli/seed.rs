//! `seed`: compare the roster with a seed file, and bring it up to date.

use std::path::PathBuf;
use std::{fmt, fs};

use clap::Args;
use muzzle_persona::broker::{self, Seed, Synced};
use muzzle_persona::{projection::Needs, wording::Count};
use serde::Serialize;

use super::{Context, Failure, ShownPath, line};

/// Compare the personas with your seed file, or sync them
///
/// Without `--sync` nothing is recorded: the report says what would be. Personas
/// that the file does not name are left alone, and grown ones are never revised.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona seed
  muzzle-persona seed --sync
  muzzle-persona seed --file team.toml")]
pub struct SeedArgs {
    /// Record what is new and what changed
    #[arg(long)]
    sync: bool,
    /// The file [default: seed.toml in the store]
    #[arg(short = 'f', long, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub fn run(args: SeedArgs, context: &mut Context) -> Result<SeedReport, Failure> {
    let file = args.file.unwrap_or_else(|| context.options.dir.join("seed.toml"));
    let text = fs::read_to_string(&file).map_err(|error| {
        let message = format!("could not read the seed file `{}`: {error}", file.display());
        Failure::not_found(message, "name one with `--file FILE`")
    })?;
    let personas = Seed::with_user(&file, &text)?.own_personas();
    let rule = |situation: &mut broker::Situation<'_>| broker::sync(situation, &personas);
    context.dry_run = !args.sync;
    let (_, synced) = context.execute(&Needs::everyone(), rule)?;
    Ok(SeedReport { file: file.into(), recorded: args.sync, synced })
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
        let Self { file, recorded, synced: Synced { added, revised, unchanged, kept } } = self;
        let [n, of_added, of_revised, same] = [kept, added, revised, unchanged].map(Vec::len);
        let all = Count(n + of_added + of_revised + same, "persona");
        let [add, revise] = if *recorded { ["added", "revised"] } else { ["to add", "to revise"] };
        let differ = format!("{of_added} {add}, {of_revised} {revise}");
        line(f, format!("{all} in `{file}`: {differ}, {same} unchanged"))?;
        let grown = ("=", kept, ", grown, is never revised");
        for (mark, names, note) in [("+", added, ""), ("~", revised, ""), grown] {
            names.iter().try_for_each(|name| line(f, format!("  {mark} {name}{note}")))?;
        }
        if !recorded && of_added + of_revised > 0 {
            line(f, "Nothing was recorded; `--sync` does it.")?;
        }
        Ok(())
    }
}
