//! What the reader of a log should know of it.

use smol_str::SmolStr;

use crate::events::{FORMAT_VERSION, PersonaName, SessionId};
use crate::wording::{Count, quoted};

/// Something in the log that its reader should know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// Branches that were merged had lent the same persona.
    #[error(
        "`{0}` is held {count} times, by the sessions {quoted}: merged branches had lent it to each",
        count = .1.len(), quoted = quoted(.1)
    )]
    TwoHolders(PersonaName, Vec<SessionId>),
    /// Events of an unknown type do not count.
    #[error("skipped {count} of the unknown type `{0}`", count = Count(*.1, "event"))]
    UnknownType(SmolStr, u64),
    /// A newer build wrote to this log.
    #[error(
        "the log holds events of format version {0}; this build knows {FORMAT_VERSION} and skips them"
    )]
    NewerFormat(u32),
}
