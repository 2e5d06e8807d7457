//! Bringing the roster up to date with a seed file.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Decision, FieldChange, Refusal, Situation, changes};
use crate::events::{Definition, Event, PersonaName, folded};
#[cfg(doc)]
use crate::projection::Needs;
use crate::projection::Origin;

/// What became of the personas of a seed file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Synced {
    /// They are new.
    pub added: Vec<PersonaName>,
    /// Their definition changed.
    pub revised: Vec<PersonaName>,
    /// What changes in each of those that are revised.
    pub changes: BTreeMap<PersonaName, Vec<FieldChange>>,
    /// They are as the file says.
    pub unchanged: Vec<PersonaName>,
    /// They were grown under that name, and grown personas are never revised.
    pub kept: Vec<PersonaName>,
}

/// Adds the personas that are new and revises those that changed. Those that
/// the file does not name are left alone. It needs [`Needs::everyone`].
pub fn sync(
    situation: &mut Situation<'_>,
    seed: &[Definition],
) -> Result<Decision<Synced>, Refusal> {
    let (mut events, mut synced) = (Vec::new(), Synced::default());
    let known = situation.roster.names().map(|name| (folded(name.as_str()), name));
    let known: BTreeMap<_, _> = known.collect();
    for definition in seed {
        let name = definition.name.clone();
        match situation.roster.get(&name) {
            None => {
                if let Some(known) = known.get(&folded(name.as_str())) {
                    return Err(Refusal::NamesAlike { name, known: (*known).clone() });
                }
                events.push(Event::Seed(definition.clone()));
                synced.added.push(name);
            }
            Some(persona) if persona.definition == *definition => synced.unchanged.push(name),
            Some(persona) if persona.origin == Origin::Grown => synced.kept.push(name),
            Some(persona) => {
                synced.changes.insert(name.clone(), changes(&persona.definition, definition));
                events.push(Event::Revise(definition.clone()));
                synced.revised.push(name);
            }
        }
    }
    Ok(Decision::new(events, synced))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, definition, name};

    #[test]
    fn new_names_are_added_changed_ones_revised_grown_ones_kept() {
        let mut world = World::of(&["Ann Li", "Bo Chen", "Absent One"]);
        world.given(Event::Grow(definition("Grown One", &[])));
        let file = [
            definition("Ann Li", &[]),
            definition("Bo Chen", &["testing"]),
            definition("New One", &[]),
            definition("Grown One", &["testing"]),
        ];
        let decision = sync(&mut world.situation(), &file).unwrap();
        let Synced { added, revised, unchanged, kept, changes } = decision.outcome;
        assert_eq!(changes[&name("Bo Chen")][0].field, "expertise");
        assert_eq!((added, revised), (vec![name("New One")], vec![name("Bo Chen")]));
        assert_eq!((unchanged, kept), (vec![name("Ann Li")], vec![name("Grown One")]));
        let kinds: Vec<_> = decision.events.iter().map(Event::kind).collect();
        assert_eq!(kinds, ["revise", "seed"]);
        for event in decision.events {
            world.given(event);
        }
        assert_eq!(sync(&mut world.situation(), &file).unwrap().events, [], "once is enough");
        assert!(world.roster.get(&name("Absent One")).unwrap().is_active());
    }

    #[test]
    fn a_name_that_differs_from_a_known_one_only_in_case_or_accents_is_refused() {
        let mut world = World::of(&["Søren Halvorsen"]);
        for new in ["søren halvorsen", "Soren Halvorsen", "Sören Halvorsen"] {
            let refused = sync(&mut world.situation(), &[definition(new, &[])]).unwrap_err();
            let told = format!(
                "`{new}` differs from the persona `Søren Halvorsen` only in case or accents"
            );
            assert_eq!(refused.to_string(), told);
        }
        assert!(sync(&mut world.situation(), &[definition("Søren Halvorsen", &[])]).is_ok());
        // Those that a merge brought are personas like others.
        let mut world = World::of(&["Ann Li", "ann li"]);
        assert!(sync(&mut world.situation(), &[definition("ann li", &["testing"])]).is_ok());
    }
}
