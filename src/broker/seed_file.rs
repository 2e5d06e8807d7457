//! The form of a seed file, and the rules that it is held to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use smol_str::SmolStr;
use toml::Spanned;

use super::hook_settings::{ClientSettings, HookTable};
use super::names::most_alike;
use super::roles::normalized;
use super::scoring_table::{MODEL, MODELS, ScoringTable, as_number};
use super::words::{SentimentWords, Vocabulary, is_among};
use super::{Lifecycle, Role, built_in};
use crate::events::{Definition, PersonaName, RoleName, Tag, TextError, check_text, folded};
use crate::wording::{LISTED, quoted, quoted_first, shortened};

/// The most characters in a command of the seed that runs tests.
const TEST_LIMIT: usize = 64;
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
    /// Whether a new store gets the built-in personas.
    pub builtin: Option<bool>,
    pub scoring: ScoringTable,
    pub lifecycle: Lifecycle,
    pub hook: HookTable,
    pub client: ClientSettings,
    pub role: Vec<RoleTable>,
    pub persona: Vec<PersonaTable>,
    pub traits: Vec<Word>,
    pub expertise: Vec<Word>,
    pub first_names: Vec<Word>,
    pub last_names: Vec<Word>,
    pub sentiment: SentimentWords<Word>,
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
    #[serde(default)]
    pub hints: Vec<Word>,
    /// If it is not said: as the built-in role of that name.
    pub independent: Option<bool>,
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

impl SeedFile {
    /// Adds the words of this file that are not there yet.
    pub fn add_words(&self, to: &mut Vocabulary) {
        let sentiment = to.sentiment.lists_mut().zip(self.sentiment.lists());
        for (list, words) in [
            (&mut to.traits, &self.traits),
            (&mut to.expertise, &self.expertise),
            (&mut to.first_names, &self.first_names),
            (&mut to.last_names, &self.last_names),
        ]
        .into_iter()
        .chain(sentiment)
        {
            let mut known: BTreeSet<_> = list.iter().cloned().collect();
            let words = words.iter().map(|word| SmolStr::new(word.get_ref()));
            list.extend(words.filter(|word| known.insert(word.clone())));
        }
    }
}

impl RoleTable {
    /// The role; one that replaces one of these is as independent as that one, unless it says.
    pub fn to_role(&self, built_in: &[Role]) -> Role {
        let replaced = built_in.iter().find(|role| role.name.as_str() == self.name.get_ref());
        let replaced = replaced.is_some_and(|role| role.independent);
        Role {
            independent: self.independent.unwrap_or(replaced),
            name: RoleName::unchecked(self.name.get_ref()),
            expertise: tags(&self.expertise),
            aliases: self.aliases.iter().map(|word| word.get_ref().into()).collect(),
            keywords: self.keywords.iter().map(|word| word.get_ref().into()).collect(),
            hints: self.hints.iter().map(|word| word.get_ref().into()).collect(),
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
pub fn parse(path: &Path, text: &str) -> Result<SeedFile, SeedError> {
    toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        located(path, text, offset, error.message().to_owned())
    })
}

/// Says where in a file something is wrong.
pub fn located(path: &Path, text: &str, offset: usize, reason: String) -> SeedError {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    SeedError {
        file: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        reason,
    }
}

/// Holds a seed file to its rules.
pub struct Check<'a> {
    pub path: &'a Path,
    pub text: &'a str,
    /// All words that are known, those of this file among them.
    pub vocabulary: &'a Vocabulary,
}

