//! What is to become of files, shown before it is done.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use muzzle_persona::events::visible;
use serde::{Serialize, Serializer};
use serde_json::json;
use similar::TextDiff;

use super::location::Location;
use crate::cli::failure::Failure;
use crate::cli::shown_path::ShownPath;

/// The changes by which hooks are registered at a location, or taken out there.
#[derive(Debug, Serialize)]
pub struct Plan {
    #[serde(flatten)]
    pub location: Location,
    /// The copy of what was there before, if there is one when all is done.
    pub backup: Option<ShownPath>,
    /// In the order in which they are made.
    pub changes: Vec<Change>,
    /// Directories to remove afterwards if they are empty then, the inner ones first.
    #[serde(skip)]
    pub emptied: Vec<PathBuf>,
}

/// One file, before and after. `None`: it is not there.
#[derive(Debug, Clone)]
pub struct Change {
    pub path: PathBuf,
    pub before: Option<Vec<u8>>,
    pub after: Option<Vec<u8>>,
    /// Whether it is a file that we keep for ourselves, of which no diff is shown.
    pub is_internal: bool,
    /// The file whose owner and permissions it gets: itself, if it is no copy.
    pub model: PathBuf,
}

impl Plan {
    pub fn new(location: &Location) -> Self {
        Self { location: location.clone(), backup: None, changes: Vec::new(), emptied: Vec::new() }
    }

    pub fn carry_out(&self) -> Result<(), Failure> {
        use io::ErrorKind::{DirectoryNotEmpty, NotFound};

        self.changes.iter().try_for_each(Change::make)?;
        self.emptied.iter().try_for_each(|dir| match fs::remove_dir(dir) {
            Err(error) if !matches!(error.kind(), DirectoryNotEmpty | NotFound) => {
                Err(Failure::write("remove", dir, &error))
            }
            _ => Ok(()),
        })
    }
}

impl Change {
    pub fn new(path: PathBuf, before: Option<Vec<u8>>, after: Option<Vec<u8>>) -> Self {
        Self { model: path.clone(), path, before, after, is_internal: false }
    }

    fn action(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "create",
            (Some(_), Some(_)) => "change",
            (Some(_), None) => "remove",
        }
    }

    fn diff(&self) -> Option<String> {
        if self.is_internal {
            return None;
        }
        // What is no text, such as a picture, has no lines.
        let text = |bytes: &'_ Option<Vec<u8>>| {
            str::from_utf8(bytes.as_deref().unwrap_or_default()).ok().map(str::to_owned)
        };
        let (before, after) = (text(&self.before)?, text(&self.after)?);
        let diff = TextDiff::from_lines(&before, &after);
        let diff = diff.unified_diff().context_radius(2).to_string();
        // Tabs and line ends are layout; everything else that cannot be seen is escaped.
        let escape = |line: &str| line.split('\t').map(visible).collect::<Vec<_>>().join("\t");
        Some(diff.lines().map(escape).collect::<Vec<_>>().join("\n"))
    }

    /// Writes it with the lines that change; those of a new file only if `is_whole`.
    pub fn show(&self, f: &mut fmt::Formatter<'_>, is_whole: bool) -> fmt::Result {
        let action = self.action();
        writeln!(f, "  {action} {}", ShownPath::from(&self.path))?;
        let has_diff = action == "change" || action == "create" && is_whole;
        self.diff().filter(|_| has_diff).map_or(Ok(()), |diff| writeln!(f, "{diff}"))
    }

    fn make(&self) -> Result<(), Failure> {
        let path = &self.path;
        let now = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            read => Some(read.map_err(|error| Failure::read(path, &error))?),
        };
        if now != self.before {
            let message = format!("`{}` was changed by somebody else just now", path.display());
            return Err(Failure::busy(message, "try again"));
        }
        let (verb, done) = match &self.after {
            Some(bytes) => ("write", replace(path, bytes, &self.model)),
            None => ("remove", fs::remove_file(path)),
        };
        done.map_err(|error| Failure::write(verb, path, &error))
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let path = json!(ShownPath::from(&self.path));
        let fields =
            [("path", path), ("action", json!(self.action())), ("diff", json!(self.diff()))];
        serializer.collect_map(fields)
    }
}

/// Replaces a file atomically, with the owner and the permissions of `model`.
///
/// Settings may hold keys: the new file has both before its first byte, and if there is no model
/// only its owner can read it.
fn replace(path: &Path, bytes: &[u8], model: &Path) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let mut file = tempfile::Builder::new().prefix(".muzzle-persona-").tempfile_in(dir)?;
    if let Ok(model) = fs::metadata(model) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt as _, fchown};

            let owner = |file: &fs::Metadata| (file.uid(), file.gid());
            let (user, group) = owner(&model);
            if owner(&file.as_file().metadata()?) != (user, group) {
                fchown(file.as_file(), Some(user), Some(group))?;
            }
        }
        file.as_file().set_permissions(model.permissions())?;
    }
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Returns how many of the directories above a path have to be made before it can be.
pub fn missing_directories(path: &Path) -> usize {
    let above = path.ancestors().skip(1);
    above.take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_changed_meanwhile_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.json");
        let change = |before: Option<&[u8]>| {
            Change::new(path.clone(), before.map(<[u8]>::to_owned), Some(b"ours".to_vec()))
        };
        change(None).make().unwrap();
        for before in [None, Some(&b"theirs"[..])] {
            let failure = change(before).make().unwrap_err();
            assert_eq!((failure.kind, failure.code), ("busy", 4));
            assert!(failure.message.ends_with("was changed by somebody else just now"));
        }
        assert_eq!(fs::read(&path).unwrap(), b"ours");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
