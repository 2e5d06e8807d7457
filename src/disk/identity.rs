//! Which file a path or a handle means.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// What is known of a file that is one, and no directory, pipe or device.
pub fn regular(of: fs::Metadata) -> io::Result<fs::Metadata> {
    if of.is_file() { Ok(of) } else { Err(io::Error::other("it is not a regular file")) }
}

/// Which file it is: the same for every name and every handle of one file.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity(
    /// Its device and its number there.
    #[cfg(unix)]
    pub(super) (u64, u64),
    #[cfg(not(unix))] same_file::Handle,
);

#[cfg(unix)]
impl Identity {
    fn new(of: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;

        Self((of.dev(), of.ino()))
    }

    pub fn named(path: &Path) -> io::Result<Self> {
        Ok(Self::new(&fs::metadata(path)?))
    }

    pub fn of(file: &File) -> io::Result<Self> {
        Ok(Self::new(&regular(file.metadata()?)?))
    }

    /// Its number on its device, or 0 where files have none.
    pub fn number(&self) -> u64 {
        self.0.1
    }
}

#[cfg(not(unix))]
impl Identity {
    pub fn named(path: &Path) -> io::Result<Self> {
        same_file::Handle::from_path(path).map(Self)
    }

    pub fn of(file: &File) -> io::Result<Self> {
        regular(file.metadata()?)?;
        same_file::Handle::from_file(file.try_clone()?).map(Self)
    }

    /// Its number on its device, or 0 where files have none.
    pub fn number(&self) -> u64 {
        0
    }
}
