//! A hermetic home, and one call of the hook in it.

use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use muzzle_persona::{Disk, Options, PendingCheckpoint, Progress};
use serde_json::Value;
use tempfile::TempDir;

/// What the clock says in every test.
pub const NOW: &str = "2026-03-25T15:30:00Z";
/// The hook that gives a persona.
pub const HOOK: &str = env!("CARGO_BIN_EXE_persona-inject");
/// The hook that takes personas back.
const RELEASE: &str = env!("CARGO_BIN_EXE_persona-release");
/// The variable that sets the hook's deadline.
pub const TIMEOUT: &str = "MUZZLE_PERSONA_HOOK_TIMEOUT_MS";

/// The preamble of the first choice for a review, as it stands in JSON.
pub const ELENA: &str = r"You are Elena Vasquez, the code-reviewer persona assigned by muzzle-persona.\nWorking style: pragmatic, skeptical. Expertise: security, backend.\nStart with error paths, input handling and concurrency. Report only defects that can be triggered, each with its trigger; leave style to the formatter.\n---\n\n";

/// Elena's preamble without the empty line and end line, unescaped.
pub fn elena() -> String {
    ELENA.strip_suffix(r"---\n\n").unwrap().replace(r"\n", "\n")
}

/// The options of the command line for the store of a home.
pub fn options(home: &Home) -> Options {
    Options {
        dir: home.store(),
        wait: Duration::from_mins(1),
        now: NOW.parse().unwrap(),
        is_hook: false,
        progress: Progress::default(),
        disk: Disk::default(),
        pending: PendingCheckpoint::default(),
    }
}

/// A payload as Claude Code 2.1.330 sent it.
pub fn recorded(name: &str) -> String {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/claude-code/2.1.330");
    fs::read_to_string(format!("{fixtures}/{name}.json")).unwrap()
}

/// What the mod told in Claude Code 2.1.332.
pub fn told_by_mod(name: &str) -> String {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/claude-code/2.1.332");
    fs::read_to_string(format!("{fixtures}/{name}.json")).unwrap()
}

/// The payload of a call of `Agent` with this input.
pub fn calling(input: &str) -> String {
    format!(
        r#"{{"session_id":"session-1","cwd":"/home/dev/acme-api","hook_event_name":"PreToolUse","tool_name":"Agent","tool_input":{input},"tool_use_id":"toolu_1"}}"#
    )
}

/// The payload of a review by `name` in `session`.
pub fn review(session: &str, name: &str) -> String {
    let input = format!(r#"{{"name":"{name}","description":"Review parser","prompt":"Go."}}"#);
    calling(&input).replace("session-1", session)
}

/// The whole answer that makes this the call's input.
pub fn answer(updated_input: &str) -> String {
    format!(
        "{{\"hookSpecificOutput\":{{\"hookEventName\":\"PreToolUse\",\"updatedInput\":{updated_input}}}}}\n"
    )
}

/// A home directory of its own, gone with the test.
pub struct Home {
    dir: TempDir,
}

impl Home {
    /// A home with nothing in it.
    pub fn new() -> Self {
        Self { dir: TempDir::new().unwrap() }
    }

    /// A home whose log holds the seeds and one assignment.
    pub fn with_log() -> Self {
        let home = Self::new();
        home.inject(review("earlier", "someone")).answered();
        home
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where the default store is.
    pub fn store(&self) -> PathBuf {
        self.path().join(".muzzle/personas")
    }

    /// Where the log of the default store is.
    pub fn log_path(&self) -> PathBuf {
        self.store().join("events.jsonl")
    }

    /// What the log holds.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap()
    }

    /// Puts another log in place.
    pub fn set_log(&self, log: &str) {
        fs::write(self.log_path(), log).unwrap();
    }

    /// The events of one type in the log.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        let log = self.log();
        let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        events.filter(|event| event["type"] == kind).collect()
    }

    /// The data of the last event, which must be an assignment.
    pub fn last_assign(&self) -> Value {
        let event: Value = serde_json::from_str(self.log().lines().last().unwrap()).unwrap();
        assert_eq!(event["type"], "assign");
        event["data"].clone()
    }

    /// Prepares a call of the hook.
    pub fn inject(&self, payload: impl Into<Vec<u8>>) -> Call {
        self.inject_with(Command::new(HOOK), payload)
    }

    /// Prepares a call of a copy of the hook.
    pub fn inject_with(&self, hook: Command, payload: impl Into<Vec<u8>>) -> Call {
        self.call("persona-inject", hook, payload)
    }

    /// Prepares a call of the hook that takes personas back.
    pub fn release(&self, payload: impl Into<Vec<u8>>) -> Call {
        self.call("persona-release", Command::new(RELEASE), payload)
    }

    fn call(&self, name: &'static str, mut hook: Command, payload: impl Into<Vec<u8>>) -> Call {
        hook.env_clear()
            .env("HOME", self.path())
            .env("MUZZLE_PERSONA_NOW", NOW)
            // A slow machine must not fail a test that is not about time.
            .env(TIMEOUT, "60000")
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Call { name, hook, payload: payload.into(), stdout: String::new(), stderr: String::new() }
    }
}

