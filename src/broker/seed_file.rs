//! The form of a seed file, and the rules that it is held to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use smol_str::SmolStr;
use toml::Spanned;

use super::words::is_among;
use super::{Role, Vocabulary};
use crate::events::{Definition, PersonaName, RoleName, Tag, TextError, check_text};
use crate::projection::Points;

/// The most characters in an instruction of the seed.
const INSTRUCTION_LIMIT: usize = 200;

/// A seed file that cannot be used, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}`, line {line}, column {column}: {reason}", file.display())]
pub struct SeedError {
    /// The file.
    pub file: PathBuf,
    /// The line in it, from 1.
    pub line: usize,
    /// The column in it, in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub reason: String,
}

/// A word with its place in the file.
type Word = Spanned<String>;

/// What may stand in a seed file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeedFile {
    pub scoring: Option<Spanned<ScoringTable>>,
    pub lifecycle: Option<LifecycleTable>,
    pub role: Vec<RoleTable>,
    pub persona: Vec<PersonaTable>,
    pub traits: Vec<Word>,
    pub expertise: Vec<Word>,
    pub first_names: Vec<Word>,
    pub last_names: Vec<Word>,
    pub sentiment: SentimentTable,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoringTable {
    pub overlap: Option<f64>,
    pub recency: Option<f64>,
    pub recency_per_day: Option<f64>,
    pub positive: Option<f64>,
    pub negative: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifecycleTable {
    pub inactive_after_days: Option<u32>,
    pub stale_after_hours: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleTable {
    pub name: Word,
    #[serde(default)]
    pub expertise: Vec<Word>,
    #[serde(default)]
    pub aliases: Vec<Word>,
    #[serde(default)]
    pub keywords: Vec<Word>,
    pub instruction: Word,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonaTable {
    pub name: Word,
    #[serde(default)]
    pub traits: Vec<Word>,
    #[serde(default)]
    pub expertise: Vec<Word>,
    #[serde(default)]
    pub instructions: BTreeMap<Word, Word>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SentimentTable {
    pub positive: Vec<Word>,
    pub negative: Vec<Word>,
    pub negations: Vec<Word>,
}

impl RoleTable {
    pub fn to_role(&self) -> Role {
        Role {
            name: RoleName::unchecked(self.name.get_ref()),
            expertise: tags(&self.expertise),
            aliases: self.aliases.iter().map(|word| word.get_ref().into()).collect(),
            keywords: self.keywords.iter().map(|word| word.get_ref().into()).collect(),
            instruction: self.instruction.get_ref().into(),
        }
    }
}

impl PersonaTable {
    pub fn to_definition(&self) -> Definition {
        let instructions = self.instructions.iter();
        Definition {
            name: PersonaName::unchecked(self.name.get_ref()),
            traits: tags(&self.traits),
            expertise: tags(&self.expertise),
            instructions: instructions
                .map(|(role, text)| (RoleName::unchecked(role.get_ref()), text.get_ref().clone()))
                .collect(),
        }
    }
}

fn tags(words: &[Word]) -> Vec<Tag> {
    words.iter().map(|word| Tag::unchecked(word.get_ref())).collect()
}

/// Reads the text of a seed file.
pub fn parse(file: &Path, text: &str) -> Result<SeedFile, SeedError> {
    toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        located(file, text, offset, error.message().to_owned())
    })
}

/// Says where in a file something is wrong.
fn located(file: &Path, text: &str, offset: usize, reason: String) -> SeedError {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    SeedError {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        reason,
    }
}

/// Holds a seed file to its rules.
pub struct Check<'a> {
    pub file: &'a Path,
    pub text: &'a str,
    /// All words that are known, those of this file among them.
    pub vocabulary: Vocabulary,
}

impl Check<'_> {
    /// Checks every part; `known_roles` are the names of the built-in roles.
    pub fn file(&self, seed: &SeedFile, known_roles: BTreeSet<String>) -> Result<(), SeedError> {
        self.numbers(seed)?;
        for words in [&seed.traits, &seed.expertise, &seed.first_names, &seed.last_names] {
            for word in words {
                self.text(word, Tag::parse)?;
            }
        }
        let mut roles = known_roles;
        let mut names = BTreeSet::new();
        for role in &seed.role {
            self.unique(&mut names, &role.name, "role or alias")?;
            roles.insert(role.name.get_ref().clone());
        }
        for role in &seed.role {
            self.role(role, &mut names)?;
        }
        let mut names = BTreeSet::new();
        for persona in &seed.persona {
            self.unique(&mut names, &persona.name, "persona")?;
            self.persona(persona, &roles)?;
        }
        Ok(())
    }

    fn numbers(&self, seed: &SeedFile) -> Result<(), SeedError> {
        let Some(scoring) = &seed.scoring else { return Ok(()) };
        let table = scoring.get_ref();
        for weight in
            [table.overlap, table.recency, table.recency_per_day, table.positive, table.negative]
        {
            if let Some(weight) = weight
                && Points::from_weight(weight).is_none()
            {
                let reason = format!("`{weight}` is not a number from 0 to 1000");
                return Err(located(self.file, self.text, scoring.span().start, reason));
            }
        }
        Ok(())
    }

    fn role(&self, role: &RoleTable, names: &mut BTreeSet<String>) -> Result<(), SeedError> {
        self.text(&role.name, RoleName::parse)?;
        let normal = role.name.get_ref().to_lowercase().replace(['_', ' '], "-");
        if normal != *role.name.get_ref() {
            return Err(self.at(&role.name, format!("a role's name is written as `{normal}`")));
        }
        for alias in &role.aliases {
            self.text(alias, RoleName::parse)?;
            self.unique(names, alias, "role or alias")?;
        }
        for keyword in &role.keywords {
            self.text(keyword, Tag::parse)?;
        }
        self.known("expertise", &role.expertise, &self.vocabulary.expertise)?;
        self.instruction(&role.instruction)
    }

    fn persona(&self, persona: &PersonaTable, roles: &BTreeSet<String>) -> Result<(), SeedError> {
        self.text(&persona.name, PersonaName::parse)?;
        self.known("traits", &persona.traits, &self.vocabulary.traits)?;
        self.known("expertise", &persona.expertise, &self.vocabulary.expertise)?;
        for (role, instruction) in &persona.instructions {
            if !roles.contains(role.get_ref()) {
                let role_name = role.get_ref();
                return Err(self.at(role, format!("there is no role named `{role_name}`")));
            }
            self.instruction(instruction)?;
        }
        Ok(())
    }

    fn instruction(&self, word: &Word) -> Result<(), SeedError> {
        let check = |text: &str| check_text("instruction", text, INSTRUCTION_LIMIT);
        self.text(word, check)
    }

    /// Every word must be in the list.
    fn known(&self, list: &str, words: &[Word], known: &[SmolStr]) -> Result<(), SeedError> {
        match words.iter().find(|word| !is_among(known, word.get_ref())) {
            None => Ok(()),
            Some(word) => {
                let reason =
                    format!("`{}` is not in the `{list}` of the vocabulary", word.get_ref());
                Err(self.at(word, reason))
            }
        }
    }

    fn unique(
        &self,
        seen: &mut BTreeSet<String>,
        word: &Word,
        what: &str,
    ) -> Result<(), SeedError> {
        if seen.insert(word.get_ref().clone()) {
            return Ok(());
        }
        Err(self.at(word, format!("the {what} `{}` stands here twice", word.get_ref())))
    }

    fn text<T>(
        &self,
        word: &Word,
        parse: impl FnOnce(&str) -> Result<T, TextError>,
    ) -> Result<(), SeedError> {
        parse(word.get_ref()).map(drop).map_err(|error| self.at(word, error.to_string()))
    }

    fn at(&self, word: &Word, reason: String) -> SeedError {
        located(self.file, self.text, word.span().start, reason)
    }
}
