//! `export`: agent files for a coding client, with the personas' records beside them.

use std::path::{Path, PathBuf};
use std::{fmt, fs};

use clap::Args;
use muzzle_persona::broker;
use muzzle_persona::events::PersonaName;
use muzzle_persona::projection::Needs;
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::agent_file::{AgentFile, OWN_KEY, file_name, made};
use super::import::AGENTS;
use super::review::{self, ReviewArgs};
use super::{Context, Failure, ShownPath, line, persona_names};

/// Write agent files of personas, each with its record beside it
///
/// Without `--yes` nothing is written: the report says what would be. A file that was imported comes
/// back byte for byte, with one line of front matter that holds the definition; `import` reads
/// just that. Texts that wait to be allowed on this machine are left out.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona export elena --to .claude/agents
  muzzle-persona export elena lian --to .claude/agents --yes")]
pub struct ExportArgs {
    /// The personas' names, or how one of their words begins
    #[arg(required = true, value_name = "NAME", add = persona_names())]
    names: Vec<String>,
    /// The directory
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Do it
    #[arg(short = 'y', long)]
    yes: bool,
    /// Replace files that say something else
    #[arg(long)]
    force: bool,
    /// Only say what would be done, as without `--yes`
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

pub fn run(args: &ExportArgs, context: &mut Context) -> Result<ExportReport, Failure> {
    let mut written = Vec::new();
    for typed in &args.names {
        written.push(prepare(typed, args, context)?);
    }
    context.warnings.dedup();
    let mut paths: Vec<_> = written.iter().flat_map(|it| &it.files).map(|(path, _)| path).collect();
    paths.sort();
    if let Some([twice, _]) =
        paths.windows(2).find_map(|it| <&[_; 2]>::try_from(it).ok().filter(|[a, b]| a == b))
    {
        let message = format!("two of them would be written as `{}`", twice.display());
        return Err(Failure::refused(
            message,
            "export them to different directories, and each once",
        ));
    }
    let taken: Vec<_> = written
        .iter()
        .flat_map(|it| &it.files)
        .filter(|(path, text)| fs::read_to_string(path).is_ok_and(|there| there != *text))
        .map(|(path, _)| path.clone())
        .collect();
    if let Some(path) = taken.first().filter(|_| !args.force) {
        let message =
            format!("`{}` is there and says something else; nothing was written", path.display());
        return Err(Failure::refused(message, "`--force` replaces it"));
    }
    if args.yes {
        let disk = &context.options.disk;
        fs::create_dir_all(&args.to).map_err(|error| Failure::write("create", &args.to, &error))?;
        for (path, text) in written.iter().flat_map(|it| &it.files) {
            let write = || {
                if taken.contains(path) {
                    fs::remove_file(path)?;
                }
                disk.write_new(path, text)
            };
            write().map_err(|error| Failure::write("write", path, &error))?;
        }
    }
    Ok(ExportReport { written: args.yes, personas: written })
}

fn prepare(typed: &str, args: &ExportArgs, context: &mut Context) -> Result<Exported, Failure> {
    let mut store = context.open()?;
    let (definition, is_allowed) = store.look(&Needs::typed(typed), |store| {
        let persona = broker::find_persona(store.roster(), typed)?;
        let mut texts = broker::prompt_texts_of(persona).into_iter();
        Ok((persona.definition.clone(), texts.all(|text| store.is_allowed(text.event))))
    })?;
    drop(store);
    let mut definition = definition;
    if !is_allowed {
        definition.instructions.clear();
    }
    let name = definition.name.clone();
    let slug = file_name(&name);
    let kept = context.options.dir.join(AGENTS).join(format!("{slug}.md"));
    // Of several names that make one file name the file is one persona's.
    let (roles, words) = (&context.seed()?.rules()?.roles, context.seed()?);
    let is_own = |text: &String| {
        let file = AgentFile::parse(text);
        file.is_some_and(|file| file.definition(&slug, roles, words.vocabulary()).name == name)
    };
    let kept = fs::read_to_string(kept).ok().filter(is_own);
    let is_kept = kept.is_some();
    let text = kept.unwrap_or_else(|| made(&definition, &slug));
    let json = serde_json::to_string(&definition).map_err(Failure::bug)?;
    let text = AgentFile::parse(&text).map(|file| file.with(OWN_KEY, &json)).unwrap_or_default();
    let record = review::run(&ReviewArgs::of(&name), context)?;
    let record = serde_json::to_string_pretty(&record).map_err(Failure::bug)? + "\n";
    let path = |end: &str| -> PathBuf { Path::new(&args.to).join(format!("{slug}{end}")) };
    let files = vec![(path(".md"), text), (path(".record.json"), record)];
    let shown = files.iter().map(|(path, _)| path.into()).collect();
    Ok(Exported { name, imported: is_kept, waiting: !is_allowed, paths: shown, files })
}

#[derive(Debug, Serialize)]
pub struct ExportReport {
    written: bool,
    personas: Vec<Exported>,
}

#[derive(Debug, Serialize)]
struct Exported {
    name: PersonaName,
    /// Whether the prompt is that of the file that it was imported from.
    imported: bool,
    /// Whether texts of it wait to be allowed, and are left out.
    waiting: bool,
    #[serde(rename = "files")]
    paths: Vec<ShownPath>,
    #[serde(skip)]
    files: Vec<(PathBuf, String)>,
}

impl fmt::Display for ExportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.written { "Wrote" } else { "Would write" };
        for Exported { name, imported, waiting, paths, files } in &self.personas {
            line(f, format!("{name}:"))?;
            for (path, (_, text)) in paths.iter().zip(files) {
                let lines = Count(text.lines().count() as u64, "line");
                line(f, format!("  {verb} `{path}`, {lines}"))?;
            }
            if *imported {
                line(f, "  with the prompt of the file that it was imported from")?;
            }
            if *waiting {
                line(f, "  without its instructions, which wait; see `muzzle-persona allow`")?;
            }
        }
        if self.written { Ok(()) } else { writeln!(f, "Nothing was written; `--yes` does it.") }
    }
}
