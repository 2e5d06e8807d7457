//! What is to become of files, shown before it is done.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use muzzle_persona::events::visible;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use similar::TextDiff;

use crate::cli::failure::Failure;
use crate::cli::shown_path::ShownPath;

/// How many lines of what stays are shown around what changes.
const CONTEXT: usize = 2;

/// One file, before and after. `None`: it is not there.
#[derive(Debug, Clone)]
pub struct Change {
    /// Where it really is.
    pub path: PathBuf,
    /// What it holds.
    pub before: Option<Vec<u8>>,
    /// What it shall hold.
    pub after: Option<Vec<u8>>,
    /// Whether it is a copy or a note of ours, of which there is nothing to show.
    pub is_aside: bool,
    /// The file that it is a copy of, whose owner and permissions it gets.
    pub copy_of: Option<PathBuf>,
}

/// Changes that belong together.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// In the order in which they are made.
    pub changes: Vec<Change>,
    /// Directories to remove afterwards, where they are empty then; the inner ones first.
    pub emptied: Vec<PathBuf>,
    /// A copy of what was there, if there is one when all is done.
    pub backup: Option<PathBuf>,
}

impl Plan {
    /// Makes the changes.
    pub fn carry_out(&self) -> Result<(), Failure> {
        for change in &self.changes {
            change.make()?;
        }
        for dir in &self.emptied {
            match fs::remove_dir(dir) {
                Err(error) if is_in_use(&error) => {}
                removed => removed.map_err(|error| Failure::write("remove", dir, &error))?,
            }
        }
        Ok(())
    }
}

/// Tells whether a directory cannot be removed because it holds something, or is gone already.
fn is_in_use(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotFound)
}

impl Change {
    /// What is done to the file, in a word.
    pub fn action(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "create",
            (Some(_), Some(_)) => "change",
            (Some(_), None) => "remove",
        }
    }

    /// What changes, line by line, safe to show. There is none of a copy.
    pub fn diff(&self) -> Option<String> {
        if self.is_aside {
            return None;
        }
        let text = |bytes: &Option<Vec<u8>>| {
            String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned()
        };
        let (before, after) = (text(&self.before), text(&self.after));
        let diff = TextDiff::from_lines(&before, &after);
        let diff = diff.unified_diff().context_radius(CONTEXT).to_string();
        // Tabs are layout; everything else that cannot be seen is shown.
        let lines =
            diff.lines().map(|line| line.split('\t').map(visible).collect::<Vec<_>>().join("\t"));
        Some(lines.collect::<Vec<_>>().join("\n"))
    }

    /// Tells of it, with the lines that change; those of a new file only where `is_whole`.
    pub fn tell(&self, f: &mut fmt::Formatter<'_>, is_whole: bool) -> fmt::Result {
        let action = self.action();
        writeln!(f, "  {action} {}", ShownPath::from(self.path.as_path()))?;
        let is_told = action == "change" || action == "create" && is_whole;
        self.diff().filter(|_| is_told).map_or(Ok(()), |diff| writeln!(f, "{diff}"))
    }

    fn make(&self) -> Result<(), Failure> {
        let path = &self.path;
        let now = match fs::read(path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::read(path, &error)),
        };
        if now != self.before {
            let message = format!("`{}` was changed by somebody else just now", path.display());
            return Err(Failure::busy(message, "try again"));
        }
        match &self.after {
            Some(bytes) => {
                let model = self.copy_of.as_deref().unwrap_or(path);
                replace(path, bytes, model).map_err(|error| Failure::write("write", path, &error))
            }
            None => fs::remove_file(path).map_err(|error| Failure::write("remove", path, &error)),
        }
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Change", 3)?;
        fields.serialize_field("path", &ShownPath::from(self.path.as_path()))?;
        fields.serialize_field("action", self.action())?;
        fields.serialize_field("diff", &self.diff())?;
        fields.end()
    }
}

/// Puts a file in place as a whole, with the owner and the permissions of `model`.
///
/// Settings may hold keys: the file has them before its first byte, and where
/// there is no model it is its owner's alone.
fn replace(path: &Path, bytes: &[u8], model: &Path) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let mut file = tempfile::Builder::new().prefix(".muzzle-persona-").tempfile_in(dir)?;
    if let Ok(model) = fs::metadata(model) {
        #[cfg(unix)]
        keep_owner(file.as_file(), &model)?;
        file.as_file().set_permissions(model.permissions())?;
    }
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Gives a file to whoever has the other one.
#[cfg(unix)]
fn keep_owner(file: &File, other: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};

    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (other.uid(), other.gid()) {
        return Ok(());
    }
    fchown(file, Some(other.uid()), Some(other.gid()))
}

/// The directories that have to be made before a file in `dir` can be, the innermost first.
pub fn missing_directories(dir: &Path) -> Vec<PathBuf> {
    let missing = dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists());
    missing.map(Path::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_changed_meanwhile_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.json");
        let change = |before: Option<&[u8]>| Change {
            path: path.clone(),
            before: before.map(<[u8]>::to_owned),
            after: Some(b"ours".to_vec()),
            is_aside: false,
            copy_of: None,
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
