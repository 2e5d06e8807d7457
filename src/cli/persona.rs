//! A persona as the reports show it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use muzzle_persona::broker::{self, Evidence, Rules, Score};
use muzzle_persona::events::{
    EventId, NoteText, PersonaName, Points, ProjectName, ReleaseReason, RoleName, SessionId, Tag,
    WorkName,
};
use muzzle_persona::projection::{
    Assignment, Lease, Origin, OutcomeTally, Persona, Status, Tally, Work,
};
use muzzle_persona::wording::quoted_first;
use serde::Serialize;

use super::Table;
use super::table::Column;
use super::teach::LessonReport;

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
    pub outcomes: BTreeMap<RoleName, OutcomeTally>,
    /// What each affinity rests on; nothing in the model `share`.
    pub evidence: BTreeMap<RoleName, Evidence>,
    /// The doubt about the score in each role; nothing in the model `share`.
    pub doubt: BTreeMap<RoleName, Points>,
    /// The role in which its score is best, of those in which it is known; in `list --role`, that one.
    pub best: Option<Best>,
    /// The open slots, oldest first.
    pub held_by: Vec<Lease>,
    pub created_at: Timestamp,
    /// Since when traits, expertise and instructions are what they are.
    pub defined_at: Timestamp,
    pub last_assigned: Option<Timestamp>,
    /// For `show` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recent_work: Option<Vec<Work>>,
    /// Of these, how each went and what was said; nothing of a long log, which takes longer.
    #[serde(skip)]
    pub last_jobs: Vec<Assignment>,
    /// For `show` alone: how many of its texts reach no prompt before they are allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<usize>,
    /// For `show` alone: by role, the best of the others, if they are not told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_told_apart: Option<BTreeMap<RoleName, PersonaName>>,
    /// For `show` alone: what it is offered, newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lessons: Option<Vec<LessonReport>>,
    /// For `show` alone: its last note on each project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<Vec<LastNote>>,
    /// For whom times are told as ages.
    #[serde(skip)]
    pub now: Timestamp,
    /// Where times are told as such, the zone for that.
    #[serde(skip)]
    pub zone: TimeZone,
}

/// A role with the score in it.
#[derive(Debug, Clone, Serialize)]
pub struct Best {
    pub role: RoleName,
    pub total: Points,
}

impl Best {
    /// Of the roles in which a persona is known, the one with the best score; of equal ones, the
    /// first by name.
    pub fn of(persona: &Persona, rules: &Rules, now: Timestamp) -> Option<Self> {
        let known = persona.roles.iter().filter(|(_, record)| rules.scoring.knows(record));
        let known = known.map(|(role, _)| Self::in_role(persona, role, rules, now));
        // The last of equal ones is taken.
        known.rev().max_by_key(|best| best.total)
    }

    pub fn in_role(persona: &Persona, role: &RoleName, rules: &Rules, now: Timestamp) -> Self {
        Self { role: role.clone(), total: broker::score(persona, role, rules, now).total }
    }
}

/// The last note of a persona on a project.
#[derive(Debug, Serialize)]
pub struct LastNote {
    pub project: ProjectName,
    pub id: EventId,
    pub left_at: Timestamp,
    /// Not where it was forgotten, or is missing.
    pub note: Option<NoteText>,
}

