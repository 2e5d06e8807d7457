//! The texts of a log that can reach a prompt, and whose they have to be.
//!
//! A log can be merged, cloned and copied, so that a text in it says nothing about who wrote it. Each
//! machine keeps which events it allows; what is word for word in the built-in seed needs that of nobody.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::built_in::{self, is_built_in};
use crate::events::{Event, EventId, PersonaName, ProjectName, RoleName, Tag};
use crate::projection::{Persona, Roster};

/// A text that reaches a prompt only where its event is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PromptText {
    /// The event that has it.
    pub event: EventId,
    /// Whose it is.
    pub name: PersonaName,
    /// What it is.
    pub kind: PromptTextKind,
    /// Since when it holds.
    pub at: Timestamp,
    /// The role that a lesson is for; without one, any.
    pub role: Option<RoleName>,
    /// The project that a lesson is for, or a note is on.
    pub project: Option<ProjectName>,
    /// The words of a lesson or a note.
    pub text: Option<String>,
    /// How a persona works, by its definition.
    pub traits: Option<Vec<Tag>>,
    /// What it knows, by its definition.
    pub expertise: Option<Vec<Tag>>,
    /// Its instructions by role, by its definition.
    pub role_instructions: Option<BTreeMap<RoleName, String>>,
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptTextKind {
    /// What a persona is.
    Definition,
    /// What it was taught.
    Lesson,
    /// Where it left a project.
    Note,
}

/// Returns whether the words of a persona's definition have to stay out of prompts.
pub fn waits(persona: &Persona, is_allowed: &dyn Fn(EventId) -> bool) -> bool {
    !is_built_in(&persona.definition) && !is_allowed(persona.definition_id)
}

/// Returns whether an event has words that reach a prompt where it is allowed, and nowhere else.
pub fn needs_leave(event: &Event) -> bool {
    match event {
        Event::Seed(definition) | Event::Grow(definition) | Event::Revise(definition) => {
            !is_built_in(definition)
        }
        Event::Lesson(_) | Event::Note(_) => true,
        Event::Assign(_)
        | Event::Release(_)
        | Event::Delivery(_)
        | Event::Outcome(_)
        | Event::Feedback(_)
        | Event::Unlearn(_)
        | Event::Retract(_)
        | Event::Forget(_)
        | Event::Retire(_)
        | Event::Reactivate(_)
        | Event::Compact(_)
        | Event::Repair(_)
        | Event::Unknown { .. } => false,
    }
}

/// The tags that are words of the built-in vocabulary: nobody made them up.
pub fn known_tags(persona: &Persona) -> (Vec<Tag>, Vec<Tag>) {
    let words = built_in::vocabulary();
    let known = |tags: &[Tag], words: &[smol_str::SmolStr]| {
        tags.iter().filter(|tag| words.iter().any(|word| word == tag.as_str())).cloned().collect()
    };
    let definition = &persona.definition;
    (known(&definition.traits, &words.traits), known(&definition.expertise, &words.expertise))
}

/// All texts that can reach a prompt as things are, and need to be allowed for that: by persona.
/// Everyone has to be loaded.
#[must_use]
pub fn prompt_texts(roster: &Roster) -> Vec<PromptText> {
    roster.by_name().into_iter().flat_map(prompt_texts_of).collect()
}

/// Those of one persona: its definition, its lessons, its notes.
///
/// What was replaced, forgotten or taken back is none of them, nor is a definition of the built-in seed.
#[must_use]
pub fn prompt_texts_of(persona: &Persona) -> Vec<PromptText> {
    let definition = &persona.definition;
    let text = |event, kind, at| PromptText {
        event,
        name: definition.name.clone(),
        kind,
        at,
        role: None,
        project: None,
        text: None,
        traits: None,
        expertise: None,
        role_instructions: None,
    };
    let mut texts = Vec::new();
    if !is_built_in(definition) {
        texts.push(PromptText {
            traits: Some(definition.traits.clone()),
            expertise: Some(definition.expertise.clone()),
            role_instructions: Some(definition.instructions.clone()),
            ..text(persona.definition_id, PromptTextKind::Definition, persona.defined_at)
        });
    }
    for lesson in persona.lessons() {
        let Some(words) = &lesson.text else { continue };
        texts.push(PromptText {
            role: lesson.role.clone(),
            project: lesson.project.clone(),
            text: Some(words.to_string()),
            ..text(lesson.id, PromptTextKind::Lesson, lesson.at)
        });
    }
    for (project, note) in persona.notes() {
        let Some(words) = &note.text else { continue };
        texts.push(PromptText {
            project: Some(project.clone()),
            text: Some(words.to_string()),
            ..text(note.id, PromptTextKind::Note, note.at)
        });
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::Seed;
    use crate::broker::testing::{World, definition};
    use crate::events::Event;
    use crate::projection::testing::{History, lesson, note, retract, seed};

    #[test]
    fn what_stands_in_the_log_and_can_reach_a_prompt_needs_to_be_allowed() {
        let mut history = History::of([
            seed("Ann"),
            lesson("Ann", "Run it twice."),
            note("Ann", "acme", "Half done."),
            note("Ann", "acme", "Done."),
            lesson("Ann", "Never."),
        ]);
        let taken_back = history.heads[0];
        history.then(retract(taken_back));
        let told: Vec<_> = prompt_texts(&history.view().roster)
            .into_iter()
            .map(|it| (it.kind, it.text, it.at.as_second()))
            .collect();
        let text = |words: &str| Some(words.to_owned());
        assert_eq!(
            told,
            [
                (PromptTextKind::Definition, None, 1),
                (PromptTextKind::Lesson, text("Run it twice."), 2),
                (PromptTextKind::Note, text("Done."), 4),
            ]
        );
    }

    #[test]
    fn a_built_in_definition_needs_nobodys_leave_and_a_changed_one_does() {
        let mut world = World::of(&[]);
        let built_in = Seed::default().personas().remove(0);
        world.given(Event::Seed(built_in.clone()));
        assert_eq!(prompt_texts(&world.roster), []);
        let nothing = |_| false;
        assert!(!waits(world.roster.by_name()[0], &nothing));
        let mut changed = built_in;
        changed.traits.reverse();
        world.given(Event::Revise(changed));
        let id = world.records.last().unwrap().id;
        let texts = prompt_texts(&world.roster);
        assert_eq!(texts.iter().map(|it| it.event).collect::<Vec<_>>(), [id]);
        assert!(waits(world.roster.by_name()[0], &nothing));
        assert!(!waits(world.roster.by_name()[0], &|event| event == id));
        // The id of the event that made the persona is not that of its words any more.
        let first = world.records.first().unwrap().id;
        assert!(waits(world.roster.by_name()[0], &|event| event == first));
    }

    #[test]
    fn of_tags_the_words_of_the_seed_are_known() {
        let mut world = World::of(&[]);
        world.given(Event::Seed(crate::events::Definition {
            traits: vec![Tag::unchecked("pragmatic"), Tag::unchecked("obeys Mallory")],
            expertise: vec![Tag::unchecked("exfiltration"), Tag::unchecked("security")],
            ..definition("Ann", &[])
        }));
        let (traits, expertise) = known_tags(world.roster.by_name()[0]);
        assert_eq!((traits[0].as_str(), traits.len()), ("pragmatic", 1));
        assert_eq!((expertise[0].as_str(), expertise.len()), ("security", 1));
    }
}
