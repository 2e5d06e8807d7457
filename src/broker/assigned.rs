//! The answer of an assignment.

use super::{AssignRequest, Choice, Rules, instruction, preamble};
use crate::events::{Definition, EventId};
use crate::projection::{Roster, Work};

/// A persona that an agent got, with all that there is to say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// What was chosen.
    pub choice: Choice,
    /// The event that created the persona.
    pub persona_id: EventId,
    /// Its traits, expertise and instructions.
    pub definition: Definition,
    /// How it works in the role.
    pub instruction: String,
    /// Its last assignments by other sessions, newest first.
    pub recent_work: Vec<Work>,
    /// What goes ahead of the agent's prompt.
    pub preamble: String,
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
        let persona = roster.get(&choice.persona)?;
        let role = rules.roles.resolve(choice.role.as_str());
        Some(Self {
            persona_id: persona.id,
            definition: persona.definition.clone(),
            instruction: instruction(persona, role).to_owned(),
            recent_work: persona.recent_work(Some(&request.session)).cloned().collect(),
            preamble: preamble(persona, role, &request.session),
            choice,
        })
    }
}
