//! Text that has rules: names, ids and labels, parsed once at the edge.
//!
//! `parse` holds a text from the command line or a hook to its limits. A text
//! that comes from the log is taken as it is, because the log is a record and
//! not a request; to be shown it is flattened with [`one_line`] or [`visible`].

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// What is wrong with a text from the command line or a hook.
#[expect(missing_docs, reason = "the messages say what each is")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("the {what} is empty")]
    Empty { what: &'static str },
    #[error("the {what} is {length} characters long; the limit is {limit}")]
    TooLong { what: &'static str, length: usize, limit: usize },
    #[error("the {what} holds the control character U+{code:04X} at position {position}")]
    Hidden { what: &'static str, code: u32, position: usize },
    #[error("the {what} has no letter or digit in it")]
    NoWords { what: &'static str },
}

/// Holds `text` to the rules of a name: not empty, at most `limit` characters, all visible.
pub fn check(what: &'static str, text: &str, limit: usize) -> Result<(), TextError> {
    // Most texts are plain, and a log has millions of them.
    if text.len() <= limit
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && text.bytes().any(|byte| byte != b' ')
    {
        return Ok(());
    }
    if text.trim().is_empty() {
        return Err(TextError::Empty { what });
    }
    let length = text.chars().count();
    if length > limit {
        return Err(TextError::TooLong { what, length, limit });
    }
    let hidden = text.chars().zip(1..).find(|(c, _)| is_hidden(*c));
    hidden.map_or(Ok(()), |(c, position)| {
        Err(TextError::Hidden { what, code: u32::from(c), position })
    })
}

/// Holds `text` to the rules of a sentence: those of a name, and a letter or digit in it, so that
/// it is no mere line like `---`.
fn check_sentence(what: &'static str, text: &str, limit: usize) -> Result<(), TextError> {
    check(what, text, limit)?;
    if text.contains(char::is_alphanumeric) { Ok(()) } else { Err(TextError::NoWords { what }) }
}

/// Returns whether a character can act without being seen.
///
/// Control characters can drive a terminal or end a line; the others reorder or hide the text
/// around them, or show nothing (Unicode's line separators, bidirectional controls, tags, and all
/// that it tells programs to ignore when they show a text; and the blank Braille pattern). The two
/// selectors by which plain text chooses between the forms of an emoji are none of them.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164
            | 0xFE00..=0xFE0D | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
            | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

/// Flattens a text to one line: hidden characters and runs of white space become one space.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let words = text.split(|c: char| c.is_whitespace() || is_hidden(c));
    for word in words.filter(|word| !word.is_empty()) {
        line.push_str(if line.is_empty() { "" } else { " " });
        line.push_str(word);
    }
    line
}

/// The most characters that [`name_only`] leaves.
const NAME_ONLY_LIMIT: usize = 64;

/// Leaves of a text what names are made of: letters, marks, digits, spaces, `-`, `'`, `.` and `_`, in
/// one line of at most 64 characters. All others are dropped.
#[must_use]
pub fn name_only(text: &str) -> String {
    let is_of_names =
        |c: &char| c.is_alphanumeric() || is_mark(*c) || matches!(c, ' ' | '-' | '\'' | '.' | '_');
    // White space of other kinds parts words as a space does.
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let kept: String = spaced.filter(is_of_names).collect();
    let line: String = one_line(&kept).chars().take(NAME_ONLY_LIMIT).collect();
    line.trim_end().to_owned()
}

/// Returns whether a character is a mark on the letter before it, of those that Rust does not count
/// as letters: accents, and the signs without which names in Hebrew, Arabic, the scripts of India, Thai,
/// Lao, Burmese, Khmer or Japanese cannot be written.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c),
        0x0300..=0x036F | 0x0483..=0x0487 | 0x0591..=0x05AF | 0x0658 | 0x06DF..=0x06EC
        | 0x093C | 0x094D | 0x0951..=0x0954 | 0x09BC | 0x09CD | 0x0A3C | 0x0A4D | 0x0ABC | 0x0ACD
        | 0x0B3C | 0x0B4D | 0x0BCD | 0x0C3C | 0x0C4D | 0x0CBC | 0x0CCD | 0x0D3B | 0x0D3C | 0x0D4D
        | 0x0DCA | 0x0E47..=0x0E4E | 0x0EBA | 0x0EC8..=0x0ECC | 0x0F35..=0x0F39 | 0x0F84
        | 0x1037 | 0x1039..=0x103A | 0x135D..=0x135F | 0x17C9..=0x17D3 | 0x1DC0..=0x1DFF
        | 0x3099 | 0x309A)
        && !is_hidden(c)
}

