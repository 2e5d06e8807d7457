//! A path in a report.

use std::fmt;
use std::path::{Path, PathBuf};

use muzzle_persona::events::visible;
use serde::Serialize;

/// A path in a report: escaped for people, text for programs.
///
/// A path need not be UTF-8, and JSON must be: bytes that are no text become U+FFFD.
#[derive(Debug, Clone, Serialize)]
pub struct ShownPath(String);

impl From<&Path> for ShownPath {
    fn from(path: &Path) -> Self {
        Self(path.to_string_lossy().into_owned())
    }
}

impl From<PathBuf> for ShownPath {
    fn from(path: PathBuf) -> Self {
        path.as_path().into()
    }
}

impl fmt::Display for ShownPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.0))
    }
}
