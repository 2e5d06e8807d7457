//! The ends of a history.

use serde::{Deserialize, Serialize};

use super::EventId;

/// The ids of all events that no other event names as its parent, sorted.
///
/// None in an empty history, one in a linear history, several right after a merge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<EventId>", into = "Vec<EventId>")]
pub struct Heads(Vec<EventId>);

impl Heads {
    /// The ids, sorted.
    #[must_use]
    pub fn ids(&self) -> &[EventId] {
        &self.0
    }
}

impl From<Vec<EventId>> for Heads {
    fn from(mut ids: Vec<EventId>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        Self(ids)
    }
}

impl From<EventId> for Heads {
    fn from(id: EventId) -> Self {
        Self(vec![id])
    }
}

impl From<Heads> for Vec<EventId> {
    fn from(heads: Heads) -> Self {
        heads.0
    }
}
