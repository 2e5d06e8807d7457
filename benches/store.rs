//! Stores to measure in, each in a directory of its own on the file system of `target/`.

use std::fs::{self, OpenOptions};
use std::io::BufWriter;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use muzzle_persona::Disk;
use muzzle_persona::fleet::RemoteConfig;
use serde_json::Value;
use tempfile::TempDir;

use crate::past::{NOW, Past};
use crate::programs::{Programs, Ran, command, run};
use crate::{Problem, cast, memory};

/// What a real client sends before it starts a named agent.
const PAYLOAD: &str = include_str!("../fixtures/claude-code/2.1.330/pre_tool_use.named.json");
/// The session in it.
const PAYLOAD_SESSION: &str = "00a62d08-e686-4a7f-b68d-71502eb6b076";

/// The next session's number: of all stores, which may share a roster.
static NUMBER: AtomicU64 = AtomicU64::new(1_000_000);

/// A store, and the sessions that borrow from it.
#[derive(Debug)]
pub struct Store<'a> {
    programs: &'a Programs,
    dir: TempDir,
}

impl<'a> Store<'a> {
    /// Makes a store as a first command does, with the built-in personas.
    pub fn seeded(programs: &'a Programs) -> Result<Self, Problem> {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let store = Self { programs, dir };
        let session = store.new_session();
        // It says that it made a store, as no other command does.
        let made = store.assign_command(&session).output()?;
        if !made.status.success() {
            return Err(format!("the first command failed: {made:?}").into());
        }
        store.release(&session)?;
        Ok(store)
    }

    /// A store that nothing is in.
    pub fn empty(programs: &'a Programs) -> Result<Self, Problem> {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        Ok(Self { programs, dir })
    }

    /// Makes a store of a fleet, that has what the fleet has, and seeds it if nobody did.
    pub fn of_fleet(programs: &'a Programs, config: &RemoteConfig) -> Result<Self, Problem> {
        let store = Self::empty(programs)?;
        config.write(&Disk::default(), store.dir.path())?;
        // It may say that it made a store.
        let made = store.assign_command(&store.new_session()).output()?;
        if !made.status.success() {
            return Err(format!("the first command failed: {made:?}").into());
        }
        Ok(store)
    }

    /// Times a `remote join`.
    pub fn join(&self, config: &RemoteConfig) -> Result<Duration, Problem> {
        let endpoints = config.endpoints.join(",");
        let args = ["remote", "join", &endpoints, "--roster", &config.roster, "--wait", "60"];
        let start = Instant::now();
        let joined = self.cli(&args).output()?;
        let took = start.elapsed();
        if joined.status.success() { Ok(took) } else { Err(format!("{joined:?}").into()) }
    }

    /// Makes a store with a past, and has it read and written once.
    pub fn with_past(programs: &'a Programs, past: Past) -> Result<Self, Problem> {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let store = Self { programs, dir };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut log = BufWriter::new(options.open(store.log())?);
        past.write(&mut log)?;
        log.into_inner()?.sync_all()?;
        let stats = store.stats()?;
        let is = |pointer: &str, due: Value| stats.pointer(pointer) == Some(&due);
        let as_written = is("/events", past.events.into())
            && is("/personas/total", past.personas.into())
            && is("/warnings", Value::Array(Vec::new()));
        if !as_written {
            return Err(format!("the log is not what it was to be: {stats}").into());
        }
        store.assign_and_release()?;
        Ok(store)
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("events.jsonl")
    }

    /// The length of the log in bytes.
    pub fn log_bytes(&self) -> Result<u64, Problem> {
        Ok(fs::metadata(self.log())?.len())
    }

    /// What `stats` says.
    fn stats(&self) -> Result<Value, Problem> {
        let ran = run(&mut self.cli(&["stats", "--json"]), &[])?;
        Ok(serde_json::from_slice(&ran.stdout)?)
    }

    /// Takes the checkpoint away, so that the next command folds the whole log.
    pub fn forget_checkpoint(&self) -> Result<(), Problem> {
        let cache = self.dir.path().join(".cache");
        if cache.exists() {
            fs::remove_dir_all(cache)?;
        }
        Ok(())
    }

    /// A session that never was.
    #[expect(clippy::unused_self, reason = "whoever asks has a store for it")]
    pub fn new_session(&self) -> String {
        cast::uuid(&mut Rng::with_seed(NUMBER.fetch_add(1, Ordering::Relaxed)))
    }

    fn in_store(&self, command: &mut Command) {
        command.env("MUZZLE_PERSONA_STORE", self.dir.path()).env("MUZZLE_PERSONA_NOW", NOW);
    }

    /// `muzzle-persona` with these arguments.
    pub fn cli(&self, args: &[&str]) -> Command {
        let mut cli = command(&self.programs.cli);
        self.in_store(cli.args(args));
        cli
    }

    /// `muzzle-persona assign` of one role.
    pub fn assign_command(&self, session: &str) -> Command {
        self.cli(&[
            "assign",
            "--roles",
            "code-reviewer",
            "--project",
            "acme-api",
            "--session",
            session,
            "--agent-name",
            "worker-1",
        ])
    }

    /// Has a session borrow a persona.
    pub fn assign(&self, session: &str) -> Result<Ran, Problem> {
        run(&mut self.assign_command(session), &[])
    }

    /// Has a session give everything back.
    pub fn release(&self, session: &str) -> Result<Ran, Problem> {
        run(&mut self.cli(&["release", "--session", session]), &[])
    }

    /// Times an `assign`, and releases what it lent.
    pub fn assign_and_release(&self) -> Result<Duration, Problem> {
        let session = self.new_session();
        let assigned = self.assign(&session)?;
        self.release(&session)?;
        Ok(assigned.took)
    }

    /// Takes the memory of an `assign`, and releases what it lent.
    pub fn assign_peak(&self) -> Result<Option<u64>, Problem> {
        let session = self.new_session();
        let peak = memory::peak(&mut self.assign_command(&session))?;
        self.release(&session)?;
        Ok(peak)
    }

    /// What the hook is told of a session.
    #[must_use]
    pub fn payload(session: &str) -> String {
        PAYLOAD.replace(PAYLOAD_SESSION, session)
    }

    /// Runs `persona-inject` for a session.
    pub fn inject(&self, session: &str) -> Result<Ran, Problem> {
        let mut inject = command(&self.programs.inject);
        self.in_store(&mut inject);
        let ran = run(&mut inject, Self::payload(session).as_bytes())?;
        if ran.stdout.is_empty() { Err("the hook gave no persona".into()) } else { Ok(ran) }
    }

    /// The length of the log's last line.
    pub fn last_line_bytes(&self) -> Result<u64, Problem> {
        let log = fs::read(self.log())?;
        let mut lines = log.split_inclusive(|byte| *byte == b'\n');
        Ok(lines.next_back().map_or(0, <[u8]>::len) as u64)
    }
}
