//! What a line must hold to be worth reading.

use memchr::memmem::Finder;
use serde_json::Value;

/// Texts that a line must hold, all of them, for its event to matter.
///
/// To look for a text is many times faster than to read a line, and most
/// lines of a long log are passed over so.
#[derive(Debug)]
pub(crate) struct Prefilter(Vec<Finder<'static>>);

impl Prefilter {
    /// Looks for each of `texts` as a whole JSON string.
    pub fn of(texts: &[&str]) -> Self {
        let spelt = texts.iter().map(|text| Value::from(*text).to_string());
        Self(spelt.map(|text| Finder::new(&text).into_owned()).collect())
    }

    /// Returns whether a line may hold them all; a text with escapes may be spelt otherwise.
    pub fn may_match(&self, line: &[u8]) -> bool {
        self.0.iter().all(|finder| finder.find(line).is_some())
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
            assert_eq!(Prefilter::of(texts).may_match(line), may, "{texts:?}");
        }
    }

    #[test]
    fn a_line_with_an_escape_is_always_read() {
        let spelt = [r#"{"persona":"Ann\u0020Li"}"#, r#"{"persona":"Ann \"x\" Li"}"#];
        for line in spelt {
            assert!(Prefilter::of(&["Ann Li"]).may_match(line.as_bytes()), "{line}");
        }
        assert!(Prefilter::of(&["Ann \"x\" Li"]).may_match(spelt[1].as_bytes()));
    }
}
