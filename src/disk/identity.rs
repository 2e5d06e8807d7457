//! Which file a path or a handle means.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// What is known of a file that is one, and no directory, pipe or device.
pub fn regular(of: fs::Metadata) -> io::Result<fs::Metadata> {
    if of.is_file() { Ok(of) } else { Err(io::Error::other("it is not a regular file")) }
}

/// Which file it is: the same for every name and every handle of one file.
#[derive(Debug)]
pub struct Identity {
    /// Its device and its number there.
    #[cfg(unix)]
    file: (u64, u64),
    #[cfg(not(unix))]
    file: same_file::Handle,
    /// When it was made, in nanoseconds since 1970; 0 where the system does not tell.
    born: u128,
    /// Whether it is the user's who runs this, where files have owners.
    pub is_own: bool,
    /// Its mode, where files have modes and others than the owner may write to it.
    pub writable_by_others: Option<u32>,
}

/// Equal are those of one file, whatever became of its mode meanwhile.
impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        (&self.file, self.born) == (&other.file, other.born)
    }
}

impl Eq for Identity {}

impl Identity {
    /// What tells the file from every other that has, had or will have its name: a copy of it has
    /// another mark, and so has what git puts in its place. Where the system does not tell when a
    /// file was made, its number alone is the mark, which another file may have later.
    pub fn mark(&self) -> String {
        format!("{:x}-{:x}", self.number(), self.born)
    }
}

/// When a file was made, in nanoseconds since 1970; 0 where the system does not tell.
fn born(of: &fs::Metadata) -> u128 {
    let since = of.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos())
}

#[cfg(unix)]
impl Identity {
    fn new(of: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;

        let is_own = of.uid() == rustix::process::geteuid().as_raw();
        let mode = of.mode() & 0o777;
        let writable_by_others = Some(mode).filter(|mode| mode & 0o022 != 0);
        Self { file: (of.dev(), of.ino()), born: born(of), is_own, writable_by_others }
    }

    pub fn named(path: &Path) -> io::Result<Self> {
        Ok(Self::new(&fs::metadata(path)?))
    }

    pub fn of(file: &File) -> io::Result<Self> {
        Ok(Self::new(&regular(file.metadata()?)?))
    }

    /// The user's own file of this number, on a disk that is none.
    #[cfg(test)]
    pub fn numbered(number: u64) -> Self {
        Self { file: (0, number), born: 0, is_own: true, writable_by_others: None }
    }

    /// Its number on its device, or 0 where files have none.
    pub fn number(&self) -> u64 {
        self.file.1
    }
}

#[cfg(not(unix))]
impl Identity {
    pub fn named(path: &Path) -> io::Result<Self> {
        let (file, born) = (same_file::Handle::from_path(path)?, born(&fs::metadata(path)?));
        Ok(Self { file, born, is_own: true, writable_by_others: None })
    }

    pub fn of(file: &File) -> io::Result<Self> {
        let born = born(&regular(file.metadata()?)?);
        let file = same_file::Handle::from_file(file.try_clone()?)?;
        Ok(Self { file, born, is_own: true, writable_by_others: None })
    }

    /// Its number on its device, or 0 where files have none.
    #[expect(clippy::unused_self, reason = "elsewhere it has one")]
    pub fn number(&self) -> u64 {
        0
    }
}
