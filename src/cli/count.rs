//! Numbers with their nouns.

use std::fmt;

/// A number of things: `1 persona`, `2 personas`.
pub struct Count(pub u64, pub &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(n, noun) = self;
        write!(f, "{n} {noun}{}", if *n == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        let counted = [0, 1, 2].map(|n| Count(n, "persona").to_string());
        assert_eq!(counted, ["0 personas", "1 persona", "2 personas"]);
    }
}