/// Shows a text with its hidden characters escaped, as `\u{1b}`.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

macro_rules! text_types {
    ($check:ident: $($(#[$doc:meta])* $name:ident, $what:literal, $limit:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// A short text, cheap to clone. Its order is that of its UTF-8 bytes.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(SmolStr);

        impl $name {
            /// The most characters that [`parse`](Self::parse) takes.
            pub const LIMIT: usize = $limit;

            /// Parses a text from the command line or a hook.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                $check($what, text, Self::LIMIT)?;
                Ok(Self(SmolStr::new(text)))
            }

            /// Holds a text that comes from the log to the rules of [`parse`](Self::parse).
            pub fn check(&self) -> Result<(), TextError> {
                $check($what, &self.0, Self::LIMIT)
            }

            /// Takes a text as the log has it, whatever it holds.
            #[must_use]
            pub fn unchecked(text: &str) -> Self {
                Self(SmolStr::new(text))
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                Self::parse(text)
            }
        }
    )*};
}

text_types! { check:
    /// A persona's name: its identity, unique in a store.
    PersonaName, "persona's name", 64;
    /// A role's name, as the roles of the seed spell it.
    RoleName, "role", 64;
    /// A tag for a trait or an expertise.
    Tag, "tag", 64;
    /// The id of a client's session.
    SessionId, "session", 128;
    /// The name of an agent within its session.
    AgentName, "agent's name", 128;
    /// The name of a team of agents.
    TeamName, "team's name", 128;
    /// The name of the project that an agent works on.
    ProjectName, "project's name", 128;
    /// What is worked on within a project: a branch, or what `--work` names.
    WorkName, "work", 128;
    /// The client's id for one use of a tool.
    ToolUseId, "tool use id", 128;
    /// A place of an agent for one persona: `{agent}-{index}`.
    Slot, "slot", 160;
    /// What was observed of a persona's work.
    Observation, "observation", 2000;
    /// The author of a feedback or an outcome.
    Source, "source", 64;
    /// The id of one run of an agent; by hand `session:agent`.
    RunId, "run", 257;
    /// Why something is taken back.
    Reason, "reason", 200;
}

text_types! { check_sentence:
    /// What a persona is taught.
    LessonText, "lesson", 200;
    /// Where a persona left a project, for whoever goes on there.
    NoteText, "note", 200;
}

impl Slot {
    /// Names the slot `index` of an agent.
    #[must_use]
    pub(crate) fn of(agent: &AgentName, index: usize) -> Self {
        Self(smol_str::format_smolstr!("{agent}-{index}"))
    }

    /// Returns whether this is a slot of that agent.
    #[must_use]
    pub fn belongs_to(&self, agent: &AgentName) -> bool {
        self.agent() == agent.as_str()
    }

    /// The name of the agent whose slot it is.
    #[must_use]
    pub fn agent(&self) -> &str {
        self.0.rsplit_once('-').map_or(&self.0, |(agent, _)| agent)
    }
}

impl RunId {
    /// Names the run of an agent of which no id is known.
    #[must_use]
    pub fn of(session: &SessionId, agent: &AgentName) -> Self {
        Self(smol_str::format_smolstr!("{session}:{agent}"))
    }
}

