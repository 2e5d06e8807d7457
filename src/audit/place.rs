//! Where something is in a store.

use std::fmt;

use smol_str::SmolStr;

/// A line of a file of the store, or a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which of the log's files it is, in their order; other files come after them.
    pub(super) index: usize,
    /// The file's name in the store.
    pub file: SmolStr,
    /// The line in it, from 1.
    pub line: Option<u64>,
}

impl Place {
    /// The place, as a part of a sentence.
    pub(super) fn in_words(&self) -> String {
        let Self { file, line, .. } = self;
        line.map_or_else(|| format!("`{file}`"), |line| format!("line {line} of `{file}`"))
    }
}

/// As compilers write it: `events.jsonl:12`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}
