//! What a line must hold to be worth reading.

use memchr::memmem::Finder;
use serde_json::Value;

/// Texts that a line must hold, all of them, for its event to matter.
///
/// To look for a text is many times faster than to read a line, and most
/// lines of a long log are passed over so.
#[derive(Debug)]
pub(crate) struct Needles(Vec<Finder<'static>>);

impl Needles {
    /// Looks for each of `texts` as a whole JSON string.
    pub fn of(texts: &[&str]) -> Self {
        let spelt = texts.iter().map(|text| Value::from(*text).to_string());
        Self(spelt.map(|needle| Finder::new(&needle).into_owned()).collect())
    }

    /// Tells whether a line may hold them all; a text with escapes may be spelt otherwise.
    pub fn may_be_in(&self, line: &[u8]) -> bool {
        self.0.iter().all(|needle| needle.find(line).is_some())
            || memchr::memchr(b'\\', line).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_if_it_may_hold_every_text() {
        let line = br#"{"type":"retire","persona":"Ann Li"}"#;
        for (texts, may) in [
            (&[][..], true),
            (&["Ann Li"], true),
            (&["Ann Li", "retire"], true),
            (&["Ann Li", "assign"], false),
            (&["assign", "Ann Li"], false),
            (&["Ann"], false),
        ] {
            assert_eq!(Needles::of(texts).may_be_in(line), may, "{texts:?}");
        }
    }

    #[test]
    fn a_line_with_an_escape_is_always_read() {
        let spelt = [r#"{"persona":"Ann\u0020Li"}"#, r#"{"persona":"Ann \"x\" Li"}"#];
        for line in spelt {
            assert!(Needles::of(&["Ann Li"]).may_be_in(line.as_bytes()), "{line}");
        }
        assert!(Needles::of(&["Ann \"x\" Li"]).may_be_in(spelt[1].as_bytes()));
    }
}
