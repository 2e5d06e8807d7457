//! The built-in roles, personas, numbers and words: the seed, as the build made constants of it.

use smol_str::SmolStr;

use super::words::{SentimentWords, Vocabulary};
use super::{Lifecycle, Role};
use crate::events::{Definition, PersonaName, RoleName, Tag};

include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// A persona of the seed.
pub struct BuiltInPersona {
    pub name: &'static str,
    traits: &'static [&'static str],
    expertise: &'static [&'static str],
    /// By role, in the order of their names.
    instructions: &'static [(&'static str, &'static str)],
}

impl BuiltInPersona {
    pub fn to_definition(&self) -> Definition {
        let tags = |words: &[&str]| words.iter().map(|word| Tag::unchecked(word)).collect();
        let instructions = self.instructions.iter();
        Definition {
            name: PersonaName::unchecked(self.name),
            traits: tags(self.traits),
            expertise: tags(self.expertise),
            instructions: instructions
                .map(|(role, text)| (RoleName::unchecked(role), (*text).to_owned()))
                .collect(),
        }
    }

    fn is(&self, definition: &Definition) -> bool {
        let Definition { name, traits, expertise, instructions } = definition;
        let are =
            |tags: &[Tag], words: &[&str]| tags.iter().map(Tag::as_str).eq(words.iter().copied());
        name.as_str() == self.name
            && are(traits, self.traits)
            && are(expertise, self.expertise)
            && instructions
                .iter()
                .map(|(role, text)| (role.as_str(), text.as_str()))
                .eq(self.instructions.iter().copied())
    }
}

/// Returns whether a definition is word for word that of a built-in persona.
pub fn is_built_in(definition: &Definition) -> bool {
    PERSONAS.iter().any(|persona| persona.is(definition))
}

/// Takes words without a copy of them.
fn words(words: &[&'static str]) -> Vec<SmolStr> {
    words.iter().copied().map(SmolStr::new_static).collect()
}
