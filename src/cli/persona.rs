//! A persona as the reports show it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muzzle_persona::broker::{Rules, Score};
use muzzle_persona::events::{EventId, PersonaName, RoleName, SessionId, Tag};
use muzzle_persona::projection::{Lease, Origin, Persona, Points, Status, Tally, Work};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub struct PersonaReport {
    pub name: PersonaName,
    pub persona_id: EventId,
    pub status: &'static str,
    pub origin: Origin,
    pub traits: Vec<Tag>,
    pub expertise: Vec<Tag>,
    pub role_instructions: BTreeMap<RoleName, String>,
    pub affinity: BTreeMap<RoleName, Points>,
    pub counts: BTreeMap<RoleName, u64>,
    pub feedback: BTreeMap<RoleName, Tally>,
    /// The open slots, oldest first.
    pub held_by: Vec<Lease>,
    pub created_at: Timestamp,
    pub last_assigned: Option<Timestamp>,
    /// For `show` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recent_work: Option<Vec<Work>>,
}

impl PersonaReport {
    pub fn new(persona: &Persona, rules: &Rules) -> Self {
        let definition = persona.definition.clone();
        let records = || persona.roles.iter();
        let judged = records().filter(|(_, record)| record.tally.total() > 0);
        let closed = records().filter(|(_, record)| record.closed > 0);
        let known = records().filter(|(_, record)| record.closed + record.tally.total() > 0);
        let affinity = |role: &RoleName| persona.affinity(role, rules.scoring.affinity);
        Self {
            name: definition.name,
            persona_id: persona.id,
            status: status_word(persona.status),
            origin: persona.origin,
            traits: definition.traits,
            expertise: definition.expertise,
            role_instructions: definition.instructions,
            affinity: known.map(|(role, _)| (role.clone(), affinity(role))).collect(),
            counts: closed.map(|(role, record)| (role.clone(), record.closed)).collect(),
            feedback: judged.map(|(role, record)| (role.clone(), record.tally)).collect(),
            held_by: persona.leases.clone(),
            created_at: persona.created_at,
            last_assigned: persona.last_assigned,
            recent_work: None,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Candidate {
    pub name: PersonaName,
    pub score: Score,
    /// For `why` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen: Option<bool>,
    /// For `search` alone, as is who holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<Vec<SessionId>>,
}

impl Candidate {
    pub fn new(name: PersonaName, score: Score) -> Self {
        Self { name, score, chosen: None, status: None, held_by: None }
    }
}

pub fn status_word(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Archived(_) => "archived",
    }
}

pub fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Seed => "seeded",
        Origin::Grown => "grown",
    }
}

/// A time in UTC, as tables show it: `2026-03-25 15:30`.
pub fn minute(at: Timestamp) -> String {
    at.strftime("%F %H:%M").to_string()
}

pub fn tags(tags: &[Tag]) -> String {
    tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(", ")
}

/// The total and the parts of a score, as cells.
pub fn parts(score: &Score) -> [String; 4] {
    [
        format!("{:.3}", score.total.as_f64()),
        format!("{:.3}", score.affinity.as_f64()),
        format!("{:+.3}", score.expertise.as_f64()),
        format!("{:+.3}", 0.0 - score.recency.as_f64()),
    ]
}

/// Feedback in one cell: good, bad, neither.
pub fn tally(tally: Tally) -> String {
    format!("+{} -{} ={}", tally.positive, tally.negative, tally.neutral)
}
