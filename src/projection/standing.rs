//! What a choice needs to know of a persona, and no more.

use super::{AffinityWeights, Points, Status};
use crate::events::PersonaName;

/// A persona as it counts for any choice: cheap to have for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence<'a> {
    /// Its place in the order in which personas were created.
    pub index: usize,
    /// Its name.
    pub name: &'a PersonaName,
    /// Whether it is there to be lent.
    pub status: Status,
    /// How many slots it has open.
    pub leases: u64,
    /// When it was last lent, in whole seconds since 1970.
    pub last_assigned: Option<i64>,
}

impl Presence<'_> {
    /// Tells whether it may be lent if nobody holds it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// Tells whether it has an open slot.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.leases > 0
    }

    /// Tells whether it can be lent now.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.is_active() && !self.is_held()
    }
}

/// A persona as it counts for one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing<'a> {
    /// What counts for any role.
    pub presence: Presence<'a>,
    /// Whether it knows a field that the role asks for.
    pub knows: bool,
    /// Whether it has an instruction of its own for the role.
    pub has_own: bool,
    /// How often it came back from the role with its work done.
    pub closed: u64,
    /// How often it came back from any.
    pub closed_in_all: u64,
    /// The praise for the role that counts.
    pub positive: u64,
    /// The blame for the role that counts.
    pub negative: u64,
}

impl Standing<'_> {
    /// How well the persona fits the role by its record, from 0 to 1.
    ///
    /// `clamp(closed in the role / closed in all + positive · p − negative · n, 0, 1)`
    /// (design, section 8); the first term is 0 while nothing is closed.
    #[must_use]
    pub fn affinity(&self, weights: AffinityWeights) -> Points {
        let share = Points::share(self.closed, self.closed_in_all);
        let praise = weights.positive.times(self.positive);
        let blame = weights.negative.times(self.negative);
        (share + praise - blame).clamp(Points::ZERO, Points::ONE)
    }
}
