//! A registration in a settings file of the user.
//!
//! Beside the file is kept what was there before: a copy of it, or a note that there was none. If
//! the file is, byte for byte, what a registration makes of that copy, it becomes again what it
//! was. If it was changed since, only our handlers are removed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::document::Document;
use super::edit;
use super::error::{FileError, MAX_SETTINGS};
use super::hook::{INJECT, RELEASE};
use super::location::Location;
use super::plan::{Change, Plan, missing_directories};
use super::registration::Registration;

/// The ending of the copy's name.
const COPY: &str = "before-muzzle-persona";
/// The ending of the note's name.
const NOTE: &str = "made-by-muzzle-persona";
/// In the note: how many of the directories above the file were not there either.
const MADE_DIRECTORIES: &str = "made_directories";

/// A settings file that may be changed, at the end of all links.
struct SettingsFile {
    path: PathBuf,
    bytes: Option<Vec<u8>>,
}

/// What a settings file was before it was registered in.
enum Original {
    Absent {
        made_directories: usize,
    },
    Copy(Vec<u8>),
    /// The file was changed since, or nothing was registered.
    Unknown,
}

/// Returns whether a hook of ours is registered in the file.
pub fn is_registered(path: &Path) -> Result<bool, FileError> {
    let bytes = match read(path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) | Err(FileError::DanglingLink(_) | FileError::NotAFile) => return Ok(false),
        Err(error) => return Err(error),
    };
    match Document::read(&bytes) {
        Ok(document) => Ok(document.hooks().iter().any(|hook| hook.own.is_some())),
        // No client finds hooks in it; but it may be mended, and then there they are.
        Err(error) => {
            let is_named = |name: &str| memchr::memmem::find(&bytes, name.as_bytes()).is_some();
            if is_named(INJECT) || is_named(RELEASE) { Err(error) } else { Ok(false) }
        }
    }
}

/// Reads a settings file, if it is there.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match fs::read_link(path) {
                Ok(target) => Err(FileError::DanglingLink(target.display().to_string())),
                Err(_) => Ok(None),
            };
        }
        Err(error) => return Err(error.into()),
    };
    // A pipe would be read only when somebody writes to it.
    if !metadata.is_file() {
        return Err(FileError::NotAFile);
    }
    if metadata.len() > MAX_SETTINGS {
        return Err(FileError::TooLong(metadata.len()));
    }
    Ok(Some(fs::read(path)?))
}

/// Returns the plugin of ours that the file enables, if a marketplace brought one.
pub fn enabled_plugin(path: &Path) -> Option<String> {
    Document::read(&read(path).ok()??).ok()?.enabled_plugin()
}

pub fn plan_install(location: &Location, registration: &Registration) -> Result<Plan, FileError> {
    let file = SettingsFile::open(&location.path)?;
    let mut plan = Plan::new(location, Vec::new());
    let Some(before) = &file.bytes else {
        let note = json!({ MADE_DIRECTORIES: missing_directories(&file.path) });
        plan.changes.push(file.change_beside(NOTE, Some(format!("{note}\n").into())));
        plan.changes.push(file.change(Some(installed(&[], registration)?)));
        return Ok(plan);
    };
    Document::read(before)?.check()?;
    let original = file.original(before)?;
    let base = match &original {
        Original::Absent { .. } => None,
        Original::Copy(bytes) => Some(bytes),
        Original::Unknown => Some(before),
    };
    let after = installed(base.map_or(&[], Vec::as_slice), registration)?;
    let is_changed = after != *before;
    let copy = file.change_beside(COPY, Some(before.clone()));
    if base.is_some() && (is_changed || copy.path.exists()) {
        plan.backup = Some(copy.path.as_path().into());
    }
    if is_changed {
        if matches!(original, Original::Unknown) {
            plan.changes.push(copy);
            plan.changes.extend(file.remove_note());
        }
        plan.changes.push(file.change(Some(after)));
    }
    Ok(plan)
}

