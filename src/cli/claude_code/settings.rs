//! A registration in a settings file that is somebody else's.
//!
//! Beside the file we keep what was there before us: a copy of it, or a note
//! that there was none. If the file is, byte for byte, what we made of that copy,
//! it becomes again what it was. If somebody changed it since, only our
//! handlers are taken out.

use std::fs;
use std::io;
use std::path::Path;

use super::change::{Plan, missing_directories};
use super::document::{Document, last};
use super::registration::{INJECT, RELEASE};
use super::settings_file::{Note, Origin, SettingsFile, stripped, written};
use super::{Reason, Registration};

/// The most bytes that are read of a settings file.
pub const LIMIT: u64 = 16 * 1024 * 1024;
/// What the client calls the plugin in our folder.
pub const FOLDER: &str = "muzzle-persona@skills-dir";

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
    let copy = file.copy_path();
    let backup = base.is_some().then(|| copy.clone());
    if after == *before {
        return Ok(Plan { backup: backup.filter(|copy| copy.exists()), ..Plan::default() });
    }
    let mut changes = Vec::new();
    if matches!(origin, Origin::Unknown) {
        changes.push(file.change_copy(Some(before.clone())));
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
    let copy = file.copy_path();
    let kept = fs::read(&copy).ok();
    // It may be of a time when older entries of ours were there: nobody wants those back.
    let is_spare = kept.as_ref().is_some_and(|copy| stripped(copy).ok() == after);
    let mut changes = vec![file.change(after)];
    changes.extend(file.note_gone());
    if is_spare {
        changes.push(file.change_copy(None));
    }
    let backup = kept.filter(|_| !is_spare).map(|_| copy);
    Ok(Plan { changes, emptied, backup })
}
