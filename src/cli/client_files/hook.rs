//! Hooks: those that a file registers, which of them are ours, and those that `install` registers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use regex_lite::Regex;
use serde::Serialize;
use serde_json::Number;

use super::location::Client;

pub const INJECT: &str = "persona-inject";
pub const RELEASE: &str = "persona-release";
/// The tools of Claude Code that start an agent, by their names in newer and older clients.
pub const TOOLS: &str = "Agent|Task";
/// What to do about hooks that are not beside this program.
pub const INSTALL_HINT: &str = "`cargo install --path . && cargo install --path hook` puts both in one place, as does `cargo build --workspace`";

/// How many seconds a client waits for a hook. The hooks themselves wait less.
const fn timeout(client: Client) -> u32 {
    match client {
        Client::ClaudeCode => 5,
        // At the end of a session, it waits no longer.
        Client::Codex => 3,
    }
}

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
    #[serde(skip_serializing_if = "Option::is_none")]
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
    pub fn is_called_for_agents(&self, client: Client) -> bool {
        let matcher = self.matcher.as_deref();
        self.event == start_event(client)
            && match client {
                Client::ClaudeCode => TOOLS.split('|').any(|tool| matches(matcher, tool)),
                // There are as many types as the user likes, and this is the first.
                Client::Codex => matches(matcher, "default"),
            }
    }

    /// The program with its arguments, whichever form they have.
    pub fn words(&self) -> Option<(String, Vec<String>)> {
        let command = self.command.as_ref()?;
        let Some(args) = &self.args else {
            let mut words = shlex::split(command)?.into_iter();
            return Some((words.next()?, words.collect()));
        };
        Some((command.clone(), args.clone()))
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
    /// The arguments of the program. A handler has no field for variables.
    pub fn args(self) -> Vec<String> {
        let args: &[&str] = if self == Self::All { &["--inject", "all"] } else { &[] };
        args.iter().map(ToString::to_string).collect()
    }
}

/// An event, the hook of ours that is called for it, and for which tools.
type Event = (&'static str, &'static str, Option<&'static str>);

const CLAUDE_CODE: &[Event] = &[
    ("PostToolUse", INJECT, Some(TOOLS)),
    ("PreToolUse", INJECT, Some(TOOLS)),
    ("SessionEnd", RELEASE, None),
    ("SessionStart", RELEASE, None),
    ("SubagentStop", INJECT, None),
];

const CODEX: &[Event] = &[
    ("SessionEnd", RELEASE, None),
    ("SessionStart", RELEASE, None),
    ("SubagentStart", INJECT, None),
    ("SubagentStop", INJECT, None),
];

const fn registered(client: Client) -> &'static [Event] {
    match client {
        Client::ClaudeCode => CLAUDE_CODE,
        Client::Codex => CODEX,
    }
}

/// Returns the names of the events that our hooks are called for.
pub fn events(client: Client) -> impl Iterator<Item = &'static str> {
    registered(client).iter().map(|(event, ..)| *event)
}

/// Returns the event at which an agent gets its persona.
pub const fn start_event(client: Client) -> &'static str {
    match client {
        Client::ClaudeCode => "PreToolUse",
        Client::Codex => "SubagentStart",
    }
}

/// Returns what is registered for all events: programs by their paths.
pub fn registration(client: Client, inject: &str, args: &[String], release: &str) -> Vec<Hook> {
    let hook = |(event, own, tools): &Event| {
        let (program, args) = if *own == INJECT { (inject, args) } else { (release, &[][..]) };
        let (command, args) = match client {
            Client::ClaudeCode => (program.to_owned(), Some(args.to_owned())),
            // It knows lines for a shell only.
            Client::Codex => (line(program, args), None),
        };
        Hook {
            event: (*event).to_owned(),
            matcher: tools.map(str::to_owned),
            command: Some(command),
            args,
            timeout: Some(timeout(client).into()),
            own: Some(own),
        }
    };
    registered(client).iter().map(hook).collect()
}

/// Writes a line for a shell. A path that came from the system has no NUL byte, which no line can hold.
pub fn line(program: &str, args: &[String]) -> String {
    let words = [program].into_iter().chain(args.iter().map(String::as_str));
    shlex::try_join(words).unwrap_or_default()
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
