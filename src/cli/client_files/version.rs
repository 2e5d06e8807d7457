//! Which Claude Code is installed, and what it can do.

use std::fmt;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};

use super::location::Client;

/// How long `claude --version` may take; it took a tenth of a second.
const LIMIT: Duration = Duration::from_secs(5);

/// A version of Claude Code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientVersion(u32, u32, u32);

/// The first that is known to load a plugin from a `skills` folder; 2.1.150 does not.
pub const LOADS_FOLDERS: ClientVersion = ClientVersion(2, 1, 250);
/// The first that runs mods.
pub const RUNS_MODS: ClientVersion = ClientVersion(2, 1, 287);
/// The first that is known to let a mod show what ours does; 2.1.287 takes no such mod.
pub const SHOWS: ClientVersion = ClientVersion(2, 1, 310);

impl ClientVersion {
    /// Asks the client on the path, where its version matters.
    pub fn of(client: Client) -> Option<Self> {
        match client {
            Client::ClaudeCode => Self::installed(),
            Client::Codex => None,
        }
    }

    /// Asks the `claude` on the path. `None` if there is none, or it does not say.
    fn installed() -> Option<Self> {
        let mut command = Command::new("claude");
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let start = Instant::now();
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if start.elapsed() < LIMIT => thread::sleep(Duration::from_millis(5)),
                _ => {
                    let _ = child.kill().and_then(|()| child.wait());
                    return None;
                }
            }
        };
        // It has ended, and a line fits into the pipe.
        let mut text = String::new();
        child.stdout.take()?.take(1024).read_to_string(&mut text).ok()?;
        if status.success() { Self::parse(&text) } else { None }
    }

    /// Parses a version, with whatever stands behind it.
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text
            .split_whitespace()
            .next()?
            .splitn(3, '.')
            .map(|number| number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok());
        Some(Self(numbers.next()??, numbers.next()??, numbers.next()??))
    }
}

impl fmt::Display for ClientVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(major, minor, patch) = self;
        write!(f, "{major}.{minor}.{patch}")
    }
}

impl Serialize for ClientVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_three_numbers() {
        for (text, version) in [
            ("2.1.332 (Claude Code)\n", Some(ClientVersion(2, 1, 332))),
            ("3.0.0-beta.1", Some(ClientVersion(3, 0, 0))),
            ("2.1", None),
            ("", None),
            ("claude 2.1.332", None),
            ("2.1.99999999999", None),
        ] {
            assert_eq!(ClientVersion::parse(text), version, "{text:?}");
        }
        assert!(ClientVersion(2, 1, 99) < LOADS_FOLDERS && ClientVersion(2, 2, 0) > RUNS_MODS);
    }
}
