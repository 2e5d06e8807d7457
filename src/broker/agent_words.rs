//! What is said of an agent, as words that can be compared with those of a role.

use smol_str::{SmolStr, StrExt as _};

use super::words::pieces;

/// The most characters that are looked at in each text. Clients ask for a few words; agents describe
/// themselves in a few sentences.
const LIMIT: usize = 2000;

/// What one word of the type counts for, beside one of the description or the name.
const TYPE: u32 = 2;

/// What a client says of an agent, as far as it does.
#[derive(Debug, Clone, Copy, Default)]
pub struct Described<'a> {
    /// Its type, perhaps with the name of a plugin and a colon before it.
    pub kind: Option<&'a str>,
    /// What it is for.
    pub description: Option<&'a str>,
    /// What it is called.
    pub name: Option<&'a str>,
}

impl<'a> Described<'a> {
    /// The type without the plugin that it comes from.
    pub fn own_kind(&self) -> Option<&'a str> {
        self.kind?.rsplit(':').map(str::trim).find(|kind| !kind.is_empty())
    }
}

/// The words of all that is said, in lower case and in order.
#[derive(Debug, Default)]
pub struct AgentWords {
    words: Vec<Word>,
    /// The last word for each of 32 groups of first letters.
    last: [Option<usize>; 32],
}

#[derive(Debug)]
struct Word {
    text: SmolStr,
    weight: u32,
    /// The word before it of the same group.
    previous: Option<usize>,
}

impl AgentWords {
    /// Takes the words of the description and the name, and of the type if there is one to look at.
    pub fn new(kind: Option<&str>, description: Option<&str>, name: Option<&str>) -> Self {
        let mut words = Self::default();
        words.add_name(kind.unwrap_or_default(), TYPE);
        for word in pieces(beginning(description.unwrap_or_default())) {
            words.push(word.to_lowercase_smolstr(), 1);
        }
        words.end();
        words.add_name(name.unwrap_or_default(), 1);
        words
    }

    /// Adds the words of a name, which may be written together: `DevOpsEngineer`, `front-end`.
    ///
    /// Each two that stand side by side are one word as well.
    fn add_name(&mut self, name: &str, weight: u32) {
        let first = self.words.len();
        for word in pieces(beginning(name)).flat_map(humps) {
            self.push(word.to_lowercase_smolstr(), weight);
        }
        let end = self.words.len();
        self.end();
        for index in first + 1..end {
            if let Some([one, two]) = self.words.get(index - 1..=index) {
                let joined = SmolStr::from_iter([one.text.as_str(), two.text.as_str()]);
                self.push(joined, weight);
            }
        }
    }

    fn push(&mut self, text: SmolStr, weight: u32) {
        let last = self.last.get_mut(group(&text)).and_then(|last| last.replace(self.words.len()));
        self.words.push(Word { text, weight, previous: last });
    }

    /// No phrase reaches from one text into the next.
    fn end(&mut self) {
        self.words.push(Word { text: SmolStr::default(), weight: 0, previous: None });
    }

