//! What editors do to the ends of a log: the last line end goes, a byte order mark comes.

use std::fs;

use serde_json::Value;

use crate::harness::{Done, Home, assign_args, chain};

const MARK: &[u8] = b"\xEF\xBB\xBF";

/// A store with a lent persona, whose last line has no line end.
fn stripped() -> (Home, Vec<u8>) {
    let home = Home::seeded();
    home.assign("s1", "w1", "testing");
    let log = home.log();
    home.set_log(&log[..log.len() - 1]);
    (home, log)
}

#[test]
fn an_event_whose_line_end_was_stripped_is_read_and_ended_by_the_next_writer() {
    for checkpoint in [true, false] {
        let (home, log) = stripped();
        if checkpoint {
            home.set_log(&log);
            home.run(&["compact"]).ok();
            let compacted = home.log();
            home.set_log(&compacted[..compacted.len() - 1]);
        }
        let before = home.log();
        let whole = [&before[..], b"\n"].concat();
        let events = chain(&whole).len();
        let stats = home.run(&["stats", "--json"]).json();
        assert_eq!(stats["events"], events);
        assert_eq!(stats["log_bytes"], whole.len());
        assert_eq!(home.log(), before, "reading changed the log");

        home.run(&assign_args("s2", "w2", "research")).ok();
        let after = home.log();
        assert!(after.starts_with(&whole));
        assert_eq!(chain(&after).len(), events + 1);
        assert!(!home.store().join("quarantine").exists());
        home.run(&["verify"]).ok();
    }
}

#[test]
fn every_way_to_read_counts_an_event_without_its_line_end() {
    let (home, log) = stripped();
    let all = chain(&log).len();
    let last = chain(&log).pop().unwrap();
    let id = last["id"].as_str().unwrap();
    let name = last["data"]["slots"][0]["persona"].as_str().unwrap();

    let then = home.run(&["show", name, "--at", id, "--json"]).json();
    assert!(then.to_string().contains("s1"), "{then}");
    assert_eq!(home.run(&["log", "--json"]).json()["events"].as_array().unwrap().len(), all);
    home.run(&["why", name, "--session", "s1"]).ok();
    assert!(home.run(&["diff", "1", id]).ok().contains(name));
    let rendered = home.run(&["render", home.log_path().to_str().unwrap()]).ok();
    assert_eq!(rendered.lines().count(), all);

    let verified = home.run(&["verify", "--json"]).json();
    assert_eq!(verified["lines"], all);
    let kinds: Vec<_> =
        verified["findings"].as_array().unwrap().iter().map(|it| &it["kind"]).collect();
    assert_eq!(kinds, ["unended"]);
    let repaired = home.run(&["repair", "--yes"]);
    assert_eq!(repaired.code, Some(0));
    assert_eq!(home.log(), &log[..log.len() - 1], "there is nothing to mend");
}

#[test]
fn a_seal_ends_the_last_line_first() {
    let (home, log) = stripped();
    home.run(&["compact", "--seal"]).ok();
    assert!(home.log().is_empty());
    let whole = home.whole_log();
    assert!(whole.starts_with(&log));
    chain(&whole);
    home.run(&["verify"]).ok();
}

#[test]
fn a_repair_elsewhere_ends_the_last_line_and_keeps_it() {
    let (home, log) = stripped();
    let lines: Vec<_> = log.split_inclusive(|byte| *byte == b'\n').collect();
    let bad = [lines[..3].concat(), b"{}\n".to_vec(), lines[3..].concat()].concat();
    home.set_log(&bad[..bad.len() - 1]);
    assert_eq!(home.run(&["verify"]).code, Some(3));
    assert_eq!(home.run(&["repair", "--yes"]).code, Some(0));
    assert!(home.log().starts_with(&log));
    assert_eq!(chain(&home.log()).len(), lines.len() + 1);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_line() {
    let home = Home::seeded();
    home.assign("s1", "w1", "testing");
    let log = home.log();
    let all = chain(&log).len();
    let marked = [MARK, &log].concat();
    home.set_log(&marked);

    assert_eq!(home.run(&["stats", "--json"]).json()["events"], all);
    let verified = home.run(&["verify", "--json"]).json();
    let kinds: Vec<&Value> =
        verified["findings"].as_array().unwrap().iter().map(|it| &it["kind"]).collect();
    assert!(kinds.contains(&&Value::from("byte_order_mark")), "{kinds:?}");
    assert_eq!(home.run(&["repair", "--yes"]).code, Some(0));
    assert_eq!(home.log(), marked, "there is nothing to mend");
    let rendered = home.run(&["render", home.log_path().to_str().unwrap()]).ok();
    assert!(!rendered.contains("no sound event"));

    // The checkpoint is one of this file, and the next reader begins with it.
    home.run(&["compact"]).ok();
    let bytes = home.log().len();
    assert_eq!(home.run(&["stats", "--json"]).json()["events"], all);
    let checkpoint = fs::read_to_string(home.store().join(".cache/checkpoint.json")).unwrap();
    let head: Value = serde_json::from_str(checkpoint.lines().next().unwrap()).unwrap();
    assert_eq!(head["view"]["position"]["offset"], bytes);
    home.assign("s2", "w2", "research");
    assert!(home.log().starts_with(&marked));
    chain(&home.log()[MARK.len()..]);

    home.run(&["compact", "--seal"]).ok();
    assert_eq!(home.run(&["stats", "--json"]).json()["events"], all + 1);
}

#[cfg(unix)]
#[test]
fn a_tail_larger_than_the_memory_is_told_and_moved() {
    const LENGTH: usize = 32 * 1024 * 1024;
    let home = Home::seeded();
    home.assign("s1", "w1", "testing");
    let log = home.log();
    let file = fs::OpenOptions::new().write(true).open(home.log_path()).unwrap();
    file.set_len(LENGTH as u64).unwrap();
    let limited = |command: &str| {
        let mut shell = home.command_of("/bin/sh".as_ref());
        let program = env!("CARGO_BIN_EXE_muzzle-persona");
        shell.args(["-c", "ulimit -v 32768; exec \"$0\" \"$@\"", program]);
        Done::of(shell.args(command.split(' ')))
    };
    let torn = LENGTH - log.len();
    assert!(limited("verify").ok().contains(&torn.to_string()));
    limited("list").ok();
    limited("log").ok();
    limited("repair").ok();
    let done = limited(&assign_args("s2", "w2", "research").join(" "));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stderr.contains(&format!("moved its {torn} bytes")), "{}", done.stderr);
    assert!(home.log().starts_with(&log));
}
