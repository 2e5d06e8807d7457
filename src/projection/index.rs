//! The index of a checkpoint: what a choice needs to know of all personas, in columns.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::leases::{Leases, NONE};
use super::{Candidate, Hold, Lease, MonthTally, Persona, Run, Status};
use crate::events::{
    PersonaName, ProjectName, RetireReason, RoleName, RunId, SessionId, Slot, Tag, ToolUseId,
    WorkName,
};

/// What counts for any role. A persona is known by its position in each column.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Index {
    /// A letter for each status.
    status: String,
    /// The open slots of those who have any, unparsed: few of them are ever looked at.
    leases: BTreeMap<u32, StoredLeases>,
    /// Those of them who are not under way, ascending.
    #[serde(with = "super::column::numbers")]
    idle: Vec<u32>,
    /// For each of these, since when there is no sign of its call; none where the runs are over.
    #[serde(with = "super::column::numbers")]
    unseen_since: Vec<Option<i64>>,
    #[serde(with = "super::column::numbers")]
    last_assigned: Vec<Option<i64>>,
    #[serde(with = "super::column::numbers")]
    closed: Vec<u64>,
    /// The fields of expertise that any of them has, sorted.
    tags: Vec<Tag>,
    /// The fields of all personas, one after the other, as positions in `tags`.
    #[serde(with = "super::column::numbers")]
    known: Vec<u32>,
    /// Where in `known` each persona's fields end; they begin where those before it end.
    #[serde(with = "super::column::numbers")]
    known_until: Vec<u32>,
}

/// The open slots of a persona, which are parsed when they are first looked at.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct StoredLeases {
    json: Box<RawValue>,
    #[serde(skip)]
    parsed: OnceLock<Leases>,
}

/// What counts for one role, of the personas that have to do with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct RoleIndex {
    #[serde(with = "super::column::records")]
    pub records: RoleRecords,
    /// The positions of those who have an instruction of their own, ascending.
    #[serde(with = "super::column::numbers")]
    pub own: Vec<u32>,
}

/// The records of a role.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RoleRecords {
    /// By position, ascending.
    pub rows: Vec<RoleRow>,
    /// The months of all rows, one after the other.
    pub months: Vec<MonthTally>,
}

/// The record of one persona.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RoleRow {
    /// Its position.
    pub persona: u32,
    /// The feedback that is not compacted.
    pub positive: u64,
    pub negative: u64,
    /// Where its months end; they begin where those of the row before end.
    pub months_until: usize,
}

/// A lease without the names of its fields: there may be one for every persona.
#[derive(Serialize, Deserialize)]
struct Row(
    SessionId,
    Slot,
    RoleName,
    ProjectName,
    Timestamp,
    Option<WorkName>,
    Option<ToolUseId>,
    BTreeMap<RunId, (bool, bool, bool, Option<u64>)>,
);

fn row(lease: &Lease) -> Row {
    let Lease { session, slot, role, project, work, since, call, runs } = lease.clone();
    let of = |Run { is_delivered, has_ended, is_teammate, last_said }| {
        (is_delivered, has_ended, is_teammate, last_said)
    };
    let runs = runs.into_iter().map(|(id, run)| (id, of(run))).collect();
    Row(session, slot, role, project, since, work, call, runs)
}

fn lease(Row(session, slot, role, project, since, work, call, runs): Row) -> Lease {
    let of = |(is_delivered, has_ended, is_teammate, last_said)| Run {
        is_delivered,
        has_ended,
        is_teammate,
        last_said,
    };
    let runs = runs.into_iter().map(|(id, run)| (id, of(run))).collect();
    Lease { session, slot, role, project, work, since, call, runs }
}

fn letter(status: Status) -> char {
    match status {
        Status::Active => 'a',
        Status::Archived(RetireReason::Manual) => 'm',
        Status::Archived(RetireReason::Inactive) => 'i',
    }
}