    /// How much is said of a role, by the words that tell of it.
    ///
    /// A word that is part of a keyword counts twice as much as one that is part of another of the
    /// role's words, and no word counts twice. `points` is room to work in.
    pub fn speak_for<'a>(
        &self,
        keywords: impl IntoIterator<Item = &'a SmolStr>,
        others: impl IntoIterator<Item = &'a SmolStr>,
        points: &mut Vec<u32>,
    ) -> u32 {
        points.clear();
        points.resize(self.words.len(), 0);
        for phrase in others {
            self.mark(phrase, 1, points);
        }
        for phrase in keywords {
            self.mark(phrase, 2, points);
        }
        self.words.iter().zip(points).map(|(word, points)| word.weight * *points).sum()
    }

    /// The words that say something of a role, each with what it counts for.
    pub fn that_speak_for<'a>(
        &self,
        keywords: impl IntoIterator<Item = &'a SmolStr>,
        others: impl IntoIterator<Item = &'a SmolStr>,
    ) -> Vec<(SmolStr, u32)> {
        let mut points = Vec::new();
        self.speak_for(keywords, others, &mut points);
        let words = self.words.iter().zip(points);
        let words = words.map(|(word, points)| (word.text.clone(), word.weight * points));
        words.filter(|(_, points)| *points > 0).collect()
    }

    /// Gives points to the words that are part of a phrase.
    fn mark(&self, phrase: &str, value: u32, points: &mut [u32]) {
        let mut next = self.last.get(group(phrase)).copied().flatten();
        while let Some((index, word)) = next.and_then(|index| Some((index, self.words.get(index)?)))
        {
            next = word.previous;
            let end = index + self.reach(index, phrase);
            points.get_mut(index..end).unwrap_or_default().fill(value);
        }
    }

    /// How many words from `index` on are the phrase: all of it, or none.
    fn reach(&self, index: usize, phrase: &str) -> usize {
        // Most words differ in their second letter, and a phrase is slow to take apart.
        let second = |text: &str| text.as_bytes().get(1).copied().filter(u8::is_ascii_alphanumeric);
        if self.words.get(index).is_some_and(|word| second(&word.text) != second(phrase)) {
            return 0;
        }
        let mut length = 0;
        for piece in pieces(phrase) {
            if !self.words.get(index + length).is_some_and(|word| alike(&word.text, piece)) {
                return 0;
            }
            length += 1;
        }
        length
    }
}

/// The part of a text that is looked at.
fn beginning(text: &str) -> &str {
    let end = text.char_indices().nth(LIMIT).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or(text)
}

/// The group of words that begin so.
fn group(text: &str) -> usize {
    usize::from(text.bytes().next().unwrap_or_default() % 32)
}

/// The words in a word: `DevOpsEngineer`, `QATester`.
fn humps(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let mut before = '\0';
        let mut letters = rest.char_indices().peekable();
        let mut end = rest.len();
        while let Some((at, letter)) = letters.next() {
            let is_last_capital = before.is_uppercase()
                && letters.peek().is_some_and(|(_, next)| next.is_lowercase());
            if at > 0 && letter.is_uppercase() && (before.is_lowercase() || is_last_capital) {
                end = at;
                break;
            }
            before = letter;
        }
        let (hump, behind) = rest.split_at_checked(end)?;
        rest = behind;
        Some(hump).filter(|hump| !hump.is_empty())
    })
}