impl PersonaReport {
    pub fn new(persona: &Persona, rules: &Rules, now: Timestamp) -> Self {
        let definition = persona.definition.clone();
        let records = || persona.roles.iter();
        let judged = records().filter(|(_, record)| record.tally.total() > 0);
        let closed = records().filter(|(_, record)| record.closed() > 0);
        let measured = records().filter(|(_, record)| record.outcomes() != OutcomeTally::default());
        let counted = records().filter(|(_, record)| rules.scoring.knows(record));
        let scores = counted.map(|(role, _)| (role, broker::score(persona, role, rules, now)));
        let scores: Vec<_> = scores.collect();
        let parts = || scores.iter().map(|(role, score)| ((*role).clone(), score));
        Self {
            name: definition.name,
            persona_id: persona.id,
            status: status_word(persona.status),
            origin: persona.origin,
            traits: definition.traits,
            expertise: definition.expertise,
            role_instructions: definition.instructions,
            affinity: parts().map(|(role, score)| (role, score.affinity)).collect(),
            counts: closed.map(|(role, record)| (role.clone(), record.closed())).collect(),
            feedback: judged.map(|(role, record)| (role.clone(), record.tally)).collect(),
            outcomes: measured.map(|(role, record)| (role.clone(), record.outcomes())).collect(),
            evidence: parts().filter_map(|(role, it)| Some((role, it.evidence?))).collect(),
            doubt: parts().filter_map(|(role, it)| Some((role, it.doubt?))).collect(),
            best: Best::of(persona, rules, now),
            held_by: persona.leases.iter().cloned().collect(),
            defined_at: persona.defined_at,
            created_at: persona.created_at,
            last_assigned: persona.last_assigned,
            recent_work: None,
            last_jobs: Vec::new(),
            not_told_apart: None,
            lessons: None,
            notes: None,
            now,
            zone: TimeZone::UTC,
            waiting: None,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Candidate {
    pub name: PersonaName,
    pub score: Score,
    /// What the affinity rests on; nothing in the model `share`.
    pub evidence: Option<Evidence>,
    /// For `why` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen: Option<bool>,
    /// For `search` alone, as is who holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<Vec<SessionId>>,
    /// For `search` alone: whether it is held, and all of its runs have ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<bool>,
}

impl Candidate {
    pub fn new(name: PersonaName, score: Score) -> Self {
        let evidence = score.evidence;
        let (chosen, status, held_by, ended) = (None, None, None, None);
        Self { name, score, evidence, chosen, status, held_by, ended }
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

/// Why a persona that was held could be taken.
pub fn given_up(reason: ReleaseReason) -> &'static str {
    match reason {
        ReleaseReason::NotStarted => "the run that it was lent for never started",
        ReleaseReason::Finished
        | ReleaseReason::SessionEnd
        | ReleaseReason::Manual
        | ReleaseReason::Orphaned => "its run has ended",
    }
}

/// A time as people read it, with its offset: `2026-03-25 15:30Z` in UTC, `2026-03-25 17:30+02`.
pub fn minute(at: Timestamp, zone: &TimeZone) -> String {
    let offset = zone.to_offset(at).seconds() / 60;
    let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
    let offset = match (minutes / 60, minutes % 60) {
        (0, 0) => "Z".to_owned(),
        (hours, 0) => format!("{sign}{hours:02}"),
        (hours, minutes) => format!("{sign}{hours:02}:{minutes:02}"),
    };
    format!("{}{offset}", zone.to_datetime(at).strftime("%F %H:%M"))
}

/// A project and what is worked on there: `acme-api for fix-login`.
pub fn place(project: &ProjectName, work: Option<&WorkName>) -> String {
    let work = work.map(|work| format!(" for {work}")).unwrap_or_default();
    format!("{project}{work}")
}

pub fn tags(tags: &[Tag]) -> String {
    tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(", ")
}

/// The headings of [`parts`].
pub const SCORE: [Column; 5] = [
    Column::new("SCORE").right(),
    Column::new("DOUBT").right().drops(4),
    Column::new("AFFINITY").right().drops(3),
    Column::new("EXPERTISE").right().drops(2),
    Column::new("RECENCY").right().drops(1),
];

/// Leaves out the column of doubts, in which there is nothing in the model `share`.
pub fn hide_doubt<'a>(
    table: &mut Table,
    column: usize,
    mut scores: impl Iterator<Item = &'a Score>,
) {
    if scores.all(|score| score.doubt.is_none()) {
        table.hide(column);
    }
}

/// The total, the doubt and the parts of a score, as cells.
pub fn parts(score: &Score) -> [String; 5] {
    [
        format!("{:.3}", score.total.as_f64()),
        doubt(score.doubt),
        format!("{:.3}", score.affinity.as_f64()),
        format!("{:+.3}", score.expertise.as_f64()),
        format!("{:+.3}", 0.0 - score.recency.as_f64()),
    ]
}

/// A doubt in one cell.
pub fn doubt(doubt: Option<Points>) -> String {
    doubt.map(|doubt| format!("±{:.3}", doubt.as_f64())).unwrap_or_default()
}

/// Those of a ranking that are not told apart from one score.
pub fn not_told_apart<'a>(
    score: &Score,
    others: impl Iterator<Item = (&'a PersonaName, &'a Score)>,
) -> Vec<PersonaName> {
    others.filter(|(_, other)| !score.is_told_apart_from(other)).map(|(it, _)| it.clone()).collect()
}

/// Says of whom a persona is not told apart, if it is of anybody.
pub fn doubtful(name: &PersonaName, others: &[PersonaName]) -> Option<String> {
    (!others.is_empty()).then(|| {
        let others = quoted_first(1, others).to_string().replace('`', "");
        format!("{name} is not told apart from {others}.")
    })
}

/// Feedback in one cell: good, bad, neither.
pub fn tally(tally: Tally) -> String {
    format!("+{} -{} ={}", tally.positive, tally.negative, tally.neutral)
}

/// Outcomes in one cell: good, bad.
pub fn runs(OutcomeTally { ok, bad }: OutcomeTally) -> String {
    format!("+{ok} -{bad}")
}
