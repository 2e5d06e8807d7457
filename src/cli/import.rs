//! `import`: personas from the agent files of a coding client.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use clap::Args;
use muzzle_persona::broker::{self, Seed};
use muzzle_persona::events::{Definition, PersonaName};
use muzzle_persona::projection::Needs;
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::agent_file::{AgentFile, OWN_KEY, file_name};
use super::{Context, Failure, ShownPath, line};

/// Where a store keeps the agent files of its personas.
pub const AGENTS: &str = "agents";
/// What a persona's definition has of an agent file.
const TAKEN: [&str; 3] = ["name", "description", OWN_KEY];

/// Make personas of agent files, as in `.claude/agents`
///
/// Without `--yes` nothing is recorded: the report says what would be. The name becomes the
/// persona's; the description tells its role and expertise, and is its instruction, cut to 200
/// characters. The file is kept byte for byte in the store, for `export`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona import .claude/agents
  muzzle-persona import .claude/agents/code-reviewer.md --yes
  muzzle-persona import .claude/agents --to-seed --yes")]
pub struct ImportArgs {
    /// Files, or directories with `.md` files
    #[arg(required = true, value_name = "DIR|FILE")]
    paths: Vec<PathBuf>,
    /// Put them into the store's seed.toml rather than into the roster
    #[arg(long)]
    to_seed: bool,
    /// Do it
    #[arg(short = 'y', long)]
    yes: bool,
    /// Only say what would be done, as without `--yes`
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

/// A file that was read, and the persona that it makes.
struct Read {
    path: PathBuf,
    text: String,
    definition: Definition,
}

pub fn run(args: &ImportArgs, context: &mut Context) -> Result<ImportReport, Failure> {
    let seed = context.seed()?;
    let mut read = Vec::new();
    for path in args.paths.iter().map(|path| files(path)).collect::<Result<Vec<_>, _>>()?.concat() {
        read.extend(read_file(path, &seed, context)?);
    }
    let there = known(context)?;
    let (old, new): (Vec<_>, Vec<_>) = read.into_iter().partition(|it| {
        there
            .iter()
            .any(|name| name.as_str().to_lowercase() == it.definition.name.as_str().to_lowercase())
    });
    let definitions: Vec<_> = new.iter().map(|it| it.definition.clone()).collect();
    if args.yes && !new.is_empty() {
        if args.to_seed {
            add_to_seed(context, &definitions)?;
        } else {
            context.execute(&Needs::nothing(), |it| broker::add(it, &definitions))?;
        }
        for Read { text, definition, .. } in &new {
            keep(context, definition, text)?;
        }
    }
    let imported = new.iter().map(|Read { path, text, definition }| Imported {
        file: path.into(),
        persona: definition.clone(),
        kept: AgentFile::parse(text)
            .map(|file| {
                let keys = file.keys().into_iter().filter(|key| !TAKEN.contains(key));
                keys.map(str::to_owned).collect()
            })
            .unwrap_or_default(),
        prompt_characters: AgentFile::parse(text)
            .map_or(0, |file| file.body().trim().chars().count()),
    });
    Ok(ImportReport {
        recorded: args.yes,
        to_seed: args.to_seed,
        imported: imported.collect(),
        there: old.into_iter().map(|it| it.definition.name).collect(),
    })
}

/// The personas that there are already.
fn known(context: &mut Context) -> Result<Vec<PersonaName>, Failure> {
    match context.open() {
        Ok(store) => Ok(store.roster().names().cloned().collect()),
        Err(failure) if failure.kind == "not_found" => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

/// The agent files at a path, by name.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(|error| Failure::read(path, &error))?;
    let entries: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut found = entries.map_err(|error| Failure::read(path, &error))?;
    found.retain(|path| path.extension().is_some_and(|it| it == "md"));
    found.sort();
    Ok(found)
}

/// Reads a file; one without front matter is none, and a warning says so.
fn read_file(path: PathBuf, seed: &Seed, context: &mut Context) -> Result<Option<Read>, Failure> {
    let text = fs::read_to_string(&path).map_err(|error| Failure::read(&path, &error))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let Some(file) = AgentFile::parse(&text) else {
        let shown = path.display();
        context.warn([format!(
            "`{shown}` has no front matter between two lines `---`; it was left out"
        )]);
        return Ok(None);
    };
    let definition = file.definition(&stem, &seed.rules()?.roles, seed.vocabulary());
    // What it says is held to the rules of a seed file.
    seed.read_personas(&path, &broker::persona_text(&definition), Some(&definition))?;
    Ok(Some(Read { path, text, definition }))
}

fn add_to_seed(context: &Context, definitions: &[Definition]) -> Result<(), Failure> {
    let path = context.options.dir.join("seed.toml");
    let disk = &context.options.disk;
    let write = |error| Failure::write("write", &path, &error);
    disk.make_dirs(&context.options.dir).and_then(|()| disk.write_new(&path, "")).map_err(write)?;
    let before = fs::read_to_string(&path).map_err(|error| Failure::read(&path, &error))?;
    let added: Vec<_> = definitions.iter().map(broker::persona_text).collect();
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let added = format!("{end}\n{}", added.join("\n"));
    Seed::with_user(&path, &format!("{before}{added}"))?;
    let mut file = fs::File::options().append(true).open(&path).map_err(write)?;
    file.write_all(added.as_bytes()).map_err(write)
}

/// Keeps a file as it is, for a persona that is new.
fn keep(context: &Context, definition: &Definition, text: &str) -> Result<(), Failure> {
    let dir = context.options.dir.join(AGENTS);
    let path = dir.join(format!("{}.md", file_name(&definition.name)));
    let disk = &context.options.disk;
    let kept = disk.make_dirs(&dir).and_then(|()| disk.write_new(&path, text));
    kept.map_err(|error| Failure::write("keep the agent file as", &path, &error))
}

#[derive(Debug, Serialize)]
pub struct ImportReport {
    recorded: bool,
    to_seed: bool,
    imported: Vec<Imported>,
    /// They were there before, and are left alone.
    there: Vec<PersonaName>,
}

#[derive(Debug, Serialize)]
struct Imported {
    file: ShownPath,
    persona: Definition,
    /// The keys that a definition has no place for.
    kept: Vec<String>,
    prompt_characters: usize,
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.recorded { "Added" } else { "Would add" };
        let to = if self.to_seed { " to `seed.toml`" } else { "" };
        for Imported { file, persona, kept, prompt_characters } in &self.imported {
            line(f, format!("{verb} {}{to}, from `{file}`:", persona.name))?;
            for text in broker::persona_text(persona).lines().skip(2) {
                line(f, format!("  {text}"))?;
            }
            let prompt = Count(*prompt_characters as u64, "character");
            let kept = kept.iter().map(|key| format!("`{key}`"));
            let kept: Vec<_> = kept.chain([format!("{prompt} of prompt")]).collect();
            line(f, format!("  kept for `export`: {}", kept.join(", ")))?;
        }
        for name in &self.there {
            line(f, format!("{name} is there already, and is left alone."))?;
        }
        match (self.imported.is_empty(), self.recorded) {
            (true, _) => writeln!(f, "There is nothing to import."),
            (false, true) => Ok(()),
            (false, false) => writeln!(f, "Nothing was recorded; `--yes` does it."),
        }
    }
}
