//! What a judgement says, by its words.

use super::words::{Vocabulary, is_among, words};
use crate::events::Sentiment;

/// How many words a negation reaches.
const REACH: usize = 2;

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
/// Whole words, whatever their case. A negation at most two words before a
/// word turns it round. The side with more words wins; a tie is neutral.
#[must_use]
pub fn classify(text: &str, vocabulary: &Vocabulary) -> Verdict {
    let words = words(text);
    let (mut positive, mut negative) = (Vec::new(), Vec::new());
    for (index, word) in words.iter().enumerate() {
        let (praises, blames) =
            (is_among(&vocabulary.positive, word), is_among(&vocabulary.negative, word));
        if !praises && !blames {
            continue;
        }
        let before = words.get(index.saturating_sub(REACH)..index).unwrap_or_default();
        let negation = before.iter().rfind(|word| is_among(&vocabulary.negations, word));
        let read = negation.map_or_else(|| word.clone(), |negation| format!("{negation} … {word}"));
        let side = if praises == negation.is_none() { &mut positive } else { &mut negative };
        side.push(read);
    }
    let sentiment = match positive.len().cmp(&negative.len()) {
        std::cmp::Ordering::Greater => Sentiment::Positive,
        std::cmp::Ordering::Less => Sentiment::Negative,
        std::cmp::Ordering::Equal => Sentiment::Neutral,
    };
    Verdict { sentiment, positive, negative }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::Seed;

    #[test]
    fn the_side_with_more_words_wins_and_a_negation_turns_a_word_round() {
        use Sentiment::{Negative, Neutral, Positive};
        let seed = Seed::default();
        let vocabulary = seed.vocabulary();
        for (text, sentiment) in [
            ("Thorough and PRECISE, if slow.", Positive),
            ("Sloppy; missed the obvious.", Negative),
            ("Good, but wrong.", Neutral),
            ("It ran.", Neutral),
            ("", Neutral),
            ("not good", Negative),
            ("not very good", Negative),
            ("not a very good", Positive), // three words on, out of reach
            ("wasn't wrong", Positive),
            ("wasn’t wrong", Positive),
            ("goodness", Neutral), // whole words only
        ] {
            assert_eq!(classify(text, vocabulary).sentiment, sentiment, "{text}");
        }
        let verdict = classify("Never sloppy, and helpful.", vocabulary);
        assert_eq!(verdict.positive, ["never … sloppy", "helpful"]);
    }
}
