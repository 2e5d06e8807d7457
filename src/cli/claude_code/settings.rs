//! A registration in a settings file that is somebody else's.
//!
//! Beside the file we keep what was there before us: a copy of it, or a note
//! that there was none. If the file is, byte for byte, what we made of that copy,
//! it becomes again what it was. If somebody changed it since, only our
//! handlers are taken out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::change::{Change, Plan, missing_directories};
use super::document::{Document, last};
use super::registration::{INJECT, RELEASE};
use super::{Reason, Registration, splice};

/// The most bytes that are read of a settings file.
pub const LIMIT: u64 = 16 * 1024 * 1024;
/// What the client calls the plugin in our folder.
pub const FOLDER: &str = "muzzle-persona@skills-dir";
/// What the name of the copy ends with.
const COPY: &str = "before-muzzle-persona";
/// What the name of the note ends with.
const NOTE: &str = "made-by-muzzle-persona";

/// Tells whether a hook of ours is registered in the file.
pub fn is_registered(path: &Path) -> Result<bool, Reason> {
    let bytes = match read(path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) | Err(Reason::Dangling(_) | Reason::NoFile) => return Ok(false),
        Err(reason) => return Err(reason),
    };
    match Document::read(&bytes) {
        Ok(document) => Ok(document.handlers().any(|handler| handler.hook().is_some())),
        // No client finds hooks in it; but it may be mended, and then there they are.
        Err(reason) => {
            let is_named = |name: &str| memchr::memmem::find(&bytes, name.as_bytes()).is_some();
            if is_named(INJECT) || is_named(RELEASE) { Err(reason) } else { Ok(false) }
        }
    }
}

/// Reads a settings file, if it is there.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, Reason> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match fs::read_link(path) {
                Ok(target) => Err(Reason::Dangling(target.display().to_string())),
                Err(_) => Ok(None),
            };
        }
        Err(error) => return Err(error.into()),
    };
    // To read a pipe would be to wait for somebody to write.
    if !found.is_file() {
        return Err(Reason::NoFile);
    }
    if found.len() > LIMIT {
        return Err(Reason::TooLong(found.len()));
    }
    Ok(Some(fs::read(path)?))
}

/// The plugin of ours that the file enables, if a marketplace brought one.
pub fn enabled_plugin(path: &Path) -> Option<String> {
    let bytes = read(path).ok()??;
    let document = Document::read(&bytes).ok()?;
    let plugins = last(document.root.as_ref()?, "enabledPlugins")?.value.as_object()?;
    let enabled = plugins
        .properties
        .iter()
        .filter(|plugin| plugin.value.as_boolean_lit().is_none_or(|enabled| enabled.value));
    let mut names = enabled.map(|plugin| plugin.name.as_str());
    // The folder that we write counts by itself.
    let ours = |name: &&str| name.starts_with("muzzle-persona@") && *name != FOLDER;
    names.find(ours).map(str::to_owned)
}

/// Plans to register in the file, in place of what of ours is registered there.
pub fn plan_install(path: &Path, registration: &Registration) -> Result<Plan, Reason> {
    let file = SettingsFile::open(path)?;
    let Some(before) = &file.bytes else {
        let made = missing_directories(file.path.parent().unwrap_or(&file.path)).len();
        let note = Note { made_directories: made };
        let after = written(None, registration)?;
        return Ok(Plan {
            changes: vec![file.note(&note), file.change(Some(after))],
            ..Plan::default()
        });
    };
    Document::read(before)?.check()?;
    let origin = file.origin(before)?;
    let base = match &origin {
        Origin::Nothing(_) => None,
        Origin::Copy(bytes) => Some(bytes),
        Origin::Unknown => Some(before),
    };
    let after = written(base.map(Vec::as_slice), registration)?;
    let copy = path_beside(&file.path, COPY);
    let backup = base.is_some().then(|| copy.clone());
    if after == *before {
        return Ok(Plan { backup: backup.filter(|copy| copy.exists()), ..Plan::default() });
    }
    let mut changes = Vec::new();
    if matches!(origin, Origin::Unknown) {
        changes.push(aside(copy.clone(), fs::read(&copy).ok(), Some(before.clone())));
        changes.extend(file.note_gone());
    }
    changes.push(file.change(Some(after)));
    Ok(Plan { changes, backup, ..Plan::default() })
}

