//! Growing a persona that did not exist.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::{Decision, Refusal, Situation, Vocabulary};
use crate::events::{Definition, Event, PersonaName, Tag};

/// Makes a persona with an unused name, two traits and two fields of knowledge.
///
/// `also` are personas that the same decision made before. The outcome goes
/// into the event, so that a replay needs no randomness.
pub fn grow(situation: &mut Situation<'_>, also: &[Definition]) -> Definition {
    let vocabulary = situation.seed.vocabulary();
    let names = situation.roster.names().chain(also.iter().map(|definition| &definition.name));
    let used: BTreeSet<_> = names.map(PersonaName::as_str).collect();
    let mut carriers = situation.roster.expertise();
    for tag in also.iter().flat_map(|definition| &definition.expertise) {
        *carriers.entry(tag.as_str()).or_default() += 1;
    }
    let rarity = |tag: &str| RARITY_UNIT / (carriers.get(tag).copied().unwrap_or(0) + 1);
    Definition {
        name: unused_name(vocabulary, &used, situation.rng),
        traits: pick_two(&vocabulary.traits, |_| 1, situation.rng),
        expertise: pick_two(&vocabulary.expertise, rarity, situation.rng),
        instructions: BTreeMap::new(),
    }
}

/// The most personas that one command grows.
pub const GROW_LIMIT: u16 = 1000;

/// Grows several personas, each knowing of those before it.
pub fn grow_many(
    situation: &mut Situation<'_>,
    count: u16,
) -> Result<Decision<Vec<Definition>>, Refusal> {
    let mut grown = Vec::new();
    for _ in 0..count {
        grown.push(grow(situation, &grown));
    }
    let events = grown.iter().cloned().map(Event::Grow).collect();
    Ok(Decision { events, outcome: grown, notices: Vec::new() })
}

/// The weight of a tag that nobody has; one that `n` personas have weighs `1 / (n + 1)` of it.
const RARITY_UNIT: u64 = 1 << 32;

/// A first and a last name that nobody has; when all pairs are used, with a
/// middle initial, and when these are used too, with a number.
fn unused_name(
    vocabulary: &Vocabulary,
    used: &BTreeSet<&str>,
    rng: &mut fastrand::Rng,
) -> PersonaName {
    let (first, last) = (&vocabulary.first_names, &vocabulary.last_names);
    let (firsts, lasts) = (first.len().max(1), last.len().max(1));
    let pairs = first.len() * last.len();
    let pair = |index: usize, middle: &str| {
        let first = first.get(index % firsts).map_or("", SmolStr::as_str);
        let last = last.get(index / firsts % lasts);
        format!("{first} {middle}{}", last.map_or("", SmolStr::as_str))
    };
    let start = rng.usize(0..pairs.max(1));
    let plain = (0..pairs).map(|step| pair(start + step, ""));
    let initials = ('A'..='Z').flat_map(|initial| {
        let middle = format!("{initial}. ");
        (0..pairs).map(move |step| pair(start + step, &middle))
    });
    let numbered = (2_u64..).map(|number| format!("{} {number}", pair(start, "")));
    let name = plain.chain(initials).chain(numbered).find(|name| !used.contains(name.as_str()));
    PersonaName::unchecked(&name.unwrap_or_default())
}

/// Two different words, the heavier the likelier.
fn pick_two(words: &[SmolStr], weight: impl Fn(&str) -> u64, rng: &mut fastrand::Rng) -> Vec<Tag> {
    let mut left: Vec<_> = words.iter().map(|word| (word.as_str(), weight(word))).collect();
    let mut picked = Vec::new();
    while picked.len() < 2 && !left.is_empty() {
        let total = left.iter().map(|(_, weight)| weight).sum();
        let mut at = rng.u64(0..u64::max(total, 1));
        let index = left.iter().position(|(_, weight)| {
            let hit = at < *weight;
            at = at.saturating_sub(*weight);
            hit
        });
        let (word, _) = left.remove(index.unwrap_or_default());
        picked.push(Tag::unchecked(word));
    }
    picked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::World;

    #[test]
    fn a_grown_persona_has_an_unused_name_two_traits_and_two_tags() {
        let mut world = World::of(&[]);
        let mut grown: Vec<Definition> = Vec::new();
        for _ in 0..200 {
            let next = grow(&mut world.situation(), &grown);
            assert!(grown.iter().all(|other| other.name != next.name), "{}", next.name);
            assert_eq!((next.traits.len(), next.expertise.len()), (2, 2));
            assert_ne!(next.traits[0], next.traits[1]);
            assert_ne!(next.expertise[0], next.expertise[1]);
            grown.push(next);
        }
    }

    #[test]
    fn when_all_names_are_used_there_is_a_middle_initial_and_then_a_number() {
        let words = |words: &[&str]| words.iter().copied().map(SmolStr::new).collect();
        let vocabulary = Vocabulary {
            first_names: words(&["Ann", "Bo"]),
            last_names: words(&["Li"]),
            ..crate::broker::Seed::default().vocabulary().clone()
        };
        let mut rng = fastrand::Rng::with_seed(1);
        let mut used = BTreeSet::new();
        let mut names = Vec::new();
        for _ in 0..55 {
            let known = used.iter().map(String::as_str).collect();
            let name = unused_name(&vocabulary, &known, &mut rng).to_string();
            assert!(used.insert(name.clone()), "{name}");
            names.push(name);
        }
        names[..2].sort();
        assert_eq!(names[..2], ["Ann Li", "Bo Li"]);
        assert!(names[2..54].iter().all(|name| name.contains(". Li")), "{names:?}");
        assert!(names[54].ends_with("Li 2"), "{names:?}");
    }

    #[test]
    fn rarer_tags_are_likelier() {
        let words = ["rare", "common", "other"].map(SmolStr::new_static);
        let weight = |tag: &str| if tag == "common" { RARITY_UNIT / 10 } else { RARITY_UNIT };
        let mut rng = fastrand::Rng::with_seed(7);
        let mut with_common = 0;
        for _ in 0..1000 {
            let picked = pick_two(&words, weight, &mut rng);
            with_common += usize::from(picked.iter().any(|tag| tag.as_str() == "common"));
        }
        // With weights 1 : 0.1 : 1, `common` is among the two in 13.4 % of the picks.
        assert!((90..190).contains(&with_common), "{with_common}");
    }
}
