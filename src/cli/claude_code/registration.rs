//! What `install` registers.

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde::Serialize;

use super::hook::TOOLS;

/// How many seconds the client waits for a hook. The hooks themselves wait less.
const TIMEOUT: u32 = 5;

/// Which agents get a persona.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Inject {
    /// Those that have a name
    Named,
    /// All
    All,
}

/// The commands of the hooks.
#[derive(Debug)]
pub struct Registration {
    pub inject: String,
    /// The arguments of `inject`.
    pub args: Vec<String>,
    pub release: String,
}

/// The one hook of ours for an event, in the form of settings and plugins.
#[derive(Debug, Serialize)]
pub struct Group<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    matcher: Option<&'static str>,
    hooks: [Handler<'a>; 1],
}

#[derive(Debug, Serialize)]
struct Handler<'a> {
    r#type: &'static str,
    command: &'a str,
    args: &'a [String],
    timeout: u32,
}

impl Registration {
    pub fn new(inject: String, release: String, which: Inject) -> Self {
        let args: &[&str] = match which {
            Inject::Named => &[],
            // A handler has no field for variables.
            Inject::All => &["--inject", "all"],
        };
        Self { inject, args: args.iter().map(ToString::to_string).collect(), release }
    }

    /// Returns the groups to add, by their events: what settings and plugins have under `hooks`.
    pub fn groups(&self) -> BTreeMap<&'static str, [Group<'_>; 1]> {
        let group = |matcher, command, args| {
            [Group {
                matcher,
                hooks: [Handler { r#type: "command", command, args, timeout: TIMEOUT }],
            }]
        };
        BTreeMap::from([
            ("PreToolUse", group(Some(TOOLS), &self.inject, &self.args)),
            ("SessionEnd", group(None, &self.release, &[])),
            ("SessionStart", group(None, &self.release, &[])),
        ])
    }
}
