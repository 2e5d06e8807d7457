//! Roles: the kinds of work that personas are lent for.

use serde::Serialize;
use smol_str::SmolStr;

use super::Refusal;
use super::agent_words::{AgentWords, Described};
use super::names::most_alike;
use crate::events::{RoleName, Tag};

/// One kind of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: RoleName,
    /// Any one of these qualifies a persona for it; none: every persona does.
    pub expertise: Vec<Tag>,
    /// Other names for it.
    pub aliases: Vec<SmolStr>,
    /// Words and phrases that tell of it in what is said of an agent.
    pub keywords: Vec<SmolStr>,
    /// Words and phrases that tell of it, too, but of others nearly as often.
    pub hints: Vec<SmolStr>,
    /// Whether it judges the work of others, and so goes to those who took no part in that.
    pub independent: bool,
    /// How to work in it, unless the persona has its own way.
    pub instruction: SmolStr,
}

/// By what a role was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundBy {
    /// It is its name.
    Name,
    /// It is one of its other names.
    Alias,
    /// Its name begins so.
    Beginning,
    /// Most of the words speak for it.
    Words,
    /// There is none like that: it is `general`, which stands in for every other.
    Nothing,
}

/// Which role a text gets, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution<'a> {
    /// The role.
    pub role: &'a Role,
    /// By what it was found.
    pub by: FoundBy,
    /// Where nothing was found: the role whose name or alias is nearest, if one is near.
    pub nearest: Option<&'a RoleName>,
    /// Where words decided: those that speak for it, each with its points.
    pub words: Vec<(SmolStr, u32)>,
}

/// A role's name as it is written.
pub fn normalized(name: &str) -> String {
    name.to_lowercase().replace(['_', ' '], "-")
}

/// All roles, in seed order. There is always one named `general`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    roles: Vec<Role>,
    general: Role,
}

impl Roles {
    /// The role that stands in for every other, and whose instruction a persona falls back to.
    pub const GENERAL: &'static str = "general";

    /// Takes the roles, if `general` is among them.
    pub(super) fn new(roles: Vec<Role>) -> Option<Self> {
        let general = roles.iter().find(|role| role.name.as_str() == Self::GENERAL)?.clone();
        Some(Self { roles, general })
    }

    /// Resolves a role as it was asked for, else to `general`.
    ///
    /// Trimmed, in lower case, `_` and space as `-`; then by exact name, else
    /// by alias, else the shortest role that begins so.
    #[must_use]
    pub fn resolve(&self, requested: &str) -> &Role {
        self.look_up(requested).0
    }

    /// Resolves a role as [`resolve`](Self::resolve) does, and tells by what.
    fn look_up(&self, requested: &str) -> (&Role, FoundBy) {
        let wanted = normalized(requested.trim());
        let roles = || self.roles.iter();
        let named = || roles().find(|role| role.name.as_str() == wanted);
        let called = || roles().find(|role| role.aliases.iter().any(|alias| *alias == wanted));
        let begun = || {
            roles()
                .filter(|role| !wanted.is_empty() && role.name.as_str().starts_with(&wanted))
                .min_by_key(|role| role.name.as_str().chars().count())
        };
        None.or_else(|| Some((named()?, FoundBy::Name)))
            .or_else(|| Some((called()?, FoundBy::Alias)))
            .or_else(|| Some((begun()?, FoundBy::Beginning)))
            .unwrap_or((&self.general, FoundBy::Nothing))
    }

    /// Finds a role as [`resolve`](Self::resolve) does, if there is one.
    #[must_use]
    pub(crate) fn find(&self, requested: &str) -> Option<&Role> {
        let (role, by) = self.look_up(requested);
        (by != FoundBy::Nothing).then_some(role)
    }

