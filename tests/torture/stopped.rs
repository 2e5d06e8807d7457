//! A writer that stands still while it holds the lock: others time out in good order, and it goes on.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::harm;
use crate::harness::{Home, assign_args};
use crate::store::{assignments, command, goes_on};

/// A writer that was stopped right after it took the lock.
struct Stopped {
    strace: Option<Child>,
    process: String,
}

impl Stopped {
    /// Starts a writer, and waits until it is stopped.
    fn start(home: &Home, args: &[&str]) -> Self {
        let told = home.path().join("told");
        let options = ["-o", told.to_str().unwrap(), "-e", "trace=flock", "-e"];
        let inject = "inject=flock:signal=SIGSTOP:when=1";
        let mut strace = harm::traced(&command(home, args), &[&options[..], &[inject]].concat());
        let mut strace = strace.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        loop {
            assert!(strace.try_wait().unwrap().is_none(), "it ended, and was not stopped");
            let text = fs::read_to_string(&told).unwrap_or_default();
            if text.contains("stopped by SIGSTOP") {
                let process = text.split_whitespace().next().unwrap().to_owned();
                return Self { strace: Some(strace), process };
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sends the writer a signal, and waits for its end.
    fn ends_by(mut self, signal: &str) -> Output {
        let strace = self.strace.take().unwrap();
        self.send(signal);
        strace.wait_with_output().unwrap()
    }

    fn send(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Stopped {
    /// A test that failed leaves nobody standing about.
    fn drop(&mut self) {
        if let Some(mut strace) = self.strace.take() {
            self.send("-KILL");
            strace.wait().unwrap();
        }
    }
}

/// While the lock is held, nobody is harmed but who wants to write.
fn others_are_told_that_it_is_busy(home: &Home) {
    let before = home.log();
    thread::scope(|scope| {
        for n in 0..16 {
            scope.spawn(move || {
                let session = format!("other-{n}");
                let mut args = assign_args(&session, "w", "testing").to_vec();
                args.extend(["--wait", "0.2", "--json"]);
                let stderr = home.run(&args).fails(4);
                let error: Value = serde_json::from_str(&stderr).unwrap();
                assert_eq!(error["error"]["kind"], "busy");
            });
        }
        for args in [&["list"][..], &["verify"], &["history", "lian"], &["log"], &["stats"]] {
            home.run(args).ok();
        }
    });
    assert_eq!(home.log(), before, "nothing was recorded");
}

#[test]
fn a_writer_that_is_stopped_with_the_lock_goes_on_where_it_was() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::seeded();
    let stopped = Stopped::start(&home, &assign_args("stopped", "w", "testing"));
    others_are_told_that_it_is_busy(&home);
    // Who waits long enough gets its turn.
    let patient = [&assign_args("patient", "w", "testing")[..], &["--wait", "120"]].concat();
    thread::scope(|scope| {
        let patient = scope.spawn(|| home.run(&patient).json());
        let done = stopped.ends_by("-CONT");
        assert_eq!(done.status.code(), Some(0));
        let answer: Value = serde_json::from_slice(&done.stdout).unwrap();
        let other = patient.join().unwrap();
        assert_ne!(answer["assignments"][0]["name"], other["assignments"][0]["name"]);
    });
    let lines = goes_on(&home, &[], "after a stop");
    assert_eq!(["stopped", "patient"].map(|session| assignments(&lines, session)), [1, 1]);
    assert!((0..16).all(|n| assignments(&lines, &format!("other-{n}")) == 0));
}

#[test]
fn a_writer_that_is_killed_while_it_is_stopped_gives_the_lock_back() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::seeded();
    let stopped = Stopped::start(&home, &assign_args("stopped", "w", "testing"));
    assert_eq!(stopped.ends_by("-KILL").status.signal(), Some(9));
    let lines = goes_on(&home, &[], "after a kill");
    assert_eq!(assignments(&lines, "stopped"), 0);
}
