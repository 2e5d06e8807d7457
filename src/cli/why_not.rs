//! Why a persona was not lent, as `why` tells it.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use muzzle_persona::broker::{Explanation, Score};
use muzzle_persona::events::{
    ChoiceReason, EventId, PersonaName, ProjectName, RoleName, SessionId, Slot, WorkName,
};
use muzzle_persona::projection::{PastAssignment, Roster};
use serde::Serialize;

use super::part::told;
use super::persona::place;
use super::{line, minute};

#[derive(Debug, Serialize)]
pub struct WhyNotReport {
    pub name: PersonaName,
    /// The slots in which others were lent.
    pub choices: Vec<NotChosen>,
    /// The zone in which times are shown.
    #[serde(skip)]
    pub zone: TimeZone,
}

/// A choice of somebody else.
#[derive(Debug, Serialize)]
pub struct NotChosen {
    session: SessionId,
    slot: Slot,
    role: RoleName,
    project: ProjectName,
    work: Option<WorkName>,
    assigned_at: Timestamp,
    event: EventId,
    /// Who was lent.
    lent: PersonaName,
    /// Its place in the ranking, from 1, if it could be chosen.
    rank: Option<usize>,
    /// How many could be chosen.
    candidates: usize,
    /// By today's rules, if it could be chosen.
    score: Option<Score>,
    /// That of the one who was lent.
    lent_score: Option<Score>,
    /// Why it was not lent: a clause.
    because: String,
}

impl NotChosen {
    /// `before` is the roster before the command that chose.
    pub fn new(
        name: &PersonaName,
        assignment: PastAssignment,
        explained: &Explanation,
        before: &Roster,
    ) -> Self {
        let because = because(name, &assignment, explained, before);
        let PastAssignment { id: event, at: assigned_at, assign, slot, .. } = assignment;
        let rank = explained.ranking.iter().position(|(it, _)| it == name);
        let score = rank.and_then(|rank| explained.ranking.get(rank));
        Self {
            session: assign.session,
            slot: slot.slot,
            role: slot.role,
            project: assign.project,
            work: assign.work,
            assigned_at,
            event,
            lent: slot.persona,
            rank: rank.map(|rank| rank + 1),
            candidates: explained.ranking.len(),
            score: score.map(|(_, score)| *score),
            lent_score: explained.score,
            because,
        }
    }
}

fn because(
    name: &PersonaName,
    assignment: &PastAssignment,
    explained: &Explanation,
    before: &Roster,
) -> String {
    let PastAssignment { assign, slot, .. } = assignment;
    let lent = &slot.persona;
    let Some(rank) = explained.ranking.iter().position(|(it, _)| it == name) else {
        return absent(name, assignment, before);
    };
    let place = ordinal(rank + 1);
    match explained.reason {
        Some(ChoiceReason::Kept | ChoiceReason::Reused) => {
            return format!("{place}, but the agent had {lent} in this slot already and kept it");
        }
        Some(ChoiceReason::Summoned) => {
            return format!("{place}, but {lent} was asked for by name");
        }
        _ => {}
    }
    if let Some(it) = explained.took_part.iter().find(|it| it.name == *name) {
        return format!("{place}, because it {}", told(&it.part, assign.work.as_ref()));
    }
    let own = explained.ranking.get(rank).map(|(_, score)| score.total);
    match (own, &explained.score) {
        (Some(own), Some(best)) if own < best.total => {
            let (own, best) = (own.as_f64(), best.total.as_f64());
            format!("{place}, because its score was {own:.3}, and that of {lent} {best:.3}")
        }
        (Some(own), Some(best)) if own == best.total => {
            let total = own.as_f64();
            format!("{place}, because of equal scores ({total:.3}) that of {lent} comes first")
        }
        _ => format!(
            "{place} by today's rules; other rules were in force then, or a merge came between"
        ),
    }
}

/// Why somebody could not be chosen.
fn absent(name: &PersonaName, assignment: &PastAssignment, before: &Roster) -> String {
    let earlier = assignment.assign.slots.iter().take_while(|it| it.slot != assignment.slot.slot);
    if let Some(slot) = earlier.filter(|it| it.persona == *name).last() {
        return format!("no candidate, because it was lent as {} by the same command", slot.role);
    }
    match before.get(name) {
        None => "no candidate, because it was not there yet".to_owned(),
        Some(persona) => match persona.leases.first() {
            Some(lease) => {
                let (slot, session) = (&lease.slot, &lease.session);
                format!("no candidate, because {slot} of the session {session} held it")
            }
            None if !persona.is_active() => {
                "no candidate, because it was archived by hand".to_owned()
            }
            None => "no candidate then".to_owned(),
        },
    }
}

/// The word for a place.
fn ordinal(place: usize) -> String {
    const WORDS: [&str; 10] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
        "tenth",
    ];
    let word = place.checked_sub(1).and_then(|index| WORDS.get(index));
    word.map_or_else(|| format!("number {place}"), |word| (*word).to_owned())
}

impl fmt::Display for WhyNotReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for choice in &self.choices {
            let NotChosen { session, slot, role, project, work, lent, because, .. } = choice;
            let (at, on) = (minute(choice.assigned_at, &self.zone), place(project, work.as_ref()));
            let to = format!("{slot} of the session {session} on {at}, as {role} on {on}");
            line(f, format!("{} was not lent to {to}: {lent} was.", self.name))?;
            let of = match choice.rank {
                Some(_) => format!(" (of {} candidates)", choice.candidates),
                None => String::new(),
            };
            line(f, format!("It was {because}{of}."))?;
        }
        Ok(())
    }
}
