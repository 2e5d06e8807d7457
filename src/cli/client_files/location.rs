//! Where hooks can be registered.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::{Serialize, Serializer};

use crate::cli::shown_path::ShownPath;

/// A program that starts agents, and calls hooks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    /// Anthropic's Claude Code
    #[default]
    ClaudeCode,
    /// The Codex command line
    Codex,
}

impl Client {
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Codex => "Codex",
        }
    }

    /// The variable that names the directory of the user's settings.
    pub fn variable(self) -> &'static str {
        match self {
            Self::ClaudeCode => "CLAUDE_CONFIG_DIR",
            Self::Codex => "CODEX_HOME",
        }
    }

    /// The directory of settings, in a home or a project.
    pub fn directory(self) -> &'static str {
        match self {
            Self::ClaudeCode => ".claude",
            Self::Codex => ".codex",
        }
    }

    /// What names the client in a command of ours.
    pub fn option(self) -> &'static str {
        match self {
            Self::ClaudeCode => "",
            Self::Codex => " --client codex",
        }
    }
}

/// How hooks are registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// In a plugin folder that holds nothing else
    Plugin,
    /// In a settings file, beside other settings
    Settings,
}

/// For which sessions hooks are registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All of yours
    User,
    /// Those of everybody in this directory
    Project,
    /// Yours in this directory
    Local,
}

pub fn word(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// A settings file or a plugin's folder in which hooks can be registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Location {
    pub client: Client,
    pub via: Via,
    pub scope: Scope,
    #[serde(serialize_with = "serialize_path")]
    pub path: PathBuf,
}

fn serialize_path<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    ShownPath::from(path).serialize(serializer)
}

/// The directories in which a session of a client that starts here finds its settings.
#[derive(Debug, Clone)]
pub struct Directories {
    pub client: Client,
    pub user: PathBuf,
    pub project: PathBuf,
    /// An administrator's, if we know of any.
    pub managed: Option<PathBuf>,
    /// The user's if no variable named another one, where one did.
    pub usual: Option<PathBuf>,
}

impl Directories {
    /// Returns all locations, in the order of precedence of their settings, the lowest first.
    pub fn locations(&self) -> Vec<Location> {
        let real = |dir: &Path| fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
        let is_one = real(&self.user) == real(&self.project);
        let plugin = |dir: &Path| dir.join("skills").join("muzzle-persona");
        let all = match self.client {
            Client::ClaudeCode => vec![
                (Via::Plugin, Scope::User, plugin(&self.user)),
                (Via::Settings, Scope::User, self.user.join("settings.json")),
                (Via::Plugin, Scope::Project, plugin(&self.project)),
                (Via::Settings, Scope::Project, self.project.join("settings.json")),
                (Via::Settings, Scope::Local, self.project.join("settings.local.json")),
            ],
            Client::Codex => vec![
                (Via::Settings, Scope::User, self.user.join("hooks.json")),
                (Via::Settings, Scope::Project, self.project.join("hooks.json")),
            ],
        };
        let all = all.into_iter().filter(|(_, scope, _)| !is_one || *scope != Scope::Project);
        let client = self.client;
        all.map(|(via, scope, path)| Location { client, via, scope, path }).collect()
    }
}
