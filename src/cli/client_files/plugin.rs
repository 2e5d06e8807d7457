//! A registration as a plugin: one folder that holds nothing but ours.
//!
//! The folder lists what was written to it, with the BLAKE3 hash of each file. It is changed or
//! removed only while it holds that and nothing else, but for what the client itself writes into
//! it: declarations of types beside a mod, which it makes anew whenever they are missing.

use std::collections::{BTreeMap, BTreeSet};
use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::io::{self, ErrorKind::NotFound};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::hook::{Group, Hook, INJECT, RELEASE, groups};
use super::plan::{Change, Plan, missing_directories};
use super::version::{ClientVersion, SHOWS};
use super::{FileError, location::Location, settings};

const LIST: &str = ".muzzle-persona.json";
pub const HOOKS: &str = "hooks/hooks.json";
/// The module that the client runs as a mod, as the hooks' file names it.
const MODULE: &str = "./register.ts";
/// The module for clients in which nothing can be shown.
const LENDING: &str = "./lending.ts";
/// The file in which the module finds the programs.
const PROGRAMS: &str = "hooks/programs.ts";
/// The command line, as the published file names it.
const PERSONA: &str = "muzzle-persona";
/// Where the client writes declarations of types, and the file that leads to them.
const TYPES: &str = ".claude-plugin/types";
const TYPES_CONFIG: &str = "tsconfig.json";

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_bytes!(concat!("../../../hook/claude-code/", $path)))),*]
    };
}

/// The files but that of the hooks, as they are published.
const FILES: [(&str, &[u8]); 19] = files![
    ".claude-plugin/icon.png",
    ".claude-plugin/plugin.json",
    "LICENSE",
    "README.md",
    "hooks/ask.ts",
    "hooks/command.ts",
    "hooks/contract.ts",
    "hooks/desk.ts",
    "hooks/lending.ts",
    "hooks/overview.ts",
    "hooks/pane.tsx",
    "hooks/programs.ts",
    "hooks/prompt.ts",
    "hooks/register.ts",
    "hooks/run.ts",
    "hooks/shown_text.ts",
    "hooks/test_command.ts",
    "skills/personas/SKILL.md",
    "types/index.d.ts",
];

/// What the hooks' file holds.
#[derive(Serialize)]
struct HooksFile<'a> {
    modules: [&'static str; 1],
    hooks: BTreeMap<&'a str, [Group<'a>; 1]>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    version: String,
    /// How many of the directories above the folder were made for it.
    made_directories: usize,
    /// The BLAKE3 hash of each file, by its path in the folder.
    files: BTreeMap<String, String>,
    /// The bytes of those files that are there, and of the list.
    #[serde(skip)]
    contents: BTreeMap<String, Vec<u8>>,
    /// The bytes of the files that the client wrote.
    #[serde(skip)]
    clients: BTreeMap<String, Vec<u8>>,
}

/// Returns whether the folder is ours, if only in part, or registers a hook of ours.
pub fn is_registered(folder: &Path) -> Result<bool, FileError> {
    Ok(folder.join(LIST).exists() || settings::is_registered(&folder.join(HOOKS))?)
}

pub fn plan_install(
    location: &Location,
    registration: &[Hook],
    client: Option<ClientVersion>,
) -> Result<Plan, FileError> {
    let folder = &location.path;
    let (made_directories, mut old) = match read(folder)? {
        Some(list) => (list.made_directories, list.contents),
        None => (missing_directories(folder), BTreeMap::new()),
    };
    let mut new: Vec<_> = FILES.map(|(path, bytes)| (path, bytes.to_owned())).into();
    for (_, bytes) in new.iter_mut().filter(|(path, _)| *path == PROGRAMS) {
        *bytes = programs(bytes, registration);
    }
    // The hooks come last: a folder that is incomplete is not registered yet.
    let is_older = client.is_some_and(|version| version < SHOWS);
    let modules = [if is_older { LENDING } else { MODULE }];
    let hooks = HooksFile { modules, hooks: groups(registration) };
    new.push((HOOKS, json(&hooks)));
    let files = new.iter().map(|(path, bytes)| (path.to_string(), hash(bytes))).collect();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    // The list comes first: a folder that is incomplete can be removed.
    let list = List { version, made_directories, files, ..List::default() };
    new.insert(0, (LIST, json(&list)));
    let kept =
        new.into_iter().map(|(path, bytes)| change(folder, path, old.remove(path), Some(bytes)));
    let kept: Vec<_> = kept.filter(|change| change.before != change.after).collect();
    let gone = old.into_iter().map(|(path, before)| change(folder, &path, Some(before), None));
    Ok(Plan { changes: gone.chain(kept).collect(), ..Plan::new(location) })
}

