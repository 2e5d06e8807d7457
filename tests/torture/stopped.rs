//! A writer that stands still while it holds the lock: others time out in good order, and it goes on.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Stdio};
use std::thread;

use serde_json::Value;

use crate::harm::{self, Stopped};
use crate::harness::{Home, assign_args};
use crate::store::{assignments, command, goes_on};

/// A writer that is stopped right after it took the lock.
fn stopped(home: &Home) -> (Child, Stopped) {
    let told = home.path().join("told");
    let args = assign_args("stopped", "w", "testing");
    let mut writer = harm::stopping(&command(home, &args), &told);
    let writer = writer.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    (writer, Stopped::told(&told))
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
    let (writer, stopped) = stopped(&home);
    others_are_told_that_it_is_busy(&home);
    // Who waits long enough gets its turn.
    let patient = [&assign_args("patient", "w", "testing")[..], &["--wait", "120"]].concat();
    thread::scope(|scope| {
        let patient = scope.spawn(|| home.run(&patient).json());
        stopped.goes_on();
        let done = writer.wait_with_output().unwrap();
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
    let (writer, stopped) = stopped(&home);
    drop(stopped);
    assert_eq!(writer.wait_with_output().unwrap().status.signal(), Some(9));
    let lines = goes_on(&home, &[], "after a kill");
    assert_eq!(assignments(&lines, "stopped"), 0);
}
