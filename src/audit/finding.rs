//! What an audit found, and where.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use smol_str::SmolStr;

use super::fault::Fault;

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

/// Something that an audit found, and where.
#[derive(Debug)]
pub struct Finding {
    /// Where, unless it is nowhere.
    pub place: Option<Place>,
    /// What.
    pub fault: Fault,
}

impl Finding {
    /// A finding of a file of the store that is none of the log's.
    pub(crate) fn of_file(file: &str, fault: Fault) -> Self {
        let place = Place { index: usize::MAX, file: file.into(), line: None };
        Self { place: Some(place), fault }
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { place, fault } = self;
        let mut finding = serializer.serialize_struct("Finding", 5)?;
        finding.serialize_field("severity", &fault.severity())?;
        finding.serialize_field("kind", fault.kind())?;
        finding.serialize_field("file", &place.as_ref().map(|it| &it.file))?;
        finding.serialize_field("line", &place.as_ref().and_then(|it| it.line))?;
        finding.serialize_field("message", &fault.to_string())?;
        finding.end()
    }
}
