//! The seed: built-in roles, personas, words and numbers, and the user's own.
//!
//! The built-in seed is TOML, and a store's `seed.toml` has the same form. The
//! built-in roles, personas, numbers and words are constants of the binary ([`built_in`]).
//! What the user's file says is added to what is built in: a role or persona of
//! the same name replaces the built-in one, a number replaces that number, and
//! lists of words grow. Only the parts that a command needs are read, because a
//! hook needs the roles and seldom the rest.

use std::cell::OnceCell;
use std::path::Path;

use super::built_in::{self, BuiltInPersona};
use super::hook_settings::{ClientSettings, HookSettings};
use super::seed_file::{Check, PersonaTable, SeedError, located, parse};
use super::words::Vocabulary;
use super::{Lifecycle, Role, Roles, Scoring};
use crate::events::{Definition, PersonaName};
use crate::projection::Roster;

/// The most bytes in the user's file: some thousands of personas.
const FILE_LIMIT: usize = 1024 * 1024;

/// The roles and numbers that decisions are made by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The kinds of work.
    pub roles: Roles,
    /// The numbers of the score.
    pub scoring: Scoring,
    /// The limits of idleness.
    pub lifecycle: Lifecycle,
    /// What the hooks of a client do.
    pub hook: HookSettings,
}

/// The built-in seed, with the user's own on top.
#[derive(Debug, Default)]
pub struct Seed {
    /// Whether the built-in personas are left out.
    is_own_only: bool,
    own_roles: Vec<Role>,
    own_personas: Vec<Definition>,
    scoring: Scoring,
    lifecycle: Lifecycle,
    hook: HookSettings,
    client: ClientSettings,
    /// All words, once they were needed.
    vocabulary: OnceCell<Vocabulary>,
}

impl Seed {
    /// Takes the text of the user's file, or says what is wrong in it.
    pub fn with_user(path: &Path, text: &str) -> Result<Self, SeedError> {
        if text.len() > FILE_LIMIT {
            let reason =
                format!("the file is {} bytes long; the limit is {FILE_LIMIT}", text.len());
            return Err(located(path, text, 0, reason));
        }
        let file = parse(path, text)?;
        let mut vocabulary = built_in::vocabulary();
        file.add_words(&mut vocabulary);
        let built_in = built_in::roles();
        Check { path, text, vocabulary: &vocabulary }.file(&file, &built_in)?;
        Ok(Self {
            is_own_only: file.builtin == Some(false),
            own_roles: file.role.iter().map(|role| role.to_role(&built_in)).collect(),
            own_personas: file.persona.iter().map(PersonaTable::to_definition).collect(),
            scoring: file.scoring.scoring(),
            lifecycle: file.lifecycle,
            hook: file.hook.settings(),
            client: file.client,
            vocabulary: vocabulary.into(),
        })
    }

    /// The roles and numbers in force. The user's roles come first.
    pub fn rules(&self) -> Result<Rules, SeedError> {
        let mut roles = self.own_roles.clone();
        for role in built_in::roles() {
            if roles.iter().all(|known| known.name != role.name) {
                roles.push(role);
            }
        }
        let missing = || "there is no role named `general`".to_owned();
        let roles = Roles::new(roles)
            .ok_or_else(|| located(Path::new("seed/roles.toml"), "", 0, missing()))?;
        Ok(Rules {
            roles,
            scoring: self.scoring.clone(),
            lifecycle: self.lifecycle,
            hook: self.hook.clone(),
        })
    }

    /// What the hooks of a client do.
    #[must_use]
    pub(crate) fn hook(&self) -> &HookSettings {
        &self.hook
    }

    /// What a mod shows in the client.
    #[must_use]
    pub fn client(&self) -> ClientSettings {
        self.client
    }

    /// Reads personas in the form of a seed file, held to the words and roles of this seed; `known`
    /// may keep words that it has already.
    pub fn read_personas(
        &self,
        path: &Path,
        text: &str,
        known: Option<&Definition>,
    ) -> Result<Vec<Definition>, SeedError> {
        let file = parse(path, text)?;
        let mut vocabulary = self.vocabulary().clone();
        file.add_words(&mut vocabulary);
        if let Some(Definition { traits, expertise, .. }) = known {
            vocabulary.traits.extend(traits.iter().map(|tag| tag.as_str().into()));
            vocabulary.expertise.extend(expertise.iter().map(|tag| tag.as_str().into()));
        }
        let roles = self.rules()?.roles.all().to_vec();
        Check { path, text, vocabulary: &vocabulary }.file(&file, &roles)?;
        Ok(file.persona.iter().map(PersonaTable::to_definition).collect())
    }

