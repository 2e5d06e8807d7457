//! What a line must hold to be worth reading.

use memchr::memmem::Finder;
use serde_json::Value;

/// Makes a test of whether a line may hold each of `texts` as a whole JSON string.
///
/// To look for a text is many times faster than to read a line, and most lines of a long log are
/// passed over so. A text with escapes may be spelt otherwise: a line with any is never ruled out.
pub(crate) fn prefilter(texts: &[&str]) -> impl Fn(&[u8]) -> bool + use<> {
    let spelt = texts.iter().map(|text| Value::from(*text).to_string());
    let finders: Vec<_> = spelt.map(|text| Finder::new(&text).into_owned()).collect();
    move |line| {
        finders.iter().all(|finder| finder.find(line).is_some())
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
            assert_eq!(prefilter(texts)(line), may, "{texts:?}");
        }
    }

    #[test]
    fn a_line_with_an_escape_is_always_read() {
        let spelt = [r#"{"persona":"Ann\u0020Li"}"#, r#"{"persona":"Ann \"x\" Li"}"#];
        for line in spelt {
            assert!(prefilter(&["Ann Li"])(line.as_bytes()), "{line}");
        }
        assert!(prefilter(&["Ann \"x\" Li"])(spelt[1].as_bytes()));
    }
}
