//! Growing a persona that did not exist.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::{Decision, Refusal, Role, Situation, Vocabulary};
use crate::events::{Definition, Event, PersonaName, Tag, folded};

/// Grows personas, each knowing of those before it.
pub struct Growth<'a> {
    vocabulary: &'a Vocabulary,
    names: UnusedNames<'a>,
    /// How many personas have a tag.
    carriers: BTreeMap<SmolStr, u64>,
}

impl<'a> Growth<'a> {
    /// Growth in a situation before which nothing was grown.
    pub fn new(situation: &Situation<'a>) -> Self {
        let (roster, vocabulary) = (situation.roster, situation.seed.vocabulary());
        let carriers = roster.expertise().into_iter();
        Self {
            vocabulary,
            names: UnusedNames::new(
                vocabulary,
                roster.names().map(|it| folded(it.as_str())).collect(),
            ),
            carriers: carriers.map(|(tag, count)| (tag.into(), count)).collect(),
        }
    }

    /// Makes a persona with an unused name, two traits and two fields of expertise, the first of
    /// them one that its role asks for, if it asks for any.
    ///
    /// The outcome goes into the event, so that a replay needs no randomness.
    pub fn grow(&mut self, role: Option<&Role>, rng: &mut fastrand::Rng) -> Definition {
        let Self { vocabulary, names, carriers } = self;
        let rarity = |tag: &str| RARITY_UNIT / (carriers.get(tag).copied().unwrap_or(0) + 1);
        let name = names.take(rng);
        let traits = pick(2, vocabulary.traits.iter().map(|it| (it.as_str(), 1)).collect(), rng);
        let wanted = role.map_or(&[][..], |role| &role.expertise).iter();
        let wanted = wanted.map(|tag| (tag.as_str(), rarity(tag.as_str()))).collect();
        let mut expertise = pick(1, wanted, rng);
        let others = vocabulary.expertise.iter().map(SmolStr::as_str);
        let others = others.filter(|tag| expertise.iter().all(|it| it.as_str() != *tag));
        let others = others.map(|tag| (tag, rarity(tag))).collect();
        expertise.extend(pick(2 - expertise.len(), others, rng));
        for tag in &expertise {
            *carriers.entry(tag.as_str().into()).or_default() += 1;
        }
        Definition { name, traits, expertise, instructions: BTreeMap::new() }
    }
}

/// The most personas that one command grows.
pub const GROW_LIMIT: u16 = 1000;

/// Grows several personas, each knowing of those before it.
pub fn grow_many(
    situation: &mut Situation<'_>,
    count: u16,
) -> Result<Decision<Vec<Definition>>, Refusal> {
    let mut growth = Growth::new(situation);
    let grown: Vec<_> = (0..count).map(|_| growth.grow(None, situation.rng)).collect();
    Ok(Decision::new(grown.iter().cloned().map(Event::Grow).collect(), grown))
}

/// The weight of a tag that nobody has; one that `n` personas have weighs `1 / (n + 1)` of it.
const RARITY_UNIT: u64 = 1 << 32;

/// How many letters a middle initial can be.
const INITIALS: usize = 26;

/// Finds names that nobody has: a first and a last name; when all pairs are
/// used, with a middle initial, and when these are used too, with a number.
///
/// Names have places: first all pairs, then all with `A.`, and so on. Each is
/// looked at only until it is known to be used.
struct UnusedNames<'a> {
    vocabulary: &'a Vocabulary,
    /// The names that are used, folded.
    used: BTreeSet<String>,
    /// From a place whose name is known to be used, where to look on: past it, in the same pairs.
    onward: BTreeMap<usize, usize>,
    /// By the place of a pair, its least number that may be unused.
    numbers: BTreeMap<usize, u64>,
}

impl<'a> UnusedNames<'a> {
    fn new(vocabulary: &'a Vocabulary, used: BTreeSet<String>) -> Self {
        Self { vocabulary, used, onward: BTreeMap::new(), numbers: BTreeMap::new() }
    }

    /// Makes a name, and knows it as used from now on.
    fn take(&mut self, rng: &mut fastrand::Rng) -> PersonaName {
        let pairs = self.vocabulary.first_names.len() * self.vocabulary.last_names.len();
        let start = rng.usize(0..pairs.max(1));
        let mut unused = None;
        for begin in (0..=INITIALS).map(|middle| middle * pairs) {
            let (start, end) = (begin + start, begin + pairs);
            unused = self.first_unused(start, end).or_else(|| self.first_unused(begin, start));
            if unused.is_some() {
                break;
            }
        }
        let name = unused.unwrap_or_else(|| self.numbered(start));
        self.used.insert(folded(name.as_str()));
        name
    }

    /// The first unused name from one place up to another; both are of the same pairs.
    fn first_unused(&mut self, start: usize, end: usize) -> Option<PersonaName> {
        let mut passed = Vec::new();
        let mut at = start;
        let mut found = None;
        while at < end {
            let next = self.onward.get(&at).copied();
            if next.is_none() {
                let name = self.name(at);
                if !self.used.contains(&folded(name.as_str())) {
                    found = Some(name);
                    break;
                }
            }
            passed.push(at);
            at = next.unwrap_or(at + 1);
        }
        self.onward.extend(passed.into_iter().map(|place| (place, at)));
        found
    }

