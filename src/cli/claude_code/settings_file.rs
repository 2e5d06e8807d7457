//! One settings file, and what it was before us.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::change::Change;
use super::document::Document;
use super::registration::INJECT;
use super::settings::read;
use super::{Reason, Registration, splice};

/// What the name of the copy ends with.
const COPY: &str = "before-muzzle-persona";
/// What the name of the note ends with.
const NOTE: &str = "made-by-muzzle-persona";

/// A settings file, at the end of all links.
pub struct SettingsFile {
    /// Where it really is.
    pub path: PathBuf,
    /// What it holds, if it is there.
    pub bytes: Option<Vec<u8>>,
}

/// What was there before us.
pub enum Origin {
    /// No file.
    Nothing(Note),
    /// These bytes, and the file is what we made of them.
    Copy(Vec<u8>),
    /// That cannot be told: the file was changed since, or we never were there.
    Unknown,
}

/// That there was no file before us.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Note {
    /// How many of the directories above it were not there either.
    pub made_directories: usize,
}

impl SettingsFile {
    /// Opens a file that may be changed.
    pub fn open(path: &Path) -> Result<Self, Reason> {
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
    pub fn origin(&self, now: &[u8]) -> Result<Origin, Reason> {
        let Some(registration) = registered(now)? else { return Ok(Origin::Unknown) };
        if let Ok(note) = fs::read(path_beside(&self.path, NOTE))
            && written(None, &registration)? == now
        {
            return Ok(Origin::Nothing(serde_json::from_slice(&note).unwrap_or_default()));
        }
        if let Ok(copy) = fs::read(self.copy_path())
            && written(Some(&copy), &registration).is_ok_and(|written| written == now)
        {
            return Ok(Origin::Copy(copy));
        }
        Ok(Origin::Unknown)
    }

    /// Where the copy of it is kept.
    pub fn copy_path(&self) -> PathBuf {
        path_beside(&self.path, COPY)
    }

    /// That the copy shall hold something else, or be gone.
    pub fn change_copy(&self, after: Option<Vec<u8>>) -> Change {
        let path = self.copy_path();
        aside(path.clone(), fs::read(path).ok(), after, Some(self.path.clone()))
    }

    /// That it shall hold something else.
    pub fn change(&self, after: Option<Vec<u8>>) -> Change {
        let before = self.bytes.clone();
        Change { path: self.path.clone(), before, after, is_aside: false, copy_of: None }
    }

    /// That the note shall be there.
    pub fn note(&self, note: &Note) -> Change {
        let path = path_beside(&self.path, NOTE);
        let text = serde_json::to_string(note).unwrap_or_default() + "\n";
        aside(path.clone(), fs::read(path).ok(), Some(text.into_bytes()), None)
    }

    /// That the note shall be gone, if it is there.
    pub fn note_gone(&self) -> Option<Change> {
        let path = path_beside(&self.path, NOTE);
        let before = fs::read(&path).ok();
        before.map(|before| aside(path, Some(before), None, None))
    }
}

/// What a registration makes of a settings file, or of none.
pub fn written(base: Option<&[u8]>, registration: &Registration) -> Result<Vec<u8>, Reason> {
    let base = stripped(base.unwrap_or_default())?;
    let document = Document::read(&base)?;
    document.check()?;
    let text = splice::with(&document, registration);
    Ok([base.get(..document.mark).unwrap_or_default(), text.as_bytes()].concat())
}

/// A settings file without our handlers.
pub fn stripped(bytes: &[u8]) -> Result<Vec<u8>, Reason> {
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

/// A change of the copy or the note.
fn aside(
    path: PathBuf,
    before: Option<Vec<u8>>,
    after: Option<Vec<u8>>,
    copy_of: Option<PathBuf>,
) -> Change {
    Change { path, before, after, is_aside: true, copy_of }
}

/// The path of a file of ours beside a settings file.
fn path_beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}