/// A call of the hook, and what it is to say: nothing, unless stated.
pub struct Call {
    name: &'static str,
    hook: Command,
    payload: Vec<u8>,
    stdout: String,
    stderr: String,
}

impl Call {
    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.hook.env(name, value);
        self
    }

    /// Leaves the deadline to the hook.
    pub fn with_default_timeout(mut self) -> Self {
        self.hook.env_remove(TIMEOUT);
        self
    }

    /// States what the hook prints on stdout.
    pub fn prints(mut self, text: impl Into<String>) -> Self {
        self.stdout = text.into();
        self
    }

    /// States the one line that the hook prints on stderr.
    pub fn notes(mut self, line: &str) -> Self {
        self.stderr = format!("{}: {line}\n", self.name);
        self
    }

    /// States why the hook does nothing.
    pub fn declines(self, why: &str) -> Self {
        let undone = if self.name == "persona-inject" { "no persona" } else { "nothing released" };
        self.notes(&format!("{undone}: {why}"))
    }

    /// Starts the hook and gives it the payload; stdin stays open.
    pub fn start(mut self) -> Running {
        let mut child = self.hook.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        match stdin.write_all(&self.payload) {
            // The hook may have ended without reading all.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            written => written.unwrap(),
        }
        Running { child, stdin, stdout: self.stdout, stderr: self.stderr }
    }

    /// Runs the hook.
    pub fn run(self) {
        self.start().ends();
    }

    /// Runs the hook, which answers, and returns the input as the call shall have it.
    pub fn answered(self) -> Value {
        let stdout = self.start().ends_with_any_answer();
        let answer: Value = serde_json::from_str(&stdout).unwrap();
        let (keys, output) = (keys(&answer), &answer["hookSpecificOutput"]);
        assert_eq!(keys, ["hookSpecificOutput"]);
        assert_eq!(output["hookEventName"], "PreToolUse");
        assert_eq!(output.as_object().unwrap().len(), 2, "{output}");
        output["updatedInput"].clone()
    }

    /// Runs the hook, which tells a mod what to show, and returns that.
    pub fn shown(self) -> Value {
        serde_json::from_str(&self.start().ends_with_any_answer()).unwrap()
    }

    /// Runs the hook, which answers, and returns the preamble.
    pub fn preamble(self) -> String {
        let input = self.answered();
        let (preamble, _) = input["prompt"].as_str().unwrap().split_once("---\n\n").unwrap();
        preamble.to_owned()
    }
}

/// The keys of an object.
pub fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// A hook at work.
pub struct Running {
    pub child: Child,
    stdin: ChildStdin,
    stdout: String,
    stderr: String,
}

impl Running {
    /// Closes stdin, waits for the hook's end, and compares.
    pub fn ends(self) {
        let Self { child, stdin, stdout, stderr } = self;
        drop(stdin);
        assert_eq!(outcome(child), (Some(0), stdout, stderr));
    }

    /// Waits for the hook's end while stdin is open, and compares.
    pub fn ends_while_stdin_is_open(self) {
        let Self { child, stdin, stdout, stderr } = self;
        let outcome = outcome(child);
        drop(stdin);
        assert_eq!(outcome, (Some(0), stdout, stderr));
    }

    /// Writes more to stdin.
    pub fn write(&mut self, more: &str) {
        self.stdin.write_all(more.as_bytes()).unwrap();
    }

    /// Closes stdin, waits for the hook's end, and returns its exit code and all that it said.
    pub fn ends_somehow(self) -> (Option<i32>, String, String) {
        drop(self.stdin);
        outcome(self.child)
    }

    /// Closes stdin, waits for the hook's end, compares all but stderr, and returns that.
    pub fn ends_with_any_problem(self) -> String {
        let Self { child, stdin, stdout, .. } = self;
        drop(stdin);
        let (code, answered, said) = outcome(child);
        assert_eq!((code, answered), (Some(0), stdout));
        said
    }

    /// Closes stdin, waits for the hook's end, compares all but stdout, and returns that.
    pub fn ends_with_any_answer(self) -> String {
        let Self { child, stdin, stderr, .. } = self;
        drop(stdin);
        let (code, stdout, said) = outcome(child);
        assert_eq!((code, said), (Some(0), stderr));
        stdout
    }
}

fn outcome(child: Child) -> (Option<i32>, String, String) {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The id of a line, from its bytes before it.
pub fn id_of(content: &str) -> String {
    let digest = blake3::hash(content.as_bytes()).to_hex();
    digest.chars().take(32).collect()
}
