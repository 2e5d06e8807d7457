//! What the reader of a log should know of it.

use std::collections::BTreeMap;
use std::iter;

use smol_str::SmolStr;

use super::Roster;
use crate::events::{FORMAT_VERSION, PersonaName, SessionId};
use crate::wording::{Count, LISTED, quoted_first};

/// Something in the log that its reader should know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// Branches that were merged had lent the same persona.
    #[error(
        "`{0}` is held {count} times, by the sessions {quoted}: merged branches had lent it to each",
        count = .1.len(), quoted = quoted_first(LISTED, .1)
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

impl Roster {
    /// What the reader of this log should know.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let newest = Some(self.newest_version()).filter(|version| *version > FORMAT_VERSION);
        let newer = newest.map(Warning::NewerFormat).into_iter();
        let unknown = self.totals.unknown.iter();
        let unknown = unknown.map(|(kind, n)| Warning::UnknownType(kind.clone(), *n));
        let mut holders: BTreeMap<_, Vec<SessionId>> = BTreeMap::new();
        for (session, activity) in &self.sessions {
            for (index, slots) in &activity.holds {
                let name = self.names.get(*index as usize);
                let slots = usize::try_from(*slots).unwrap_or(usize::MAX);
                holders.entry(name).or_default().extend(iter::repeat_n(session.clone(), slots));
            }
        }
        let held_twice = holders.into_iter().filter(|(_, sessions)| sessions.len() > 1);
        let two_holders = held_twice
            .filter_map(|(name, sessions)| Some(Warning::TwoHolders(name?.clone(), sessions)));
        newer.chain(unknown).chain(two_holders).collect()
    }
}
