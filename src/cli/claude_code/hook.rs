//! Hooks: those that a file registers, which of them are ours, and those that `install` registers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use regex_lite::Regex;
use serde::Serialize;
use serde_json::Number;

pub const INJECT: &str = "persona-inject";
pub const RELEASE: &str = "persona-release";
/// The tools that start an agent, by their names in newer and older clients.
pub const TOOLS: &str = "Agent|Task";
/// What to do about hooks that are not beside this program.
pub const INSTALL_HINT: &str = "`cargo install --path . && cargo install --path hook` puts both in one place, as does `cargo build --workspace`";

/// How many seconds the client waits for a hook. The hooks themselves wait less.
const TIMEOUT: u32 = 5;

/// A hook, ours or not, as it is registered.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "command")]
pub struct Hook {
    #[serde(skip)]
    pub event: String,
    /// The tools that it is called for; `None` for all.
    #[serde(skip)]
    pub matcher: Option<String>,
    /// `None` for a hook of another kind.
    pub command: Option<String>,
    /// The arguments in exec form; `None` in shell form.
    pub args: Option<Vec<String>>,
    /// In seconds.
    pub timeout: Option<Number>,
    #[serde(skip)]
    pub own: Option<&'static str>,
}

/// A hook in the form of settings and plugins.
#[derive(Debug, Serialize)]
pub struct Group<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    matcher: Option<&'a str>,
    hooks: [&'a Hook; 1],
}

impl Hook {
    /// Returns whether it is called when an agent is about to start.
    pub fn is_called_for_agents(&self) -> bool {
        let matcher = self.matcher.as_deref();
        self.event == "PreToolUse" && TOOLS.split('|').any(|tool| matches(matcher, tool))
    }

    pub fn command_line(&self) -> String {
        let words = self.command.iter().chain(self.args.iter().flatten());
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// Returns the path that a hook of ours has beside this program.
pub fn beside(program: Option<&Path>, name: &str) -> Option<PathBuf> {
    let suffix = std::env::consts::EXE_SUFFIX;
    program.and_then(Path::parent).map(|dir| dir.join(format!("{name}{suffix}")))
}

/// Returns which hook of ours a command runs, if any, by the name of its file.
///
/// In exec form the command is a path. Else it is a line for a shell, whose first word counts,
/// after variables that it sets.
pub fn own_name(command: &str, is_exec: bool) -> Option<&'static str> {
    let words;
    // One word is a path too, and its backslashes may be a system's separators.
    let path = if is_exec || !command.contains(char::is_whitespace) {
        command.trim_matches(['"', '\''])
    } else {
        words = shlex::split(command).unwrap_or_default();
        words.iter().find(|word| !is_assignment(word))?
    };
    let name = path.rsplit(['/', '\\']).next()?;
    let stem = name.rsplit_once('.').filter(|(_, end)| end.eq_ignore_ascii_case("exe"));
    let name = stem.map_or(name, |(stem, _)| stem);
    [INJECT, RELEASE].into_iter().find(|hook| *hook == name)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    })
}

/// Returns whether a matcher (a list of names, or else a pattern) matches a tool. None matches all.
fn matches(matcher: Option<&str>, tool: &str) -> bool {
    let Some(matcher) = matcher.filter(|matcher| !matches!(*matcher, "" | "*")) else {
        return true;
    };
    let is_list = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '|');
    if matcher.chars().all(is_list) {
        return matcher.split('|').any(|name| name == tool);
    }
    // A pattern that only the client understands may match anything.
    Regex::new(matcher).map_or(true, |pattern| pattern.is_match(tool))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Inject {
    /// Those that have a name
    Named,
    /// All
    All,
}

impl Inject {
    /// The arguments of the hook. A handler has no field for variables.
    pub fn args(self) -> Vec<String> {
        let args: &[&str] = if self == Self::All { &["--inject", "all"] } else { &[] };
        args.iter().map(ToString::to_string).collect()
    }
}

/// The events that our hooks are called for, each with the hook, and whether that is for agents only.
const EVENTS: [(&str, &str, bool); 5] = [
    ("PostToolUse", INJECT, true),
    ("PreToolUse", INJECT, true),
    ("SessionEnd", RELEASE, false),
    ("SessionStart", RELEASE, false),
    ("SubagentStop", INJECT, false),
];

/// Returns the names of the events that our hooks are called for.
pub fn events() -> impl Iterator<Item = &'static str> {
    EVENTS.into_iter().map(|(event, ..)| event)
}

/// Returns what is registered for all events.
pub fn registration(inject: &str, args: &[String], release: &str) -> Vec<Hook> {
    let hook = |(event, own, is_for_agents): (&str, &'static str, bool)| Hook {
        event: event.to_owned(),
        matcher: is_for_agents.then(|| TOOLS.to_owned()),
        command: Some(if own == INJECT { inject } else { release }.to_owned()),
        args: Some(if own == INJECT { args.to_owned() } else { Vec::new() }),
        timeout: Some(TIMEOUT.into()),
        own: Some(own),
    };
    EVENTS.into_iter().map(hook).collect()
}

/// Returns hooks by their events: what settings and plugins have under `hooks`.
pub fn groups(hooks: &[Hook]) -> BTreeMap<&str, [Group<'_>; 1]> {
    let groups = hooks
        .iter()
        .map(|hook| (&*hook.event, [Group { matcher: hook.matcher.as_deref(), hooks: [hook] }]));
    groups.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_of_ours_is_known_by_the_name_of_its_file() {
        for (command, is_exec, hook) in [
            ("/usr/bin/persona-inject", true, Some(INJECT)),
            ("/opt/my tools/persona-release", true, Some(RELEASE)),
            ("persona-inject", false, Some(INJECT)),
            ("\"/opt/my tools/persona-inject\" --inject all", false, Some(INJECT)),
            ("'/a b/persona-release'", false, Some(RELEASE)),
            ("A=1 B_2='x y' ~/bin/persona-inject 2>>log", false, Some(INJECT)),
            (r"C:\tools\persona-inject.EXE", true, Some(INJECT)),
            (r"C:\tools\persona-inject.exe", false, Some(INJECT)),
            ("/usr/bin/persona-inject-more", true, None),
            ("\"/bin/persona-inject\"", false, Some(INJECT)),
            ("echo /bin/persona-inject", false, None),
            ("/persona-inject/other", true, None),
            ("/bin/persona-inject --x", true, None),
            ("it's broken", false, None),
            ("", false, None),
        ] {
            assert_eq!(own_name(command, is_exec), hook, "{command}");
        }
    }

    #[test]
    fn a_matcher_names_tools_or_describes_them() {
        for (matcher, named) in [
            (None, true),
            (Some(""), true),
            (Some("*"), true),
            (Some("Agent"), true),
            (Some("Bash|Agent"), true),
            (Some(".*"), true),
            (Some("Ag.nt$"), true),
            (Some("^(Agent|Task)$"), true),
            (Some("(?<=x)Agent"), true),
            (Some("Bash"), false),
            (Some("Agen"), false),
            (Some("agent"), false),
            (Some("mcp__.*"), false),
            (Some("^Agents"), false),
        ] {
            assert_eq!(matches(matcher, "Agent"), named, "{matcher:?}");
        }
    }
}
