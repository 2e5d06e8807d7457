//! Where hooks can be registered.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Serialize;

use super::change::Plan;
use super::{Reason, Registration, plugin, settings};

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

impl Via {
    /// The word for it on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::Settings => "settings",
        }
    }
}

impl Scope {
    /// The word for it on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Project => "project",
            Self::Local => "local",
        }
    }
}

/// One place in which hooks can be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// How.
    pub via: Via,
    /// For which sessions.
    pub scope: Scope,
    /// The settings file or the plugin's folder.
    pub path: PathBuf,
}

impl Place {
    /// Tells whether a hook of ours is registered here.
    ///
    /// A file that cannot be understood has none if it does not even name one.
    pub fn is_registered(&self) -> Result<bool, Reason> {
        match self.via {
            Via::Plugin => plugin::is_registered(&self.path),
            Via::Settings => settings::is_registered(&self.path),
        }
    }

    /// Plans to register here, in place of an older registration of ours here.
    pub fn plan_install(&self, registration: &Registration) -> Result<Plan, Reason> {
        match self.via {
            Via::Plugin => plugin::plan_install(&self.path, registration),
            Via::Settings => settings::plan_install(&self.path, registration),
        }
    }

    /// Plans to take out what of ours is registered here.
    pub fn plan_uninstall(&self) -> Result<Plan, Reason> {
        match self.via {
            Via::Plugin => plugin::plan_uninstall(&self.path),
            Via::Settings => settings::plan_uninstall(&self.path),
        }
    }
}

/// Where a session that starts here finds its settings.
#[derive(Debug, Clone)]
pub struct ClaudeCode {
    /// The user's own configuration.
    pub user: PathBuf,
    /// That of the directory in which the session starts.
    pub project: PathBuf,
}

impl ClaudeCode {
    /// Finds both directories: the user's is the variable's, else `~/.claude`.
    ///
    /// There is none without a home, or a directory to be in.
    pub fn find(
        variable: Option<OsString>,
        home: Option<&Path>,
        here: Option<&Path>,
    ) -> Option<Self> {
        let here = here?;
        let named = variable.filter(|name| !name.is_empty());
        let user = match named {
            Some(dir) => here.join(dir),
            None => home.filter(|home| home.is_absolute())?.join(".claude"),
        };
        Some(Self { user, project: here.join(".claude") })
    }

    /// All places, in the order in which they are told of.
    pub fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for (scope, dir) in [(Scope::User, &self.user), (Scope::Project, &self.project)] {
            if scope == Scope::Project && self.is_at_home() {
                continue;
            }
            let path = dir.join("skills").join(plugin::NAME);
            places.push(Place { via: Via::Plugin, scope, path });
            places.push(Place { via: Via::Settings, scope, path: dir.join("settings.json") });
        }
        let path = self.project.join("settings.local.json");
        places.push(Place { via: Via::Settings, scope: Scope::Local, path });
        places
    }

    /// One of the places, if there is one like that.
    pub fn place(&self, via: Via, scope: Scope) -> Option<Place> {
        self.places().into_iter().find(|place| place.via == via && place.scope == scope)
    }

    /// The settings files, in the order of the places.
    pub fn settings(&self) -> impl Iterator<Item = Place> {
        self.places().into_iter().filter(|place| place.via == Via::Settings)
    }

    /// Tells whether the project's directory is the user's own.
    fn is_at_home(&self) -> bool {
        let real = |dir: &Path| fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
        real(&self.user) == real(&self.project)
    }
}
