//! What the hooks of a client do: the `[hook]` of a seed.

use serde::Deserialize;
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
