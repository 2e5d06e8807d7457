//! The built-in roles and numbers: `seed/roles.toml`, as the build made constants of it.

use smol_str::SmolStr;

use super::Role;
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
        let words =
            |words: &[&'static str]| words.iter().copied().map(SmolStr::new_static).collect();
        Role {
            name: RoleName::constant(self.name),
            expertise: self.expertise.iter().copied().map(Tag::constant).collect(),
            aliases: words(self.aliases),
            keywords: words(self.keywords),
            instruction: SmolStr::new_static(self.instruction),
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/roles.rs"));
