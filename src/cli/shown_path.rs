//! A path in a report.

use std::fmt;
use std::path::{Path, PathBuf};

use muzzle_persona::events::visible;
use serde::{Serialize, Serializer};

/// A path in a report: escaped for people, text for programs.
///
/// A path need not be UTF-8, and JSON must be: bytes that are no text become U+FFFD.
#[derive(Debug, Clone)]
pub struct ShownPath(PathBuf);

impl From<PathBuf> for ShownPath {
    fn from(path: PathBuf) -> Self {
        Self(path)
    }
}

impl From<&Path> for ShownPath {
    fn from(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

impl fmt::Display for ShownPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.0.to_string_lossy()))
    }
}

impl Serialize for ShownPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.to_string_lossy().serialize(serializer)
    }
}
