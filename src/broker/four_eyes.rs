//! Four eyes: whoever judges some work took no part in it, if that can be had.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::score::ranks_before;
use super::{Ranked, Role, Rules};
use crate::events::{PersonaName, RoleName};
use crate::projection::{Candidate, PartIn, Roster, WorkScope};

/// The part that a persona took in some work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// In the work itself, or in the same session only.
    #[serde(rename = "in")]
    pub of: PartIn,
    /// In which roles, none of which judges.
    pub roles: Vec<RoleName>,
}

/// A candidate that took part in the work that is to be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TookPart {
    /// Its name.
    pub name: PersonaName,
    /// What it did.
    #[serde(flatten)]
    pub part: Part,
    /// Whether it would have come before the one that was taken otherwise.
    pub passed_over: bool,
}

/// Who took part in the work that a role judges; nobody, if the role judges none.
pub struct Participants<'a> {
    roster: &'a Roster,
    rules: &'a Rules,
    /// What is judged, if anything is.
    judged: Option<WorkScope>,
    /// Those who gave their slots back, by position.
    earlier: BTreeMap<usize, Part>,
}

impl<'a> Participants<'a> {
    /// Those of some work, as a role sees them that is asked for now.
    ///
    /// If the role is independent, they have to be loaded.
    pub fn of(
        roster: &'a Roster,
        rules: &'a Rules,
        role: &Role,
        scope: WorkScope,
        now: Timestamp,
    ) -> Self {
        let judged = Some(scope).filter(|_| role.independent);
        let mut participants = Self { roster, rules, judged, earlier: BTreeMap::new() };
        let since = rules.lifecycle.participation_since(now);
        let keys = participants.judged.iter().flat_map(WorkScope::keys);
        for (of, persona, role) in keys.flat_map(|(of, key)| {
            roster.participations(key, since).map(move |(persona, role)| (of, persona, role))
        }) {
            if rules.roles.is_independent(role) {
                continue;
            }
            let known = participants.earlier.remove(&persona);
            participants.earlier.insert(persona, Part::with(known, of, role));
        }
        participants
    }

    /// The roster that they are of.
    pub fn roster(&self) -> &'a Roster {
        self.roster
    }

    /// The rules that they are seen by.
    pub fn rules(&self) -> &'a Rules {
        self.rules
    }

    /// The part that a persona took, with what it holds now.
    pub fn part(&self, it: &Candidate<'_>) -> Option<Part> {
        let judged = self.judged.as_ref()?;
        let mut part = self.earlier.get(&it.index).cloned();
        let leases = if it.is_held { self.roster.leases(it.name) } else { Vec::new() };
        for lease in leases.iter().filter(|lease| !self.rules.roles.is_independent(&lease.role)) {
            if let Some(of) = judged.shares(lease) {
                part = Some(Part::with(part, of, &lease.role));
            }
        }
        part
    }

    /// Whether a persona is independent; nothing, if the role judges no work.
    pub fn is_independent(&self, name: &PersonaName) -> Option<bool> {
        self.judged.as_ref()?;
        let it = self.roster.candidate(name);
        Some(it.is_none_or(|it| self.part(&it).is_none()))
    }

    /// Those of a ranking, the first of which was taken.
    pub fn in_ranking(&self, ranking: &[Ranked<'_>]) -> Vec<TookPart> {
        let Some(first) = ranking.first() else { return Vec::new() };
        let took_part = ranking.iter().filter(|(it, _)| it.took_part).filter_map(|ranked| {
            let passed_over = !first.0.took_part && ranks_before(ranked, first);
            Some(TookPart { name: ranked.0.name.clone(), part: self.part(&ranked.0)?, passed_over })
        });
        took_part.collect()
    }
}

impl Part {
    /// Adds a role in which somebody took part. Of who took part in the work and in the session,
    /// only the work is told.
    pub(super) fn with(known: Option<Self>, of: PartIn, role: &RoleName) -> Self {
        let known = known.filter(|known| known.of <= of);
        let mut part = known.unwrap_or(Self { of, roles: Vec::new() });
        if part.of == of && !part.roles.contains(role) {
            part.roles.push(role.clone());
        }
        part
    }
}
