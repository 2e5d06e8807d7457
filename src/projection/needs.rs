//! What has to be loaded from a checkpoint before a rule runs.

use super::judgement::JudgementKey;
use super::participation::WorkScope;
use crate::events::{
    Delivery, Event, Outcome, PersonaName, RoleName, RunId, SessionId, Slot, Source,
};

/// What a rule or a question looks at besides the index of the roster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    pub(super) everyone: bool,
    pub(super) roles: Vec<RoleName>,
    pub(super) personas: Vec<PersonaName>,
    pub(super) typed: Option<String>,
    /// Whoever is in this slot of a session.
    pub(super) slot: Option<(SessionId, Slot)>,
    pub(super) judgements: Vec<JudgementKey>,
    pub(super) all_judgements: bool,
    /// Some work, and the second since when.
    pub(super) participations: Option<(WorkScope, i64)>,
    pub(super) all_participations: bool,
}

impl Needs {
    /// The index is enough.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The details of all personas.
    #[must_use]
    pub fn everyone() -> Self {
        Self { everyone: true, ..Self::default() }
    }

    /// The details of all personas, and all judgements.
    #[must_use]
    pub fn all() -> Self {
        Self { everyone: true, all_judgements: true, ..Self::default() }
    }

    /// All that there is.
    #[must_use]
    pub(crate) fn everything() -> Self {
        Self { all_participations: true, ..Self::all() }
    }

    /// Adds who took part in some work and ended that in this second or later.
    #[must_use]
    pub(crate) fn and_participations(self, scope: WorkScope, since: i64) -> Self {
        Self { participations: Some((scope, since)), ..self }
    }

    /// The tallies of roles.
    #[must_use]
    pub fn roles(roles: impl IntoIterator<Item = RoleName>) -> Self {
        Self { roles: roles.into_iter().collect(), ..Self::default() }
    }

    /// The details of personas.
    #[must_use]
    pub fn personas<'a>(names: impl IntoIterator<Item = &'a PersonaName>) -> Self {
        Self { personas: names.into_iter().cloned().collect(), ..Self::default() }
    }

    /// The details of the persona that is meant by what was typed.
    #[must_use]
    pub fn typed(name: &str) -> Self {
        Self { typed: Some(name.to_owned()), ..Self::default() }
    }

    /// What outcomes would replace.
    #[must_use]
    pub fn outcomes(outcomes: &[Outcome]) -> Self {
        let judgements = outcomes.iter().map(JudgementKey::of_outcome).collect();
        Self { judgements, ..Self::default() }
    }

    /// What an outcome would replace.
    #[must_use]
    pub(crate) fn outcome(run: &RunId, slot: &Slot, source: &Source) -> Self {
        Self { judgements: vec![JudgementKey::of_run(run, slot, source)], ..Self::default() }
    }

    /// What an event changes: personas, and the judgement that it replaces.
    pub(crate) fn event(event: &Event) -> Self {
        match event {
            Event::Compact(_) | Event::Retract(_) => Self::all(),
            Event::Delivery(Delivery { session, slot, .. }) => {
                Self { slot: Some((session.clone(), slot.clone())), ..Self::default() }
            }
            // It is applied to a persona when that is loaded.
            Event::Assign(_) => Self::nothing(),
            // Whose lesson or note it is, no index knows: it is seldom asked.
            Event::Unlearn(_) | Event::Forget(_) => Self::everyone(),
            Event::Seed(_)
            | Event::Grow(_)
            | Event::Revise(_)
            | Event::Release(_)
            | Event::Outcome(_)
            | Event::Feedback(_)
            | Event::Lesson(_)
            | Event::Note(_)
            | Event::Retire(_)
            | Event::Reactivate(_)
            | Event::Repair(_)
            | Event::Unknown { .. } => {
                let judgements = JudgementKey::of(event).into_iter().collect();
                Self { judgements, ..Self::personas(event.personas()) }
            }
        }
    }
}
