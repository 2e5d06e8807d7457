//! Finding a persona by what was typed.

use super::Refusal;
use crate::events::PersonaName;
use crate::projection::{Persona, Roster};

/// How much alike two names must be, from 0 to 1, for one to be suggested for the other.
const NEAR: f64 = 0.75;

/// Finds a persona by its exact name, else whatever the case, else by how its name begins.
pub fn find<'a>(roster: &'a Roster, typed: &str) -> Result<&'a Persona, Refusal> {
    let all = || roster.by_name();
    let folded = typed.trim().to_lowercase();
    let is = |persona: &&Persona| persona.name().as_str().to_lowercase() == folded;
    let begins = |persona: &&Persona| persona.name().as_str().to_lowercase().starts_with(&folded);

    if let Some(persona) = all().find(|persona| persona.name().as_str() == typed) {
        return Ok(persona);
    }
    let mut candidates: Vec<_> = all().filter(is).collect();
    if candidates.is_empty() && !folded.is_empty() {
        candidates = all().filter(begins).collect();
    }
    match candidates.as_slice() {
        [persona] => Ok(persona),
        [] => Err(Refusal::UnknownPersona {
            name: typed.to_owned(),
            nearest: nearest(roster, &folded),
        }),
        several => Err(Refusal::AmbiguousName {
            name: typed.to_owned(),
            candidates: several.iter().map(|persona| persona.name().clone()).collect(),
        }),
    }
}

/// The persona whose name, or one word of it, is most like what was typed.
fn nearest(roster: &Roster, folded: &str) -> Option<PersonaName> {
    let likeness = |persona: &Persona| {
        let name = persona.name().as_str().to_lowercase();
        let words = name.split_whitespace().map(|word| strsim::jaro_winkler(word, folded));
        words.fold(strsim::jaro_winkler(&name, folded), f64::max)
    };
    roster
        .by_name()
        .map(|persona| (likeness(persona), persona))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, persona)| persona.name().clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::World;

    #[test]
    fn a_name_is_found_exactly_then_whatever_the_case_then_by_its_beginning() {
        let world = World::of(&["Ann Li", "ann li", "Bo Chen", "Bob Roth"]);
        let found = |typed: &str| find(&world.roster, typed).unwrap().name().to_string();
        assert_eq!(found("ann li"), "ann li");
        assert_eq!(found("BO CHEN"), "Bo Chen");
        assert_eq!(found("bob"), "Bob Roth");
    }

    #[test]
    fn a_beginning_that_several_names_share_is_refused_with_all_of_them() {
        let world = World::of(&["Bo Chen", "Bob Roth"]);
        assert_eq!(
            find(&world.roster, "bo").unwrap_err().to_string(),
            "`bo` could be any of `Bo Chen`, `Bob Roth`"
        );
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest() {
        let world = World::of(&["Elena Vasquez", "Bo Chen"]);
        for typed in ["Elana Vasquez", "Vaskez", "elen vasqez"] {
            let refusal = find(&world.roster, typed).unwrap_err();
            assert_eq!(refusal.to_string(), format!("there is no persona named `{typed}`"));
            assert_eq!(refusal.hint().unwrap(), "did you mean `Elena Vasquez`?");
        }
        let refusal = find(&world.roster, "qqq").unwrap_err();
        assert_eq!(
            refusal.hint().unwrap(),
            "`muzzle-persona list --status all` shows all personas"
        );
        assert!(find(&world.roster, "").is_err());
    }
}