    /// The personas that a new store starts with: the built-in ones, then the user's.
    #[must_use]
    pub fn personas(&self) -> Vec<Definition> {
        let built_in = built_in::PERSONAS.iter().filter(|_| !self.is_own_only);
        let mut personas: Vec<_> = built_in.map(BuiltInPersona::to_definition).collect();
        for own in &self.own_personas {
            match personas.iter_mut().find(|known| known.name == own.name) {
                Some(known) => known.clone_from(own),
                None => personas.push(own.clone()),
            }
        }
        personas
    }

    /// At least as many as there are [`Seed::personas`]. It costs nothing.
    #[must_use]
    pub(crate) fn most_personas(&self) -> usize {
        built_in::PERSONAS.len() + self.own_personas.len()
    }

    /// Those of the user's file that a roster does not have.
    #[must_use]
    pub fn not_in(&self, roster: &Roster) -> Vec<&PersonaName> {
        let own = self.own_personas.iter().map(|it| &it.name);
        own.filter(|name| roster.names().all(|known| known != *name)).collect()
    }

    /// The personas of the user's file alone.
    #[must_use]
    pub fn own_personas(self) -> Vec<Definition> {
        self.own_personas
    }

    /// The words for growth and verdicts.
    pub fn vocabulary(&self) -> &Vocabulary {
        self.vocabulary.get_or_init(built_in::vocabulary)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use toml::Spanned;

    use super::*;
    use crate::broker::score::Model;
    use crate::broker::words::pieces;
    use crate::broker::{Eligible, agent_words::alike};

    const VOCABULARY: &str = include_str!("../../seed/vocabulary.toml");
    const ROLES: &str = include_str!("../../seed/roles.toml");
    const PERSONAS: &str = include_str!("../../seed/personas.toml");
    const HOOK: &str = include_str!("../../seed/hook.toml");

    fn user(text: &str) -> Result<Seed, SeedError> {
        Seed::with_user(Path::new("seed.toml"), text)
    }

    #[test]
    fn the_built_in_seed_follows_its_own_rules() {
        // As one file it must pass every check that a user's file has to pass.
        let whole = [VOCABULARY, ROLES, PERSONAS, HOOK];
        let tables = whole.map(|text| {
            let (path, vocabulary) = (Path::new("seed"), &built_in::vocabulary());
            let file = parse(path, text).unwrap();
            Check { path, text, vocabulary }.file(&file, &built_in::roles()).unwrap();
            file
        });
        let [words, roles, personas, hook] = &tables;
        assert!(words.first_names.len() * words.last_names.len() >= 1000);
        assert!(personas.persona.len() >= 8);
        for persona in &personas.persona {
            let roles: Vec<_> = persona.instructions.keys().map(Spanned::get_ref).collect();
            assert!(roles.iter().any(|role| *role == "general"), "{:?}", persona.name);
            assert!(roles.len() >= 2, "{:?}", persona.name);
        }
        let tests: Vec<_> = hook.hook.tests.iter().map(Spanned::get_ref).collect();
        assert!(tests.is_sorted() && tests.len() >= 50, "{tests:?}");
        let mut names: Vec<_> =
            roles.role.iter().map(|role| role.name.get_ref().as_str()).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "architecture",
                "code-reviewer",
                "debugging",
                "documentation",
                "general",
                "implementation",
                "infrastructure",
                "red-team",
                "researcher",
                "security-review",
                "testing"
            ]
        );
    }

    #[test]
    fn each_word_of_the_built_in_roles_stands_there_once() {
        let roles = built_in::roles();
        let told = |role: &Role| [role.keywords.clone(), role.hints.clone()].concat();
        let told: Vec<_> = roles.iter().flat_map(told).collect();
        let is_twin = |one: &str, two: &str| {
            pieces(one).count() == pieces(two).count()
                && pieces(one).zip(pieces(two)).all(|(one, two)| alike(one, two))
        };
        for (index, word) in told.iter().enumerate() {
            assert_eq!(*word, word.to_lowercase());
            let twin = told.iter().skip(index + 1).find(|other| is_twin(other, word));
            assert_eq!(twin, None, "of {word}");
        }
    }

    #[test]
    fn the_constants_are_what_the_built_in_file_says() {
        let file = parse(Path::new("seed/roles.toml"), ROLES).unwrap();
        let built_in = Seed::default().rules().unwrap();
        let roles: Vec<_> = file.role.iter().map(|role| role.to_role(&[])).collect();
        assert_eq!(built_in.roles.all(), roles);
        let file_of_personas = parse(Path::new("seed/personas.toml"), PERSONAS).unwrap();
        let personas = file_of_personas.persona.iter().map(PersonaTable::to_definition);
        let personas: Vec<_> = personas.collect();
        assert_eq!(Seed::default().personas(), personas);
        for mut persona in personas {
            assert!(built_in::is_built_in(&persona));
            if let Some(text) = persona.instructions.values_mut().next() {
                text.push('!');
            }
            assert!(!built_in::is_built_in(&persona), "{}", persona.name);
        }
        // As a user's file it changes nothing.
        assert_eq!(user(ROLES).unwrap().rules().unwrap(), built_in);
        assert_eq!(user(HOOK).unwrap().rules().unwrap(), built_in);
        let file = parse(Path::new("seed/hook.toml"), HOOK).unwrap();
        assert!(built_in.hook.tests().eq(file.hook.tests.iter().map(Spanned::get_ref)));
        assert_eq!(built_in.scoring, Scoring::default());
        assert_eq!(built_in.lifecycle.inactive_after(), SignedDuration::from_hours(30 * 24));
        let file = parse(Path::new("seed/vocabulary.toml"), VOCABULARY).unwrap();
        let lists = [&file.traits, &file.expertise, &file.first_names, &file.last_names];
        let said = lists.into_iter().chain(file.sentiment.lists());
        let words = built_in::vocabulary();
        let known = [&words.traits, &words.expertise, &words.first_names, &words.last_names];
        let known = known.into_iter().chain(words.sentiment.lists());
        for (said, known) in said.zip(known) {
            assert!(said.iter().map(Spanned::get_ref).eq(known), "{known:?}");
        }
    }

    #[test]
    fn the_users_file_adds_and_replaces() {
        let seed = user(
            r#"
            expertise = ["game-design"]
            [scoring]
            start = 0.4
            [hook]
            inject = "all"
            tests = ["cargo test", "./check"]
            [[role]]
            name = "level-design"
            expertise = ["game-design"]
            aliases = ["reviewer"]
            instruction = "Play it first."
            [[role]]
            name = "testing"
            instruction = "Mine."
            [[persona]]
            name = "Ada Quill"
            expertise = ["game-design"]
            [[persona]]
            name = "Elena Vasquez"
            traits = ["calm"]
            "#,
        )
        .unwrap();
        let rules = seed.rules().unwrap();
        let Model::Record(weights) = &rules.scoring.model else { panic!("it is the default") };
        assert_eq!(weights.start.to_string(), "0.4");
        assert_eq!(weights.tag.to_string(), "0.05", "untouched numbers stay");
        assert_eq!(rules.hook.inject, Eligible::All);
        assert_eq!(rules.hook.tests().filter(|test| *test == "cargo test").count(), 1);
        assert_eq!(rules.hook.tests().last(), Some("./check"));
        assert_eq!(rules.roles.resolve("reviewer").name.as_str(), "level-design");
        assert_eq!(rules.roles.resolve("testing").instruction, "Mine.");
        assert_eq!(rules.roles.all().len(), 12);
        let personas = seed.personas();
        assert_eq!(personas[0].name.as_str(), "Elena Vasquez");
        assert_eq!(personas[0].traits[0].as_str(), "calm");
        assert_eq!(personas.last().unwrap().name.as_str(), "Ada Quill");
        assert!(seed.vocabulary().expertise.contains(&"game-design".into()));
    }

    #[test]
    fn the_built_in_personas_can_be_left_out() {
        let own = "[[persona]]\nname = \"Ada Quill\"\n";
        let names = |text: &str| -> Vec<_> {
            user(text).unwrap().personas().iter().map(|it| it.name.to_string()).collect()
        };
        assert_eq!(names(&format!("builtin = false\n{own}")), ["Ada Quill"]);
        assert!(names(&format!("builtin = true\n{own}")).len() > 8);
    }

    #[test]
    fn a_bad_file_is_refused_with_its_place() {
        for (text, error) in [
            (
                "[[role]]\nname = \"x\"\nexpertise = [\"testing\", \"wizardry\"]\ninstruction = \"i\"",
                "line 3, column 25: `wizardry` is not in the `expertise` of the vocabulary; to add it, put `expertise = [\"wizardry\"]` ahead of the first table",
            ),
            (
                "[[persona]]\nname = \"A\"\ntraits = [\"é\"]",
                "line 3, column 11: `é` is not in the `traits` of the vocabulary; to add it, put `traits = [\"é\"]` ahead of the first table",
            ),
            ("[[persona]]\nname = \"\"", "line 2, column 8: the persona's name is empty"),
            (
                "[[persona]]\nname = \"A\"\n[[persona]]\nname = \"A\"",
                "line 4, column 8: the persona `A` stands here twice",
            ),
            (
                "[[persona]]\nname = \"Zoë\"\n[[persona]]\nname = \"ZOE\"",
                "line 4, column 8: `ZOE` differs from the persona `Zoë` only in case or accents",
            ),
            (
                "[[persona]]\nname = \"Soren Halvorsen\"",
                "line 2, column 8: `Soren Halvorsen` differs from the persona `Søren Halvorsen` only in case or accents",
            ),
            (
                "[[persona]]\nname = \"A\"\n[persona.instructions]\njuggler = \"x\"",
                "line 4, column 1: there is no role named `juggler`; a `[[role]]` with that name and an `instruction` makes one",
            ),
            (
                "[[role]]\nname = \"My Role\"\ninstruction = \"i\"",
                "line 2, column 8: a role's name is written as `my-role`",
            ),
            (
                "[[role]]\nname = \"a\"\naliases = [\"a\"]\ninstruction = \"i\"",
                "line 3, column 12: the role or alias `a` stands here twice",
            ),
            (
                "[[role]]\nname = \"a\"\ninstruction = \"i\\nj\"",
                "line 3, column 15: the instruction holds the control character U+000A at position 2",
            ),
            (
                "[scoring]\npositive = -1.0",
                "line 2, column 12: `-1.0` is not a number from 0 to 100",
            ),
            ("[scoring]\nprior = 101", "line 2, column 9: `101` is not a number from 0 to 100"),
            ("[scoring]\nprior = nan", "line 2, column 9: `nan` is not a number from 0 to 100"),
            ("[scoring]\nstart = 1.1", "line 2, column 9: `1.1` is not a number from 0 to 1"),
            ("[scoring]\ntag = \"x\"", "line 2, column 7: `\"x\"` is not a number from 0 to 100"),
            ("[scoring]\nmonths = 0", "line 2, column 10: `0` is not a whole number from 1 to 120"),
            (
                "[scoring]\nmonths = 1.5",
                "line 2, column 10: `1.5` is not a whole number from 1 to 120",
            ),
            (
                "[scoring]\nmodel = \"best\"",
                "line 2, column 9: `\"best\"` is no model; there are `record`, `share`",
            ),
            (
                "[scoring]\nweight = 1",
                "line 2, column 1: there is no `weight` in `[scoring]`; there are `model`, `compacted`, `months`, `negative`, `outcome`, `overlap`, `per_month`, `positive`, `prior`, `recency` and 5 more",
            ),
            (
                "[scoring]\nverdicts = 1",
                "line 2, column 1: there is no `verdicts` in `[scoring]`; the nearest is `verdict`",
            ),
            (
                "[hook]\ninject = \"some\"",
                "line 2, column 10: unknown variant `some`, expected one of `named`, `all`, `off`",
            ),
            ("[hook]\ntests = [\"\"]", "line 2, column 10: the test command is empty"),
            (
                "x = 1",
                "line 1, column 1: unknown field `x`, expected one of `builtin`, `scoring`, `lifecycle`, `hook`, `client`, `role`, `persona`, `traits`, `expertise`, `first_names`, `last_names`, `sentiment`",
            ),
        ] {
            assert_eq!(
                user(text).unwrap_err().to_string(),
                format!("`seed.toml`, {error}"),
                "{text}"
            );
        }
    }
}
