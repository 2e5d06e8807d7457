//! What the hooks of a client do, and what a mod draws in it: the `[hook]` and the `[client]` of a seed.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use toml::Spanned;

use super::built_in;

/// Which sub-agents get a persona.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Eligible {
    /// Those that have a name.
    #[default]
    Named,
    /// All.
    All,
    /// None.
    Off,
}

impl Eligible {
    /// Parses the word of a setting.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "named" => Some(Self::Named),
            "all" => Some(Self::All),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

/// What the hooks of a client do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookSettings {
    /// Which sub-agents get a persona, unless the hook was told otherwise.
    pub inject: Eligible,
    own_tests: Vec<SmolStr>,
}

impl HookSettings {
    /// The commands that run tests, by the words that they begin with: the built-in ones, then the
    /// user's.
    pub fn tests(&self) -> impl Iterator<Item = &str> {
        built_in::TESTS.iter().copied().chain(self.own_tests.iter().map(SmolStr::as_str))
    }
}

/// What a mod shows in the client: the `[client]` of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientSettings {
    /// Persona and role beside the agents in the client's list.
    pub rows: bool,
    /// The pane of `/persona`.
    pub pane: bool,
    /// A line above the prompt that tells how many runs have no verdict.
    pub reminder: bool,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self { rows: true, pane: true, reminder: false }
    }
}

impl ClientSettings {
    /// The names of the settings, and what they are set to.
    #[must_use]
    pub const fn switches(self) -> [(&'static str, bool); 3] {
        [("rows", self.rows), ("pane", self.pane), ("reminder", self.reminder)]
    }
}

/// The `[hook]` of a file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HookTable {
    pub inject: Eligible,
    pub tests: Vec<Spanned<String>>,
}

impl HookTable {
    /// The settings that a checked file asks for.
    pub fn settings(&self) -> HookSettings {
        let tests = self.tests.iter().map(Spanned::get_ref);
        let own = tests.filter(|test| !built_in::TESTS.contains(&test.as_str()));
        HookSettings { inject: self.inject, own_tests: own.map(SmolStr::new).collect() }
    }
}
