//! What a judgement says, by its words.
//!
//! The seed's lists say what each word and phrase is; the rule, what they do to each other: a negation
//! turns a word round, a fault speaks for whoever mends it and against whoever makes it, and what others
//! did says nothing. What is not understood says nothing, either: a verdict that is missing does less
//! harm than one that is turned round.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::words::{SentimentWords, pieces};
use crate::events::Sentiment;

/// How many words a word reaches.
const REACH: usize = 4;
/// The same of a negation with which a part of a sentence begins ("nothing in this patch …").
const FAR: usize = 8;
/// The same of a negation to what is not done, as in "never even opened".
const NEAR: usize = 2;
/// How many words after a verb its object may begin.
const OBJECT: usize = 6;
/// The same where a negation is the object, as in "missed almost nothing".
const NOTHING: usize = 2;

/// A verdict, and the words that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The verdict.
    pub sentiment: Sentiment,
    /// The words that spoke for the persona, as read.
    pub positive: Vec<String>,
    /// The words that spoke against it, as read.
    pub negative: Vec<String>,
}

/// Judges a text by the seed's words.
///
/// Whole words and phrases, whatever their case. The side for which more speaks wins; a tie is
/// neutral, and so is a text that sets one side against the other ("good, but slow").
#[must_use]
pub fn classify(text: &str, words: &SentimentWords) -> Verdict {
    let hits = Hits::of(text, words);
    let (mut positive, mut negative) = (Vec::new(), Vec::new());
    let mut index = 0;
    while let Some(hit) = hits.0.get(index) {
        let reading = hits.reading(index, hit);
        index = reading.until.max(index + 1);
        match reading.speaks_for {
            Some(true) => positive.push(reading.text),
            Some(false) => negative.push(reading.text),
            None => {}
        }
    }
    let is_contrast = !positive.is_empty() && !negative.is_empty() && hits.are(CONTRAST);
    let is_mixed = is_contrast || hits.end_in_a_negation();
    let sentiment = match positive.len().cmp(&negative.len()) {
        _ if is_mixed => Sentiment::Neutral,
        Ordering::Greater => Sentiment::Positive,
        Ordering::Less => Sentiment::Negative,
        Ordering::Equal => Sentiment::Neutral,
    };
    Verdict { sentiment, positive, negative }
}

// What a word or phrase is: a bit for each list, in the order of `SentimentWords::lists`.
const POSITIVE: u32 = 1;
const NEGATIVE: u32 = 1 << 1;
const NEGATION: u32 = 1 << 3;
const WISH: u32 = 1 << 4;
const EXCESS: u32 = 1 << 5;
const ASIDE: u32 = 1 << 6;
const CONTRAST: u32 = 1 << 7;
const BREAK: u32 = 1 << 8;
const FAULT: u32 = 1 << 9;
const MENDS: u32 = 1 << 10;
const OPINION: u32 = 1 << 11;
const CAUSES: u32 = 1 << 12;
const CARRIES: u32 = 1 << 13;
const DUTY: u32 = 1 << 14;
const DETERMINER: u32 = 1 << 15;
const OTHERS: u32 = 1 << 16;

/// A word or phrase of a list, where it stands in a text.
#[derive(Debug)]
struct Hit {
    is: u32,
    text: String,
    /// The words that it takes, counted over the whole text.
    from: usize,
    to: usize,
    /// No word reaches from one part into the next.
    part: usize,
    /// Whether it is the first word of its part, or the last one.
    is_first: bool,
    is_last: bool,
}

impl Hit {
    fn is(&self, kinds: u32) -> bool {
        self.is & kinds != 0
    }
}

/// What a hit comes to.
#[derive(Default)]
struct Reading {
    /// Whether it speaks for the persona or against it, if it says anything.
    speaks_for: Option<bool>,
    /// The words, as read.
    text: String,
    /// The hit before which it ends, where it takes more than one.
    until: usize,
}

/// The known words of a text, in order.
struct Hits(Vec<Hit>);

