//! The file of a page: written as a whole, in place of no other file, and opened.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use tempfile::NamedTempFile;

use crate::cli::Failure;

/// What only a page has in its first bytes.
const MARK: &[u8] = b"<meta name=\"generator\" content=\"muzzle-persona\">";
const FIRST_BYTES: u64 = 1024;

/// Refuses to replace what is no page.
pub fn check(path: &Path) -> Result<(), Failure> {
    let read = |error: &_| Failure::read(path, error);
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(|error| read(&error))?,
    };
    let hint = "name another file with `--out FILE`, or remove it first";
    if !metadata.is_file() {
        let message = format!("`{}` is no regular file, and no page is put there", path.display());
        return Err(Failure::refused(message, hint));
    }
    let mut first = Vec::new();
    let opened =
        fs::File::open(path).and_then(|file| file.take(FIRST_BYTES).read_to_end(&mut first));
    opened.map_err(|error| read(&error))?;
    if first.is_empty() || first.windows(MARK.len()).any(|bytes| bytes == MARK) {
        return Ok(());
    }
    let message = format!("`{}` is no page of muzzle-persona, and is not replaced", path.display());
    Err(Failure::refused(message, hint))
}

/// Writes a page, so that there is the old file or the new one whatever happens, and returns where
/// it is.
pub fn write(path: &Path, page: &[u8]) -> Result<PathBuf, Failure> {
    let failed = |error: &_| Failure::write("write", path, error);
    // A link stays, and what it leads to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(dir).map_err(|error| failed(&error))?;
    file.write_all(page).map_err(|error| failed(&error))?;
    file.persist(&path).map_err(|error| failed(&error.error))?;
    Ok(fs::canonicalize(&path).unwrap_or(path))
}

/// Opens a file with the program that the system has for its kind.
pub fn open(path: &Path) -> Result<(), String> {
    let (program, args) = OPENER;
    let mut command = Command::new(program);
    command.args(args).arg(path);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let reason = match status {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    let page = path.display();
    Err(format!("could not open the page with `{program}` ({reason}); it is in `{page}`"))
}

const OPENER: (&str, &[&str]) = if cfg!(target_os = "macos") {
    ("open", &[])
} else if cfg!(windows) {
    ("explorer", &[])
} else {
    ("xdg-open", &[])
};
