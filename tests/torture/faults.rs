//! System calls that fail: each error in its place, told truly, and nothing half done.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harm::{self, Call, hurt, limited};
use crate::harness::{Done, Home, assign_args, chain};
use crate::store::{States, assignments, calls, command, copy, goes_on, lines};

/// What may go wrong with which call.
const ERRORS: [(&str, &[&str]); 12] = [
    ("openat", &["EACCES", "EMFILE"]),
    ("mkdir", &["ENOSPC"]),
    ("getdents64", &["EIO"]),
    ("statx", &["EIO"]),
    ("read", &["EIO", "EINTR"]),
    ("write", &["ENOSPC", "EIO", "EINTR"]),
    ("copy_file_range", &["ENOSPC"]),
    ("ftruncate", &["EIO"]),
    ("rename", &["EIO"]),
    ("unlink", &["EACCES"]),
    ("fsync", &["EIO"]),
    ("fdatasync", &["EIO", "EINTR"]),
];

/// What a failed command says of itself.
#[derive(Debug)]
struct Told {
    kind: String,
    message: String,
}

/// Reads how a command ended that a fault was in: done, with its answer, or told what is wrong.
#[track_caller]
fn told(home: &Home, done: &Done, call: &Call, what: &str) -> Option<Told> {
    if done.code == Some(0) {
        serde_json::from_str::<Value>(&done.stdout)
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        return None;
    }
    let answer = call.text.starts_with("write(1,");
    assert_eq!(done.code, Some(5), "{what}: {}", done.stderr);
    // What was to be written is written at the end, if that can be done by then.
    assert!(answer || done.stdout.is_empty(), "{what}: {}", done.stdout);
    let error = done.stderr.lines().find_map(|line| line.strip_prefix(r#"{"error":"#)).expect(what);
    let error: Value = serde_json::from_str(error.strip_suffix('}').unwrap()).unwrap();
    let text =
        |key: &str| error[key].as_str().unwrap_or_else(|| panic!("{what}: no {key}")).to_owned();
    let (kind, message) = (text("kind"), text("message"));
    assert!(message.starts_with("could not "), "{what}: {message}");
    let place = format!("`{}", home.store().display());
    assert!(answer || message.contains(&place), "{what}: {message}");
    assert!(!text("hint").is_empty());
    Some(Told { kind, message })
}

/// Has each call of a command fail in each way that it may, each time on a store like this one.
///
/// What was told is judged each time, and each state that this leaves is checked. Returns the kinds of errors that were told.
fn with_each_fault(
    home: &Home,
    args: &[&str],
    judge: impl Fn(&Home, Option<&Told>, &Call, &str),
    check: impl Fn(&Home, &str),
) -> BTreeSet<String> {
    let args = [args, &["--json"]].concat();
    let (mut kinds, mut states) = (BTreeSet::new(), States::default());
    for (index, call) in calls(home, &args, &ERRORS.map(|(name, _)| name)).iter().enumerate() {
        // Who reads stderr has lost that much, and no more.
        if call.text.starts_with("write(2,") {
            continue;
        }
        let (_, errors) = ERRORS.iter().find(|(name, _)| *name == call.name).unwrap();
        // Of the errors of what is called most, every call has one.
        let errors = if call.name == "openat" { &errors[index % 2..][..1] } else { errors };
        for error in errors {
            let home = copy(home);
            let what = format!("{args:?} with {error} at {call}");
            let done = Done::of(&mut hurt(&command(&home, &args), call, &format!("error={error}")));
            let told = told(&home, &done, call, &what);
            assert!(*error != "EINTR" || told.is_none(), "{what}: {told:?}");
            judge(&home, told.as_ref(), call, &what);
            if states.is_new(&home) {
                check(&home, &what);
            }
            kinds.extend(told.map(|told| told.kind));
        }
    }
    kinds
}

fn kinds(kinds: &BTreeSet<String>) -> Vec<&str> {
    kinds.iter().map(String::as_str).collect()
}

/// Tells whether a call looks at the log's file when it is longer than `before`.
fn sees_the_line(call: &Call, before: &[u8]) -> bool {
    let size = call.text.split_once("S_IFREG|0600, stx_size=").map(|(_, rest)| rest);
    let size = size.and_then(|rest| rest.split_once(',')?.0.parse::<usize>().ok());
    call.name == "statx" && size.is_some_and(|size| size > before.len())
}

#[test]
fn an_assign_with_any_fault_is_done_or_tells_truly_what_is_recorded() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::seeded();
    home.run(&["compact"]).ok();
    home.assign("earlier", "w", "testing");
    let before = home.log();
    let judge = |home: &Home, told: Option<&Told>, call: &Call, what: &str| {
        let is_recorded = assignments(&chain(&home.log()), "s") == 1;
        match told {
            None => assert!(is_recorded, "{what}"),
            Some(told) if told.kind == "sync" => {
                assert!(is_recorded && call.name == "fdatasync", "{what}");
                let end = "whether the event will outlast a crash is unknown";
                assert!(told.message.ends_with(end), "{what}: {told:?}");
            }
            Some(told) if call.text.starts_with("write(1,") => {
                assert!(is_recorded, "{what}");
                assert!(told.message.starts_with("could not write the answer: "), "{what}");
            }
            Some(told) => {
                assert!(!is_recorded, "{what}: {told:?}, and it is recorded");
                assert!(call.name != "write" || told.message.ends_with("; nothing was recorded"));
            }
        }
    };
    let args = assign_args("s", "w", "testing");
    let told =
        with_each_fault(&home, &args, judge, |home, what| drop(goes_on(home, &before, what)));
    assert_eq!(kinds(&told), ["io", "sync", "write"]);
}

#[test]
fn an_assign_that_cannot_cut_a_torn_tail_leaves_it_to_the_next() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::seeded();
    let before = home.log();
    let torn = [&before[..], br#"{"v":1,"#].concat();
    home.set_log(&torn);
    let judge = |home: &Home, told: Option<&Told>, call: &Call, what: &str| {
        let is_recorded = told.is_none_or(|told| told.kind == "sync" && call.name == "fdatasync")
            || call.text.starts_with("write(1,");
        let log = home.log();
        let whole = log.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        let there = assignments(&chain(&log[..whole]), "s") == 1;
        assert_eq!(there, is_recorded, "{what}: {told:?}");
    };
    let args = assign_args("s", "w", "testing");
    let told =
        with_each_fault(&home, &args, judge, |home, what| drop(goes_on(home, &before, what)));
    assert_eq!(kinds(&told), ["io", "sync", "write"]);
}

#[test]
fn a_first_command_with_any_fault_leaves_a_store_that_can_be_begun() {
    if !harm::can_trace() {
        return;
    }
    let check = |home: &Home, what: &str| {
        home.run(&["orphan-cleanup"]).ok();
        let lines = goes_on(home, b"", what);
        let seeds = lines.iter().filter(|line| line["type"] == "seed").count();
        assert!(seeds >= 8 && seeds == lines.len() - 1, "{what}");
    };
    let told = with_each_fault(&Home::new(), &["orphan-cleanup"], |_, _, _, _| {}, check);
    assert_eq!(kinds(&told), ["io", "sync", "write"]);
}

#[test]
fn a_seal_with_any_fault_keeps_every_line() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::seeded();
    home.run(&["compact", "--seal"]).ok();
    home.assign("earlier", "w", "testing");
    let before = lines(&home);
    let judge = |home: &Home, told: Option<&Told>, _: &Call, what: &str| {
        assert!(told.is_some() || home.segments().len() == 2, "{what}");
    };
    let args = ["compact", "--seal"];
    let told =
        with_each_fault(&home, &args, judge, |home, what| drop(goes_on(home, &before, what)));
    assert_eq!(kinds(&told), ["io", "sync", "write"]);
}

