//! What is registered, and which handlers are ours.

use std::path::Path;

use clap::ValueEnum;
use serde::{Serialize, Serializer};

/// The hook that gives a persona.
pub const INJECT: &str = "persona-inject";
/// The hook that takes personas back.
pub const RELEASE: &str = "persona-release";
/// The tools that start an agent, by their names in newer and older clients.
pub const TOOLS: &str = "Agent|Task";
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

/// The hooks, as they are registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The command that gives a persona.
    pub inject: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// The command that takes personas back.
    pub release: String,
}

/// The handlers of one event, as settings and plugins have them.
#[derive(Debug, Serialize)]
pub struct Group<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    matcher: Option<&'static str>,
    hooks: [Handler<'a>; 1],
}

/// One command, without a shell.
#[derive(Debug, Serialize)]
struct Handler<'a> {
    r#type: &'static str,
    command: &'a str,
    args: &'a [String],
    timeout: u32,
}

impl Registration {
    /// Registers two commands.
    pub fn new(inject: String, release: String, which: Inject) -> Self {
        let args: &[&str] = match which {
            Inject::Named => &[],
            // A handler has no field for variables.
            Inject::All => &["--inject", "all"],
        };
        Self { inject, args: args.iter().map(ToString::to_string).collect(), release }
    }

    /// What is registered, for a settings file or a plugin.
    pub fn hooks(&self) -> Hooks<'_> {
        Hooks(self)
    }

    /// The group for each event that is registered.
    pub fn groups(&self) -> [(&'static str, Group<'_>); 3] {
        let group = |matcher, command, args| Group {
            matcher,
            hooks: [Handler { r#type: "command", command, args, timeout: TIMEOUT }],
        };
        [
            ("PreToolUse", group(Some(TOOLS), &self.inject, &self.args)),
            ("SessionEnd", group(None, &self.release, &[])),
            ("SessionStart", group(None, &self.release, &[])),
        ]
    }
}

/// All groups, as settings and plugins have them under `hooks`.
#[derive(Debug)]
pub struct Hooks<'a>(&'a Registration);

impl Serialize for Hooks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.groups().map(|(event, group)| (event, [group])))
    }
}

/// Which hook of ours a handler's command runs, if any, wherever it is.
///
/// In exec form the command is a path. Else it is a line for a shell, whose
/// first word counts, after variables that it sets.
pub fn hook_of(command: &str, is_exec: bool) -> Option<&'static str> {
    // One word is a path too, and its backslashes may be a system's separators.
    if is_exec || !command.contains(char::is_whitespace) {
        return by_name(command.trim_matches(['"', '\'']));
    }
    let words = shlex::split(command).unwrap_or_default();
    let mut words = words.iter().skip_while(|word| is_assignment(word));
    words.next().and_then(|word| by_name(word))
}

fn by_name(path: &str) -> Option<&'static str> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = Path::new(name).extension().filter(|end| end.eq_ignore_ascii_case("exe"));
    let name = stem.and_then(|_| name.get(..name.len() - ".exe".len())).unwrap_or(name);
    [INJECT, RELEASE].into_iter().find(|hook| *hook == name)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    })
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
            assert_eq!(hook_of(command, is_exec), hook, "{command}");
        }
    }
}