/// Plans to take our handlers out of the file.
pub fn plan_uninstall(path: &Path) -> Result<Plan, Reason> {
    if !is_registered(path)? {
        return Ok(Plan::default());
    }
    let file = SettingsFile::open(path)?;
    let Some(before) = &file.bytes else { return Ok(Plan::default()) };
    let origin = file.origin(before)?;
    let (after, emptied) = match &origin {
        Origin::Nothing(note) => {
            let above = file.path.ancestors().skip(1).take(note.made_directories);
            (None, above.map(Path::to_owned).collect())
        }
        Origin::Copy(bytes) => (Some(stripped(bytes)?), Vec::new()),
        Origin::Unknown => (Some(stripped(before)?), Vec::new()),
    };
    let copy = path_beside(&file.path, COPY);
    let kept = fs::read(&copy).ok();
    let is_spare = kept.is_some() && kept == after;
    let mut changes = vec![file.change(after)];
    changes.extend(file.note_gone());
    if is_spare {
        changes.push(aside(copy.clone(), kept.clone(), None));
    }
    let backup = kept.filter(|_| !is_spare).map(|_| copy);
    Ok(Plan { changes, emptied, backup })
}

/// A settings file, at the end of all links.
struct SettingsFile {
    path: PathBuf,
    bytes: Option<Vec<u8>>,
}

/// What was there before us.
enum Origin {
    /// No file.
    Nothing(Note),
    /// These bytes, and the file is what we made of them.
    Copy(Vec<u8>),
    /// That cannot be told: the file was changed since, or we never were there.
    Unknown,
}

/// That there was no file before us.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    /// How many of the directories above it were not there either.
    made_directories: usize,
}

impl SettingsFile {
    /// Opens a file that may be changed.
    fn open(path: &Path) -> Result<Self, Reason> {
        let Some(bytes) = read(path)? else {
            return Ok(Self { path: path.to_owned(), bytes: None });
        };
        let path = fs::canonicalize(path)?;
        if fs::metadata(&path)?.permissions().readonly() {
            return Err(Reason::ReadOnly);
        }
        Ok(Self { path, bytes: Some(bytes) })
    }

    /// What the file was before it became `now`.
    fn origin(&self, now: &[u8]) -> Result<Origin, Reason> {
        let Some(registration) = registered(now)? else { return Ok(Origin::Unknown) };
        if let Ok(note) = fs::read(path_beside(&self.path, NOTE))
            && written(None, &registration)? == now
        {
            return Ok(Origin::Nothing(serde_json::from_slice(&note).unwrap_or_default()));
        }
        if let Ok(copy) = fs::read(path_beside(&self.path, COPY))
            && written(Some(&copy), &registration).is_ok_and(|written| written == now)
        {
            return Ok(Origin::Copy(copy));
        }
        Ok(Origin::Unknown)
    }

    fn change(&self, after: Option<Vec<u8>>) -> Change {
        let before = self.bytes.clone();
        Change { path: self.path.clone(), before, after, is_aside: false }
    }

    fn note(&self, note: &Note) -> Change {
        let path = path_beside(&self.path, NOTE);
        let text = serde_json::to_string(note).unwrap_or_default() + "\n";
        aside(path.clone(), fs::read(path).ok(), Some(text.into_bytes()))
    }

    fn note_gone(&self) -> Option<Change> {
        let path = path_beside(&self.path, NOTE);
        let before = fs::read(&path).ok();
        before.map(|before| aside(path, Some(before), None))
    }
}

/// What a registration makes of a settings file, or of none.
fn written(base: Option<&[u8]>, registration: &Registration) -> Result<Vec<u8>, Reason> {
    let base = stripped(base.unwrap_or_default())?;
    let document = Document::read(&base)?;
    document.check()?;
    let text = splice::with(&document, registration);
    Ok([base.get(..document.mark).unwrap_or_default(), text.as_bytes()].concat())
}

/// A settings file without our handlers.
fn stripped(bytes: &[u8]) -> Result<Vec<u8>, Reason> {
    let document = Document::read(bytes)?;
    let text = splice::without(&document);
    Ok([bytes.get(..document.mark).unwrap_or_default(), text.as_bytes()].concat())
}

/// The registration that a file holds, if it is a whole one.
fn registered(bytes: &[u8]) -> Result<Option<Registration>, Reason> {
    let document = Document::read(bytes)?;
    let (mut inject, mut release) = (None, None);
    for handler in document.handlers() {
        let command = handler.command().map(str::to_owned);
        match handler.hook() {
            Some(INJECT) => inject = command.zip(handler.args()),
            Some(_) => release = command,
            None => {}
        }
    }
    Ok(inject.zip(release).map(|((inject, args), release)| Registration { inject, args, release }))
}

fn aside(path: PathBuf, before: Option<Vec<u8>>, after: Option<Vec<u8>>) -> Change {
    Change { path, before, after, is_aside: true }
}

/// The path of a file of ours beside a settings file.
fn path_beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}
