//! What is signed: which heads, and when.

use std::fmt;

use jiff::Timestamp;

use crate::events::EventId;

/// The first line; another form of the text has another one.
const FIRST: &str = "muzzle-persona signed heads 1";

/// Says that a log had these heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// When that was said, by the clock of whoever did.
    pub at: Timestamp,
    /// The heads, each behind the one before by its bytes.
    pub heads: Vec<EventId>,
}

/// The text that is signed.
impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST}\nat {}", self.at)?;
        self.heads.iter().try_for_each(|head| writeln!(f, "head {head}"))
    }
}

impl Statement {
    /// Reads the text. One that is written in any other way is none.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut lines = str::from_utf8(text).ok()?.lines().skip(1);
        let at = lines.next()?.strip_prefix("at ")?.parse().ok()?;
        let heads = lines.map(|line| EventId::parse(line.strip_prefix("head ")?.as_bytes()));
        let read = Self { at, heads: heads.collect::<Option<_>>()? };
        (!read.heads.is_empty() && read.to_string().as_bytes() == text).then_some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_read_in_the_one_form_that_it_is_written_in() {
        let heads = vec![EventId::of(b"a"), EventId::of(b"b")];
        let said = Statement { at: "2026-03-25T15:30:00Z".parse().unwrap(), heads };
        let text = said.to_string();
        assert!(text.starts_with("muzzle-persona signed heads 1\nat 2026-03-25T15:30:00Z\nhead "));
        assert_eq!(Statement::parse(text.as_bytes()), Some(said));
        for other in [
            text.replace(" 1\n", " 2\n"),
            text.replace("Z\n", "+00:00\n"),
            text.replace('\n', "\r\n"),
            text.trim_end().to_owned(),
            format!("{text}\n"),
            format!("{text}head x\n"),
            text.split_inclusive('\n').take(2).collect(),
            String::new(),
        ] {
            assert_eq!(Statement::parse(other.as_bytes()), None, "{other}");
        }
    }
}
