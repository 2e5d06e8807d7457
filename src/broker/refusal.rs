//! What the broker says no to.

use super::{ROLE_LIMIT, SeedError};
use crate::events::{PersonaName, SessionId};
use crate::projection::Lost;

/// Why a request cannot be done. Nothing is recorded.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// An `assign` without a role.
    #[error("no role was asked for")]
    NoRole,
    /// An `assign` with more roles than one event may hold.
    #[error("{0} roles were asked for; the limit is {ROLE_LIMIT}")]
    TooManyRoles(usize),
    /// No persona has that name.
    #[error("there is no persona named `{name}`")]
    UnknownPersona {
        /// What was asked for.
        name: String,
        /// The persona whose name is nearest, if one is near.
        nearest: Option<PersonaName>,
    },
    /// Several personas' names begin that way.
    #[error("`{name}` could be any of {}", list(candidates))]
    AmbiguousName {
        /// What was asked for.
        name: String,
        /// Whose names begin so.
        candidates: Vec<PersonaName>,
    },
    /// The persona is at work.
    #[error("`{persona}` is held by the session `{session}`")]
    IsHeld {
        /// Who.
        persona: PersonaName,
        /// Who holds it.
        session: SessionId,
    },
    /// The built-in seed cannot be read.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// Somebody is asleep in a checkpoint that is lost; the `Store` asks again without one.
    #[error(transparent)]
    Lost(#[from] Lost),
}

impl Refusal {
    /// What to do instead.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoRole => Some("ask for one, as in `--roles code-reviewer`".to_owned()),
            Self::TooManyRoles(_) => Some("ask in several `assign` commands".to_owned()),
            Self::UnknownPersona { nearest: Some(name), .. } => {
                Some(format!("did you mean `{name}`?"))
            }
            Self::UnknownPersona { nearest: None, .. } => {
                Some("`muzzle-persona list --status all` shows all personas".to_owned())
            }
            Self::AmbiguousName { .. } => Some("write more of the name".to_owned()),
            // A session's name may be anything: it must not stand in a command to copy.
            Self::IsHeld { .. } => Some(
                "`muzzle-persona release --session SESSION` gives it back; `--force` does that first"
                    .to_owned(),
            ),
            Self::Seed(_) | Self::Lost(_) => None,
        }
    }
}

fn list(names: &[PersonaName]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
