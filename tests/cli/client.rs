//! A home in which Claude Code has its files, and programs that can be registered there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::{Done, Home};

/// A home with `bin/`, where the programs are, and `acme/`, where sessions start.
pub struct Client {
    pub home: Home,
    config: Option<PathBuf>,
}

/// What is at each path: a directory, the target of a link, or mode and bytes of a file.
pub type Tree = BTreeMap<String, String>;

impl Client {
    pub fn new() -> Self {
        let home = Home::new();
        let bin = home.path().join("bin");
        fs::create_dir(&bin).unwrap();
        fs::create_dir(home.path().join("acme")).unwrap();
        // A program is where it was started from. A second name for it costs nothing; where that
        // cannot be had, `cp` makes a copy that no other test's child has open.
        let program = env!("CARGO_BIN_EXE_muzzle-persona");
        let copy = bin.join("muzzle-persona");
        if fs::hard_link(program, &copy).is_err() {
            assert!(Command::new("cp").arg(program).arg(&copy).status().unwrap().success());
        }
        // Stand-ins that can be told what to do.
        for hook in ["persona-inject", "persona-release"] {
            symlink("/bin/sh", bin.join(hook)).unwrap();
        }
        Self { home, config: None }
    }

    /// Has the client's directory somewhere else, as `CLAUDE_CONFIG_DIR` names it.
    pub fn with_config(mut self, dir: &str) -> Self {
        self.config = Some(self.path(dir));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The user's settings file.
    pub fn settings(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(|| self.path(".claude")).join("settings.json")
    }

    /// Writes a file in the home, and makes the directories above it.
    pub fn put(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let path = self.home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .unwrap()
            .write_all(bytes.as_ref())
            .unwrap();
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.home.command_of(&self.path("bin/muzzle-persona"));
        command.args(args).current_dir(self.path("acme"));
        if let Some(dir) = &self.config {
            command.env("CLAUDE_CONFIG_DIR", dir);
        }
        command
    }

    pub fn run(&self, args: &[&str]) -> Done {
        Done::of(&mut self.command(args))
    }

    /// Runs a command that succeeds, and tells what it says with the home's path left out.
    #[track_caller]
    pub fn says(&self, args: &[&str]) -> String {
        self.without_home(&self.run(args).ok())
    }

    /// Runs a command that fails, and tells what it says with the home's path left out.
    #[track_caller]
    pub fn refuses(&self, args: &[&str]) -> String {
        self.without_home(&self.run(args).fails(1))
    }

    pub fn without_home(&self, text: &str) -> String {
        text.replace(self.home.path().to_str().unwrap(), "~")
    }

    /// Everything in the home but the programs.
    pub fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        walk(self.home.path(), self.home.path(), &mut tree);
        tree
    }

    /// The handlers of ours in a file, each with its event.
    pub fn ours(path: &Path) -> Vec<(String, Value)> {
        let Ok(text) = fs::read_to_string(path) else { return Vec::new() };
        let text = text.trim_start_matches('\u{feff}');
        let settings: Value = serde_json::from_str(text).unwrap_or_default();
        let mut found = Vec::new();
        for (event, groups) in settings["hooks"].as_object().into_iter().flatten() {
            for group in groups.as_array().into_iter().flatten() {
                for handler in group["hooks"].as_array().into_iter().flatten() {
                    if handler["command"]
                        .as_str()
                        .is_some_and(|command| command.contains("persona-"))
                    {
                        found.push((event.clone(), handler.clone()));
                    }
                }
            }
        }
        found
    }

    /// How often the hooks are registered, in whatever place.
    pub fn registrations(&self) -> usize {
        let config = self.config.clone().unwrap_or_else(|| self.path(".claude"));
        let project = self.path("acme/.claude");
        let files = [
            config.join("settings.json"),
            config.join("skills/muzzle-persona/hooks/hooks.json"),
            project.join("settings.json"),
            project.join("settings.local.json"),
            project.join("skills/muzzle-persona/hooks/hooks.json"),
        ];
        let counts = files.map(|file| {
            let ours = Self::ours(&file);
            assert!([0, 5].contains(&ours.len()), "{}: {ours:?}", file.display());
            ours.len() / 5
        });
        counts.iter().sum()
    }
}

/// The paths of all files in a directory, in their order.
pub fn files(dir: &Path) -> Vec<String> {
    let mut tree = Tree::new();
    walk(dir, dir, &mut tree);
    tree.retain(|_, what| !what.starts_with("directory "));
    tree.into_keys().collect()
}

fn walk(root: &Path, dir: &Path, tree: &mut Tree) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        if name == "bin" {
            continue;
        }
        let found = fs::symlink_metadata(&path).unwrap();
        let mode = found.permissions().mode() & 0o7777;
        let what = if found.is_dir() {
            walk(root, &path, tree);
            format!("directory {mode:o}")
        } else if found.is_symlink() {
            format!("link to {}", fs::read_link(&path).unwrap().display())
        } else if found.is_file() {
            format!("{mode:o} {}", fs::read(&path).unwrap().escape_ascii())
        } else {
            "something else".to_owned()
        };
        tree.insert(name, what);
    }
}
