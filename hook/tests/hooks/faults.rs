//! A hook that is killed, fails anywhere, finds no room, or waits for a writer that stands still.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::thread;

use serde_json::Value;

use crate::harm::{self, Call, Stopped, limited, traced};
use crate::harness::{HOOK, Home, TIMEOUT, id_of, review};

/// The calls that matter, and how they may fail.
const ERRORS: [(&str, &[&str]); 8] = [
    ("openat", &["EACCES", "EMFILE"]),
    ("mkdir", &["ENOSPC"]),
    ("statx", &["EIO"]),
    ("read", &["EIO", "EINTR"]),
    ("write", &["ENOSPC", "EIO", "EINTR"]),
    ("flock", &["ENOLCK", "EINTR"]),
    ("fsync", &["EIO"]),
    ("fdatasync", &["EIO", "EINTR"]),
];

/// Between two of these, the files and the lock stay as they are.
const STEPS: [&str; 7] = ["openat", "mkdir", "write", "flock", "fsync", "fdatasync", "close"];

/// The calls of these names that the hook makes in a home like the one that `made` makes.
fn calls(made: impl Fn() -> Home, names: &[&str]) -> Vec<Call> {
    let home = made();
    let recording = home.path().join("recording");
    let hook = traced(&Command::new(HOOK), &["-o", recording.to_str().unwrap()]);
    home.inject_with(hook, review("session", "w")).answered();
    let mut calls = harm::calls(&recording, &home.store());
    calls.retain(|call| names.contains(&&*call.name));
    assert!(calls.len() > 10, "{calls:?}");
    calls
}

/// Another home with the same log.
fn with_log(log: &str) -> Home {
    let home = Home::new();
    fs::create_dir_all(home.store()).unwrap();
    home.set_log(log);
    home
}

/// Which session has whom, by the log, each line of which is whole and follows from the one before.
fn lent(home: &Home) -> Vec<(String, String)> {
    let (log, mut head) = (home.log(), None);
    let mut lent = Vec::new();
    for line in log.split_inclusive('\n') {
        let (content, _) = line.split_once(",\"id\":\"").unwrap();
        let event: Value = serde_json::from_str(line.strip_suffix('\n').unwrap()).unwrap();
        assert_eq!(event["id"], id_of(content));
        assert_eq!(
            event["prev"],
            head.map_or_else(|| Value::Array(vec![]), |id| Value::Array(vec![id]))
        );
        if event["type"] == "assign" {
            let data = &event["data"];
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            lent.push((text(&data["session"]), text(&data["slots"][0]["persona"])));
        }
        head = Some(event["id"].clone());
    }
    let names: BTreeSet<_> = lent.iter().map(|(_, name)| name).collect();
    assert_eq!(names.len(), lent.len(), "somebody is lent twice");
    lent
}

/// How often a session is in the log, once another hook went on with it.
fn recorded(home: &Home, what: &str) -> usize {
    let (code, stdout, _) = home.inject(review("after", "w")).start().ends_somehow();
    assert!(code == Some(0) && !stdout.is_empty(), "{what}: the next hook gives nobody");
    lent(home).iter().filter(|(session, _)| session == "session").count()
}

#[test]
fn a_hook_that_is_killed_at_any_step_leaves_a_log_that_goes_on() {
    if !harm::can_trace() {
        return;
    }
    let log = Home::with_log().log();
    for made in [&|| Home::new() as Home, &|| with_log(&log) as Home] as [&dyn Fn() -> Home; 2] {
        for call in calls(made, &STEPS) {
            let (home, what) = (made(), format!("killed at {call}"));
            let hook = harm::hurt(&Command::new(HOOK), &call, "signal=SIGKILL");
            let ended = home.inject_with(hook, review("session", "w")).start().ends_somehow();
            assert_eq!(ended, (None, String::new(), String::new()), "{what}");
            assert!(recorded(&home, &what) <= 1, "{what}");
        }
    }
}

