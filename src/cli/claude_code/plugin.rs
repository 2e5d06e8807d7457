//! A registration as a plugin: one folder that holds nothing but ours.
//!
//! The folder lists what was written to it, with the BLAKE3 hash of each file.
//! It is changed or removed only while it holds that and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::change::{Change, Plan, missing_directories};
use super::registration::Hooks;
use super::{Reason, Registration, settings};

/// What the plugin and its folder are called.
pub const NAME: &str = "muzzle-persona";
/// The file that lists what was written.
const LIST: &str = ".muzzle-persona.json";
/// Where the hooks are registered.
pub const HOOKS: &str = "hooks/hooks.json";
/// The other files, as they are published.
const FILES: [(&str, &str); 2] = [
    (".claude-plugin/plugin.json", include_str!("../../../plugin/.claude-plugin/plugin.json")),
    ("skills/personas/SKILL.md", include_str!("../../../plugin/skills/personas/SKILL.md")),
];

/// What was written.
#[derive(Debug, Serialize, Deserialize)]
struct List {
    /// The version that wrote it.
    version: String,
    /// How many of the directories above the folder were made for it.
    made_directories: usize,
    /// The BLAKE3 hash of each file, by its path in the folder.
    files: BTreeMap<String, String>,
}

/// A folder that holds what is on its list, and nothing else.
struct Folder {
    list: List,
    /// What is there of it, and the list itself, by the path in the folder.
    files: BTreeMap<String, Vec<u8>>,
}

/// Tells whether the folder is ours, if only in part, or registers a hook of ours.
pub fn is_registered(folder: &Path) -> Result<bool, Reason> {
    Ok(folder.join(LIST).exists() || settings::is_registered(&folder.join(HOOKS))?)
}

/// Plans to write the folder, in place of an older one of ours.
pub fn plan_install(folder: &Path, registration: &Registration) -> Result<Plan, Reason> {
    let (old, made_directories) = if let Some(Folder { list, files }) = existing(folder)? {
        (files, list.made_directories)
    } else {
        let above = folder.parent().map(missing_directories).unwrap_or_default();
        (BTreeMap::new(), above.len())
    };
    let mut new: Vec<_> = FILES.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    // The hooks come last: what is there in part is not yet registered.
    new.push((HOOKS.to_owned(), hooks(registration)));
    let hash = |(path, text): &(String, String)| {
        (path.clone(), blake3::hash(text.as_bytes()).to_hex().to_string())
    };
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let list = List { version, made_directories, files: new.iter().map(hash).collect() };
    let list = serde_json::to_string_pretty(&list).unwrap_or_default() + "\n";
    let mut changes = Vec::new();
    for (path, before) in &old {
        if path != LIST && !new.iter().any(|(new, _)| new == path) {
            changes.push(change(folder, path, Some(before.clone()), None));
        }
    }
    // And the list first: what is there in part can be removed.
    new.insert(0, (LIST.to_owned(), list));
    for (path, text) in new {
        let (before, after) = (old.get(&path).cloned(), text.into_bytes());
        if before.as_ref() != Some(&after) {
            changes.push(change(folder, &path, before, Some(after)));
        }
    }
    Ok(Plan { changes, ..Plan::default() })
}

/// Plans to remove the folder.
pub fn plan_uninstall(folder: &Path) -> Result<Plan, Reason> {
    let Some(Folder { list, files }) = existing(folder)? else { return Ok(Plan::default()) };
    // The hooks first, the list last, for the same reasons.
    let mut names: Vec<_> = files.into_iter().collect();
    names.sort_by_key(|(path, _)| (path == LIST, path != HOOKS));
    let mut inner: Vec<_> = directories(list.files.keys()).into_iter().collect();
    inner.sort_by_key(|path| std::cmp::Reverse(path.components().count()));
    let above = folder.ancestors().take(1 + list.made_directories).map(Path::to_owned);
    Ok(Plan {
        changes: names
            .into_iter()
            .map(|(path, before)| change(folder, &path, Some(before), None))
            .collect(),
        emptied: inner.into_iter().map(|path| folder.join(path)).chain(above).collect(),
        backup: None,
    })
}

/// The hooks' file, as it is published or with the paths of this machine.
fn hooks(registration: &Registration) -> String {
    #[derive(Serialize)]
    struct Whole<'a> {
        hooks: Hooks<'a>,
    }
    let whole = Whole { hooks: registration.hooks() };
    serde_json::to_string_pretty(&whole).unwrap_or_default() + "\n"
}

/// The list and the files of a folder that is ours, if there is a folder.
fn existing(folder: &Path) -> Result<Option<Folder>, Reason> {
    match fs::symlink_metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(Reason::NoFolder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let list = match fs::read(folder.join(LIST)) {
        Ok(list) => list,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Reason::NotOurs(LIST)),
        Err(error) => return Err(error.into()),
    };
    let parsed = serde_json::from_slice::<List>(&list);
    let parsed = parsed.map_err(|_| Reason::Changed(LIST.to_owned()))?;
    let mut files = BTreeMap::from([(LIST.to_owned(), list)]);
    read_all(folder, "", &parsed, &mut files)?;
    Ok(Some(Folder { list: parsed, files }))
}

/// Reads what is in a part of the folder, up to the first thing that is not ours.
fn read_all(
    folder: &Path,
    part: &str,
    list: &List,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), Reason> {
    let known = directories(list.files.keys());
    let mut entries = fs::read_dir(folder.join(part))?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let path = format!("{part}{}", name.to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() && known.contains(Path::new(&path)) {
            read_all(folder, &format!("{path}/"), list, files)?;
            continue;
        }
        if path == LIST && kind.is_file() {
            continue;
        }
        let hash = list.files.get(&path).filter(|_| kind.is_file());
        let hash = hash.ok_or_else(|| Reason::Foreign(path.clone()))?;
        let bytes = fs::read(entry.path())?;
        if *blake3::hash(&bytes).to_hex() != **hash {
            return Err(Reason::Changed(path));
        }
        files.insert(path, bytes);
    }
    Ok(())
}

/// The directories, within the folder, of the files that were written.
fn directories<'a>(files: impl Iterator<Item = &'a String>) -> BTreeSet<PathBuf> {
    let above = files.flat_map(|file| Path::new(file).ancestors().skip(1));
    above.filter(|dir| !dir.as_os_str().is_empty()).map(Path::to_owned).collect()
}

fn change(folder: &Path, path: &str, before: Option<Vec<u8>>, after: Option<Vec<u8>>) -> Change {
    Change { path: folder.join(path), before, after, is_aside: path == LIST, copy_of: None }
}
