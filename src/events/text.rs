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
    ($($(#[$doc:meta])* $name:ident, $what:literal, $limit:literal;)*) => {$(
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
                check($what, text, Self::LIMIT)?;
                Ok(Self(SmolStr::new(text)))
            }

            /// Holds a text that comes from the log to the rules of [`parse`](Self::parse).
            pub fn check(&self) -> Result<(), TextError> {
                check($what, &self.0, Self::LIMIT)
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

text_types! {
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
    /// The client's id for one use of a tool.
    ToolUseId, "tool use id", 128;
    /// A place of an agent for one persona: `{agent}-{index}`.
    Slot, "slot", 160;
    /// What was observed of a persona's work.
    Observation, "observation", 2000;
    /// What a persona is taught.
    LessonText, "lesson", 200;
    /// Where a persona left a project, for whoever goes on there.
    NoteText, "note", 200;
    /// The author of a feedback or an outcome.
    Source, "source", 64;
    /// The id of one run of an agent; by hand `session:agent`.
    RunId, "run", 257;
    /// Why something is taken back.
    Reason, "reason", 200;
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
        self.0.rsplit_once('-').is_some_and(|(owner, _)| owner == agent.as_str())
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
    fn a_slot_belongs_to_the_agent_before_its_last_dash() {
        let agent = AgentName::parse("a").unwrap();
        let other = AgentName::parse("a-1").unwrap();
        let slot = Slot::of(&other, 0);
        assert_eq!(slot.as_str(), "a-1-0");
        assert!(slot.belongs_to(&other));
        assert!(!slot.belongs_to(&agent));
    }
}
