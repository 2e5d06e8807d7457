//! The answer of an assignment.

use serde::Serialize;

use super::{AssignRequest, Choice, ChoiceReason, Rules, Score, instruction, preamble};
use crate::events::{EventId, PersonaName, RoleName, Slot, Tag};
use crate::projection::{Roster, Work};

/// A persona that an agent got, with all that there is to say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assigned {
    /// The slot.
    #[serde(rename = "agent_slot")]
    pub slot: Slot,
    /// The event that created the persona.
    pub persona_id: EventId,
    /// Its name.
    pub name: PersonaName,
    /// The role, resolved.
    pub role: RoleName,
    /// Its traits.
    pub traits: Vec<Tag>,
    /// Its expertise.
    pub expertise: Vec<Tag>,
    /// How it works in the role.
    #[serde(rename = "role_instructions")]
    pub instruction: String,
    /// Its last assignments by other sessions, newest first.
    pub recent_work: Vec<Work>,
    /// Whether the agent had it in this role already.
    pub reused: bool,
    /// How well it fits, before this assignment.
    pub score: Score,
    /// What goes ahead of the agent's prompt.
    #[serde(skip)]
    pub preamble: String,
    /// Why this persona.
    #[serde(skip)]
    pub reason: ChoiceReason,
    /// The candidates that it was chosen from, best first, if the request asks for them.
    #[serde(skip)]
    pub ranking: Vec<(PersonaName, Score)>,
}

impl Assigned {
    /// Completes a choice from the roster after it, in which the persona is loaded.
    #[must_use]
    pub fn of(
        choice: Choice,
        request: &AssignRequest,
        roster: &Roster,
        rules: &Rules,
    ) -> Option<Self> {
        let Choice { slot, persona: name, role: role_name, score, reason, ranking } = choice;
        let persona = roster.get(&name)?;
        let role = rules.roles.resolve(role_name.as_str());
        Some(Self {
            slot,
            persona_id: persona.id,
            traits: persona.definition.traits.clone(),
            expertise: persona.definition.expertise.clone(),
            instruction: instruction(persona, role).to_owned(),
            recent_work: persona.recent_work(Some(&request.session)).cloned().collect(),
            preamble: preamble(persona, role, &request.session),
            reused: reason == ChoiceReason::Reused,
            name,
            role: role_name,
            score,
            reason,
            ranking,
        })
    }
}
