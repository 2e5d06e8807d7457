//! Turns the built-in roles, personas, numbers and words from TOML into constants.
//!
//! A hook needs the roles before every agent, and to parse them took longer
//! than all the rest of its work, and it compares a persona with the built-in one.
//! Whoever grows a persona needs the words while others wait.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use toml::{Table, Value};

const ROLES: &str = "seed/roles.toml";
const PERSONAS: &str = "seed/personas.toml";
const VOCABULARY: &str = "seed/vocabulary.toml";
const HOOK: &str = "seed/hook.toml";

#[expect(clippy::disallowed_methods, reason = "a build script is its own room")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut constants = String::new();
    roles(&mut constants)?;
    words(&mut constants)?;
    personas(&mut constants)?;
    tests(&mut constants)?;
    let out = env::var_os("OUT_DIR").ok_or("no OUT_DIR")?;
    fs::write(Path::new(&out).join("built_in.rs"), constants)?;
    Ok(())
}

fn read(source: &str) -> Result<Table, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={source}");
    Ok(fs::read_to_string(source)?.parse()?)
}

/// The words of a list.
fn list(value: Option<&Value>) -> Vec<&str> {
    let words = value.and_then(Value::as_array).into_iter().flatten();
    words.filter_map(Value::as_str).collect()
}

/// A list of words for each name in the vocabulary.
fn words(constants: &mut String) -> Result<(), Box<dyn Error>> {
    let seed = read(VOCABULARY)?;
    let sentiment = seed.get("sentiment").and_then(Value::as_table).ok_or("no sentiment")?;
    writeln!(constants, "pub fn vocabulary() -> Vocabulary {{\nVocabulary {{")?;
    let lists = |table: &Table, constants: &mut String| {
        let mut lists = table.iter().filter(|(_, value)| value.is_array());
        lists.try_for_each(|(name, value)| {
            writeln!(constants, "{name}: words(&{:?}),", list(Some(value)))
        })
    };
    lists(&seed, constants)?;
    writeln!(constants, "sentiment: SentimentWords {{")?;
    lists(sentiment, constants)?;
    writeln!(constants, "}},\n}}\n}}")?;
    Ok(())
}

/// The personas, each with its instructions in the order of their roles.
fn personas(constants: &mut String) -> Result<(), Box<dyn Error>> {
    let seed = read(PERSONAS)?;
    writeln!(constants, "pub const PERSONAS: &[BuiltInPersona] = &[")?;
    for persona in seed.get("persona").and_then(Value::as_array).into_iter().flatten() {
        let instructions = persona.get("instructions").and_then(Value::as_table);
        let instructions = instructions.into_iter().flatten();
        let mut instructions: Vec<_> =
            instructions.filter_map(|(role, text)| Some((role, text.as_str()?))).collect();
        instructions.sort_unstable();
        writeln!(
            constants,
            "BuiltInPersona {{ name: {:?}, traits: &{:?}, expertise: &{:?}, instructions: &{:?} }},",
            persona.get("name").and_then(Value::as_str).ok_or("no name")?,
            list(persona.get("traits")),
            list(persona.get("expertise")),
            instructions,
        )?;
    }
    writeln!(constants, "];")?;
    Ok(())
}

/// The commands that run tests.
fn tests(constants: &mut String) -> Result<(), Box<dyn Error>> {
    let seed = read(HOOK)?;
    let hook = seed.get("hook").and_then(Value::as_table).ok_or("no hook")?;
    writeln!(constants, "pub const TESTS: &[&str] = &{:?};", list(hook.get("tests")))?;
    Ok(())
}

/// The numbers, and the roles.
fn roles(constants: &mut String) -> Result<(), Box<dyn Error>> {
    let seed = read(ROLES)?;
    let table = |name| seed.get(name).and_then(Value::as_table).into_iter().flatten();
    writeln!(constants, "impl Default for Lifecycle {{\nfn default() -> Self {{\nSelf {{")?;
    for (name, value) in table("lifecycle") {
        writeln!(constants, "{name}: {},", value.as_integer().ok_or("no number")?)?;
    }
    writeln!(constants, "}}\n}}\n}}\npub const SCORING: &[(&str, f64)] = &[")?;
    for (name, value) in table("scoring") {
        let number = value.as_integer().map(|number| number.to_string());
        let number = number.or_else(|| value.as_float().map(|number| number.to_string()));
        if let Some(number) = number {
            writeln!(constants, "({name:?}, {number}_f64),")?;
        }
    }
    writeln!(constants, "];")?;
    writeln!(constants, "pub fn roles() -> Vec<Role> {{\nvec![")?;
    for role in seed.get("role").and_then(Value::as_array).into_iter().flatten() {
        let text = |field| role.get(field).and_then(Value::as_str).ok_or(field);
        let list = |field| list(role.get(field));
        let independent = role.get("independent").and_then(Value::as_bool).unwrap_or_default();
        writeln!(
            constants,
            "Role {{ name: RoleName::unchecked({:?}), instruction: SmolStr::new_static({:?}), \
             expertise: {:?}.map(Tag::unchecked).into(), aliases: words(&{:?}), \
             keywords: words(&{:?}), hints: words(&{:?}), independent: {independent} }},",
            text("name")?,
            text("instruction")?,
            list("expertise"),
            list("aliases"),
            list("keywords"),
            list("hints"),
        )?;
    }
    writeln!(constants, "]\n}}")?;
    Ok(())
}
