//! Personas as the text of a seed file.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use smol_str::SmolStr;

use super::{Roles, built_in};
use crate::events::{Definition, RoleName, Tag};

/// Writes personas as a seed file that is read as just these on any machine: words and roles that
/// are not built in stand in it, too, the roles with their instruction in `roles`.
#[must_use]
pub fn seed_text(personas: &[Definition], roles: &Roles) -> String {
    let (vocabulary, built_in) = (built_in::vocabulary(), built_in::roles());
    let mut text = String::new();
    let of = |list: fn(&Definition) -> &[Tag], known: &[SmolStr]| -> BTreeSet<String> {
        let words = personas.iter().flat_map(list).map(Tag::as_str);
        words.filter(|word| known.iter().all(|it| it != word)).map(str::to_owned).collect()
    };
    for (name, words) in [
        ("traits", of(|it| &it.traits, &vocabulary.traits)),
        ("expertise", of(|it| &it.expertise, &vocabulary.expertise)),
    ] {
        if !words.is_empty() {
            let _ = writeln!(text, "{name} = {}", list(words.iter().map(String::as_str)));
        }
    }
    let asked = personas.iter().flat_map(|it| it.instructions.keys());
    let is_unknown = |name: &&str| built_in.iter().all(|role| role.name.as_str() != *name);
    let unknown: BTreeSet<_> = asked.map(RoleName::as_str).filter(is_unknown).collect();
    for name in unknown {
        let role = roles.all().iter().find(|role| role.name.as_str() == name);
        let instruction = role.map_or("Work as your own instruction says.", |it| &it.instruction);
        let instruction = quoted(instruction);
        let name = quoted(name);
        let _ = writeln!(text, "\n[[role]]\nname = {name}\ninstruction = {instruction}");
    }
    for persona in personas {
        text += if text.is_empty() { "" } else { "\n" };
        text += &persona_text(persona);
    }
    text
}

/// Writes a persona as a table of a seed file.
#[must_use]
pub fn persona_text(persona: &Definition) -> String {
    let Definition { name, traits, expertise, instructions } = persona;
    let mut text = format!("[[persona]]\nname = {}\n", quoted(name.as_str()));
    for (key, tags) in [("traits", traits), ("expertise", expertise)] {
        let _ = writeln!(text, "{key} = {}", list(tags.iter().map(Tag::as_str)));
    }
    if !instructions.is_empty() {
        text += "[persona.instructions]\n";
    }
    for (role, instruction) in instructions {
        let _ = writeln!(text, "{} = {}", key(role.as_str()), quoted(instruction));
    }
    text
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", words.map(quoted).collect::<Vec<_>>().join(", "))
}

fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::broker::Seed;
    use crate::broker::testing::name;

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let seed = Seed::default();
        let rules = seed.rules().unwrap();
        let mut personas = seed.personas();
        let odd = [("juggling role", "Say \"no\" \\ then \u{e9}."), ("testing", "Test.")];
        personas.push(Definition {
            name: name("O\"Neil \\ Żuk"),
            traits: vec![Tag::unchecked("playful")],
            expertise: vec![Tag::unchecked("game-design"), Tag::unchecked("testing")],
            instructions: odd
                .map(|(role, text)| (RoleName::unchecked(&role.replace(' ', "-")), text.to_owned()))
                .into(),
        });
        let text = seed_text(&personas, &rules.roles);
        let read = Seed::with_user(Path::new("seed.toml"), &text).unwrap();
        assert_eq!(read.own_personas(), personas, "{text}");
    }
}
