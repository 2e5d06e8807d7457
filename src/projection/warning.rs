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
        newer.chain(unknown).chain(self.held_twice()).collect()
    }

    /// Those who have more than one open slot, by name.
    fn held_twice(&self) -> impl Iterator<Item = Warning> {
        let mut slots = vec![0_u64; self.names.len()];
        let holds = || {
            self.sessions.iter().flat_map(|(session, it)| {
                it.holds.iter().map(move |(index, slots)| (session, *index as usize, *slots))
            })
        };
        for (_, index, more) in holds() {
            if let Some(slots) = slots.get_mut(index) {
                *slots = slots.saturating_add(more);
            }
        }
        let mut holders: BTreeMap<&PersonaName, Vec<SessionId>> = BTreeMap::new();
        // It is nobody, as a rule.
        if slots.iter().any(|slots| *slots > 1) {
            for (session, index, more) in holds() {
                if slots.get(index).is_some_and(|slots| *slots > 1)
                    && let Some(name) = self.names.get(index)
                {
                    let more = usize::try_from(more).unwrap_or(usize::MAX);
                    holders.entry(name).or_default().extend(iter::repeat_n(session.clone(), more));
                }
            }
        }
        holders.into_iter().map(|(name, sessions)| Warning::TwoHolders(name.clone(), sessions))
    }
}
