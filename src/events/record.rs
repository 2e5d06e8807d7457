//! An event with its place in the history.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Event, EventId};

/// The newest version of the format that this build writes. It reads this and every older one.
///
/// An event is written in the oldest version that can say it, so that older builds go on working.
pub const FORMAT_VERSION: u32 = 2;

/// The first version in which free text stands after the id.
pub(crate) const DETACHED_SINCE: u32 = 2;

/// The depth of an event in its history: one more than the largest among its parents, from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The depth below this one; none below the greatest that a line can name.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// What the depth of a line has to be, given the one below its parents.
    pub(crate) fn rule(due: Option<Self>) -> String {
        match due {
            Some(due) => format!("after its parents it must be {due}"),
            None => "no line can follow its parents, which are as deep as a line can be".to_owned(),
        }
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The ids of all events that no other event names as its parent, sorted.
///
/// None in an empty history, one in a linear history, several right after a merge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<EventId>")]
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

/// An event with its place in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The version of the format it was written in.
    pub v: u32,
    /// Its depth.
    pub seq: Seq,
    /// When it was written. It never decides the order alone.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// All the heads that its writer saw.
    pub prev: Heads,
    /// Its name.
    pub id: EventId,
}
