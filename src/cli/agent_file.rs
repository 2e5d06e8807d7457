//! An agent file of a coding client: front matter between two lines `---`, then the prompt.
//!
//! Front matter is read as far as such files use it: `key: value` lines, a quoted value, and a
//! value on the indented lines below. Every byte is kept, whatever it says.

use std::fmt::Write as _;
use std::ops::Range;

use muzzle_persona::broker::{Described, Roles, Vocabulary};
use muzzle_persona::events::{Definition, PersonaName, RoleName, Tag};

/// The key under which a definition stands that is more than a client's file says.
pub const OWN_KEY: &str = "muzzle-persona";
/// The most characters of an instruction.
const LIMIT: usize = 200;

/// The parts of an agent file.
pub struct AgentFile<'a> {
    text: &'a str,
    /// Where the lines of the front matter begin and end.
    front: Range<usize>,
}

impl<'a> AgentFile<'a> {
    /// Takes a text apart; none if it has no front matter.
    pub fn parse(text: &'a str) -> Option<Self> {
        let is_fence = |line: &str| line.trim_end() == "---";
        let mut lines = text.split_inclusive('\n');
        let start = lines.next().filter(|first| is_fence(first))?.len();
        let mut end = start;
        for line in lines {
            if is_fence(line) {
                return Some(Self { text, front: start..end });
            }
            end += line.len();
        }
        None
    }

    fn front(&self) -> &'a str {
        self.text.get(self.front.clone()).unwrap_or_default()
    }

    /// The prompt.
    pub fn body(&self) -> &'a str {
        let rest = self.text.get(self.front.end..).unwrap_or_default();
        rest.split_once('\n').map_or("", |(_, body)| body)
    }

    /// The keys, in their order.
    pub fn keys(&self) -> Vec<&'a str> {
        self.front().lines().filter_map(key).collect()
    }

    /// The value of a key, on one line.
    pub fn value(&self, wanted: &str) -> Option<String> {
        let mut lines = self.front().lines().skip_while(|line| key(line) != Some(wanted));
        let first = lines.next()?.split_once(':')?.1.trim();
        let below = lines.take_while(|line| line.starts_with([' ', '\t']) || line.is_empty());
        let below = below.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>();
        let is_block = first.is_empty() || first.starts_with(['|', '>']);
        let value =
            if is_block { below.join(" ") } else { [&[first], &below[..]].concat().join(" ") };
        let single = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        Some(match single {
            Some(single) => single.replace("''", "'"),
            None => serde_json::from_str(&value).unwrap_or(value),
        })
    }

    /// The text with a key set to a value that stands on one line; all else as it is.
    pub fn with(&self, wanted: &str, value: &str) -> String {
        let mut front = String::new();
        let mut is_set = false;
        for line in self.front().split_inclusive('\n') {
            if key(line) == Some(wanted) {
                is_set = true;
                let _ = writeln!(front, "{wanted}: {value}");
            } else {
                front += line;
            }
        }
        if !is_set {
            let _ = writeln!(front, "{wanted}: {value}");
        }
        let (before, after) = (self.text.get(..self.front.start), self.text.get(self.front.end..));
        [before.unwrap_or_default(), &front, after.unwrap_or_default()].concat()
    }

    /// The persona that the file describes: the definition that an export put there, else what
    /// its name and description say.
    pub fn definition(&self, stem: &str, roles: &Roles, words: &Vocabulary) -> Definition {
        let own = self.value(OWN_KEY).map(|own| serde_json::from_str(&own));
        if let Some(Ok(definition)) = own {
            return definition;
        }
        let name = self.value("name").unwrap_or_else(|| stem.to_owned());
        let description = self.value("description").unwrap_or_default();
        let agent = Described { kind: Some(&name), description: Some(&description), name: None };
        let role = roles.resolve(roles.of_agent(agent).as_str());
        let said = format!("{name} {description}").to_lowercase().replace(['-', '_'], " ");
        let knows = |tag: &&smol_str::SmolStr| said.contains(&tag.replace('-', " "));
        let mut expertise: Vec<_> =
            words.expertise.iter().filter(knows).map(|tag| Tag::unchecked(tag)).collect();
        expertise.truncate(3);
        if expertise.is_empty() {
            let namesake = role.expertise.iter().find(|tag| tag.as_str() == role.name.as_str());
            expertise.extend(namesake.or(role.expertise.first()).cloned());
        }
        let instruction = shortened(&description);
        let instructions = Some((RoleName::clone(&role.name), instruction));
        Definition {
            name: PersonaName::unchecked(&name),
            traits: Vec::new(),
            expertise,
            instructions: instructions.into_iter().filter(|(_, text)| !text.is_empty()).collect(),
        }
    }
}

