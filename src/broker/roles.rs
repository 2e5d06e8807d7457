//! Roles: the kinds of work that personas are lent for.

use smol_str::SmolStr;

use super::Refusal;
use super::names::most_alike;
use super::words::{contains, words};
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
    /// Words that tell of it in a description.
    pub keywords: Vec<SmolStr>,
    /// Whether it judges the work of others, and so goes to those who took no part in that.
    pub independent: bool,
    /// How to work in it, unless the persona has its own way.
    pub instruction: SmolStr,
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
        self.find(requested).unwrap_or(&self.general)
    }

    /// Finds a role as [`resolve`](Self::resolve) does, if there is one.
    #[must_use]
    pub(crate) fn find(&self, requested: &str) -> Option<&Role> {
        let wanted = normalized(requested.trim());
        let roles = || self.roles.iter();
        roles()
            .find(|role| role.name.as_str() == wanted)
            .or_else(|| roles().find(|role| role.aliases.iter().any(|alias| *alias == wanted)))
            .or_else(|| {
                roles()
                    .filter(|role| !wanted.is_empty() && role.name.as_str().starts_with(&wanted))
                    .min_by_key(|role| role.name.as_str().chars().count())
            })
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

    /// Names the role that is meant; one that is none any more may still be in the log.
    #[must_use]
    pub fn meant(&self, typed: &RoleName) -> RoleName {
        self.find(typed.as_str()).map_or_else(|| typed.clone(), |role| role.name.clone())
    }

    /// The first role, in seed order, one of whose keywords stands in the text.
    #[must_use]
    pub fn by_keyword(&self, text: &str) -> Option<&Role> {
        let words = words(text);
        self.roles.iter().find(|role| role.keywords.iter().any(|keyword| contains(&words, keyword)))
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
    use super::super::Seed;

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

    #[test]
    fn the_first_role_with_a_keyword_in_the_text_wins() {
        let rules = Seed::default().rules().unwrap();
        let found = |text| rules.roles.by_keyword(text).map(|role| role.name.to_string());
        assert_eq!(found("Security audit of login").as_deref(), Some("security-review"));
        // Both `security` and `review` are keywords: security-review comes first in the seed.
        assert_eq!(found("Review the security of login").as_deref(), Some("security-review"));
        assert_eq!(found("Review parser").as_deref(), Some("code-reviewer"));
        assert_eq!(found("worker-1"), None);
    }
}