impl Check<'_> {
    /// Checks every part.
    pub fn file(&self, seed: &SeedFile, built_in: &[Role]) -> Result<(), SeedError> {
        self.numbers(seed)?;
        for word in [&seed.traits, &seed.expertise, &seed.first_names, &seed.last_names]
            .into_iter()
            .flatten()
        {
            self.text(word, Tag::parse)?;
        }
        for test in &seed.hook.tests {
            self.text(test, |text| check_text("test command", text, TEST_LIMIT))?;
        }
        let mut roles: BTreeSet<_> = built_in.iter().map(|role| role.name.as_str()).collect();
        let mut names = BTreeSet::new();
        for role in &seed.role {
            self.unique(&mut names, &role.name, "role or alias")?;
            roles.insert(role.name.get_ref());
        }
        for role in &seed.role {
            self.role(role, &mut names)?;
        }
        let mut names = BTreeSet::new();
        let built_in = built_in::PERSONAS.iter().map(|it| (folded(it.name), it.name));
        let mut alike: BTreeMap<_, _> = built_in.collect();
        for persona in &seed.persona {
            self.unique(&mut names, &persona.name, "persona")?;
            self.unlike(&mut alike, &persona.name)?;
            self.persona(persona, &roles)?;
        }
        Ok(())
    }

    fn numbers(&self, seed: &SeedFile) -> Result<(), SeedError> {
        for (key, value) in &seed.scoring.0 {
            let (name, written) = (key.get_ref().as_str(), value.get_ref());
            let text = self.text.get(value.span()).unwrap_or_default();
            let wrong = |reason| Err(located(self.path, self.text, value.span().start, reason));
            let range = match name {
                MODEL if written.as_str().is_some_and(|it| MODELS.contains(&it)) => continue,
                MODEL => {
                    let models = quoted(&MODELS);
                    return wrong(format!("`{text}` is no model; there are {models}"));
                }
                "start" | "compacted" | "per_month" => 0.0..=1.0,
                "months" => 1.0..=120.0,
                _ if built_in::SCORING.iter().any(|(known, _)| *known == name) => 0.0..=100.0,
                _ => {
                    let names = built_in::SCORING.iter().map(|(known, _)| *known);
                    let known: Vec<_> = [MODEL].into_iter().chain(names).collect();
                    let near = most_alike(name, known.iter().map(|it| ((*it).to_owned(), *it)));
                    let there = match near {
                        Some(near) => format!("the nearest is `{near}`"),
                        None => format!("there are {}", quoted_first(LISTED, &known)),
                    };
                    let name = shortened(name);
                    let reason = format!("there is no `{name}` in `[scoring]`; {there}");
                    return Err(self.at(key, reason));
                }
            };
            let number = as_number(written).filter(|number| range.contains(number));
            let is_whole = name != "months" || written.is_integer();
            if number.is_none() || !is_whole {
                let what = if name == "months" { "a whole number" } else { "a number" };
                let (least, most) = (range.start(), range.end());
                return wrong(format!("`{text}` is not {what} from {least} to {most}"));
            }
        }
        Ok(())
    }

    fn role<'a>(
        &self,
        role: &'a RoleTable,
        names: &mut BTreeSet<&'a str>,
    ) -> Result<(), SeedError> {
        self.text(&role.name, RoleName::parse)?;
        let normal = normalized(role.name.get_ref());
        if normal != *role.name.get_ref() {
            return Err(self.at(&role.name, format!("a role's name is written as `{normal}`")));
        }
        for alias in &role.aliases {
            self.text(alias, RoleName::parse)?;
            self.unique(names, alias, "role or alias")?;
        }
        for keyword in role.keywords.iter().chain(&role.hints) {
            self.text(keyword, Tag::parse)?;
        }
        self.known("expertise", &role.expertise, &self.vocabulary.expertise)?;
        self.instruction(&role.instruction)
    }

    fn persona(&self, persona: &PersonaTable, roles: &BTreeSet<&str>) -> Result<(), SeedError> {
        self.text(&persona.name, PersonaName::parse)?;
        self.known("traits", &persona.traits, &self.vocabulary.traits)?;
        self.known("expertise", &persona.expertise, &self.vocabulary.expertise)?;
        for (role, instruction) in &persona.instructions {
            let name = role.get_ref();
            if !roles.contains(name.as_str()) {
                let reason = format!(
                    "there is no role named `{name}`; a `[[role]]` with that name and an `instruction` makes one"
                );
                return Err(self.at(role, reason));
            }
            self.instruction(instruction)?;
        }
        Ok(())
    }

    fn instruction(&self, word: &Word) -> Result<(), SeedError> {
        self.text(word, |text| check_text("instruction", text, INSTRUCTION_LIMIT))
    }

    /// Every word must be in the list.
    fn known(&self, list: &str, words: &[Word], known: &[SmolStr]) -> Result<(), SeedError> {
        let Some(word) = words.iter().find(|word| !is_among(known, word.get_ref())) else {
            return Ok(());
        };
        let name = word.get_ref();
        let reason = format!(
            "`{name}` is not in the `{list}` of the vocabulary; to add it, put `{list} = [\"{name}\"]` ahead of the first table"
        );
        Err(self.at(word, reason))
    }

    fn unique<'a>(
        &self,
        seen: &mut BTreeSet<&'a str>,
        word: &'a Word,
        what: &str,
    ) -> Result<(), SeedError> {
        if seen.insert(word.get_ref()) {
            return Ok(());
        }
        Err(self.at(word, format!("the {what} `{}` stands here twice", word.get_ref())))
    }

    /// Names that differ in case or accents only cannot be told apart on a command line.
    fn unlike<'a>(
        &self,
        known: &mut BTreeMap<String, &'a str>,
        word: &'a Word,
    ) -> Result<(), SeedError> {
        let name = word.get_ref().as_str();
        match known.insert(folded(name), name).filter(|known| *known != name) {
            None => Ok(()),
            Some(known) => {
                let reason =
                    format!("`{name}` differs from the persona `{known}` only in case or accents");
                Err(self.at(word, reason))
            }
        }
    }

    fn text<T>(
        &self,
        word: &Word,
        parse: impl FnOnce(&str) -> Result<T, TextError>,
    ) -> Result<(), SeedError> {
        parse(word.get_ref()).map(drop).map_err(|error| self.at(word, error.to_string()))
    }

    fn at(&self, word: &Word, reason: String) -> SeedError {
        located(self.path, self.text, word.span().start, reason)
    }
}