#[test]
fn a_repair_with_any_fault_is_finished_by_the_next() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::seeded();
    home.assign("one", "w", "testing");
    home.assign("two", "w", "testing");
    home.run(&["compact"]).ok();
    let changed = String::from_utf8(home.log()).unwrap().replacen("one", "won", 1);
    home.set_log(changed.as_bytes());
    let check = |home: &Home, what: &str| {
        home.run(&["repair", "--yes"]).ok();
        let verify = home.run(&["verify", "--json"]).json();
        let counts =
            ["damage", "cut_lines", "mended_gaps"].map(|key| verify[key].as_u64().unwrap());
        assert_eq!(counts, [0, 1, 1], "{what}: {verify}");
        let lines = home.run(&["log", "--json"]).json().to_string();
        assert!(lines.contains("two") && !lines.contains("won"), "{what}");
        home.assign("after", "w", "testing");
    };
    let told = with_each_fault(&home, &["repair", "--yes"], |_, _, _, _| {}, check);
    assert_eq!(kinds(&told), ["io", "sync", "write"]);
}

/// After the write a writer looks whether the path still names its file. It may not be able to.
#[test]
fn a_line_that_is_written_and_cannot_be_looked_at_is_taken_back() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::seeded();
    let before = home.log();
    let args = [&assign_args("s", "w", "testing")[..], &["--json"]].concat();
    let mut calls = calls(&home, &args, &["statx"]);
    calls.retain(|call| sees_the_line(call, &before));
    assert!(!calls.is_empty());
    for call in calls {
        let home = copy(&home);
        let done = Done::of(&mut hurt(&command(&home, &args), &call, "error=EIO"));
        let told = told(&home, &done, &call, "the look").expect("an error");
        assert_eq!((home.log() == before, told.kind.as_str()), (true, "write"), "{told:?}");
    }
}

