//! Files that are read only if they are their owner's alone.

use std::io;
use std::path::Path;

use super::FleetError;
use crate::disk::{self, if_there};

/// Reads a file; `None` if it is not there. One that others may read or write is refused.
///
/// Its owner may have put a link in its place, which is followed: whoever could change what it leads to
/// could read it, too.
pub fn read(path: &Path) -> Result<Option<String>, FleetError> {
    let text = if_there(disk::read_to_string(path)).map_err(FleetError::io("read", path))?;
    let Some(text) = text else { return Ok(None) };
    match disk::open_to_others(path).map_err(FleetError::io("look at", path))? {
        Some(mode) => Err(FleetError::OpenToOthers { path: path.to_owned(), mode }),
        None => Ok(Some(text)),
    }
}

/// Reads a file that has to be there.
pub fn read_there(path: &Path) -> Result<String, FleetError> {
    let gone = || FleetError::io("read", path)(io::ErrorKind::NotFound.into());
    read(path)?.ok_or_else(gone)
}
