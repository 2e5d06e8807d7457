//! The words of a text, and those that the seed knows.

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
    pub(crate) positive: Vec<SmolStr>,
    pub(crate) negative: Vec<SmolStr>,
    /// Words that turn the next one round.
    pub(crate) negations: Vec<SmolStr>,
}

/// The words of a text, in lower case: runs of letters, digits and apostrophes.
pub fn words(text: &str) -> Vec<String> {
    pieces(text).map(|word| word.to_lowercase().replace('’', "'")).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_digits_and_apostrophes() {
        let text = words("Isn’t the LATEST red-team run broken?");
        assert_eq!(text, ["isn't", "the", "latest", "red", "team", "run", "broken"]);
    }
}
