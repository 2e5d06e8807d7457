//! What the broker refuses.

use super::ROLE_LIMIT;
use crate::events::{PersonaName, SessionId};
use crate::wording::Quoted;

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
    /// Several names begin that way.
    #[error("`{name}` could be any of {}", Quoted::all(candidates))]
    AmbiguousName {
        /// What was asked for.
        name: String,
        /// The names that begin so.
        candidates: Vec<PersonaName>,
    },
    /// The persona is held.
    #[error("`{persona}` is held by the session `{session}`")]
    IsHeld {
        /// The persona.
        persona: PersonaName,
        /// The session that holds it.
        session: SessionId,
    },
}
