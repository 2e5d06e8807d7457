//! A hermetic home for the real binary, and a strict look at what it says.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The moment at which every home begins.
pub const NOW: &str = "2026-03-25T15:30:00Z";

/// A home directory of its own, with a set clock.
pub struct Home {
    dir: TempDir,
    now: String,
    store: PathBuf,
}

impl Home {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join(".muzzle/personas");
        Self { dir, now: NOW.to_owned(), store }
    }

    /// A home whose default store is already there.
    pub fn seeded() -> Self {
        let home = Self::new();
        let made = home.run(&["orphan-cleanup"]);
        assert!(made.stderr.starts_with("note: made a store at `"), "{}", made.stderr);
        home
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn store(&self) -> &Path {
        &self.store
    }

    /// Uses another store from now on, named by the variable.
    pub fn use_store(&mut self, store: &Path) {
        store.clone_into(&mut self.store);
    }

    /// Sets the clock.
    pub fn at(&mut self, now: &str) -> &mut Self {
        now.clone_into(&mut self.now);
        self
    }

    pub fn log_path(&self) -> PathBuf {
        self.store.join("events.jsonl")
    }

    pub fn log(&self) -> Vec<u8> {
        fs::read(self.log_path()).unwrap()
    }

    /// The sealed pieces of the log, in their order.
    pub fn segments(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.store.join("segments")).into_iter().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort_by_key(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.split_once('-').unwrap().0.parse::<u64>().unwrap()
        });
        paths
    }

    /// All lines of the log, sealed and not.
    pub fn whole_log(&self) -> Vec<u8> {
        let sealed = self.segments().into_iter().map(|path| fs::read(path).unwrap());
        sealed.chain([self.log()]).collect::<Vec<_>>().concat()
    }

    #[expect(clippy::disallowed_methods, reason = "a test may damage the log")]
    pub fn set_log(&self, bytes: &[u8]) {
        fs::write(self.log_path(), bytes).unwrap();
    }

    /// Appends a line with a right id, as another program might write it.
    pub fn append(&self, v: u32, kind: &str, data: &str) {
        self.append_all(v, kind, &[data]);
    }

    /// Appends lines with right ids, as another program might write them.
    pub fn append_all(&self, v: u32, kind: &str, data: &[&str]) {
        let mut log = self.log();
        let last = chain(&log).pop().unwrap();
        let (mut seq, mut id) =
            (last["seq"].as_u64().unwrap(), last["id"].as_str().unwrap().to_owned());
        for data in data {
            seq += 1;
            let content = format!(
                r#"{{"v":{v},"seq":{seq},"at":"2026-03-25T15:30:01Z","type":"{kind}","data":{data},"prev":["{id}"]"#
            );
            blake3::hash(content.as_bytes()).to_hex()[..32].clone_into(&mut id);
            log.extend_from_slice(format!("{content},\"id\":\"{id}\"}}\n").as_bytes());
        }
        self.set_log(&log);
    }

    /// Appends a line of version 2 with a text, as another program might write it; returns its id.
    pub fn append_text(&self, kind: &str, data: &Value, text: &Value) -> String {
        let mut data = data.clone();
        data["text"] = digest(&text.to_string()).into();
        self.append(2, kind, &data.to_string());
        let mut log = String::from_utf8(self.log()).unwrap();
        let id = parts(log.lines().last().unwrap()).1.to_owned();
        log.truncate(log.len() - "}\n".len());
        self.set_log(format!("{log},\"text\":{text}}}\n").as_bytes());
        id
    }

    /// Writes the user's own seed, into a store that need not be there yet.
    #[expect(clippy::disallowed_methods, reason = "a test writes the user's file")]
    pub fn set_seed(&self, text: &str) -> PathBuf {
        let path = self.store.join("seed.toml");
        fs::create_dir_all(&self.store).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub fn command(&self) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_muzzle-persona")))
    }

    /// The same for a program that is somewhere else.
    pub fn command_of(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.path())
            .env("MUZZLE_PERSONA_STORE", &self.store)
            .env("MUZZLE_PERSONA_NOW", &self.now)
            .env("TZ", "UTC0")
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Done {
        Done::of(self.command().args(args))
    }

    /// Lends one persona and returns its name.
    pub fn assign(&self, session: &str, agent: &str, role: &str) -> String {
        let answer = self.run(&assign_args(session, agent, role)).json();
        answer["assignments"][0]["name"].as_str().unwrap().to_owned()
    }
}

/// The arguments of an `assign` of one role.
pub fn assign_args<'a>(session: &'a str, agent: &'a str, role: &'a str) -> [&'a str; 9] {
    ["assign", "--roles", role, "--project", "demo", "--session", session, "--agent-name", agent]
}

/// A process that ended, with all that it said. What a test does not expect fails it.
pub struct Done {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    pub fn of(command: &mut Command) -> Self {
        Self::from(command.output().unwrap())
    }

    /// A process that is given a text on its stdin.
    pub fn given(text: &str, command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        Self::from(child.wait_with_output().unwrap())
    }

    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It succeeded and had nothing to say but its answer, and that it made the store, if it did.
    #[track_caller]
    pub fn ok(self) -> String {
        let said = self.stderr.as_str();
        let made = said.lines().take(1).filter(|line| line.starts_with("note: made a store at `"));
        let said = said.lines().skip(made.count()).collect::<Vec<_>>();
        assert_eq!((self.code, said), (Some(0), vec![]), "{}", self.stdout);
        self.stdout
    }

    /// It succeeded, and its answer is one JSON document.
    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    /// It succeeded, and its answer is one JSON document, whatever else there was to say.
    #[track_caller]
    pub fn json_with_warnings(self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// It failed with this code and answered nothing.
    #[track_caller]
    pub fn fails(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{}", self.stderr);
        self.stderr
    }
}

/// The lines of a log as JSON, each with its id and ancestry checked.
pub fn chain(log: &[u8]) -> Vec<Value> {
    let mut lines = Vec::new();
    let mut heads = Vec::new();
    for (index, line) in log.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let line = str::from_utf8(line).unwrap().strip_suffix("\n").expect("a whole line");
        let json: Value = serde_json::from_str(line).unwrap();
        let (content, _, text) = parts(line);
        let id = digest(content);
        assert_eq!(json["id"], id, "line {}", index + 1);
        if let Some(text) = text {
            assert_eq!(json["data"]["text"], digest(text), "line {}", index + 1);
        }
        assert_eq!(json["prev"], Value::from(heads), "line {}", index + 1);
        assert_eq!(json["seq"], index + 1);
        heads = vec![id];
        lines.push(json);
    }
    lines
}

/// The first 32 hex digits of the BLAKE3 digest.
pub fn digest(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}

/// What the id of a line is the digest of, the id, and the text behind it.
pub fn parts(line: &str) -> (&str, &str, Option<&str>) {
    let (content, rest) = line.trim_end().split_once(",\"id\":\"").unwrap();
    let text = rest[32..].strip_prefix("\",\"text\":");
    (content, &rest[..32], text.map(|text| text.strip_suffix('}').unwrap()))
}

/// The text with event ids replaced, whole or shortened, so that a new seed does not change it.
pub fn without_ids(text: &str) -> String {
    let hex = |word: &str| {
        matches!(word.len(), 8 | 32)
            && word.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
    };
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        shown += before;
        shown += if hex(word) { "<id>" } else { word };
        rest = after;
    }
    shown + rest
}
