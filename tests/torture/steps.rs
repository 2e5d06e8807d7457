//! Killed at each step: before each system call that changes a file, or the lock, or an open file.

use std::os::unix::process::ExitStatusExt as _;

use crate::harm;
use crate::harness::{Home, assign_args, parts};
use crate::store::{States, assignments, calls, command, copy, goes_on, lines};

/// Between two of these, the files stay as they are.
const STEPS: [&str; 11] = [
    "openat",
    "mkdir",
    "write",
    "copy_file_range",
    "ftruncate",
    "rename",
    "unlink",
    "fsync",
    "fdatasync",
    "flock",
    "close",
];

/// Kills a command at each of its steps, each time on a store like this one, and has each state
/// that this leaves checked.
fn at_each_step(home: &Home, args: &[&str], check: impl Fn(&Home, &str)) {
    at_each_step_and_after(home, args, check, |_, what| panic!("{what}: it had answered"));
}

/// The same; a store is checked in another way, too, when the command had answered before it was
/// killed.
fn at_each_step_and_after(
    home: &Home,
    args: &[&str],
    check: impl Fn(&Home, &str),
    check_answered: impl Fn(&Home, &str),
) {
    let mut states = States::default();
    for call in calls(home, args, &STEPS) {
        let home = copy(home);
        let killed = harm::hurt(&command(&home, args), &call, "signal=SIGKILL").output().unwrap();
        let what = format!("{args:?} killed at {call}");
        assert_eq!(killed.status.signal(), Some(9), "{what}");
        // A warning may come after the answer.
        if !killed.stdout.is_empty() && !call.text.starts_with("write(2,") {
            check_answered(&home, &what);
        }
        if states.is_new(&home) {
            check(&home, &what);
        }
    }
}

#[test]
fn an_assign_that_is_killed_is_recorded_once_or_not_at_all() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::seeded();
    let before = home.log();
    at_each_step(&home, &assign_args("killed", "w", "testing"), |home, what| {
        let lines = goes_on(home, &before, what);
        assert!(assignments(&lines, "killed") <= 1, "{what}");
    });
}

#[test]
fn an_assign_that_is_killed_while_it_cuts_a_torn_tail_leaves_it_for_the_next() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::seeded();
    let before = home.log();
    let torn = br#"{"v":1,"seq":13,"#;
    home.set_log(&[&before[..], torn].concat());
    at_each_step(&home, &assign_args("killed", "w", "testing"), |home, what| {
        goes_on(home, &before, what);
        let kept = std::fs::read_dir(home.store().join("quarantine")).unwrap();
        let kept: Vec<_> =
            kept.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
        assert_eq!(kept, [torn], "{what}: kept once, however often it was cut");
    });
}

#[test]
fn a_first_command_that_is_killed_leaves_a_store_that_can_be_begun() {
    if !harm::can_trace() {
        return;
    }
    at_each_step(&Home::new(), &["orphan-cleanup"], |home, what| {
        home.run(&["orphan-cleanup"]).ok();
        let lines = goes_on(home, b"", what);
        let seeds = lines.iter().filter(|line| line["type"] == "seed").count();
        assert_eq!(seeds, lines.len() - 1, "{what}");
        assert!(seeds >= 8, "{what}");
    });
}

#[test]
fn a_seal_that_is_killed_keeps_every_line() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::seeded();
    home.run(&["compact", "--seal"]).ok();
    home.assign("earlier", "w", "testing");
    let before = lines(&home);
    at_each_step(&home, &["compact", "--seal"], |home, what| {
        goes_on(home, &before, what);
        // The next one does what this one did not.
        home.run(&["compact", "--seal"]).ok();
        goes_on(home, &before, what);
    });
}

#[test]
fn a_repair_that_is_killed_is_finished_by_the_next() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::seeded();
    home.assign("one", "w", "testing");
    home.run(&["compact", "--seal"]).ok();
    home.assign("two", "w", "testing");
    home.assign("three", "w", "testing");
    let changed = String::from_utf8(home.log()).unwrap().replacen("two", "too", 1);
    home.set_log(changed.as_bytes());
    let bad = changed.split_inclusive('\n').next().unwrap();
    let sound: Vec<_> =
        lines(&home).split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    at_each_step(&home, &["repair", "--yes"], |home, what| {
        home.run(&["repair", "--yes"]).ok();
        let verify = home.run(&["verify", "--json"]).json();
        let counts =
            ["damage", "cut_lines", "mended_gaps"].map(|key| verify[key].as_u64().unwrap());
        assert_eq!(counts, [0, 1, 1], "{what}: {verify}");
        let log = lines(home);
        for line in sound.iter().filter(|line| *line != bad.as_bytes()) {
            assert!(log.windows(line.len()).any(|part| part == line), "{what}");
        }
        let kept = std::fs::read_dir(home.store().join("quarantine")).unwrap();
        let mut kept = kept
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_str().unwrap().contains(".cut."));
        assert_eq!(std::fs::read_to_string(kept.next().unwrap()).unwrap(), bad, "{what}");
        assert_eq!(kept.next(), None, "{what}");
        home.assign("after", "w", "testing");
        let repairs =
            String::from_utf8(lines(home)).unwrap().matches("\"type\":\"repair\"").count();
        assert_eq!(repairs, 1, "{what}");
    });
}

#[test]
fn a_forget_that_is_killed_is_finished_by_the_next_or_by_a_repair() {
    if !harm::can_trace() {
        return;
    }
    let words = "Named the customer Quibblewick.";
    for is_sealed in [false, true] {
        let home = Home::seeded();
        home.assign("one", "w", "testing");
        home.run(&["feedback", "lian", "--observation", words]).ok();
        let judged = lines(&home);
        let judged = String::from_utf8(judged).unwrap();
        let (content, id, _) = parts(judged.lines().last().unwrap());
        let without = format!("{content},\"id\":\"{id}\"}}\n");
        if is_sealed {
            home.run(&["compact", "--seal"]).ok();
        }
        home.assign("two", "w", "testing");
        let sound = String::from_utf8(lines(&home)).unwrap();
        let sound: Vec<_> = sound.split_inclusive('\n').filter(|line| !line.contains(id)).collect();
        let finish = |home: &Home, what: &str| {
            let repaired = copy(home);
            for (home, heals) in [(home, ["forget", id]), (&repaired, ["repair", "--yes"])] {
                home.assign("meanwhile", "w", "testing");
                let is_on_record =
                    String::from_utf8_lossy(&lines(home)).contains("\"type\":\"forget\"");
                home.run(&heals).ok();
                let log = String::from_utf8(lines(home)).unwrap();
                for line in &sound {
                    assert_eq!(log.matches(line).count(), 1, "{what}: {line}");
                }
                if is_on_record || heals[0] == "forget" {
                    assert_eq!(log.matches(&without).count(), 1, "{what}");
                    assert!(!log.contains(words), "{what}");
                    assert_eq!(log.matches("\"type\":\"forget\"").count(), 1, "{what}");
                }
                let verify = home.run(&["verify", "--json"]).json();
                assert_eq!(
                    (&verify["damage"], &verify["warnings"]),
                    (&0.into(), &0.into()),
                    "{what}"
                );
                home.assign("after", "w", "testing");
            }
        };
        // A checkpoint is written after the answer.
        at_each_step_and_after(&home, &["forget", id], finish, |home, what| {
            let log = String::from_utf8(lines(home)).unwrap();
            assert!(log.contains(&without) && !log.contains(words), "{what}");
        });
    }
}
