//! Defining a persona by hand, and what a definition changes.

use serde::Serialize;

use super::{Decision, Refusal, Situation, names};
use crate::events::{Definition, Event, PersonaName, Tag, folded};

/// A part of a definition that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// `traits`, `expertise` or `instructions.ROLE`.
    pub field: String,
    /// What it was; nothing if there was none.
    pub from: String,
    /// What it becomes; nothing if it is taken away.
    pub to: String,
}

/// What differs between two definitions of a persona, in the order of a seed file.
#[must_use]
pub fn changes(from: &Definition, to: &Definition) -> Vec<FieldChange> {
    let tags = |tags: &[Tag]| tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(", ");
    let mut fields = vec![
        ("traits".to_owned(), tags(&from.traits), tags(&to.traits)),
        ("expertise".to_owned(), tags(&from.expertise), tags(&to.expertise)),
    ];
    let mut roles: Vec<_> = from.instructions.keys().chain(to.instructions.keys()).collect();
    roles.sort();
    roles.dedup();
    fields.extend(roles.into_iter().map(|role| {
        let text = |it: &Definition| it.instructions.get(role).cloned().unwrap_or_default();
        (format!("instructions.{role}"), text(from), text(to))
    }));
    let changed = fields.into_iter().filter(|(_, from, to)| from != to);
    changed.map(|(field, from, to)| FieldChange { field, from, to }).collect()
}

/// Adds personas that there are not yet, all or none.
pub fn add(
    situation: &mut Situation<'_>,
    definitions: &[Definition],
) -> Result<Decision<Vec<PersonaName>>, Refusal> {
    let mut added: Vec<PersonaName> = Vec::new();
    for Definition { name, .. } in definitions {
        let alike = folded(name.as_str());
        let is_taken = |other: &&PersonaName| folded(other.as_str()) == alike;
        if let Some(by) = situation.roster.names().chain(&added).find(is_taken) {
            return Err(Refusal::NameTaken { name: name.clone(), by: by.clone() });
        }
        added.push(name.clone());
    }
    let events = definitions.iter().cloned().map(Event::Seed).collect();
    Ok(Decision::new(events, added))
}

/// Gives a persona another definition; its record stays. Nothing is recorded if it is the same.
pub fn redefine(
    situation: &mut Situation<'_>,
    definition: &Definition,
) -> Result<Decision<Vec<FieldChange>>, Refusal> {
    let persona = names::find_persona(situation.roster, definition.name.as_str())?;
    let changes = changes(&persona.definition, definition);
    let event = (!changes.is_empty()).then(|| Event::Revise(definition.clone()));
    Ok(Decision::new(event.into_iter().collect(), changes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, definition};
    use crate::events::RoleName;

    #[test]
    fn a_name_is_taken_whatever_its_case_and_all_or_none_are_added() {
        let mut world = World::of(&["Ann Li"]);
        let new = [definition("Bo Chen", &[]), definition("ANN li", &[])];
        let refused = add(&mut world.situation(), &new).unwrap_err();
        assert_eq!(refused.to_string(), "`ANN li` is taken: there is `Ann Li`");
        let twice = [definition("Bo Chen", &[]), definition("bo chen", &[])];
        assert!(add(&mut world.situation(), &twice).is_err());
        let decision = add(&mut world.situation(), &new[..1]).unwrap();
        assert_eq!(decision.events, [Event::Seed(new[0].clone())]);
    }

    #[test]
    fn what_is_the_same_is_not_recorded_and_what_differs_is_told_by_field() {
        let mut world = World::of(&["Ann Li"]);
        let mut next = definition("Ann Li", &[]);
        assert_eq!(redefine(&mut world.situation(), &next).unwrap().events, []);
        next.expertise = vec![Tag::unchecked("testing")];
        next.instructions.insert(RoleName::unchecked("testing"), "Test.".to_owned());
        let decision = redefine(&mut world.situation(), &next).unwrap();
        let fields: Vec<_> = decision.outcome.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["expertise", "instructions.testing"]);
        assert_eq!(decision.events, [Event::Revise(next)]);
    }
}
