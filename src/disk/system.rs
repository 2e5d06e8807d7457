//! The machine's own file system.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::file_system::{FileSystem, Mode, OpenFile, if_there};
use super::identity::{Identity, regular};

/// The file system of the machine.
#[derive(Debug)]
pub struct System;

impl FileSystem for System {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn OpenFile>> {
        use io::ErrorKind::{AlreadyExists, NotFound};

        let options = options(mode);
        match options.open(path) {
            // It may be a link, which is not followed.
            Err(error) if !matches!(error.kind(), NotFound | AlreadyExists) && is_link(path) => {
                Ok(Arc::new(options.open(own_target(path)?)?))
            }
            opened => Ok(Arc::new(opened?)),
        }
    }

    fn make_dir(&self, path: &Path) -> io::Result<()> {
        #[cfg_attr(not(unix), expect(unused_mut, reason = "elsewhere there are no modes"))]
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let names = fs::read_dir(dir).map_err(|error| unfollowed(dir, error))?;
        let names = names.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(io::Result::transpose).collect()
    }

    fn file_len(&self, path: &Path) -> io::Result<u64> {
        // Whether a link may lead there, `open` says.
        let of = fs::metadata(path).map_err(|error| unfollowed(path, error))?;
        Ok(regular(of)?.len())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        path.try_exists()
    }

    fn identity(&self, path: &Path) -> io::Result<Identity> {
        Identity::named(path)
    }

    fn pause(&self, time: Duration) {
        thread::sleep(time);
    }
}

impl OpenFile for File {
    fn len(&self) -> io::Result<u64> {
        Ok(regular(self.metadata()?)?.len())
    }

    fn read_at(&self, mut offset: u64, limit: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
        let mut left = limit;
        while left > 0 {
            let start = bytes.len();
            let room = (bytes.capacity() - start).max(ROOM);
            let wanted = usize::try_from(left).unwrap_or(room).min(room);
            let read = read_some(self, offset, wanted, bytes);
            bytes.truncate(start + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => break,
                Ok(read) => (offset, left) = (offset + read as u64, left - read as u64),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(&mut &*self, bytes)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn identity(&self) -> io::Result<Identity> {
        Identity::of(self)
    }

    /// `File` has a method of its own by this name; the full path picks fs2's.
    fn try_lock(&self) -> io::Result<()> {
        fs2::FileExt::try_lock_exclusive(self).map_err(|error| {
            let contended = fs2::lock_contended_error();
            if error.raw_os_error() == contended.raw_os_error() {
                io::ErrorKind::WouldBlock.into()
            } else {
                error
            }
        })
    }
}

/// The least that is made room for to read a file of which nobody knows how long it is.
const ROOM: usize = 8 * 1024;

/// Reads at a place of a file; that moves nothing for other readers.
#[cfg(unix)]
fn read_some(file: &File, offset: u64, wanted: usize, bytes: &mut Vec<u8>) -> io::Result<usize> {
    // Into memory that was not zeroed first: a log may have a hundred megabytes.
    bytes.reserve(wanted);
    let read = rustix::io::pread(file, rustix::buffer::spare_capacity(bytes), offset)?;
    Ok(read.min(wanted))
}

#[cfg(not(unix))]
fn read_some(
    mut file: &File,
    offset: u64,
    wanted: usize,
    bytes: &mut Vec<u8>,
) -> io::Result<usize> {
    io::Seek::seek(&mut file, io::SeekFrom::Start(offset))?;
    let start = bytes.len();
    bytes.resize(start + wanted, 0);
    file.read(bytes.get_mut(start..).unwrap_or_default())
}

/// How a file is opened, and who may read it should it be made.
fn options(mode: Mode) -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        use rustix::fs::OFlags;

        // A link must not lead a write elsewhere, and a pipe that nobody writes to must not hold
        // anyone up. Neither costs a call.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    match mode {
        Mode::Read => options.read(true),
        Mode::Append => options.read(true).append(true),
        Mode::AppendOrCreate => options.read(true).append(true).create(true),
        Mode::CreateNew => options.write(true).create_new(true),
        Mode::Truncate => options.write(true).create(true).truncate(true),
        Mode::Keep => options.read(true).write(true).create(true).truncate(false),
    };
    options
}

/// Reads a text of the user's own, which may be a link to wherever they like.
///
/// A pipe or a device could keep its reader waiting for ever, and is refused.
pub fn read_to_string(path: &Path) -> io::Result<String> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let mut file = options.read(true).open(path)?;
    regular(file.metadata()?)?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// Opens a file that somebody named, to read it. A link is not followed, and a pipe, a device or
/// a directory is refused, without waiting for it.
pub fn open_unlinked(path: &Path) -> io::Result<File> {
    if is_link(path) {
        return Err(io::Error::other("it is a symbolic link"));
    }
    let file = options(Mode::Read).open(path)?;
    regular(file.metadata()?)?;
    Ok(file)
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|of| of.is_symlink())
}

fn leads_nowhere() -> io::Error {
    io::Error::other("it is a symbolic link that leads to nothing")
}

/// Makes a link to nothing, which is there, another error than what is not there.
fn unfollowed(path: &Path, error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::NotFound && is_link(path) { leads_nowhere() } else { error }
}

/// What a link leads to, if it stays beside or below the link and is the user's own.
fn own_target(link: &Path) -> io::Result<PathBuf> {
    let refused = |why| io::Error::other(format!("it is a symbolic link {why}"));
    let target = fs::canonicalize(link).map_err(|_| leads_nowhere())?;
    let home = link.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !target.starts_with(fs::canonicalize(home)?) {
        return Err(refused("that leads out of the store"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::uid(&fs::metadata(&target)?)
        != rustix::process::geteuid().as_raw()
    {
        return Err(refused("to a file of another user's"));
    }
    Ok(target)
}

/// The mode of a file or directory that others than its owner may use, where modes are known.
pub fn open_to_others(path: &Path) -> io::Result<Option<u32>> {
    let mode = if_there(fs::metadata(path))?.map(|of| mode(&of) & 0o777);
    Ok(mode.filter(|mode| mode & 0o077 != 0))
}

/// The mode of what has one, else 0.
#[cfg(unix)]
fn mode(of: &fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&of.permissions())
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::io::Seek as _;
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_read_at_a_place_moves_no_other_and_ends_with_the_file() {
        let mut file = tempfile::tempfile().unwrap();
        let all: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        file.write_all(&all).unwrap();
        #[cfg(unix)]
        file.rewind().unwrap();
        for (offset, limit) in [(0, u64::MAX), (7, 50_000), (99_999, 10), (100_000, 1), (5, 0)] {
            let mut bytes = b"before".to_vec();
            OpenFile::read_at(&file, offset, limit, &mut bytes).unwrap();
            let from = usize::try_from(offset).unwrap();
            let length = usize::try_from(limit).unwrap_or(usize::MAX).min(all.len() - from);
            assert_eq!(bytes, [b"before", &all[from..from + length]].concat());
        }
        #[cfg(unix)]
        assert_eq!(file.stream_position().unwrap(), 0);
    }
}
