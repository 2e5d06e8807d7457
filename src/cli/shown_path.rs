//! A path in a report: escaped for people, text for programs.

use std::fmt;
use std::path::Path;

use muzzle_persona::events::visible;
use serde::Serialize;

/// A path need not be UTF-8, and JSON must be: bytes that are no text become U+FFFD.
#[derive(Debug, Clone, Serialize)]
pub struct ShownPath(String);

impl<P: AsRef<Path>> From<P> for ShownPath {
    fn from(path: P) -> Self {
        Self(path.as_ref().to_string_lossy().into_owned())
    }
}

impl fmt::Display for ShownPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.0))
    }
}