impl Hits {
    fn of(text: &str, lists: &SentimentWords) -> Self {
        let known = Known::new(lists);
        let mut hits: Vec<Hit> = Vec::new();
        let (mut from, mut part) = (0, 0);
        for clause in clauses(text) {
            part += 1;
            let (mut rest, mut begin) = (clause.as_slice(), from);
            while !rest.is_empty() {
                let (length, mut is) = known.longest(rest);
                let before = hits.last().filter(|hit| hit.to == from && hit.part == part);
                if before.is_some_and(|hit| hit.is(DETERMINER)) {
                    is &= !(MENDS | CAUSES);
                }
                if is & (CONTRAST | BREAK) != 0 {
                    part += 1;
                    begin = from;
                    if let Some(last) = hits.last_mut().filter(|hit| hit.to == from) {
                        last.is_last = true;
                    }
                }
                let (words, after) = rest.split_at(length);
                if is != 0 {
                    let (text, to) = (words.join(" "), from + length);
                    let (is_first, is_last) = (from == begin, after.is_empty());
                    hits.push(Hit { is, text, from, to, part, is_first, is_last });
                }
                (from, rest) = (from + length, after);
            }
        }
        Self(hits)
    }

    fn are(&self, kinds: u32) -> bool {
        self.0.iter().any(|hit| hit.is(kinds))
    }

    /// Returns whether a part ends in the negation of something said before, which may be anything:
    /// "the code was not".
    fn end_in_a_negation(&self) -> bool {
        let is_not = |hit: &Hit| hit.text == "not" || hit.text.ends_with("n't");
        self.0.iter().any(|hit| hit.is_last && !hit.is_first && hit.is(NEGATION) && is_not(hit))
    }

    /// Those of some kinds that reach a hit, nearest first.
    fn before(&self, index: usize, kinds: u32) -> impl Iterator<Item = &Hit> {
        let (before, from_here) = self.0.split_at(index);
        let reached = from_here.first().map(|hit| (hit.part, hit.from));
        before.iter().rev().filter(move |it| {
            let reach = if it.is_first && it.is(NEGATION) { FAR } else { REACH };
            let is_near = |(part, from)| it.part == part && from < it.to + reach;
            it.is(kinds) && reached.is_some_and(is_near)
        })
    }

    /// Those after a hit, in the same part, that begin within so many words, with their indexes.
    fn after(&self, index: usize, hit: &Hit, reach: usize) -> impl Iterator<Item = (usize, &Hit)> {
        let (part, end) = (hit.part, hit.to + reach);
        let after = self.0.iter().enumerate().skip(index + 1);
        after.take_while(move |(_, it)| it.part == part && it.from < end)
    }

    fn reading(&self, index: usize, hit: &Hit) -> Reading {
        let negations: Vec<_> = self.before(index, NEGATION).collect();
        let is_turned = negations.len() % 2 == 1;
        let text = |rest: &str| match negations.first() {
            Some(negation) => format!("{} … {rest}", negation.text),
            None => rest.to_owned(),
        };
        let by_nobody = self.before(index, OTHERS).any(|it| it.is(NEGATION));
        let by_others = self.before(index, OTHERS).next().is_some();
        let is_wish = self.before(index, WISH).next().is_some();
        let is_aside = self.before(index, ASIDE).next().is_some();
        let is_verb = hit.is(MENDS | CAUSES | CARRIES);
        let object = if is_verb { self.object(index, hit) } else { None };
        if let Some(Object { text: object, is_denied, until }) = object {
            let is_opinion = by_others && !by_nobody && hit.is(OPINION);
            let speaks_for = if hit.is(MENDS) && !is_opinion {
                Some(!is_turned).filter(|_| !by_others && !is_aside && !is_denied)
            } else {
                let is_theirs = by_others && hit.is(CAUSES);
                Some(is_turned != is_denied).filter(|_| !is_theirs && !is_aside)
            };
            return Reading {
                speaks_for, text: text(&format!("{} … {object}", hit.text)), until
            };
        }
        if is_aside || (by_others && hit.is(MENDS | CAUSES)) {
            return Reading::default();
        }
        if hit.is(POSITIVE | NEGATIVE) {
            let nothing = self.after(index, hit, NOTHING).find(|(_, it)| it.is(NEGATION));
            let nothing = nothing.filter(|_| hit.is(MENDS | CAUSES));
            let Some((at, nothing)) = nothing else {
                let speaks_for = self.speaks_for(index, hit, is_turned);
                return Reading { speaks_for, text: text(&hit.text), until: 0 };
            };
            let speaks_for = Some(hit.is(POSITIVE) == is_turned);
            let until = self.after(at, nothing, NOTHING).last().map_or(at, |(last, _)| last) + 1;
            let text = text(&format!("{} … {}", hit.text, nothing.text));
            return Reading { speaks_for, text, until };
        }
        // A fault by itself may be what the work was about.
        let speaks_for = match () {
            () if hit.is(FAULT) => is_turned.then_some(true),
            () if is_wish || (hit.is(MENDS) && self.before(index, FAULT).next().is_some()) => None,
            () if hit.is(MENDS) => is_turned.then_some(false),
            () if hit.is(DUTY) => {
                let is_near = |it: &&Hit| hit.from < it.to + NEAR;
                (is_turned && negations.iter().any(is_near)).then_some(false)
            }
            () => None,
        };
        Reading { speaks_for, text: text(&hit.text), until: 0 }
    }

