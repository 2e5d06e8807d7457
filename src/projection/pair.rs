//! Something at two moments.

use serde::Serialize;

/// Something before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pair<T> {
    /// At the first moment.
    pub before: T,
    /// At the second.
    pub after: T,
}

impl<T> Pair<T> {
    /// Does the same to both.
    pub fn map<U>(self, mut change: impl FnMut(T) -> U) -> Pair<U> {
        Pair { before: change(self.before), after: change(self.after) }
    }
}

impl<T: PartialEq> Pair<T> {
    /// Returns whether nothing changed.
    pub fn is_same(&self) -> bool {
        self.before == self.after
    }
}