impl Index {
    pub(super) fn of(personas: &[&Persona]) -> serde_json::Result<Self> {
        let expertise = |persona: &&Persona| persona.definition.expertise.clone();
        let tags: BTreeSet<Tag> = personas.iter().flat_map(expertise).collect();
        let mut index = Self { tags: tags.into_iter().collect(), ..Self::default() };
        for (at, persona) in personas.iter().enumerate() {
            let candidate = persona.candidate(at);
            index.status.push(letter(candidate.status));
            index.last_assigned.push(candidate.last_assigned);
            index.closed.push(candidate.closed_in_all);
            if candidate.is_held() {
                let rows: Vec<_> = persona.leases.iter().map(row).collect();
                let json = to_raw_value(&rows)?;
                let leases = StoredLeases { json, parsed: OnceLock::new() };
                index.leases.insert(position(at), leases);
            }
            if let Hold::Ended | Hold::Unseen(_) = candidate.hold {
                let since = Some(candidate.hold).and_then(|hold| match hold {
                    Hold::Unseen(since) => Some(since),
                    Hold::Free | Hold::Ended | Hold::UnderWay => None,
                });
                index.idle.push(position(at));
                index.unseen_since.push(since);
            }
            let expertise = &persona.definition.expertise;
            let known = expertise.iter().filter_map(|tag| index.tags.binary_search(tag).ok());
            index.known.extend(known.map(position));
            index.known_until.push(position(index.known.len()));
        }
        Ok(index)
    }

    /// Returns whether the columns are those of so many personas.
    pub(super) fn fits(&self, personas: usize) -> bool {
        let lengths = [
            self.status.len(),
            self.last_assigned.len(),
            self.closed.len(),
            self.known_until.len(),
        ];
        lengths.iter().all(|length| *length == personas)
            && self.idle.len() == self.unseen_since.len()
    }

    /// A persona as it counts for any role, if it is in the index.
    pub(super) fn candidate<'a>(
        &self,
        index: usize,
        name: &'a PersonaName,
    ) -> Option<Candidate<'a>> {
        let status = match self.status.as_bytes().get(index)? {
            b'a' => Status::Active,
            b'm' => Status::Archived(RetireReason::Manual),
            _ => Status::Archived(RetireReason::Inactive),
        };
        Some(Candidate {
            index,
            status,
            hold: self.hold(position(index)),
            last_assigned: *self.last_assigned.get(index)?,
            closed_in_all: *self.closed.get(index)?,
            ..Candidate::newcomer(name, false)
        })
    }

    /// What holds a persona, without a look at its leases.
    fn hold(&self, position: u32) -> Hold {
        if !self.leases.contains_key(&position) {
            return Hold::Free;
        }
        let idle = self.idle.binary_search(&position).ok();
        match idle.and_then(|at| self.unseen_since.get(at)) {
            Some(Some(since)) => Hold::Unseen(*since),
            Some(None) => Hold::Ended,
            None => Hold::UnderWay,
        }
    }

    /// The open slots of a persona; `None` if they cannot be read.
    pub(super) fn leases(&self, index: usize) -> Option<&Leases> {
        let Some(StoredLeases { json, parsed }) = self.leases.get(&position(index)) else {
            return Some(&NONE);
        };
        if parsed.get().is_none() {
            let rows: Vec<Row> = serde_json::from_str(json.get()).ok()?;
            // Whoever else parsed it meanwhile found the same.
            let _ = parsed.set(rows.into_iter().map(lease).collect());
        }
        parsed.get()
    }

    /// The positions of tags, of those that anybody has.
    pub(super) fn positions(&self, tags: &[Tag]) -> Vec<u32> {
        tags.iter().filter_map(|tag| self.tags.binary_search(tag).ok()).map(position).collect()
    }

    /// The fields of expertise of a persona, as positions of tags.
    pub(super) fn known(&self, index: usize) -> &[u32] {
        let until = |index: usize| self.known_until.get(index).map_or(0, |until| *until as usize);
        let from = index.checked_sub(1).map_or(0, until);
        self.known.get(from..until(index)).unwrap_or_default()
    }

    pub(super) fn expertise(&self, index: usize) -> impl Iterator<Item = &Tag> {
        self.known(index).iter().filter_map(|tag| self.tags.get(*tag as usize))
    }
}

impl RoleIndex {
    /// Indexes all personas, for each role that any of them has to do with.
    pub(super) fn all(personas: &[&Persona]) -> BTreeMap<RoleName, Self> {
        let mut indexes: BTreeMap<RoleName, Self> = BTreeMap::new();
        for (index, persona) in personas.iter().enumerate() {
            for (role, record) in &persona.roles {
                let records = &mut indexes.entry(role.clone()).or_default().records;
                records.months.extend(&record.months);
                records.rows.push(RoleRow {
                    persona: position(index),
                    positive: record.tally.positive,
                    negative: record.tally.negative,
                    months_until: records.months.len(),
                });
            }
            for role in persona.definition.instructions.keys() {
                indexes.entry(role.clone()).or_default().own.push(position(index));
            }
        }
        indexes
    }
}

/// A position as it is kept. Four billion personas do not fit into memory.
pub(super) fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