    /// Whether a word that praises or blames does so where it stands.
    fn speaks_for(&self, index: usize, hit: &Hit, is_turned: bool) -> Option<bool> {
        let praises = hit.is(POSITIVE) != is_turned;
        if let Some(wish) = self.before(index, WISH).next() {
            let is_comparative = COMPARATIVES.iter().any(|end| hit.text.ends_with(end));
            let more = hit.from.checked_sub(wish.to).is_some_and(|between| between == 1);
            let is_other = wish.text.contains("have") || wish.text.contains("'ve");
            return (is_comparative || more || is_other).then_some(!praises);
        }
        let is_excess = self.before(index, EXCESS).any(|excess| excess.to == hit.from);
        Some(praises && (is_turned || !is_excess))
    }

    /// The bad thing that a verb is about.
    fn object(&self, index: usize, verb: &Hit) -> Option<Object> {
        let strong = if verb.is(CARRIES) { MENDS | CAUSES } else { MENDS };
        let mut is_denied = false;
        let mut after = self.after(index, verb, OBJECT);
        let (first, object) = after.find(|(_, it)| {
            is_denied ^= it.is(NEGATION);
            // What was prevented may itself be something that is done: "kept us from making a mistake".
            let is_passed = verb.is(MENDS) && it.is(CAUSES) && it.text.ends_with("ing");
            it.is(FAULT | NEGATIVE | MENDS | CAUSES) && !is_passed
        })?;
        let is_object = object.is(FAULT | NEGATIVE) && !object.is(strong | CAUSES);
        let is_judged = verb.is(OPINION) && !object.is(FAULT) && object.is_last;
        if !is_object || is_judged {
            return None;
        }
        let (mut last, mut end) = (first, object.to);
        for (index, it) in self.after(first, object, OBJECT) {
            if !it.is(FAULT | NEGATIVE) || it.is(MENDS | CAUSES) || it.from > end + 1 {
                break;
            }
            (last, end) = (index, it.to);
        }
        let text = self.0.get(first..=last)?.iter().map(|hit| hit.text.as_str());
        Some(Object { text: text.collect::<Vec<_>>().join(" "), is_denied, until: last + 1 })
    }
}

/// The bad thing that a verb is about.
struct Object {
    text: String,
    /// Whether there is none: "introduced no bugs".
    is_denied: bool,
    /// The hit before which it ends.
    until: usize,
}

/// How comparatives end, as far as they do.
const COMPARATIVES: [&str; 3] = ["er", "ier", "worse"];

