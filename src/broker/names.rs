//! Finding a persona by what was typed.

use super::Refusal;
use crate::events::PersonaName;
use crate::projection::{Persona, Roster};

/// How much alike two names must be, from 0 to 1, for one to be suggested for the other.
const NEAR: f64 = 0.75;

/// Finds a persona by its exact name, else whatever the case, else by how its name begins.
pub fn find<'a>(roster: &'a Roster, typed: &str) -> Result<&'a Persona, Refusal> {
    let folded = typed.trim().to_lowercase();
    let is = |name: &&PersonaName| name.as_str().to_lowercase() == folded;
    let begins = |name: &&PersonaName| name.as_str().to_lowercase().starts_with(&folded);

    if let Some(persona) = roster.get(&PersonaName::unchecked(typed))? {
        return Ok(persona);
    }
    let mut candidates: Vec<_> = roster.names().filter(is).collect();
    if candidates.is_empty() && !folded.is_empty() {
        candidates = roster.names().filter(begins).collect();
    }
    let unknown = || Refusal::UnknownPersona {
        name: typed.to_owned(),
        nearest: nearest(roster, &folded).cloned(),
    };
    match candidates.as_slice() {
        [name] => roster.get(name)?.ok_or_else(unknown),
        [] => Err(unknown()),
        several => Err(Refusal::AmbiguousName {
            name: typed.to_owned(),
            candidates: several.iter().map(|name| (*name).clone()).collect(),
        }),
    }
}

/// The name that, or one word of which, is most like what was typed.
fn nearest<'a>(roster: &'a Roster, folded: &str) -> Option<&'a PersonaName> {
    let likeness = |name: &PersonaName| {
        let name = name.as_str().to_lowercase();
        let words = name.split_whitespace().map(|word| strsim::jaro_winkler(word, folded));
        words.fold(strsim::jaro_winkler(&name, folded), f64::max)
    };
    roster
        .names()
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, name)| name)
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
