//! What a store needs of a file system, whichever it is.

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::identity::Identity;

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// To read it.
    Read,
    /// To read it, and to append to it.
    Append,
    /// The same; it is made if it is not there.
    AppendOrCreate,
    /// To write a file that is not there yet.
    CreateNew,
    /// To write it from its start: it is made, or emptied.
    Truncate,
    /// To lock it: it is made if it is not there, and left as it is.
    Keep,
}

/// What a store needs of a file system. Files that are made are their owner's alone. What changes
/// something answers `Unsupported` where files are only read.
#[expect(unused_variables, reason = "the names tell what the arguments are")]
pub trait FileSystem: fmt::Debug + Send + Sync {
    /// Opens a file. Nothing is durable by that, not even that a new one is there.
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn OpenFile>>;

    /// The names in a directory, in no order. `NotFound` means that nothing is there, not even a link.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// The length of a regular file; of a link, what it leads to counts.
    fn file_len(&self, path: &Path) -> io::Result<u64>;

    /// Makes one directory, in one that is there.
    fn make_dir(&self, path: &Path) -> io::Result<()> {
        unsupported()
    }

    /// Gives a file another name, at once and whole, in place of what has that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        unsupported()
    }

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()> {
        unsupported()
    }

    /// Makes the names in a directory durable, where the system knows how.
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        unsupported()
    }

    /// Returns whether something is there by that name, if that can be known.
    fn exists(&self, path: &Path) -> io::Result<bool> {
        unsupported()
    }

    /// Which file a path names.
    fn identity(&self, path: &Path) -> io::Result<Identity> {
        unsupported()
    }

    /// Returns whether `path` still names the open `file`.
    fn names(&self, path: &Path, file: &dyn OpenFile) -> io::Result<bool> {
        let Some(named) = if_there(self.identity(path))? else { return Ok(false) };
        Ok(named == file.identity()?)
    }

    /// Lets so much time pass.
    fn pause(&self, time: Duration) {}
}

/// An open file, whatever becomes of its name.
#[expect(unused_variables, reason = "the names tell what the arguments are")]
pub trait OpenFile: fmt::Debug + Send + Sync {
    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Appends up to `limit` bytes from `offset` to `bytes`; fewer only at the end of the file.
    fn read_at(&self, offset: u64, limit: u64, bytes: &mut Vec<u8>) -> io::Result<()>;

    /// Writes some of the bytes: at the end if it was opened to append, else behind what was written.
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        unsupported()
    }

    /// Cuts it off.
    fn set_len(&self, length: u64) -> io::Result<()> {
        unsupported()
    }

    /// Makes its bytes and its length durable. Its name is its directory's.
    fn sync(&self) -> io::Result<()> {
        unsupported()
    }

    /// Which file it is.
    fn identity(&self) -> io::Result<Identity> {
        unsupported()
    }

    /// Tries to lock it for this process alone, until it is closed. Held elsewhere is `WouldBlock`.
    fn try_lock(&self) -> io::Result<()> {
        unsupported()
    }
}

/// Bytes in memory, which are only read.
impl OpenFile for Vec<u8> {
    fn len(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, offset: u64, limit: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
        let all = self.len();
        let start = usize::try_from(offset).map_or(all, |start| start.min(all));
        let length = usize::try_from(limit).unwrap_or(all).min(all - start);
        bytes.extend_from_slice(self.get(start..start + length).unwrap_or_default());
        Ok(())
    }
}

/// Makes what is not there nothing, instead of an error.
pub fn if_there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

fn unsupported<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}

impl io::Write for &dyn OpenFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (**self).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl dyn OpenFile + '_ {
    /// Writes all of the bytes; what interrupts it is tried again.
    pub fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        (&mut &*self).write_all(bytes)
    }
}

impl dyn FileSystem + '_ {
    /// Makes a directory and its missing parents, open to their owner only, and durable.
    pub fn make_dirs(&self, path: &Path) -> io::Result<()> {
        // What cannot be looked at is made, for the error to say why not.
        let is_there = |dir: &Path| dir.as_os_str().is_empty() || self.exists(dir).unwrap_or(false);
        let missing: Vec<_> = path.ancestors().take_while(|dir| !is_there(dir)).collect();
        for dir in missing.into_iter().rev() {
            match self.make_dir(dir) {
                // Another process was faster. It may not have come to the sync.
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
            match self.sync_dir(parent.unwrap_or(Path::new("."))) {
                // A directory that may be written to but not read cannot be synced.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                synced => synced?,
            }
        }
        Ok(())
    }

    /// Writes a small file that is not there yet; one that is there stays as it is.
    pub fn write_new(&self, path: &Path, content: &str) -> io::Result<()> {
        match self.open(path, Mode::CreateNew) {
            Ok(file) => file.write_all(content.as_bytes()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Reads a whole file.
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path, Mode::Read)?.read_at(0, u64::MAX, &mut bytes)?;
        Ok(bytes)
    }
}