#[test]
fn a_hook_with_any_fault_gives_a_persona_or_passes_the_call_through() {
    if !harm::can_trace() {
        return;
    }
    let log = Home::with_log().log();
    let mut passed = 0;
    for made in [&|| Home::new() as Home, &|| with_log(&log) as Home] as [&dyn Fn() -> Home; 2] {
        for (index, call) in calls(made, &ERRORS.map(|(name, _)| name)).iter().enumerate() {
            let (_, errors) = ERRORS.iter().find(|(name, _)| *name == call.name).unwrap();
            let error = errors[index % errors.len()];
            let (home, what) = (made(), format!("{error} at {call}"));
            let hook = harm::hurt(&Command::new(HOOK), call, &format!("error={error}"));
            let (code, stdout, stderr) =
                home.inject_with(hook, review("session", "w")).start().ends_somehow();
            assert_eq!(code, Some(0), "{what}: {stderr}");
            if stdout.is_empty() {
                passed += 1;
                // When the answer itself cannot be written, nobody is there to be told.
                let is_told = stderr.starts_with("persona-inject: no persona: could not ")
                    && stderr.matches('\n').count() == 1;
                assert!(is_told || call.text.starts_with("write(1,"), "{what}: {stderr}");
                assert!(error != "EINTR", "{what}: an interruption is no error");
                recorded(&home, &what);
            } else {
                assert_eq!(stderr, "", "{what}");
                let answer: Value = serde_json::from_str(&stdout).unwrap();
                let prompt = &answer["hookSpecificOutput"]["updatedInput"]["prompt"];
                let lent = lent(&home);
                let (session, name) = lent.last().unwrap();
                assert_eq!(session, "session", "{what}");
                let start = format!("You are {name}, ");
                assert!(prompt.as_str().unwrap().starts_with(&start), "{what}: {prompt}");
            }
        }
    }
    assert!(passed > 10, "{passed} calls were passed through");
}

#[test]
fn a_hook_without_room_passes_the_call_through() {
    let home = Home::with_log();
    // The limit is a block's end: the log grows until a line would cross it.
    let mut earlier = 0;
    while home.log().len() % 512 < 262 {
        earlier += 1;
        home.inject(review(&format!("earlier-{earlier}"), "w")).answered();
    }
    let log = home.log();
    let blocks = log.len() / 512 + 1;
    home.inject_with(limited(&Command::new(HOOK), blocks, false), review("session", "w"))
        .declines(&format!(
            "could not write to `{}`: File too large (os error 27); nothing was recorded",
            home.log_path().display()
        ))
        .run();
    assert_eq!(home.log(), log);
    assert_eq!(recorded(&home, "with room again"), 0);
}

#[test]
fn hooks_pass_their_calls_through_while_another_is_stopped_with_the_lock() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::with_log();
    let log = home.log();
    let told = home.path().join("told");
    let hook = harm::stopping(&Command::new(HOOK), &told);
    let running = home.inject_with(hook, review("session", "w")).start();
    let stopped = Stopped::told(&told);
    thread::scope(|scope| {
        for n in 0..8 {
            let home = &home;
            scope.spawn(move || {
                home.inject(review(&format!("other-{n}"), "w"))
                    .env(TIMEOUT, "200")
                    .declines("not done within 200 ms")
                    .run();
            });
        }
    });
    assert_eq!(home.log(), log);
    stopped.goes_on();
    running.ends_with_any_answer();
    assert_eq!(recorded(&home, "after a stop"), 1);
    assert_eq!(lent(&home).len(), 3, "none of the others is recorded");
}

#[test]
fn of_sixty_four_hooks_at_once_each_gives_another_persona_or_passes_the_call_through() {
    let home = Home::new();
    let answered = thread::scope(|scope| {
        let hooks: Vec<_> = (0..64)
            .map(|n| home.inject(review(&format!("session-{n}"), "w")).start())
            .map(|hook| scope.spawn(|| hook.ends_somehow()))
            .collect();
        let ended = hooks.into_iter().map(|hook| hook.join().unwrap());
        let answered = ended.filter(|(code, stdout, stderr)| {
            assert_eq!(*code, Some(0));
            // On a machine with much else to do, a second may be too short for all.
            let is_busy = stderr.contains("is busy") && stderr.matches('\n').count() == 1;
            assert!(stdout.is_empty() && is_busy || stderr.is_empty(), "{stdout}{stderr}");
            !stdout.is_empty()
        });
        answered.count()
    });
    assert_eq!(lent(&home).len(), answered);
    assert!(answered > 0);
}

/// In a container the user may be just a number, of which no file tells a home.
#[test]
fn a_user_whom_the_system_does_not_know_is_no_obstacle() {
    let home = Home::new();
    fs::create_dir_all(home.store()).unwrap();
    if chown(home.path(), Some(42_424), Some(42_424)).is_err() {
        eprintln!("skipped: only root may be somebody else");
        return;
    }
    chown(home.store(), Some(42_424), Some(42_424)).unwrap();
    for dir in [home.path(), &home.path().join(".muzzle")] {
        fs::set_permissions(dir, Permissions::from_mode(0o755)).unwrap();
    }
    let copy = home.path().join("persona-inject");
    assert!(Command::new("cp").args([HOOK.as_ref(), &*copy]).status().unwrap().success());
    let run = || {
        let mut hook = Command::new(&copy);
        hook.uid(42_424).gid(42_424);
        home.inject_with(hook, review("session", "w")).env("HOME", "")
    };
    run().declines("could not find the home directory for the default store").run();
    run().env("MUZZLE_PERSONA_STORE", home.store()).answered();
}
