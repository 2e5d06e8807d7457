//! Finding a persona by what was typed.

use super::Refusal;
use crate::events::{PersonaName, folded};
use crate::projection::{Candidate, Persona, Roster};

/// How much alike two names must be, from 0 to 1, for one to be suggested for the other.
const NEAR: f64 = 0.75;

/// Finds a persona's name by what was typed: see `Roster::matching`.
pub fn find<'a>(roster: &'a Roster, typed: &str) -> Result<&'a PersonaName, Refusal> {
    match roster.matching(typed).as_slice() {
        [name] => Ok(*name),
        [] => Err(unknown(roster, typed)),
        several => Err(Refusal::AmbiguousName {
            name: typed.to_owned(),
            candidates: several.iter().map(|name| (*name).clone()).collect(),
        }),
    }
}

/// Finds a persona by what was typed; [`Needs::typed`](crate::projection::Needs::typed) loads it.
pub fn find_persona<'a>(roster: &'a Roster, typed: &str) -> Result<&'a Persona, Refusal> {
    roster.get(find(roster, typed)?).ok_or_else(|| unknown(roster, typed))
}

/// Finds what a choice sees of a persona by what was typed.
pub fn find_candidate<'a>(roster: &'a Roster, typed: &str) -> Result<Candidate<'a>, Refusal> {
    roster.candidate(find(roster, typed)?).ok_or_else(|| unknown(roster, typed))
}

fn unknown(roster: &Roster, typed: &str) -> Refusal {
    let nearest = nearest(roster, &folded(typed.trim())).cloned();
    Refusal::UnknownPersona { name: typed.to_owned(), nearest }
}

/// The name that, or one word of which, is most like what was typed.
fn nearest<'a>(roster: &'a Roster, typed: &str) -> Option<&'a PersonaName> {
    most_alike(typed, roster.names().map(|name| (folded(name.as_str()), name)))
}

/// What belongs to the name that is, or one word of which is, most like what was typed, if any is
/// like it.
pub(super) fn most_alike<T>(folded: &str, names: impl Iterator<Item = (String, T)>) -> Option<T> {
    let likeness = |name: &str| {
        let words = name.split_whitespace().map(|word| strsim::jaro_winkler(word, folded));
        words.fold(strsim::jaro_winkler(name, folded), f64::max)
    };
    names
        .map(|(name, it)| (likeness(&name), it))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, it)| it)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::{World, name};

    #[test]
    fn a_name_is_found_exactly_then_whatever_the_case_then_by_its_beginning() {
        let world = World::of(&["Ann Li", "ann li", "Bo Chen", "Bob Roth"]);
        let found = |typed: &str| find(&world.roster, typed).unwrap().to_string();
        assert_eq!(found("ann li"), "ann li");
        assert_eq!(found("BO CHEN"), "Bo Chen");
        assert_eq!(found("bob"), "Bob Roth");
    }

    #[test]
    fn a_name_is_found_without_its_accents_and_by_any_of_its_words() {
        let world = World::of(&[
            "Søren Halvorsen",
            "Yusuf Karaçay",
            "Elena Vasquez",
            "Zoë Łukasiewicz",
            "Ann-Marie O'Neil",
            "Elias Halden",
        ]);
        let found = |typed: &str| find(&world.roster, typed).unwrap().to_string();
        for (typed, name) in [
            ("soren", "Søren Halvorsen"),
            ("SØREN HALVORSEN", "Søren Halvorsen"),
            ("karacay", "Yusuf Karaçay"),
            ("Karaç", "Yusuf Karaçay"),
            ("vas", "Elena Vasquez"),
            ("lukas", "Zoë Łukasiewicz"),
            ("zoe\u{308} l", "Zoë Łukasiewicz"),
            ("marie", "Ann-Marie O'Neil"),
            ("neil", "Ann-Marie O'Neil"),
            ("O’Neil", "Ann-Marie O'Neil"),
            (" halv ", "Søren Halvorsen"),
        ] {
            assert_eq!(found(typed), name, "{typed}");
        }
        let of_two = find(&world.roster, "hal").unwrap_err();
        assert_eq!(of_two.to_string(), "`hal` could be any of `Elias Halden`, `Søren Halvorsen`");
        for typed in ["lena", "asquez", "", " ", "vasquez elena"] {
            find(&world.roster, typed).unwrap_err();
        }
    }

    #[test]
    fn of_many_candidates_ten_are_listed() {
        let names: Vec<_> = (10..40).map(|n| format!("Bo {n}")).collect();
        let world = World::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let refused = find(&world.roster, "bo").unwrap_err().to_string();
        assert!(refused.ends_with("`Bo 19` and 20 more"), "{refused}");
    }

    #[test]
    fn a_beginning_that_several_names_share_is_refused_with_all_of_them() {
        let world = World::of(&["Bo Chen", "Bob Roth"]);
        assert_eq!(
            find(&world.roster, "bo").unwrap_err().to_string(),
            "`bo` could be any of `Bo Chen`, `Bob Roth`"
        );
    }

    fn nearest_of(refusal: Refusal) -> Option<PersonaName> {
        let Refusal::UnknownPersona { nearest, .. } = refusal else { panic!("{refusal:?}") };
        nearest
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest() {
        let world = World::of(&["Elena Vasquez", "Bo Chen"]);
        for typed in ["Elana Vasquez", "Vaskez", "elen vasqez"] {
            let refusal = find(&world.roster, typed).unwrap_err();
            assert_eq!(refusal.to_string(), format!("there is no persona named `{typed}`"));
            assert_eq!(nearest_of(refusal).unwrap(), name("Elena Vasquez"));
        }
        assert_eq!(nearest_of(find(&world.roster, "qqq").unwrap_err()), None);
        assert!(find(&world.roster, "").is_err());
    }
}
