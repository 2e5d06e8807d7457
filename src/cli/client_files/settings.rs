//! A registration in a settings file of the user.
//!
//! Beside the file is kept what was there before: a copy of it, or a note that there was none. If
//! the file is, byte for byte, what a registration makes of that copy, it becomes again what it
//! was. If it was changed since, only our handlers are removed.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use serde_json::json;

use super::file_error::{FileError, MAX_SETTINGS};
use super::hook::{Hook, INJECT, RELEASE, registration};
use super::location::{Client, Location};
use super::plan::{Change, Plan, missing_directories};
use super::{document::Document, edit};

/// In the note: how many of the directories above the file were not there either.
const MADE_DIRECTORIES: &str = "made_directories";

/// Returns whether a hook of ours is registered in the file.
pub fn is_registered(path: &Path) -> Result<bool, FileError> {
    let bytes = match read(path) {
        Ok(None) | Err(FileError::DanglingLink(_) | FileError::NotAFile) => return Ok(false),
        read => read?.unwrap_or_default(),
    };
    let is_named = |name: &&str| memchr::memmem::find(&bytes, name.as_bytes()).is_some();
    match Document::read(&bytes) {
        Ok(document) => Ok(document.hooks().iter().any(|hook| hook.own.is_some())),
        // No client finds hooks in it; but it may be mended, and then there they are.
        Err(error) if [INJECT, RELEASE].iter().any(is_named) => Err(error),
        Err(_) => Ok(false),
    }
}

pub fn read(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(target) => Err(FileError::DanglingLink(target.display().to_string())),
            Err(_) => Ok(None),
        },
        Err(error) => Err(error.into()),
        // A pipe could be read only when somebody writes to it.
        Ok(metadata) if !metadata.is_file() => Err(FileError::NotAFile),
        Ok(metadata) if metadata.len() > MAX_SETTINGS => Err(FileError::TooLong(metadata.len())),
        Ok(_) => Ok(Some(fs::read(path)?)),
    }
}

pub fn plan_install(location: &Location, registration: &[Hook]) -> Result<Plan, FileError> {
    let client = location.client;
    let mut plan = Plan::new(location);
    let [mut file, mut copy, mut note] = open(&location.path)?;
    let Some(before) = &file.before else {
        let made = json!({ MADE_DIRECTORIES: missing_directories(&file.path) });
        note.after = Some(format!("{made}\n").into());
        file.after = Some(installed(client, &[], registration)?);
        return Ok(Plan { changes: vec![note, file], ..plan });
    };
    Document::read(before)?.check(client)?;
    let original = original(client, before, &copy, &note)?;
    file.after = Some(installed(client, original.unwrap_or(before), registration)?);
    let is_changed = file.after != file.before;
    if !was_absent(original, &note) && (is_changed || copy.before.is_some()) {
        plan.backup = Some((&copy.path).into());
    }
    if is_changed {
        if original.is_none() {
            copy.after.clone_from(&file.before);
            plan.changes.push(copy);
            plan.changes.extend(Some(note).filter(|note| note.before.is_some()));
        }
        plan.changes.push(file);
    }
    Ok(plan)
}

pub fn plan_uninstall(location: &Location) -> Result<Plan, FileError> {
    let mut plan = Plan::new(location);
    let [mut file, copy, note] = open(&location.path)?;
    let Some(before) = &file.before else { return Ok(plan) };
    let original = original(location.client, before, &copy, &note)?;
    if was_absent(original, &note) {
        let note = note.before.as_deref().unwrap_or_default();
        let note: BTreeMap<String, usize> = serde_json::from_slice(note).unwrap_or_default();
        let above = file.path.ancestors().skip(1).take(*note.get(MADE_DIRECTORIES).unwrap_or(&0));
        plan.emptied = above.map(Path::to_owned).collect();
    } else {
        file.after = Some(without_hooks(original.unwrap_or(before))?);
    }
    // A copy may hold an older registration, which is not worth keeping.
    let is_spare = copy.before.as_ref().is_some_and(|copy| without_hooks(copy).ok() == file.after);
    plan.changes.push(file);
    plan.changes.extend(Some(note).filter(|note| note.before.is_some()));
    if is_spare {
        plan.changes.push(copy);
    } else if copy.before.is_some() {
        plan.backup = Some(copy.path.into());
    }
    Ok(plan)
}

/// Opens a file that may be changed, with its copy and its note: changes that remove them.
fn open(path: &Path) -> Result<[Change; 3], FileError> {
    let bytes = read(path)?;
    let path = if bytes.is_some() { fs::canonicalize(path)? } else { path.to_owned() };
    if bytes.is_some() && fs::metadata(&path)?.permissions().readonly() {
        return Err(FileError::ReadOnly);
    }
    let [copy, note] = [".before-muzzle-persona", ".made-by-muzzle-persona"].map(|ending| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(ending);
        let path = path.with_file_name(name);
        let before = fs::read(&path).ok();
        Change { is_internal: true, ..Change::new(path, before, None) }
    });
    let copy = Change { model: path.clone(), ..copy };
    Ok([Change::new(path, bytes, None), copy, note])
}

/// Returns what the file was before it became `now`, nothing if it was not there; `None` if it was
/// changed since, or nothing was registered.
fn original<'a>(
    client: Client,
    now: &[u8],
    copy: &'a Change,
    note: &Change,
) -> Result<Option<&'a [u8]>, FileError> {
    let Some(registration) = registered(client, &Document::read(now)?) else { return Ok(None) };
    if note.before.is_some() && installed(client, &[], &registration)? == now {
        return Ok(Some(&[]));
    }
    let gives_now =
        |copy: &&[u8]| installed(client, copy, &registration).is_ok_and(|bytes| bytes == now);
    Ok(copy.before.as_deref().filter(gives_now))
}

/// With a note, an empty original is never a copy: [`original`] looks at the note first.
fn was_absent(original: Option<&[u8]>, note: &Change) -> bool {
    note.before.is_some() && original.is_some_and(<[u8]>::is_empty)
}

fn installed(client: Client, base: &[u8], registration: &[Hook]) -> Result<Vec<u8>, FileError> {
    let base = without_hooks(base)?;
    let document = Document::read(&base)?;
    document.check(client)?;
    Ok(edit::insert(&document, registration).into())
}

fn without_hooks(bytes: &[u8]) -> Result<Vec<u8>, FileError> {
    Ok(edit::remove(&Document::read(bytes)?).into())
}

/// Returns the registration that a file holds, if it has both hooks. An older one has fewer events.
fn registered(client: Client, document: &Document<'_>) -> Option<Vec<Hook>> {
    let hooks = document.hooks();
    let last = |name| hooks.iter().rfind(|hook| hook.own == Some(name));
    let (inject, release) = (last(INJECT)?, last(RELEASE)?);
    let [(inject, args), (release, _)] = [inject.words()?, release.words()?];
    let mut registration = registration(client, &inject, &args, &release);
    let has = |event: &str| hooks.iter().any(|hook| hook.own.is_some() && hook.event == event);
    registration.retain(|hook| has(&hook.event));
    Some(registration)
}