    /// Tells what a role that is asked for resolves to, and by what.
    #[must_use]
    pub fn explain(&self, requested: &RoleName) -> Resolution<'_> {
        let (role, by) = self.look_up(requested.as_str());
        let unknown = by == FoundBy::Nothing;
        let nearest = if unknown { self.nearest(requested.as_str()) } else { None };
        Resolution { role, by, nearest, words: Vec::new() }
    }

    /// Tells which role an agent gets that is so described, and by what.
    #[must_use]
    pub fn explain_agent(&self, agent: Described<'_>) -> Resolution<'_> {
        let (asked, told) = self.decide(agent);
        let has_kind = agent.own_kind().is_some_and(|kind| RoleName::parse(kind).is_ok());
        match told {
            None if has_kind => self.explain(&asked),
            None => {
                let (role, by) = (&self.general, FoundBy::Nothing);
                Resolution { role, by, nearest: None, words: Vec::new() }
            }
            Some((role, words)) => {
                let others = role.aliases.iter().chain(&role.hints);
                let words = words.that_speak_for(&role.keywords, others);
                Resolution { role, by: FoundBy::Words, nearest: None, words }
            }
        }
    }

    /// Finds a role by what was asked for, as [`resolve`](Self::resolve) does, or refuses.
    pub fn known(&self, requested: &RoleName) -> Result<&Role, Refusal> {
        self.find(requested.as_str()).ok_or_else(|| Refusal::UnknownRole {
            role: requested.clone(),
            nearest: self.nearest(requested.as_str()).cloned(),
            known: self.roles.iter().map(|role| role.name.clone()).collect(),
        })
    }

    /// The role one of whose names is most like what was asked for, if any is.
    pub(super) fn nearest(&self, requested: &str) -> Option<&RoleName> {
        let names = self.roles.iter().flat_map(|role| {
            let aliases = role.aliases.iter().map(SmolStr::as_str);
            aliases.chain([role.name.as_str()]).map(|name| (name.to_owned(), &role.name))
        });
        most_alike(&normalized(requested.trim()), names)
    }

    /// The role to ask for, by what is said of an agent.
    ///
    /// The type, without the plugin that it comes from, if it is a role other than `general`. Else
    /// the role that most of the words speak for, and the first in seed order of several. Else the
    /// type, or `general` where that is no name of a role.
    #[must_use]
    pub fn of_agent(&self, agent: Described<'_>) -> RoleName {
        self.decide(agent).0
    }

    /// The role to ask for, and the one that the words speak for, with the words, if they decide.
    fn decide(&self, agent: Described<'_>) -> (RoleName, Option<(&Role, AgentWords)>) {
        let kind = agent.own_kind();
        let asked = kind.and_then(|kind| RoleName::parse(kind).ok());
        let found = asked.as_ref().and_then(|kind| self.find(kind.as_str()));
        let told = match found {
            Some(role) if role.name != self.general.name => None,
            // A type that says that anything may come says nothing of what does.
            Some(_) => self.told(None, agent),
            None => self.told(kind, agent),
        };
        let named = told.as_ref().map(|(role, _)| role.name.clone()).or(asked);
        (named.unwrap_or_else(|| self.general.name.clone()), told)
    }

    /// The role other than `general` that most of the words speak for, if any do, and the words.
    fn told(&self, kind: Option<&str>, agent: Described<'_>) -> Option<(&Role, AgentWords)> {
        let words = AgentWords::new(kind, agent.description, agent.name);
        let (mut best, mut most, mut points) = (None, 0, Vec::new());
        for role in &self.roles {
            let others = role.aliases.iter().chain(&role.hints);
            let spoken = words.speak_for(&role.keywords, others, &mut points);
            if spoken > most {
                (best, most) = (Some(role), spoken);
            }
        }
        Some((best.filter(|role| role.name != self.general.name)?, words))
    }

    /// Returns whether the role of that name is independent. One that is none any more is not.
    #[must_use]
    pub fn is_independent(&self, name: &RoleName) -> bool {
        self.roles.iter().any(|role| role.independent && role.name == *name)
    }

    /// The role named `general`.
    #[must_use]
    pub fn general(&self) -> &Role {
        &self.general
    }

    /// All roles, in seed order.
    #[must_use]
    pub fn all(&self) -> &[Role] {
        &self.roles
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::broker::Seed;

    #[test]
    fn a_role_is_resolved_by_name_then_alias_then_beginning_then_general() {
        let rules = Seed::default().rules().unwrap();
        for (requested, role) in [
            ("code-reviewer", "code-reviewer"),
            ("  Code_Reviewer ", "code-reviewer"),
            ("Code Reviewer", "code-reviewer"),
            ("security-reviewer", "security-review"),
            ("debugger", "debugging"),
            ("Explore", "researcher"),
            ("Plan", "architecture"),
            ("re", "red-team"), // shorter than `researcher`
            ("res", "researcher"),
            ("general-purpose", "general"),
            ("astronaut", "general"),
            ("", "general"),
        ] {
            assert_eq!(rules.roles.resolve(requested).name.as_str(), role, "{requested:?}");
        }
    }

    /// The role of an agent with this type, description and name.
    fn of([kind, description, name]: [&str; 3]) -> String {
        let rules = Seed::default().rules().unwrap();
        let [kind, description, name] = [kind, description, name].map(Some);
        rules.roles.of_agent(Described { kind, description, name }).to_string()
    }

    #[test]
    fn the_type_decides_where_it_is_a_role() {
        for (kind, asked) in [
            ("debugger", "debugger"),
            ("pack:debugger", "debugger"),
            ("market:pack: Debugger ", "Debugger"),
            ("debugger:", "debugger"),
            ("Explore", "Explore"),
        ] {
            assert_eq!(of([kind, "Security audit of login", "docs-writer"]), asked, "{kind}");
        }
    }

    #[test]
    fn else_the_words_decide_and_a_plugin_has_none() {
        for (agent, role) in [
            (["", "Security audit of login", ""], "security-review"),
            (["", "Review parser", "worker-1"], "code-reviewer"),
            // As much speaks for one as for the other: security-review comes first in the seed.
            (["", "Review the security of login", ""], "security-review"),
            (["flutter-debugger", "Docs", "docs"], "debugging"),
            (["docs:kubernetes-specialist", "", ""], "infrastructure"),
            (["general-purpose", "", "docs-writer"], "documentation"),
            (["pack:general-purpose", "Debug the crash", ""], "debugging"),
            (["MicroservicesArchitects", "", ""], "architecture"),
            (["x".repeat(200).as_str(), "Debug", ""], "debugging"),
            (["debug\u{1b}ging-expert", "\u{202e}Crash\n", "\0"], "debugging"),
        ] {
            assert_eq!(of(agent), role, "{agent:?}");
        }
    }

    #[test]
    fn else_the_type_is_asked_for_or_general() {
        for (agent, role) in [
            (["astronaut", "Part three", "worker-1"], "astronaut"),
            (["pack:astronaut", "", ""], "astronaut"),
            (["general-purpose", "Part three", "w"], "general-purpose"),
            (["product-manager", "Part three", "w"], "product-manager"),
            (["", "", ""], "general"),
            ([" : ", "", ""], "general"),
            (["a\u{7}", "", ""], "general"),
        ] {
            assert_eq!(of(agent), role, "{agent:?}");
        }
    }

    #[test]
    fn a_resolution_tells_by_what_it_was_found() {
        let roles = Seed::default().rules().unwrap().roles;
        let explained = |text: &str| {
            let told = roles.explain(&RoleName::unchecked(text));
            (told.role.name.to_string(), told.by, told.nearest.map(ToString::to_string))
        };
        let found = |role: &str, by| (role.to_owned(), by, None);
        assert_eq!(explained("Testing"), found("testing", FoundBy::Name));
        assert_eq!(explained("qa"), found("testing", FoundBy::Alias));
        assert_eq!(explained("testi"), found("testing", FoundBy::Beginning));
        assert_eq!(explained("zzz"), found("general", FoundBy::Nothing));
        let near = Some("testing".to_owned());
        assert_eq!(explained("tesing"), ("general".to_owned(), FoundBy::Nothing, near));

        let agent = |kind: &str| {
            let described = Described { kind: Some(kind), ..Described::default() };
            let (told, asked) = (roles.explain_agent(described), roles.of_agent(described));
            assert_eq!(roles.resolve(asked.as_str()).name, told.role.name, "{kind}");
            (told.role.name.to_string(), told.by, told.words)
        };
        assert_eq!(agent("pack:qa"), ("testing".to_owned(), FoundBy::Alias, vec![]));
        let words = vec![("flaky".into(), 4)];
        assert_eq!(agent("flaky-tests"), ("debugging".to_owned(), FoundBy::Words, words));
        assert_eq!(agent("astronaut"), ("general".to_owned(), FoundBy::Nothing, vec![]));
    }

    #[test]
    fn the_words_of_a_seed_of_ones_own_count_too() {
        let seed = "[[role]]\nname = \"level-design\"\nkeywords = [\"boss fight\"]\n\
                    hints = [\"colour\"]\ninstruction = \"Play.\"";
        let seed = Seed::with_user(Path::new("seed.toml"), seed).unwrap();
        let roles = seed.rules().unwrap().roles;
        let of = |description| {
            roles.of_agent(Described { description: Some(description), ..Described::default() })
        };
        assert_eq!(of("Place the boss fights").as_str(), "level-design");
        assert_eq!(of("Choose colors").as_str(), "level-design");
        assert_eq!(of("Review the colors").as_str(), "code-reviewer");
    }
}
