//! `add`, `edit` and `rename`: who a persona is, by hand.

use std::path::Path;
use std::{fmt, io};

use clap::Args;
use muzzle_persona::broker::{self, FieldChange, Seed};
use muzzle_persona::events::{Definition, PersonaName, RoleName, Tag};
use muzzle_persona::projection::Needs;
use serde::Serialize;

use super::seed::write_changes;
use super::{Context, Failure, editor, line, persona_names};

/// Where the forms are said to be, in errors.
const FORM: &str = "persona.toml";

/// Add a persona, by flags or as a seed file has it
///
/// Its traits and fields of expertise are words of the seed, built in or your own.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona add 'Ada Quill' --trait curious --expertise testing,code-quality
  muzzle-persona add 'Ada Quill' --instruction 'testing=List the boundaries first.'
  cat personas.toml | muzzle-persona add -")]
pub struct AddArgs {
    /// Its name; `-` reads `[[persona]]` tables from stdin
    name: String,
    /// A working style; more with commas, or again
    #[arg(long = "trait", value_name = "TRAIT", value_delimiter = ',')]
    traits: Vec<String>,
    /// A field of knowledge; more with commas, or again
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    expertise: Vec<String>,
    /// How to work in a role; `general` serves all that have none
    #[arg(long, value_name = "ROLE=TEXT", value_parser = instruction)]
    instruction: Vec<(String, String)>,
}

fn instruction(text: &str) -> Result<(String, String), String> {
    let parts =
        text.split_once('=').ok_or("write it as in `testing=List the boundaries first.`")?;
    Ok((parts.0.trim().to_owned(), parts.1.trim().to_owned()))
}

pub fn add(args: AddArgs, context: &mut Context) -> Result<AddReport, Failure> {
    let text = if args.name == "-" {
        io::read_to_string(io::stdin())
            .map_err(|error| Failure::read(Path::new("stdin"), &error))?
    } else {
        // Whatever was typed is held to the rules of a file.
        let instructions = args.instruction.into_iter();
        broker::persona_text(&Definition {
            name: PersonaName::unchecked(&args.name),
            traits: args.traits.iter().map(|tag| Tag::unchecked(tag)).collect(),
            expertise: args.expertise.iter().map(|tag| Tag::unchecked(tag)).collect(),
            instructions: instructions
                .map(|(role, text)| (RoleName::unchecked(&role), text))
                .collect(),
        })
    };
    let seed = context.seed()?;
    let definitions = read_form(&seed, &text, None)?;
    if definitions.is_empty() {
        let hint =
            "each is a table `[[persona]]` with a `name`; `muzzle-persona seed export` shows some";
        return Err(Failure::usage("there is no persona in what was read", hint));
    }
    let (_, added) = context.execute(&Needs::nothing(), |it| broker::add(it, &definitions))?;
    Ok(AddReport { added })
}

/// Reads personas in the form of a seed file, which is none.
fn read_form(
    seed: &Seed,
    text: &str,
    before: Option<&Definition>,
) -> Result<Vec<Definition>, Failure> {
    let read = seed.read_personas(Path::new(FORM), text, before);
    read.map_err(|error| {
        let hint = "nothing was recorded; `muzzle-persona help add` tells what it takes";
        Failure::refused(error, hint)
    })
}

#[derive(Debug, Serialize)]
pub struct AddReport {
    added: Vec<PersonaName>,
}

impl fmt::Display for AddReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.added.iter().try_for_each(|name| line(f, format!("Added {name}.")))
    }
}

/// Change who a persona is, in an editor; its record stays
///
/// The editor that `VISUAL` or `EDITOR` names shows it in the form of a seed file. What is saved is
/// checked before it is recorded.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona edit elena
  EDITOR=nano muzzle-persona edit elena")]
pub struct EditArgs {
    /// The persona's name, or how one of its words begins
    #[arg(add = persona_names())]
    name: String,
}

pub fn edit(args: &EditArgs, context: &mut Context) -> Result<EditReport, Failure> {
    let mut store = context.open()?;
    store.require_seed()?;
    let before = store.look(&Needs::typed(&args.name), |store| {
        Ok(broker::find_persona(store.roster(), &args.name)?.definition.clone())
    })?;
    let after = editor::edit(&broker::persona_text(&before), ".toml", |text| {
        let read = read_form(store.seed(), text, Some(&before))?;
        let [after] = read.as_slice() else {
            let message =
                format!("the form holds {} personas, not one; nothing was recorded", read.len());
            return Err(Failure::refused(message, "`muzzle-persona add -` adds others from stdin"));
        };
        if after.name != before.name {
            return Err(renamed(&before.name));
        }
        Ok(after.clone())
    })?;
    drop(store);
    context.warnings.clear();
    let (_, changes) = context.execute(&Needs::personas([&before.name]), |situation| {
        broker::redefine(situation, &after)
    })?;
    Ok(EditReport { name: before.name, changes })
}

#[derive(Debug, Serialize)]
pub struct EditReport {
    name: PersonaName,
    changes: Vec<FieldChange>,
}

impl fmt::Display for EditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, changes } = self;
        if changes.is_empty() {
            return line(f, format!("{name} is as before; nothing was recorded."));
        }
        line(f, format!("Revised {name}:"))?;
        write_changes(f, changes)
    }
}

/// Say what to do in place of renaming a persona
///
/// A name is an identity: the events of the log refer to it, so it stays.
#[derive(Debug, Args)]
pub struct RenameArgs {
    /// The persona's name, or how one of its words begins
    #[arg(add = persona_names())]
    name: String,
    /// The name that it should have
    new: String,
}

pub fn rename(args: &RenameArgs, context: &mut Context) -> Result<AddReport, Failure> {
    let mut store = context.open()?;
    let name =
        store.look(&Needs::nothing(), |it| Ok(broker::find(it.roster(), &args.name)?.clone()))?;
    PersonaName::parse(&args.new).map_err(|error| Failure::usage(error, "write another name"))?;
    Err(renamed(&name))
}

fn renamed(name: &PersonaName) -> Failure {
    let message = format!("`{name}` cannot be renamed: the log knows its work by that name");
    let hint = "`muzzle-persona add` makes another persona, and `muzzle-persona retire` archives this one; `muzzle-persona edit` changes all but the name";
    Failure::refused(message, hint)
}
