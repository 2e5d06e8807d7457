//! Numbers and lists, as messages word them.

use std::fmt;

/// A number of things: `1 persona`, `2 personas`.
#[derive(Debug, Clone, Copy)]
pub struct Count<N>(pub N, pub &'static str);

impl<N: Copy + PartialEq + From<u8>> Count<N> {
    /// Picks the word that agrees with the number, such as `is` or `are`.
    pub fn agree(&self, singular: &'static str, plural: &'static str) -> &'static str {
        if self.0 == N::from(1) { singular } else { plural }
    }
}

impl<N: Copy + PartialEq + From<u8> + fmt::Display> fmt::Display for Count<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, self.agree("", "s"))
    }
}

/// A list of names or ids in backticks: `` `Ann`, `Bo` and 3 more ``.
#[derive(Debug, Clone, Copy)]
pub struct Quoted<'a, T> {
    items: &'a [T],
    /// The most that are listed; the rest is counted.
    limit: usize,
}

impl<'a, T> Quoted<'a, T> {
    /// Lists all items.
    pub fn all(items: &'a [T]) -> Self {
        Self { items, limit: usize::MAX }
    }

    /// Lists the first `limit` items, and counts the rest.
    pub fn first(limit: usize, items: &'a [T]) -> Self {
        Self { items, limit }
    }
}

impl<T: fmt::Display> fmt::Display for Quoted<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.items.iter().take(self.limit).enumerate() {
            write!(f, "{}`{item}`", if index == 0 { "" } else { ", " })?;
        }
        match self.items.len().saturating_sub(self.limit) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
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
    fn a_list_is_quoted_and_has_a_limit() {
        let names = ["Ann", "Bo", "Cy"];
        assert_eq!(Quoted::all(&names).to_string(), "`Ann`, `Bo`, `Cy`");
        assert_eq!(Quoted::first(2, &names).to_string(), "`Ann`, `Bo` and 1 more");
        assert_eq!(Quoted::first(3, &names).to_string(), "`Ann`, `Bo`, `Cy`");
        assert_eq!(Quoted::<&str>::all(&[]).to_string(), "");
    }
}