    fn name(&self, place: usize) -> PersonaName {
        let Vocabulary { first_names, last_names, .. } = self.vocabulary;
        let (firsts, lasts) = (first_names.len().max(1), last_names.len().max(1));
        let (pair, middle) = (place % (firsts * lasts), place / (firsts * lasts));
        let middle = match ('A'..='Z').nth(middle.wrapping_sub(1)) {
            Some(initial) => format!("{initial}. "),
            None => String::new(),
        };
        let first = first_names.get(pair % firsts).map_or("", SmolStr::as_str);
        let last = last_names.get(pair / firsts).map_or("", SmolStr::as_str);
        PersonaName::unchecked(&format!("{first} {middle}{last}"))
    }

    fn numbered(&mut self, pair: usize) -> PersonaName {
        let name = self.name(pair);
        let number = self.numbers.entry(pair).or_insert(2);
        loop {
            let numbered = PersonaName::unchecked(&format!("{name} {number}"));
            if !self.used.contains(&folded(numbered.as_str())) {
                return numbered;
            }
            *number += 1;
        }
    }
}

/// So many different words, the heavier the likelier.
fn pick(count: usize, mut left: Vec<(&str, u64)>, rng: &mut fastrand::Rng) -> Vec<Tag> {
    let mut picked = Vec::new();
    while picked.len() < count && !left.is_empty() {
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
        for next in grow_many(&mut world.situation(), 200).unwrap().outcome {
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
        let mut unused = UnusedNames::new(&vocabulary, BTreeSet::new());
        let mut names: Vec<String> = Vec::new();
        for _ in 0..55 {
            let name = unused.take(&mut rng).to_string();
            assert!(!names.contains(&name), "{name}");
            names.push(name);
        }
        names[..2].sort();
        assert_eq!(names[..2], ["Ann Li", "Bo Li"]);
        assert!(names[2..54].iter().all(|name| name.contains(". Li")), "{names:?}");
        assert!(names[54].ends_with("Li 2"), "{names:?}");
    }

    #[test]
    fn a_name_is_the_first_unused_one_from_where_the_search_starts() {
        let words = |words: &[&str]| words.iter().copied().map(SmolStr::new).collect();
        let vocabulary = Vocabulary {
            // Two pairs make the same name.
            first_names: words(&["Ann", "Ann B.", "Bo"]),
            last_names: words(&["B. Li", "Li", "Roth"]),
            ..crate::broker::Seed::default().vocabulary().clone()
        };
        let Vocabulary { first_names: first, last_names: last, .. } = &vocabulary;
        let pair =
            |at: usize, middle: &str| format!("{} {middle}{}", first[at % 3], last[at / 3 % 3]);
        let initials: Vec<_> = ('A'..='Z').map(|initial| format!("{initial}. ")).collect();
        let middles: Vec<_> = [""].into_iter().chain(initials.iter().map(String::as_str)).collect();
        let (mut rng, mut again) = (fastrand::Rng::with_seed(3), fastrand::Rng::with_seed(3));
        let mut used = BTreeSet::from(["Bo Li".to_owned(), "Ann Roth 3".to_owned()]);
        let known = used.iter().map(|name| folded(name)).collect();
        let mut unused = UnusedNames::new(&vocabulary, known);
        for _ in 0..500 {
            let start = again.usize(0..9);
            let lettered = middles.iter().flat_map(|middle| (0..9).map(move |at| (at, *middle)));
            let lettered = lettered.map(|(at, middle)| pair(start + at, middle));
            let numbered = (2..).map(|number| format!("{} {number}", pair(start, "")));
            let first = lettered.chain(numbered).find(|name| !used.contains(name)).unwrap();
            assert_eq!(unused.take(&mut rng).as_str(), first);
            used.insert(first);
        }
    }

    #[test]
    fn rarer_tags_are_likelier() {
        let (common, rare) = (RARITY_UNIT / 10, RARITY_UNIT);
        let words = [("rare", rare), ("common", common), ("other", rare)];
        let mut rng = fastrand::Rng::with_seed(7);
        let mut with_common = 0;
        for _ in 0..1000 {
            let picked = pick(2, words.to_vec(), &mut rng);
            with_common += usize::from(picked.iter().any(|tag| tag.as_str() == "common"));
        }
        // With weights 1 : 0.1 : 1, `common` is among the two in 13.4 % of the picks.
        assert!((90..190).contains(&with_common), "{with_common}");
    }

    #[test]
    fn the_work_for_eight_times_as_many_is_about_eight_times_as_much() {
        // How often memory is asked for is a measure that is the same on every machine.
        let work = |count| {
            let mut world = World::of(&[]);
            let work = || drop(grow_many(&mut world.situation(), count).unwrap());
            allocation_counter::measure(work).count_total
        };
        let (few, many) = (work(100), work(800));
        assert!(many < 12 * few, "{few}, {many}");
    }
}