pub fn plan_uninstall(location: &Location) -> Result<Plan, FileError> {
    let folder = &location.path;
    let mut plan = Plan::new(location);
    let Some(list) = read(folder)? else { return Ok(plan) };
    let written = list.files.keys().chain(list.clients.keys());
    let inner = directories(written).into_iter().rev().map(|dir| folder.join(dir));
    let above = folder.ancestors().take(1 + list.made_directories).map(Path::to_owned);
    plan.emptied = inner.chain(above).collect();
    // The hooks first, the list last, for the same reasons.
    let mut files: Vec<_> = list.contents.into_iter().chain(list.clients).collect();
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
    let own = directories(list.files.keys());
    list.read_part(folder, "", &own)?;
    list.contents.insert(LIST.to_owned(), bytes);
    Ok(Some(list))
}

impl List {
    /// Reads the files in a part of the folder, up to the first that is not ours.
    fn read_part(
        &mut self,
        folder: &Path,
        part: &str,
        own: &BTreeSet<PathBuf>,
    ) -> Result<(), FileError> {
        let mut entries = fs::read_dir(folder.join(part))?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = format!("{part}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type()?;
            let is_clients = Path::new(&path).starts_with(TYPES);
            if kind.is_dir() && (is_clients || own.contains(Path::new(&path))) {
                self.read_part(folder, &format!("{path}/"), own)?;
            } else if kind.is_file() && (is_clients || leads_to_types(&path, &entry.path())) {
                self.clients.insert(path, fs::read(entry.path())?);
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
}

/// Returns the directories within the folder that files are in, each before those in it.
fn directories<'a>(files: impl Iterator<Item = &'a String>) -> BTreeSet<PathBuf> {
    let above = files.flat_map(|file| Path::new(file).ancestors().skip(1));
    above.filter(|dir| !dir.as_os_str().is_empty()).map(Path::to_owned).collect()
}

/// Returns whether a file is the client's, for editors to find the declarations of types.
fn leads_to_types(path: &str, file: &Path) -> bool {
    let extends = || {
        let config: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        let base = config.get("extends")?.as_str()?.to_owned();
        (config.as_object()?.len() == 1).then_some(base)
    };
    path == TYPES_CONFIG && extends().is_some_and(|base| base == format!("./{TYPES}/tsconfig.json"))
}

/// Puts the programs that are registered into the file in which the module finds them.
fn programs(published: &[u8], registration: &[Hook]) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(published).into_owned();
    for name in [INJECT, RELEASE] {
        let hook = registration.iter().find(|hook| hook.own == Some(name));
        let words = hook.map(|hook| hook.command.iter().chain(hook.args.iter().flatten()));
        let words: Vec<_> = words.into_iter().flatten().collect();
        text = with_words(&text, name, &words);
        // The command line stands beside the hooks.
        if let Some(hook) = words.first().filter(|_| name == INJECT) {
            let program = Path::new(hook).with_file_name(format!("{PERSONA}{EXE_SUFFIX}"));
            text = with_words(&text, PERSONA, &[program.to_string_lossy()]);
        }
    }
    text.into_bytes()
}

/// Puts the words of a command where the published file has the name of its program.
fn with_words(text: &str, name: &str, words: &[impl Serialize]) -> String {
    let words = serde_json::to_string(words).unwrap_or_default();
    text.replace(&format!("[\"{name}\"]"), &words)
}

fn change(folder: &Path, path: &str, before: Option<Vec<u8>>, after: Option<Vec<u8>>) -> Change {
    Change { is_internal: path == LIST, ..Change::new(folder.join(path), before, after) }
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

fn json(value: &impl Serialize) -> Vec<u8> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
    text.into_bytes()
}
