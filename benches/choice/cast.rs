//! Who can be chosen, and for what: the built-in personas and roles.

use std::path::Path;

use muzzle_persona::broker::{Role, Rules, Seed};
use muzzle_persona::events::{Definition, PersonaName};

use crate::Problem;

/// The built-in roster, under both models.
#[derive(Debug)]
pub struct Cast {
    /// In the order in which they are created.
    pub personas: Vec<Definition>,
    /// The rules as they are built in: the model `record`.
    pub record: Rules,
    /// The same with the model `share`.
    pub share: Rules,
}

impl Cast {
    /// Takes what is built in.
    pub fn built_in() -> Result<Self, Problem> {
        let record = Seed::default();
        let share = Seed::with_user(Path::new("seed.toml"), "[scoring]\nmodel = \"share\"\n")?;
        Ok(Self { personas: record.personas(), record: record.rules()?, share: share.rules()? })
    }

    /// The roles.
    pub fn roles(&self) -> &[Role] {
        self.record.roles.all()
    }

    /// Returns whether a persona's expertise qualifies it for a role.
    pub fn knows(persona: &Definition, role: &Role) -> bool {
        role.expertise.is_empty() || persona.expertise.iter().any(|it| role.expertise.contains(it))
    }

    /// Where a persona stands.
    pub fn position(&self, name: &PersonaName) -> Option<usize> {
        self.personas.iter().position(|persona| persona.name == *name)
    }
}
