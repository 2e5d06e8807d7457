//! Processes that come to harm: system calls that fail, signals, limits.
//!
//! `strace` tells which calls a process makes, and has one of them fail.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// One system call of a process.
#[derive(Debug, Clone)]
pub struct Call {
    /// What it is called.
    pub name: String,
    /// The how manieth of its name it is in the process.
    pub nth: usize,
    /// As `strace` writes it.
    pub text: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} no. {}: {}", self.name, self.nth, self.text)
    }
}

/// Tells whether `strace` is there and may trace; says so if not.
pub fn can_trace() -> bool {
    let mut probe = Command::new("strace");
    probe.args(["-f", "-qq", "-o", "/dev/null", "-e", "inject=close:error=EIO:when=1", "true"]);
    let usable =
        probe.stdin(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|end| end.success());
    if !usable {
        eprintln!("skipped: there is no `strace` that may trace a process here");
    }
    usable
}

/// The command once more: what was prepared can be started once.
pub fn again(command: &Command) -> Command {
    with_program(command, Path::new(command.get_program()))
}

/// The command, of a copy of the program.
pub fn with_program(command: &Command, program: &Path) -> Command {
    let mut same = Command::new(program);
    same.args(command.get_args());
    in_the_same_place(same, command)
}

/// The command, run under `strace` with these options.
pub fn traced(command: &Command, options: &[&str]) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-q"]).args(options).arg(command.get_program()).args(command.get_args());
    in_the_same_place(strace, command)
}

/// The command, whose files may not grow past `blocks` of 512 bytes.
///
/// Where the limit does not end the process with a signal, a write fails as on a full disk.
pub fn limited(command: &Command, blocks: usize, with_signal: bool) -> Command {
    let trap = if with_signal { "" } else { "trap '' XFSZ; " };
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("{trap}ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
    shell.arg(command.get_program()).args(command.get_args());
    in_the_same_place(shell, command)
}

/// Gives a command the surroundings of another.
fn in_the_same_place(mut command: Command, other: &Command) -> Command {
    command.env_clear().stdin(Stdio::null());
    command.envs(other.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(dir) = other.get_current_dir() {
        command.current_dir(dir);
    }
    command
}

/// The command, in which something happens at one call, such as `error=EIO` or `signal=SIGKILL`.
///
/// A signal arrives before the call is made.
pub fn hurt(command: &Command, call: &Call, what: &str) -> Command {
    let inject = format!("inject={}:{what}:when={}", call.name, call.nth);
    traced(command, &["-o", "/dev/null", "-e", &format!("trace={}", call.name), "-e", &inject])
}

/// The command, which is stopped right after it took the lock; `told` is where `strace` tells of it.
pub fn stopping(command: &Command, told: &Path) -> Command {
    let inject = "inject=flock:signal=SIGSTOP:when=1";
    traced(command, &["-o", told.to_str().unwrap(), "-e", "trace=flock", "-e", inject])
}

/// A process that was stopped. It is killed if nobody has it go on.
pub struct Stopped(String);

impl Stopped {
    /// Waits until `strace` tells that the process is stopped.
    pub fn told(told: &Path) -> Self {
        loop {
            let text = fs::read_to_string(told).unwrap_or_default();
            assert!(!text.contains("exited"), "it was not stopped: {text}");
            if text.contains("stopped by SIGSTOP") {
                return Self(text.split_whitespace().next().unwrap().to_owned());
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Has it go on.
    pub fn goes_on(mut self) {
        send("-CONT", &std::mem::take(&mut self.0));
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        if !self.0.is_empty() {
            send("-KILL", &self.0);
        }
    }
}

fn send(signal: &str, process: &str) {
    assert!(Command::new("kill").args([signal, process]).status().unwrap().success());
}

/// The calls in a recording, from the first that names `path` on.
pub fn calls(recording: &Path, path: &Path) -> Vec<Call> {
    let text = fs::read_to_string(recording).unwrap();
    let (mut made, mut calls) = (BTreeMap::new(), Vec::new());
    for line in text.lines() {
        // With `-f` each line begins with the process.
        let (_, text) = line.split_once(char::is_whitespace).unwrap();
        let Some((name, _)) = text.trim_start().split_once('(') else { continue };
        let nth = made.entry(name.to_owned()).or_insert(0);
        *nth += 1;
        calls.push(Call { name: name.to_owned(), nth: *nth, text: text.trim_start().to_owned() });
    }
    let path = path.to_str().unwrap();
    let first = calls.iter().position(|call| call.text.contains(path));
    calls.split_off(first.expect("the path is used"))
}
