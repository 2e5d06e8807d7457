//! A persona as a choice sees it.

use super::{AffinityWeights, Points, Status};
use crate::events::PersonaName;

/// What a choice needs to know of a persona: the index has it for all of them.
///
/// The facts about a role are those of the role that was asked for; they are
/// zero where none was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    pub(crate) index: usize,
    /// Its name.
    pub name: &'a PersonaName,
    /// Whether it may be lent.
    pub status: Status,
    /// Whether it has an open slot.
    pub is_held: bool,
    /// When it was last lent, in whole seconds since 1970.
    pub(crate) last_assigned: Option<i64>,
    pub(crate) closed_in_all: u64,
    /// Whether it has a field of expertise that the role asks for.
    pub(crate) knows: bool,
    /// Whether it has an instruction of its own for the role.
    pub(crate) has_own: bool,
    pub(crate) closed: u64,
    pub(crate) positive: u64,
    pub(crate) negative: u64,
}

impl Candidate<'_> {
    /// Returns whether it may be lent if nobody holds it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// Returns whether it can be lent now.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.is_active() && !self.is_held
    }

    /// How well the persona fits the role by its record, from 0 to 1.
    ///
    /// `clamp(closed in the role / closed in all + positive · p − negative · n, 0, 1)`
    /// (design, section 8); the first term is 0 while nothing is closed.
    pub(crate) fn affinity(&self, weights: AffinityWeights) -> Points {
        let share = Points::share(self.closed, self.closed_in_all);
        let praise = weights.positive.times(self.positive);
        let blame = weights.negative.times(self.negative);
        (share + praise - blame).clamp(Points::ZERO, Points::ONE)
    }
}
