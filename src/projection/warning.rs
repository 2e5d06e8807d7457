//! What the reader of a log should know of it.

use std::fmt;

use smol_str::SmolStr;

use crate::events::{FORMAT_VERSION, PersonaName, SessionId};
use crate::wording::{Count, Quoted};

/// Something in the log that its reader should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Branches that were merged had lent the same persona.
    TwoHolders(PersonaName, Vec<SessionId>),
    /// Events of an unknown type do not count.
    UnknownType(SmolStr, u64),
    /// A newer build wrote to this log.
    NewerFormat(u32),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TwoHolders(persona, sessions) => write!(
                f,
                "`{persona}` is held {} times, by the sessions {}: merged branches had lent it to each",
                sessions.len(),
                Quoted::all(sessions)
            ),
            Self::UnknownType(kind, n) => {
                write!(f, "skipped {} of the unknown type `{kind}`", Count(*n, "event"))
            }
            Self::NewerFormat(v) => write!(
                f,
                "the log holds events of format version {v}; this build knows {FORMAT_VERSION} and skips them"
            ),
        }
    }
}
