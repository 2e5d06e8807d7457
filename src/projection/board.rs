//! All personas at a glance: the columns of a checkpoint from which a choice is made.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Persona, Presence, Standing, Status};
use crate::events::{PersonaName, RetireReason, RoleName, Tag};

/// What counts for any role, a column for each fact. A persona's index is its place in each.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Board {
    status: Vec<StatusCode>,
    leases: Vec<u64>,
    last_assigned: Vec<Option<i64>>,
    closed: Vec<u64>,
    /// The fields of knowledge that any of them has, sorted.
    tags: Vec<Tag>,
    /// The fields of all personas, one after the other, as places in `tags`.
    known: Vec<u32>,
    /// Where in `known` each persona's fields end; they begin where those before it end.
    known_until: Vec<u32>,
}

/// What counts for one role: columns of the personas that have a record in it.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RoleBoard {
    /// Whose row this is, by index, ascending.
    who: Vec<u32>,
    closed: Vec<u64>,
    positive: Vec<u64>,
    negative: Vec<u64>,
    /// Who has an instruction of their own, by index, ascending.
    own: Vec<u32>,
}

/// A status as a digit.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
struct StatusCode(Status);

/// Every status, at its digit.
const STATUSES: [Status; 3] = [
    Status::Active,
    Status::Archived(RetireReason::Manual),
    Status::Archived(RetireReason::Inactive),
];

impl From<StatusCode> for u8 {
    fn from(code: StatusCode) -> Self {
        match code.0 {
            Status::Active => 0,
            Status::Archived(RetireReason::Manual) => 1,
            Status::Archived(RetireReason::Inactive) => 2,
        }
    }
}

impl TryFrom<u8> for StatusCode {
    type Error = String;

    fn try_from(digit: u8) -> Result<Self, String> {
        let status = STATUSES.get(usize::from(digit)).copied().map(Self);
        status.ok_or_else(|| format!("there is no status {digit}"))
    }
}

impl Board {
    /// Takes down what counts of all personas.
    pub(super) fn of(personas: &[&Persona]) -> Self {
        let expertise = |persona: &&Persona| persona.definition.expertise.clone();
        let tags: BTreeSet<Tag> = personas.iter().flat_map(expertise).collect();
        let mut board = Self { tags: tags.into_iter().collect(), ..Self::default() };
        for (index, persona) in personas.iter().enumerate() {
            let Presence { status, leases, last_assigned, .. } = persona.presence(index);
            board.status.push(StatusCode(status));
            board.leases.push(leases);
            board.last_assigned.push(last_assigned);
            board.closed.push(persona.closed_in_all());
            let expertise = &persona.definition.expertise;
            let known = expertise.iter().filter_map(|tag| board.tags.binary_search(tag).ok());
            board.known.extend(known.map(column));
            board.known_until.push(column(board.known.len()));
        }
        board
    }

    /// Tells whether the columns are those of so many personas.
    pub(super) fn fits(&self, personas: usize) -> bool {
        [
            self.status.len(),
            self.leases.len(),
            self.last_assigned.len(),
            self.closed.len(),
            self.known_until.len(),
        ]
        .iter()
        .all(|length| *length == personas)
    }

    /// What counts of a persona for any role, if it is on the board.
    pub(super) fn presence<'a>(&self, index: usize, name: &'a PersonaName) -> Option<Presence<'a>> {
        Some(Presence {
            index,
            name,
            status: self.status.get(index)?.0,
            leases: *self.leases.get(index)?,
            last_assigned: *self.last_assigned.get(index)?,
        })
    }

    /// The fields that a persona knows, as places in the list of tags.
    fn known(&self, index: usize) -> &[u32] {
        let until = |index: usize| self.known_until.get(index).map_or(0, |until| *until as usize);
        let from = index.checked_sub(1).map_or(0, until);
        self.known.get(from..until(index)).unwrap_or_default()
    }

    /// The fields that a persona knows.
    pub(super) fn expertise(&self, index: usize) -> impl Iterator<Item = &Tag> {
        self.known(index).iter().filter_map(|tag| self.tags.get(*tag as usize))
    }
}

impl RoleBoard {
    /// Takes down what counts of all personas, for each role that any of them has to do with.
    pub(super) fn all(personas: &[&Persona]) -> BTreeMap<RoleName, Self> {
        let mut boards: BTreeMap<RoleName, Self> = BTreeMap::new();
        for (index, persona) in personas.iter().enumerate() {
            for (role, record) in &persona.roles {
                let board = boards.entry(role.clone()).or_default();
                board.who.push(column(index));
                board.closed.push(record.closed);
                board.positive.push(record.tally.positive);
                board.negative.push(record.tally.negative);
            }
            for role in persona.definition.instructions.keys() {
                boards.entry(role.clone()).or_default().own.push(column(index));
            }
        }
        boards
    }
}

/// The standings of the personas of a board, one by one, in the order of their indexes.
pub(super) struct Standings<'b> {
    board: &'b Board,
    role: RoleBoard,
    /// What the role asks for, as places in the board's list of tags.
    expertise: Vec<u32>,
    /// How far the rows of the role were passed.
    row: usize,
    own: usize,
}

impl<'b> Standings<'b> {
    pub(super) fn new(board: &'b Board, role: RoleBoard, expertise: &[Tag]) -> Self {
        let places = expertise.iter().filter_map(|tag| board.tags.binary_search(tag).ok());
        Self { board, role, expertise: places.map(column).collect(), row: 0, own: 0 }
    }

    /// The standing of the persona at `index`, which is greater at every call.
    pub(super) fn at<'a>(&mut self, index: usize, name: &'a PersonaName) -> Option<Standing<'a>> {
        let row = pass(&self.role.who, &mut self.row, index);
        let has_own = pass(&self.role.own, &mut self.own, index).is_some();
        let of = |column: &[u64]| row.and_then(|row| column.get(row).copied()).unwrap_or(0);
        Some(Standing {
            presence: self.board.presence(index, name)?,
            knows: self.board.known(index).iter().any(|tag| self.expertise.contains(tag)),
            has_own,
            closed: of(&self.role.closed),
            closed_in_all: *self.board.closed.get(index)?,
            positive: of(&self.role.positive),
            negative: of(&self.role.negative),
        })
    }
}

/// Passes the rows before `index`, and tells the row of `index` itself, if there is one.
fn pass(who: &[u32], row: &mut usize, index: usize) -> Option<usize> {
    while who.get(*row).is_some_and(|at| (*at as usize) < index) {
        *row += 1;
    }
    who.get(*row).filter(|at| **at as usize == index).map(|_| *row)
}

/// An index as the columns hold it. A roster of four billion personas does not fit into memory.
fn column(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
