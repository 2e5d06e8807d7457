//! The words of a text, and those that the seed knows.

use serde::Deserialize;
use smol_str::SmolStr;

/// The words that personas and verdicts are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    /// Working styles.
    pub traits: Vec<SmolStr>,
    /// Fields of knowledge.
    pub expertise: Vec<SmolStr>,
    pub(crate) first_names: Vec<SmolStr>,
    pub(crate) last_names: Vec<SmolStr>,
    /// What verdicts are read by.
    pub sentiment: SentimentWords,
}

/// Declares the lists once: their fields, and all of them in order.
macro_rules! lists {
    ($($(#[$doc:meta])* $list:ident),* $(,)?) => {
        /// The words and phrases that verdicts are read by. A word may stand in several lists.
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[serde(default, deny_unknown_fields, bound = "W: Deserialize<'de>")]
        pub struct SentimentWords<W = SmolStr> {
            $($(#[$doc])* pub(crate) $list: Vec<W>,)*
        }

        impl<W> Default for SentimentWords<W> {
            fn default() -> Self {
                Self { $($list: Vec::new(),)* }
            }
        }

        impl<W> SentimentWords<W> {
            /// All lists, in the order in which they are declared.
            pub(crate) fn lists(&self) -> impl Iterator<Item = &Vec<W>> {
                [$(&self.$list,)*].into_iter()
            }

            /// All lists in the same order, to be added to.
            pub(crate) fn lists_mut(&mut self) -> impl Iterator<Item = &mut Vec<W>> {
                [$(&mut self.$list,)*].into_iter()
            }
        }
    };
}

lists! {
    /// They speak for the persona.
    positive,
    /// They speak against it.
    negative,
    /// They say nothing, though a word in them would.
    neutral,
    /// They turn the next words round.
    negations,
    /// What comes next is not so.
    wishes,
    /// More of what comes next than is good.
    excess,
    /// What comes next is not what the persona did.
    asides,
    /// They set one thing against another.
    contrasts,
    /// No other word reaches across them.
    breaks,
    /// Bad things, which speak for whoever mends them and against whoever makes them.
    faults,
    /// What mends a fault, prevents it or finds it.
    mends,
    /// Those of the mending words that give an opinion as well ("found it slow").
    opinions,
    /// What makes a fault, or leaves it.
    causes,
    /// What says that there is a fault.
    carries,
    /// What speaks against the persona where it is missing or not done.
    duties,
    /// What comes right after them is no verb ("the fix").
    determiners,
    /// Who is not the persona.
    others,
}

/// The words of a text as they are written.
pub fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '’'))
        .filter(|word| !word.is_empty())
}

/// Returns whether a word is one of a list.
pub fn is_among(words: &[SmolStr], word: &str) -> bool {
    words.iter().any(|known| known == word)
}
