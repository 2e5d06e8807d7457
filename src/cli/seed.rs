//! `seed`: compare the roster with a seed file, and bring it up to date.

use std::path::PathBuf;
use std::{fmt, fs};

use clap::Args;
use muzzle_persona::broker::{self, Seed, Synced};
use muzzle_persona::events::{PersonaName, visible};
use muzzle_persona::projection::Needs;
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::context::Context;
use super::failure::Failure;
use super::shown_path::ShownPath;

/// Compare the personas with your seed file, or bring them up to date with it
///
/// Without `--sync` nothing is recorded: the report says what would be. Personas
/// that the file does not name are left alone, and grown ones are never revised.
#[derive(Debug, Args)]
pub struct SeedArgs {
    /// Record what is new and what changed
    #[arg(long)]
    sync: bool,
    /// The file [default: seed.toml in the store]
    #[arg(long, value_name = "FILE")]
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
    let needs = &Needs::everyone();
    let (_, synced) =
        if args.sync { context.execute(needs, rule)? } else { context.rehearse(needs, rule)? };
    let Synced { added, revised, unchanged, kept } = synced;
    Ok(SeedReport { file: file.into(), recorded: args.sync, added, revised, unchanged, kept })
}

#[derive(Debug, Serialize)]
pub struct SeedReport {
    file: ShownPath,
    recorded: bool,
    added: Vec<PersonaName>,
    revised: Vec<PersonaName>,
    unchanged: Vec<PersonaName>,
    kept: Vec<PersonaName>,
}

impl fmt::Display for SeedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (added, revised) = (self.added.len(), self.revised.len());
        let unchanged = self.unchanged.len();
        let all = Count(added + revised + unchanged + self.kept.len(), "persona");
        let verb = |done, would| if self.recorded { done } else { would };
        writeln!(
            f,
            "{all} in `{}`: {added} {}, {revised} {}, {unchanged} unchanged",
            self.file,
            verb("added", "to add"),
            verb("revised", "to revise"),
        )?;
        let parts = [
            ("+", &self.added, ""),
            ("~", &self.revised, ""),
            ("=", &self.kept, ", grown, is never revised"),
        ];
        for (mark, names, note) in parts {
            for name in names {
                writeln!(f, "  {mark} {}{note}", visible(name.as_str()))?;
            }
        }
        if !self.recorded && added + revised > 0 {
            writeln!(f, "Nothing was recorded; `--sync` does it.")?;
        }
        Ok(())
    }
}