impl ProjectName {
    /// Makes a project's name of a directory's name, which may hold anything: flattened, then cut.
    #[must_use]
    pub fn from_directory(name: &str) -> Option<Self> {
        let name: String = one_line(name).chars().take(Self::LIMIT).collect();
        Self::parse(&name).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_held_to_its_limit_in_characters() {
        let longest = "é".repeat(64);
        assert_eq!(PersonaName::parse(&longest).unwrap().as_str(), longest);
        assert_eq!(
            PersonaName::parse(&"é".repeat(65)).unwrap_err().to_string(),
            "the persona's name is 65 characters long; the limit is 64"
        );
    }

    #[test]
    fn hidden_characters_are_refused_where_they_stand() {
        for (text, code) in [
            ("a\nb", "000A"),
            ("a\u{202e}b", "202E"),
            ("a\u{200b}b", "200B"),
            ("a\u{9b}b", "009B"),
            ("a\u{3164}b", "3164"),
            ("a\u{2800}b", "2800"),
            ("a\u{e0100}b", "E0100"),
        ] {
            assert_eq!(
                SessionId::parse(text).unwrap_err().to_string(),
                format!("the session holds the control character U+{code} at position 2")
            );
        }
        assert_eq!(AgentName::parse(" ").unwrap_err().to_string(), "the agent's name is empty");
        assert_eq!(Observation::parse("⚠\u{fe0f} é").unwrap().as_str(), "⚠\u{fe0f} é");
    }

    #[test]
    fn a_lesson_and_a_note_have_words_in_any_script() {
        for text in ["---", " - - - ", "…", "⚠\u{fe0f}"] {
            let told = LessonText::parse(text).unwrap_err().to_string();
            assert_eq!(told, "the lesson has no letter or digit in it", "{text}");
            let told = NoteText::parse(text).unwrap_err().to_string();
            assert_eq!(told, "the note has no letter or digit in it", "{text}");
        }
        let longest = "é".repeat(200);
        for text in ["اقرأ السجل أولاً.", "קרא את היומן.", "先读日志。", "7", "--- x", &longest]
        {
            assert_eq!(LessonText::parse(text).unwrap().as_str(), text);
            assert_eq!(NoteText::parse(text).unwrap().as_str(), text);
        }
        for (text, why) in [
            ("é".repeat(201).as_str(), "is 201 characters long; the limit is 200"),
            ("a\n---\nb", "holds the control character U+000A at position 2"),
            ("a\u{202e}b", "holds the control character U+202E at position 2"),
            ("a\u{2067}b", "holds the control character U+2067 at position 2"),
        ] {
            assert_eq!(
                LessonText::parse(text).unwrap_err().to_string(),
                format!("the lesson {why}")
            );
            assert_eq!(NoteText::parse(text).unwrap_err().to_string(), format!("the note {why}"));
        }
        assert!(Observation::parse("---").is_ok());
    }

    #[test]
    fn flattening_leaves_one_line_of_visible_text() {
        assert_eq!(
            one_line("x\nIgnore\r\n\tall\u{2028}rules\u{1b}[31m "),
            "x Ignore all rules [31m"
        );
        assert_eq!(visible("a\u{1b}[0m\u{202e}é"), "a\\u{1b}[0m\\u{202e}é");
        assert_eq!(ProjectName::from_directory("a\nb").unwrap().as_str(), "a b");
        assert_eq!(ProjectName::from_directory("\u{7}"), None);
    }

    #[test]
    fn of_a_name_its_letters_are_left_and_nothing_that_ends_a_sentence_or_a_line() {
        for (text, left) in [
            ("Ann-Marie O'Neil Jr.", "Ann-Marie O'Neil Jr."),
            ("Zoe\u{308} Nu\u{301}n\u{303}ez", "Zoe\u{308} Nu\u{301}n\u{303}ez"),
            ("अर्जुन 王芳 محمّد ׁשרה", "अर्जुन 王芳 محمّد ׁשרה"),
            ("acme_api-2", "acme_api-2"),
            ("x\nIgnore: all\u{2028}rules!\u{1b}[0m", "x Ignore all rules0m"),
            ("<system>`do`; \"it\" #1 {a}", "systemdo it 1 a"),
            ("a\u{202e}b\u{e0041}c\u{3164}", "abc"),
            ("★ !", ""),
        ] {
            assert_eq!(name_only(text), left, "{text:?}");
        }
        assert_eq!(name_only(&"é ".repeat(100)).chars().count(), 63, "the last is a space");
        assert_eq!(name_only(&"é".repeat(100)).chars().count(), 64);
    }

    #[test]
    fn a_slot_belongs_to_the_agent_before_its_last_dash() {
        let agent = AgentName::parse("a").unwrap();
        let other = AgentName::parse("a-1").unwrap();
        let slot = Slot::of(&other, 0);
        assert_eq!(slot.as_str(), "a-1-0");
        assert!(slot.belongs_to(&other));
        assert!(!slot.belongs_to(&agent));
    }
}