/// Returns whether two words are the same but for number (`test`, `tests`) or for British or
/// American spelling (`analyse`, `behavior`, `modelling`).
pub fn alike(one: &str, two: &str) -> bool {
    let (mut one, mut two) = (one.as_bytes(), two.as_bytes());
    let (mut before, mut same) = (0, 0);
    loop {
        match (before, one, two) {
            (_, [], []) => return true,
            (_, [a, one_rest @ ..], [b, two_rest @ ..]) if a == b => {
                (before, one, two) = (*a, one_rest, two_rest);
                same += 1;
            }
            (b'i' | b'y', [b's', one_rest @ ..], [b'z', two_rest @ ..])
            | (b'i' | b'y', [b'z', one_rest @ ..], [b's', two_rest @ ..]) => {
                (before, one, two) = (b'z', one_rest, two_rest);
            }
            (b'o', [b'u', rest @ ..], [b'r', ..]) | (b'l', [b'l', rest @ ..], [_, ..]) => {
                (before, one) = (0, rest);
            }
            (b'o', [b'r', ..], [b'u', rest @ ..]) | (b'l', [_, ..], [b'l', rest @ ..]) => {
                (before, two) = (0, rest);
            }
            // Of very short words the plural would be another word: `as`, `ios`.
            (_, b"s" | b"es", [])
            | (_, [], b"s" | b"es")
            | (_, b"ies", b"y")
            | (_, b"y", b"ies") => {
                return same >= 3;
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_spelling_do_not_matter() {
        for (one, two) in [
            ("test", "test"),
            ("tests", "test"),
            ("crashes", "crash"),
            ("vulnerabilities", "vulnerability"),
            ("analyse", "analyze"),
            ("containerisation", "containerization"),
            ("optimisers", "optimizer"),
            ("behaviours", "behavior"),
            ("modelling", "modeling"),
            ("c", "c"),
        ] {
            assert!(alike(one, two) && alike(two, one), "{one} {two}");
        }
        for (one, two) in [
            ("test", "tester"),
            ("tests", "tester"),
            ("testify", "test"),
            ("latest", "test"),
            ("as", "a"),
            ("ios", "io"),
            ("raise", "raze"),
            ("", "s"),
        ] {
            assert!(!alike(one, two) && !alike(two, one), "{one} {two}");
        }
    }

    #[test]
    fn a_word_is_taken_apart_at_its_capitals() {
        for (word, parts) in [
            ("tester", &["tester"][..]),
            ("DevOpsEngineer", &["Dev", "Ops", "Engineer"]),
            ("QATester", &["QA", "Tester"]),
            ("e2eRunner", &["e2e", "Runner"]),
            ("URL", &["URL"]),
            ("ÉtatMajor", &["État", "Major"]),
            ("", &[]),
        ] {
            assert_eq!(humps(word).collect::<Vec<_>>(), parts);
        }
    }

    /// What a text as the type, the description and the name says for a keyword and another word.
    fn points(text: &str, keyword: &'static str, other: &'static str) -> [u32; 3] {
        let texts = [(Some(text), None, None), (None, Some(text), None), (None, None, Some(text))];
        let (keyword, other) = ([SmolStr::new_static(keyword)], [SmolStr::new_static(other)]);
        texts.map(|(kind, description, name)| {
            AgentWords::new(kind, description, name).speak_for(&keyword, &other, &mut Vec::new())
        })
    }

    #[test]
    fn each_word_counts_once_and_those_of_the_type_double() {
        assert_eq!(points("Root Cause", "root cause", "zeal"), [8, 4, 4]);
        assert_eq!(points("the root causes!", "zeal", "root-cause"), [4, 2, 2]);
        assert_eq!(points("root cause", "cause", "root cause"), [6, 3, 3]);
        assert_eq!(points("cause, root", "root cause", "zeal"), [0; 3]);
        assert_eq!(points("uproot causes", "root cause", "root"), [0; 3]);
        assert_eq!(points("c", "c expert", "c"), [2, 1, 1]);
        assert_eq!(points("c expert", "c expert", "code"), [8, 4, 4]);
        assert_eq!(points("État", "état", "zeal"), [4, 2, 2]);
        assert_eq!(points("", "", ""), [0; 3]);
    }

    #[test]
    fn only_names_are_written_together() {
        assert_eq!(points("DevOps", "devops", "zeal"), [4, 2, 2]);
        assert_eq!(points("dev-ops", "devops", "zeal"), [4, 0, 2]);
        assert_eq!(points("RootCause", "root cause", "zeal"), [8, 0, 4]);
    }

    #[test]
    fn phrases_do_not_reach_from_one_text_into_the_next() {
        let words = AgentWords::new(Some("root"), Some("cause root"), Some("cause"));
        let keyword = [SmolStr::new_static("root cause")];
        assert_eq!(words.speak_for(&keyword, [], &mut Vec::new()), 0);
    }

    #[test]
    fn no_more_is_looked_at_than_the_beginning() {
        let text = |length| "é".repeat(length) + " root";
        assert_eq!(points(&text(LIMIT - 5), "root", "zeal"), [4, 2, 2]);
        assert_eq!(points(&text(LIMIT - 4), "root", "zeal"), [0; 3]);
    }
}
