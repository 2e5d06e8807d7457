//! Files and directories that are the user's alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Makes a directory and its missing parents, open to their owner only, and durable.
pub fn make_dir(path: &Path) -> io::Result<()> {
    let missing = path.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists());
    let missing: Vec<_> = missing.collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    for dir in missing {
        let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
        match sync_dir(parent.unwrap_or(Path::new("."))) {
            // A directory that may be written to but not read cannot be synced.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            synced => synced?,
        }
    }
    Ok(())
}

/// Options for a file that its owner alone may read, should it be created.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a small file that is not there yet; one that is there stays as it is.
pub fn write_new(path: &Path, content: &str) -> io::Result<()> {
    match private().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(content.as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the entries of a directory durable, where the system knows how.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Tells whether `path` still names the open `file`.
pub fn names(path: &Path, file: &File) -> io::Result<bool> {
    match identity(path) {
        Ok(named) => Ok(named == identity_of(file)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Tells whether two handles are of the same file.
pub fn same(one: &File, other: &File) -> io::Result<bool> {
    Ok(identity_of(one)? == identity_of(other)?)
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let of = fs::metadata(path)?;
    Ok((std::os::unix::fs::MetadataExt::dev(&of), std::os::unix::fs::MetadataExt::ino(&of)))
}

#[cfg(unix)]
fn identity_of(file: &File) -> io::Result<(u64, u64)> {
    let of = file.metadata()?;
    Ok((std::os::unix::fs::MetadataExt::dev(&of), std::os::unix::fs::MetadataExt::ino(&of)))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<same_file::Handle> {
    same_file::Handle::from_path(path)
}

#[cfg(not(unix))]
fn identity_of(file: &File) -> io::Result<same_file::Handle> {
    same_file::Handle::from_file(file.try_clone()?)
}

/// The mode of a file or directory that others than its owner may use, where modes are known.
pub fn open_to_others(path: &Path) -> io::Result<Option<u32>> {
    match fs::metadata(path) {
        Ok(of) => Ok(mode(&of).map(|mode| mode & 0o777).filter(|mode| mode & 0o077 != 0)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
fn mode(of: &fs::Metadata) -> Option<u32> {
    Some(std::os::unix::fs::PermissionsExt::mode(&of.permissions()))
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> Option<u32> {
    None
}