/// The key that begins on a line, if one does.
fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(':')?;
    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    (!key.is_empty() && key.chars().all(is_key)).then_some(key)
}

/// A text on one line, cut between words.
fn shortened(text: &str) -> String {
    let mut short = String::new();
    for word in text.replace("\\n", " ").split_whitespace() {
        let length = short.chars().count() + word.chars().count();
        if length + 1 > LIMIT {
            break;
        }
        if !short.is_empty() {
            short.push(' ');
        }
        short += word;
    }
    short
}

/// An agent file for a persona that never had one.
pub fn made(definition: &Definition, file_name: &str) -> String {
    let Definition { name, traits, expertise, instructions } = definition;
    let words = |tags: &[Tag]| tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(", ");
    let description = serde_json::Value::from(format!("{name}: {}", words(expertise)));
    let mut text = format!("---\nname: {file_name}\ndescription: {description}\n---\n\n");
    for (what, tags) in [("Working style", traits), ("Expertise", expertise)] {
        if !tags.is_empty() {
            let _ = writeln!(text, "{what}: {}.", words(tags));
        }
    }
    for (role, instruction) in instructions {
        let _ = writeln!(text, "\n## {role}\n\n{instruction}");
    }
    text
}

/// A name as that of a file: lower-case letters and digits, with `-` between them.
pub fn file_name(name: &PersonaName) -> String {
    let lower = name.as_str().to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-");
    if slug.is_empty() { "persona".to_owned() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muzzle_persona::broker::Seed;

    const FILE: &str = "---\nname: code-reviewer\ndescription: \"Reviews \\\"diffs\\\" for security.\"\ntools:\n  - Read\n  - Grep\nmodel: 'it''s'\nx_note: |\n  two\n  lines\n---\n\nYou are a reviewer.\n---\n";

    #[test]
    fn front_matter_is_read_and_every_other_byte_kept() {
        let file = AgentFile::parse(FILE).unwrap();
        assert_eq!(file.keys(), ["name", "description", "tools", "model", "x_note"]);
        let value = |key| file.value(key).unwrap();
        assert_eq!(value("description"), "Reviews \"diffs\" for security.");
        assert_eq!((value("tools"), value("model")), ("- Read - Grep".into(), "it's".into()));
        assert_eq!(value("x_note"), "two lines");
        assert_eq!(file.body(), "\nYou are a reviewer.\n---\n");
        let with = file.with(OWN_KEY, "{}");
        assert_eq!(with.replace("muzzle-persona: {}\n", ""), FILE);
        assert_eq!(AgentFile::parse(&with).unwrap().with(OWN_KEY, "{}"), with);
        for none in ["", "name: x\n", "---\nname: x\n", "text\n---\n---\n"] {
            assert!(AgentFile::parse(none).is_none(), "{none}");
        }
    }

    #[test]
    fn a_file_describes_a_persona_and_one_that_was_exported_just_that() {
        let (seed, file) = (Seed::default(), AgentFile::parse(FILE).unwrap());
        let (roles, words) = (seed.rules().unwrap().roles, seed.vocabulary());
        let read = file.definition("x", &roles, words);
        assert_eq!((read.name.as_str(), read.expertise[0].as_str()), ("code-reviewer", "security"));
        assert_eq!(read.instructions.keys().next().unwrap().as_str(), "code-reviewer");
        for persona in seed.personas() {
            let text = made(&persona, &file_name(&persona.name));
            let json = serde_json::to_string(&persona).unwrap();
            let text = AgentFile::parse(&text).unwrap().with(OWN_KEY, &json);
            assert_eq!(AgentFile::parse(&text).unwrap().definition("x", &roles, words), persona);
        }
    }
}