/// A reader that cannot read something says so, or does without it; it never makes something up.
#[test]
fn a_reader_with_any_fault_says_so_or_answers_the_same() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::seeded();
    home.assign("one", "w", "testing");
    home.run(&["compact", "--seal"]).ok();
    home.assign("two", "w", "testing");
    let answer = home.run(&["list", "--json"]).ok();
    let args = ["list", "--json"];
    for call in calls(&home, &args, &ERRORS.map(|(name, _)| name)) {
        let home = copy(&home);
        let before = lines(&home);
        let what = format!("{args:?} with EIO at {call}");
        let done = Done::of(&mut hurt(&command(&home, &args), &call, "error=EIO"));
        if told(&home, &done, &call, &what).is_none() {
            assert_eq!(done.stdout, answer, "{what}");
        }
        assert_eq!(lines(&home), before, "{what}");
    }
}

#[test]
fn a_lock_that_cannot_be_had_is_an_error_and_an_interruption_is_none() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::seeded();
    let args = assign_args("s", "w", "testing");
    let calls = calls(&home, &args, &["openat", "statx", "read", "flock"]);
    let call = calls.iter().find(|call| call.name == "flock").unwrap();
    let fails = |error: &str| Done::of(&mut hurt(&command(&home, &args), call, error));
    let stderr = fails("error=ENOLCK").fails(5);
    let message = format!("error: could not lock `{}`: ", home.store().join(".lock").display());
    assert!(stderr.starts_with(&message), "{stderr}");
    fails("error=EINTR").ok();
    assert_eq!(assignments(&goes_on(&home, b"", "flock"), "s"), 1);
}

/// The write fails, and then taking it back does, too: the one case in which half a line may stay.
#[test]
fn a_write_that_can_neither_be_ended_nor_taken_back_says_so() {
    if !harm::can_trace() {
        return;
    }
    let home = Home::seeded();
    let args = assign_args("s", "w", "testing");
    let before = home.log();
    // The file may grow by a part of a line.
    let limited = limited(&command(&home, &args), before.len() / 512 + 1, false);
    let mut done = harm::traced(&limited, &["-o", "/dev/null", "-e", "inject=ftruncate:error=EIO"]);
    let stderr = Done::of(&mut done).fails(5);
    let message = format!("error: could not write to `{}`: ", home.log_path().display());
    assert!(stderr.starts_with(&message), "{stderr}");
    assert!(stderr.contains("; and the started line could not be taken back: "), "{stderr}");
    let log = home.log();
    assert!(log.len() > before.len() && log.starts_with(&before));
    home.run(&["list"]).ok();
    let lines = goes_on(&home, &before, "a torn tail");
    assert_eq!(assignments(&lines, "s"), 0);
}