pub fn plan_uninstall(location: &Location) -> Result<Plan, FileError> {
    let file = SettingsFile::open(&location.path)?;
    let mut plan = Plan::new(location, Vec::new());
    let Some(before) = &file.bytes else { return Ok(plan) };
    let after = match file.original(before)? {
        Original::Absent { made_directories } => {
            let above = file.path.ancestors().skip(1).take(made_directories);
            plan.emptied = above.map(Path::to_owned).collect();
            None
        }
        Original::Copy(bytes) => Some(stripped(&bytes)?),
        Original::Unknown => Some(stripped(before)?),
    };
    let copy = file.change_beside(COPY, None);
    // It may hold an older registration, which is not worth keeping.
    let is_spare = copy.before.as_ref().is_some_and(|copy| stripped(copy).ok() == after);
    plan.changes.push(file.change(after));
    plan.changes.extend(file.remove_note());
    if is_spare {
        plan.changes.push(copy);
    } else if copy.before.is_some() {
        plan.backup = Some(copy.path.into());
    }
    Ok(plan)
}

impl SettingsFile {
    fn open(path: &Path) -> Result<Self, FileError> {
        let Some(bytes) = read(path)? else {
            return Ok(Self { path: path.to_owned(), bytes: None });
        };
        let path = fs::canonicalize(path)?;
        if fs::metadata(&path)?.permissions().readonly() {
            return Err(FileError::ReadOnly);
        }
        Ok(Self { path, bytes: Some(bytes) })
    }

    /// Returns what the file was before it became `now`.
    fn original(&self, now: &[u8]) -> Result<Original, FileError> {
        let Some(registration) = registered(&Document::read(now)?) else {
            return Ok(Original::Unknown);
        };
        if let Ok(note) = fs::read(self.path_beside(NOTE))
            && installed(&[], &registration)? == now
        {
            let note: BTreeMap<String, usize> = serde_json::from_slice(&note).unwrap_or_default();
            let made_directories = note.get(MADE_DIRECTORIES).copied().unwrap_or_default();
            return Ok(Original::Absent { made_directories });
        }
        if let Ok(copy) = fs::read(self.path_beside(COPY))
            && installed(&copy, &registration).is_ok_and(|installed| installed == now)
        {
            return Ok(Original::Copy(copy));
        }
        Ok(Original::Unknown)
    }

    fn change(&self, after: Option<Vec<u8>>) -> Change {
        Change::new(self.path.clone(), self.bytes.clone(), after)
    }

    /// Returns a change of the copy or of the note.
    fn change_beside(&self, ending: &str, after: Option<Vec<u8>>) -> Change {
        let path = self.path_beside(ending);
        let before = fs::read(&path).ok();
        let copy_of = (ending == COPY).then(|| self.path.clone());
        Change { is_internal: true, copy_of, ..Change::new(path, before, after) }
    }

    fn remove_note(&self) -> Option<Change> {
        Some(self.change_beside(NOTE, None)).filter(|note| note.before.is_some())
    }

    fn path_beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{ending}"));
        self.path.with_file_name(name)
    }
}

/// Returns what a registration makes of a settings file.
fn installed(base: &[u8], registration: &Registration) -> Result<Vec<u8>, FileError> {
    let base = stripped(base)?;
    let document = Document::read(&base)?;
    document.check()?;
    Ok(edit::insert(&document, registration).into())
}

/// Returns a settings file without our handlers.
fn stripped(bytes: &[u8]) -> Result<Vec<u8>, FileError> {
    Ok(edit::remove(&Document::read(bytes)?).into())
}

/// Returns the registration that a file holds, if it is complete.
fn registered(document: &Document<'_>) -> Option<Registration> {
    let hooks = document.hooks();
    let last = |name| hooks.iter().rfind(|hook| hook.own == Some(name));
    let inject = last(INJECT)?;
    let (command, args) = (inject.command.clone()?, inject.args.clone()?);
    Some(Registration { inject: command, args, release: last(RELEASE)?.command.clone()? })
}
