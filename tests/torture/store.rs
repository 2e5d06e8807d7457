//! Stores to hurt, and what holds of them afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harm::{self, Call};
use crate::harness::{Done, Home, assign_args, chain};

/// A home of its own with a copy of this one's store.
pub fn copy(home: &Home) -> Home {
    let copy = Home::new();
    if home.store().exists() {
        copy_dir(home.store(), copy.store());
    }
    copy
}

fn copy_dir(from: &Path, to: &Path) {
    DirBuilder::new().recursive(true).mode(0o700).create(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The calls that a command makes on a store like this one, of the names that are asked for.
pub fn calls(home: &Home, args: &[&str], names: &[&str]) -> Vec<Call> {
    let home = copy(home);
    let recording = home.path().join("recording");
    let done = Done::of(&mut harm::traced(
        home.command().args(args),
        &["-o", recording.to_str().unwrap()],
    ));
    assert_eq!(done.code, Some(0), "{args:?}: {}", done.stderr);
    let mut calls = harm::calls(&recording, home.store());
    calls.retain(|call| names.contains(&&*call.name));
    assert!(calls.len() > 10, "{calls:?}");
    calls
}

/// The program with these arguments.
pub fn command(home: &Home, args: &[&str]) -> Command {
    let mut command = home.command();
    command.args(args);
    command
}

/// All lines of the log, whether or not there is a file for new ones.
pub fn lines(home: &Home) -> Vec<u8> {
    let sealed = home.segments().into_iter().map(|path| fs::read(path).unwrap());
    sealed.chain([fs::read(home.log_path()).unwrap_or_default()]).collect::<Vec<_>>().concat()
}

/// The states of stores that were met: names and bytes.
///
/// Between two system calls that change something a store stays as it is. What holds of a state
/// has to be asked once.
#[derive(Default)]
pub struct States(BTreeSet<BTreeMap<String, Vec<u8>>>);

impl States {
    /// Tells whether a store is in a state that was not met before.
    pub fn is_new(&mut self, home: &Home) -> bool {
        let mut state = BTreeMap::new();
        read_dir(home.path(), "", &mut state);
        self.0.insert(state)
    }
}

fn read_dir(dir: &Path, within: &str, state: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{within}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read_dir(&entry.path(), &name, state);
            state.insert(name, Vec::new());
        } else {
            state.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

/// The log is sound, whoever asks; `before` is still there; and it goes on.
///
/// Returns its lines, the last of which is the assignment that proves it.
#[track_caller]
pub fn goes_on(home: &Home, before: &[u8], what: &str) -> Vec<Value> {
    let log = still_goes_on(home, what);
    assert!(log.starts_with(before), "{what}: a line is gone");
    let lines = chain(&log);
    assert_eq!(lines.last().unwrap()["data"]["session"], "after", "{what}");
    lines
}

/// The same of a log that was joined with another one, so that it is no chain.
#[track_caller]
pub fn joined_goes_on(home: &Home, what: &str) -> Vec<Value> {
    let log = still_goes_on(home, what);
    let lines = log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

#[track_caller]
fn still_goes_on(home: &Home, what: &str) -> Vec<u8> {
    let verify = home.run(&["verify", "--json"]);
    assert_eq!((verify.code, verify.stderr.as_str()), (Some(0), ""), "{what}: {}", verify.stdout);
    let args = assign_args("after", "w", "testing");
    let done = home.run(&args);
    assert_eq!(done.code, Some(0), "{what}: {}", done.stderr);
    let torn = "warning: the log ended in an unfinished write; moved its ";
    assert!(done.stderr.is_empty() || done.stderr.starts_with(torn), "{what}: {}", done.stderr);
    nobody_is_held_twice(home);
    lines(home)
}

/// No persona has two leases.
#[track_caller]
pub fn nobody_is_held_twice(home: &Home) {
    let list = home.run(&["list", "--status", "all", "--json"]).json();
    for persona in list["personas"].as_array().unwrap() {
        assert!(persona["held_by"].as_array().unwrap().len() <= 1, "{persona}");
    }
}

/// How many assignments of a session are among the lines.
pub fn assignments(lines: &[Value], session: &str) -> usize {
    let of = |line: &&Value| line["type"] == "assign" && line["data"]["session"] == session;
    lines.iter().filter(of).count()
}
