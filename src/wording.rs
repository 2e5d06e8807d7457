//! Numbers and lists, as messages word them.

use std::fmt::{self, Display};

/// A number of things: `1 persona`, `2 personas`.
#[derive(Debug, Clone, Copy)]
pub struct Count<N>(pub N, pub &'static str);

impl<N: Copy + PartialEq + From<u8>> Count<N> {
    /// Picks the word that agrees with the number, such as `is` or `are`.
    pub fn agree(&self, singular: &'static str, plural: &'static str) -> &'static str {
        if self.0 == N::from(1) { singular } else { plural }
    }
}

impl<N: Copy + PartialEq + From<u8> + Display> Display for Count<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, self.agree("", "s"))
    }
}

/// A list of names or ids in backticks: `` `Ann`, `Bo` ``.
pub fn quoted<T: Display>(items: &[T]) -> impl Display {
    quoted_first(usize::MAX, items)
}

/// The first `limit` of a list in backticks, and how many more: `` `Ann`, `Bo` and 3 more ``.
pub fn quoted_first<T: Display>(limit: usize, items: &[T]) -> impl Display {
    fmt::from_fn(move |f| {
        for (index, item) in items.iter().take(limit).enumerate() {
            write!(f, "{}`{item}`", if index == 0 { "" } else { ", " })?;
        }
        match items.len().saturating_sub(limit) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    })
}

/// The most candidates that a message lists.
pub const LISTED: usize = 10;

/// The most characters that [`shortened`] leaves.
const SHORT: usize = 80;

/// What was typed, as a message quotes it: at most 80 characters of it.
#[must_use]
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        None => text.to_owned(),
        Some(_) => text.chars().take(SHORT - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        let counted = [0, 1, 2].map(|n: u64| Count(n, "persona").to_string());
        assert_eq!(counted, ["0 personas", "1 persona", "2 personas"]);
        assert_eq!([1, 2].map(|n: u64| Count(n, "persona").agree("is", "are")), ["is", "are"]);
    }

    #[test]
    fn a_long_text_is_shortened() {
        assert_eq!(shortened(&"é".repeat(80)), "é".repeat(80));
        assert_eq!(shortened(&"é".repeat(81)), "é".repeat(79) + "…");
    }

    #[test]
    fn a_list_is_quoted_and_has_a_limit() {
        let names = ["Ann", "Bo", "Cy"];
        assert_eq!(quoted(&names).to_string(), "`Ann`, `Bo`, `Cy`");
        assert_eq!(quoted_first(2, &names).to_string(), "`Ann`, `Bo` and 1 more");
        assert_eq!(quoted_first(3, &names).to_string(), "`Ann`, `Bo`, `Cy`");
        assert_eq!(quoted::<&str>(&[]).to_string(), "");
    }
}
