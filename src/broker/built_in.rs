//! The built-in roles, numbers and words: the seed, as the build made constants of it.

use smol_str::SmolStr;

use super::{Role, Vocabulary};
use crate::events::{RoleName, Tag};

/// One role of the built-in seed.
pub struct BuiltInRole {
    name: &'static str,
    expertise: &'static [&'static str],
    aliases: &'static [&'static str],
    keywords: &'static [&'static str],
    instruction: &'static str,
}

impl BuiltInRole {
    /// The role, without a copy of its texts.
    pub fn to_role(&self) -> Role {
        Role {
            name: RoleName::constant(self.name),
            expertise: self.expertise.iter().copied().map(Tag::constant).collect(),
            aliases: words(self.aliases),
            keywords: words(self.keywords),
            instruction: SmolStr::new_static(self.instruction),
        }
    }
}

/// The built-in words, without a copy of them.
pub fn vocabulary() -> Vocabulary {
    Vocabulary {
        traits: words(TRAITS_WORDS),
        expertise: words(EXPERTISE_WORDS),
        first_names: words(FIRST_NAMES_WORDS),
        last_names: words(LAST_NAMES_WORDS),
        positive: words(POSITIVE_WORDS),
        negative: words(NEGATIVE_WORDS),
        negations: words(NEGATIONS_WORDS),
    }
}

fn words(words: &[&'static str]) -> Vec<SmolStr> {
    words.iter().copied().map(SmolStr::new_static).collect()
}

include!(concat!(env!("OUT_DIR"), "/built_in.rs"));