/// The words and phrases of all lists, by their first words.
struct Known<'a>(BTreeMap<&'a str, Vec<(Vec<&'a str>, u32)>>);

impl<'a> Known<'a> {
    fn new(lists: &'a SentimentWords) -> Self {
        let mut known: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (bit, list) in lists.lists().enumerate() {
            for phrase in list {
                let words: Vec<_> = phrase.split(' ').collect();
                let phrases = known.entry(words.first().copied().unwrap_or_default());
                phrases.or_default().push((words, 1 << bit));
            }
        }
        Self(known)
    }

    /// How many words the longest phrase takes with which these words begin, and what it is.
    fn longest(&self, words: &[String]) -> (usize, u32) {
        let first = words.first().map(String::as_str).unwrap_or_default();
        let firsts = [Some(first), singular(first, "s"), singular(first, "es")];
        let phrases = firsts.into_iter().flatten().filter_map(|first| self.0.get(first)).flatten();
        let mut longest = (1, 0);
        for (phrase, is) in phrases {
            let words = words.get(..phrase.len()).unwrap_or_default();
            let is = if words.iter().eq(phrase) { *is } else { *is & FAULT };
            if is != 0 && phrase.len() >= longest.0 && is_phrase(words, phrase) {
                let others = if phrase.len() == longest.0 { longest.1 } else { 0 };
                longest = (phrase.len(), others | is);
            }
        }
        longest
    }
}

/// Returns whether words are a phrase, the last of them perhaps in the plural.
fn is_phrase(words: &[String], phrase: &[&str]) -> bool {
    let (Some((last, before)), Some((end, begin))) = (words.split_last(), phrase.split_last())
    else {
        return false;
    };
    let is_plural = || ["s", "es"].iter().any(|ending| singular(last, ending) == Some(end));
    before.iter().eq(begin) && (last == end || is_plural())
}

fn singular<'a>(word: &'a str, ending: &str) -> Option<&'a str> {
    word.strip_suffix(ending)
}

/// The words of a text in lower case, taken apart at punctuation.
fn clauses(text: &str) -> Vec<Vec<String>> {
    let mut clauses = vec![Vec::new()];
    for chunk in text.split_whitespace() {
        let begins = chunk.starts_with(ends_clause);
        let ends = chunk.ends_with(ends_clause);
        if begins {
            clauses.push(Vec::new());
        }
        let words = pieces(chunk).map(|word| word.to_lowercase().replace('’', "'"));
        let symbols = chunk.chars().filter(|c| !c.is_ascii() && !c.is_alphanumeric());
        let words = words.chain(symbols.filter(|c| *c != '’').map(String::from));
        if let Some(clause) = clauses.last_mut() {
            clause.extend(words);
        }
        if ends {
            clauses.push(Vec::new());
        }
    }
    clauses
}

fn ends_clause(c: char) -> bool {
    matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '(' | ')' | '–' | '—' | '-' | '…')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::Seed;

    #[test]
    fn the_side_for_which_more_speaks_wins() {
        use Sentiment::{Negative, Neutral, Positive};
        let seed = Seed::default();
        let words = &seed.vocabulary().sentiment;
        for (text, sentiment) in [
            ("Thorough and PRECISE, if slow.", Positive),
            ("Sloppy; missed the obvious.", Negative),
            ("It ran.", Neutral),
            ("", Neutral),
            ("goodness", Neutral), // whole words only
            // Negations.
            ("not good", Negative),
            ("not a very good", Negative),
            ("wasn't wrong", Positive),
            ("wasn’t wrong", Positive),
            ("not without mistakes", Negative),
            ("not wrong and useful", Positive),
            ("No, it is useful", Positive),
            ("never tested", Negative),
            ("tested", Neutral),
            ("missed nothing important", Positive),
            ("fixed nothing", Negative),
            // What a verb does to a bad thing.
            ("the bug", Neutral),
            ("no bugs", Positive),
            ("found the worst bug", Positive),
            ("the agent found the worst bug", Positive),
            ("did not find the bug", Negative),
            ("found no bug", Neutral),
            ("I found it confusing", Negative),
            ("I found two bugs in it", Negative),
            ("we fixed the bug", Neutral),
            ("had a bug", Negative),
            ("introduced no bugs", Positive),
            ("fixed the bug and broke the build", Neutral),
            // More than is good, and what is only wished for.
            ("too careful", Negative),
            ("not too slow", Positive),
            ("could be faster", Negative),
            ("should have caught it", Negative),
            // One side against the other.
            ("good and useful but slow", Neutral),
            ("not only good but also fast", Positive),
        ] {
            assert_eq!(classify(text, words).sentiment, sentiment, "{text}");
        }
        let verdict = classify("Never sloppy, and found the worst bug.", words);
        assert_eq!(verdict.positive, ["never … sloppy", "found … the worst bug"]);
    }
}
