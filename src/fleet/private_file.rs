//! Files that are their owner's alone, and read only if they are.

use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use super::FleetError;
use crate::disk::{self, Disk, if_there};

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

/// Writes a file of the cache, whole or not at all, and without a sync. Its directory is made if need be.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    Disk::default().make_dirs(dir)?;
    let mut file = NamedTempFile::new_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}
