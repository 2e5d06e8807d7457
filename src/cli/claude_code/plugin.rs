//! A registration as a plugin: one folder that holds nothing but ours.
//!
//! The folder lists what was written to it, with the BLAKE3 hash of each file.
//! It is changed or removed only while it holds that and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind::NotFound};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::hook::{Hook, groups};
use super::plan::{Change, Plan, missing_directories};
use super::{FileError, location::Location, settings};

const LIST: &str = ".muzzle-persona.json";
pub const HOOKS: &str = "hooks/hooks.json";
/// The other files, as they are published.
const FILES: [(&str, &str); 2] = [
    (".claude-plugin/plugin.json", include_str!("../../../plugin/.claude-plugin/plugin.json")),
    ("skills/personas/SKILL.md", include_str!("../../../plugin/skills/personas/SKILL.md")),
];

#[derive(Debug, Serialize, Deserialize)]
struct List {
    version: String,
    /// How many of the directories above the folder were made for it.
    made_directories: usize,
    /// The BLAKE3 hash of each file, by its path in the folder.
    files: BTreeMap<String, String>,
    /// The bytes of those files that are there, and of the list.
    #[serde(skip)]
    contents: BTreeMap<String, Vec<u8>>,
}

/// Returns whether the folder is ours, if only in part, or registers a hook of ours.
pub fn is_registered(folder: &Path) -> Result<bool, FileError> {
    Ok(folder.join(LIST).exists() || settings::is_registered(&folder.join(HOOKS))?)
}

pub fn plan_install(location: &Location, registration: &[Hook]) -> Result<Plan, FileError> {
    let folder = &location.path;
    let (made_directories, mut old) = match read(folder)? {
        Some(list) => (list.made_directories, list.contents),
        None => (missing_directories(folder), BTreeMap::new()),
    };
    let mut new: Vec<_> = FILES.map(|(path, text)| (path, text.to_owned())).into();
    // The hooks come last: a folder that is incomplete is not registered yet.
    new.push((HOOKS, json(&BTreeMap::from([("hooks", groups(registration))]))));
    let files = new.iter().map(|(path, text)| (path.to_string(), hash(text.as_bytes()))).collect();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    // The list comes first: a folder that is incomplete can be removed.
    let list = List { version, made_directories, files, contents: BTreeMap::new() };
    new.insert(0, (LIST, json(&list)));
    let kept = new
        .into_iter()
        .map(|(path, text)| change(folder, path, old.remove(path), Some(text.into())));
    let kept: Vec<_> = kept.filter(|change| change.before != change.after).collect();
    let gone = old.into_iter().map(|(path, before)| change(folder, &path, Some(before), None));
    Ok(Plan { changes: gone.chain(kept).collect(), ..Plan::new(location) })
}

pub fn plan_uninstall(location: &Location) -> Result<Plan, FileError> {
    let folder = &location.path;
    let mut plan = Plan::new(location);
    let Some(list) = read(folder)? else { return Ok(plan) };
    let inner = list.directories().into_iter().rev().map(|dir| folder.join(dir));
    let above = folder.ancestors().take(1 + list.made_directories).map(Path::to_owned);
    plan.emptied = inner.chain(above).collect();
    // The hooks first, the list last, for the same reasons.
    let mut files: Vec<_> = list.contents.into_iter().collect();
    files.sort_by_key(|(path, _)| (path == LIST, path != HOOKS));
    let gone = files.into_iter().map(|(path, before)| change(folder, &path, Some(before), None));
    plan.changes = gone.collect();
    Ok(plan)
}

fn read(folder: &Path) -> Result<Option<List>, FileError> {
    match fs::symlink_metadata(folder) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return Err(FileError::NotADirectory),
        Err(error) if error.kind() == NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let bytes = fs::read(folder.join(LIST)).map_err(|error| match error.kind() {
        NotFound => FileError::NoList(LIST),
        _ => error.into(),
    })?;
    let list = serde_json::from_slice(&bytes);
    let mut list: List = list.map_err(|_| FileError::Modified(LIST.to_owned()))?;
    list.read_part(folder, "")?;
    list.contents.insert(LIST.to_owned(), bytes);
    Ok(Some(list))
}

impl List {
    /// Reads the files in a part of the folder, up to the first that is not ours.
    fn read_part(&mut self, folder: &Path, part: &str) -> Result<(), FileError> {
        let mut entries = fs::read_dir(folder.join(part))?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = format!("{part}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type()?;
            if kind.is_dir() && self.directories().contains(Path::new(&path)) {
                self.read_part(folder, &format!("{path}/"))?;
            } else if path != LIST || !kind.is_file() {
                let written = self.files.get(&path).filter(|_| kind.is_file());
                let Some(written) = written else { return Err(FileError::UnknownFile(path)) };
                let bytes = fs::read(entry.path())?;
                if hash(&bytes) != *written {
                    return Err(FileError::Modified(path));
                }
                self.contents.insert(path, bytes);
            }
        }
        Ok(())
    }

    /// Returns the directories within the folder that its files are in, each before those in it.
    fn directories(&self) -> BTreeSet<PathBuf> {
        let above = self.files.keys().flat_map(|file| Path::new(file).ancestors().skip(1));
        above.filter(|dir| !dir.as_os_str().is_empty()).map(Path::to_owned).collect()
    }
}

fn change(folder: &Path, path: &str, before: Option<Vec<u8>>, after: Option<Vec<u8>>) -> Change {
    Change { is_internal: path == LIST, ..Change::new(folder.join(path), before, after) }
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
