//! A persona as a choice sees it.

use jiff::Timestamp;

use super::persona::{RoleRecord, closed};
use super::{Hold, MonthTally, Persona, Status};
use crate::events::{PersonaName, RetireReason, RoleName, Tag};

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
    /// What holds it, if anything does.
    pub(crate) hold: Hold,
    /// When it was last lent, in whole seconds since 1970.
    pub(crate) last_assigned: Option<i64>,
    pub(crate) closed_in_all: u64,
    /// Whether it has a field of expertise that the role asks for.
    pub(crate) knows: bool,
    /// Whether it has an instruction of its own for the role.
    pub(crate) has_own: bool,
    /// Whether it took part in the work that it would judge; whoever chooses says so.
    pub(crate) took_part: bool,
    pub(crate) positive: u64,
    pub(crate) negative: u64,
    pub(crate) months: &'a [MonthTally],
}

impl Persona {
    /// What counts of it for any choice.
    pub(crate) fn candidate(&self, index: usize) -> Candidate<'_> {
        Candidate {
            index,
            status: self.status,
            hold: self.leases.hold(),
            last_assigned: self.last_assigned.map(Timestamp::as_second),
            closed_in_all: self.roles.values().map(RoleRecord::closed).sum(),
            ..Candidate::newcomer(self.name(), false)
        }
    }

    /// What counts of it for a role. `expertise` is what the role asks for.
    pub(crate) fn candidate_for(
        &self,
        index: usize,
        role: &RoleName,
        expertise: &[Tag],
    ) -> Candidate<'_> {
        let record = self.roles.get(role);
        Candidate {
            knows: self.definition.expertise.iter().any(|tag| expertise.contains(tag)),
            has_own: self.definition.instructions.contains_key(role),
            positive: record.map_or(0, |record| record.tally.positive),
            negative: record.map_or(0, |record| record.tally.negative),
            months: record.map_or(&[], |record| &record.months),
            ..self.candidate(index)
        }
    }
}

impl<'a> Candidate<'a> {
    /// A persona that is not there yet.
    pub(crate) fn newcomer(name: &'a PersonaName, knows: bool) -> Self {
        Candidate {
            index: 0,
            name,
            status: Status::Active,
            hold: Hold::Free,
            last_assigned: None,
            closed_in_all: 0,
            knows,
            has_own: false,
            took_part: false,
            positive: 0,
            negative: 0,
            months: &[],
        }
    }

    /// How often it came back with its work done.
    pub(crate) fn closed(&self) -> u64 {
        closed(self.months)
    }

    /// Returns whether it may be lent if nobody holds it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// Returns whether it has an open slot.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.hold != Hold::Free
    }

    /// Returns whether it may be lent, and be brought back for that, if nobody holds it.
    #[must_use]
    pub fn may_be_lent(&self) -> bool {
        matches!(self.status, Status::Active | Status::Archived(RetireReason::Inactive))
    }
}
