//! Copies of the log: found beside it, and joined with it.

use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Done, Home, assign_args};
use crate::repository::{answers, ids};
use crate::surgery::{damage, of_kind, verify};

/// A store that two machines wrote to at once: what the other one wrote is in a copy of this name.
fn two_machines(copy: &str) -> (Home, PathBuf) {
    let home = Home::seeded();
    home.assign("before", "w", "testing");
    let before = home.log();
    home.assign("here", "w", "testing");
    let here = home.log();
    home.set_log(&before);
    home.assign("there", "w", "debugging");
    home.run(&["release", "--session", "before"]).ok();
    let path = home.store().join(copy);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::rename(home.log_path(), &path).unwrap();
    home.set_log(&here);
    let _ = fs::remove_dir_all(home.store().join(".cache"));
    (home, path)
}

fn join(home: &Home, path: &Path, more: &[&str]) -> Done {
    home.run(&[&["repair", "--join", path.to_str().unwrap()], more].concat())
}

/// What `doctor` says of copies: level, message and hint.
fn copies(home: &Home) -> Vec<(String, String, String)> {
    let report: Value = serde_json::from_str(&home.run(&["doctor", "--json"]).stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let copies = findings.filter(|it| it["check"] == "store.copies");
    copies.map(|it| (text(&it["level"]), text(&it["message"]), text(&it["hint"]))).collect()
}

#[test]
fn a_conflict_copy_is_found_and_joined_as_a_branch_is_merged() {
    for name in [
        "events (conflicted copy).jsonl",
        "events (Ann's conflicted copy 2026-03-25).jsonl",
        "events.sync-conflict-20260325-153000-ABCDEFG.jsonl",
        "segments/000000000001-0123abcd (1).jsonl",
    ] {
        let (home, path) = two_machines(name);
        let copy = fs::read(&path).unwrap();
        let [(level, message, hint)] = &*copies(&home) else { panic!("{name}") };
        assert_eq!(level, "warning");
        assert!(message.starts_with("The log lacks 2 events of its copy"), "{message}");
        assert!(!String::from_utf8(home.log()).unwrap().contains("\"there\""), "it is no part");
        let log = home.log();
        join(&home, &path, &[]).ok();
        assert_eq!(home.log(), log, "nothing was changed");
        // The hint can be pasted.
        let pasted = hint.strip_prefix("`muzzle-persona ").unwrap().split_once('`').unwrap().0;
        let words = shlex::split(pasted).unwrap();
        home.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).ok();
        let joined = String::from_utf8(home.log()).unwrap();
        assert!(joined.as_bytes().starts_with(&log), "no line that was there has changed");
        for line in copy.split(|byte| *byte == b'\n') {
            assert!(joined.contains(str::from_utf8(line).unwrap()));
        }
        assert_eq!(joined.lines().count(), 13 + 1 + 2);
        assert_eq!(fs::read(&path).unwrap(), copy, "the copy stays");
        assert_eq!(verify(&home, &[]).0, 0);
        let all = answers(&home);
        // Once more: nothing is new.
        assert_eq!(join(&home, &path, &["--yes", "--json"]).json()["joined"], json!([]));
        assert_eq!(home.log(), joined.as_bytes());
        let [(level, message, _)] = &*copies(&home) else { panic!("{name}") };
        assert_eq!(level, "ok", "{message}");
        assert_eq!(answers(&home), all);
    }
}

#[test]
fn both_machines_come_to_the_same_roster_and_one_that_sealed_meanwhile_too() {
    let (home, path) = two_machines("events 2.jsonl");
    let mut other = Home::seeded();
    other.use_store(&other.path().join("other"));
    other.run(&["orphan-cleanup"]).ok();
    other.set_log(&fs::read(&path).unwrap());
    other.run(&["compact", "--seal"]).ok();
    let here = other.store().join("events (here).jsonl");
    fs::copy(home.log_path(), &here).unwrap();
    join(&other, &here, &["--yes"]).ok();
    // What there is on that machine now: a segment and what follows it.
    let others = [other.segments(), vec![other.log_path()]].concat();
    for file in others {
        join(&home, &file, &["--yes"]);
    }
    assert_eq!(ids(&home), ids(&other));
    assert_eq!(answers(&home)[0], answers(&other)[0]);
}

#[test]
fn people_see_what_would_be_added_and_what_was() {
    let (home, path) = two_machines("events (copy).jsonl");
    home.assign("more", "w", "testing");
    let shown = |done: Done| {
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        let store = home.store().to_str().unwrap();
        format!("{}{}", done.stderr, done.stdout).replace(store, "~")
    };
    assert_snapshot!(shown(join(&home, &path, &[])), @"
    Would add 2 events from `~/events (copy).jsonl`.
    13 lines of it are in the log already.
    Nothing was changed; `--yes` does it.
    ");
    // Half a line, as where the program was still at work, is left out, as by any reader.
    let mut copy = fs::read(&path).unwrap();
    copy.truncate(copy.len() - 9);
    #[expect(clippy::disallowed_methods, reason = "a test may cut a copy")]
    fs::write(&path, &copy).unwrap();
    assert_snapshot!(shown(join(&home, &path, &["--yes"])), @"
    warning: `~/events (copy).jsonl` ends in an unfinished write; its last 247 bytes were left out
    Added 1 event from `~/events (copy).jsonl`.
    13 lines of it are in the log already.
    The copy was left where it is.
    ");
    assert_snapshot!(shown(join(&home, &path, &["--yes"])), @"
    warning: `~/events (copy).jsonl` ends in an unfinished write; its last 247 bytes were left out
    Nothing to join: the log has all 14 lines of `~/events (copy).jsonl`.
    ");
}

#[test]
fn what_is_no_log_of_this_store_is_refused_and_changes_nothing() {
    let (home, path) = two_machines("events (copy).jsonl");
    let (log, copy) = (home.log(), fs::read_to_string(&path).unwrap());
    let mut other = Home::new();
    other.at("2026-01-01T00:00:00Z");
    other.run(&["orphan-cleanup"]).ok();
    let lines: Vec<_> = copy.split_inclusive('\n').collect();
    let foreign = String::from_utf8(other.log()).unwrap();
    for (made, told) in [
        (String::new(), "holds no event"),
        ("not a log\n{}\n".to_owned(), "line 1 of `"),
        (
            foreign.clone(),
            "is no log of this store: it has no beginning in common with it (line 1)",
        ),
        (
            foreign.split_inclusive('\n').skip(1).collect(),
            "no beginning in common with it (line 1)",
        ),
        // Part of it, and a second beginning.
        (format!("{copy}{foreign}"), "no beginning in common with it (line 16)"),
        (copy.replacen("\"there\"", "\"their\"", 1), "line 14 of `"),
        (copy.replace('\n', "\r\n"), "the line ends with CR LF"),
        // The parent of the last line is nowhere.
        (format!("{}{}", lines[0], lines[14]), "it follows the event `"),
    ] {
        #[expect(clippy::disallowed_methods, reason = "a test may write what is no log")]
        fs::write(&path, &made).unwrap();
        for more in [&[][..], &["--yes"]] {
            let stderr = join(&home, &path, more).fails(1);
            assert!(stderr.contains(told), "{told}: {stderr}");
            assert!(stderr.contains("hint: nothing was changed; "), "{stderr}");
        }
        assert_eq!(home.log(), log);
        let [(level, message, _)] = &*copies(&home) else { panic!("{told}") };
        assert_eq!(level, "warning", "{message}");
    }
    assert!(join(&home, &home.path().join("none"), &[]).fails(1).contains("No such file"));
    other.use_store(&other.path().join("no-store"));
    assert!(join(&other, &path, &["--yes"]).fails(1).contains("there is no store at"));
    // The log comes first: damage of it is for a plain repair.
    home.set_log(&[&log[..], b"{\"v\":1}\n", &log[..]].concat());
    assert!(join(&home, &home.log_path(), &["--yes"]).fails(3).contains("is damaged"));
}

#[cfg(unix)]
#[test]
fn no_link_pipe_or_device_is_joined_and_nobody_waits_for_one() {
    let (home, path) = two_machines("events (copy).jsonl");
    let elsewhere = home.path().join("elsewhere.jsonl");
    fs::rename(&path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    let inside = home.store().join("events (inside).jsonl");
    std::os::unix::fs::symlink("events.jsonl", &inside).unwrap();
    let pipe = home.store().join("events (pipe).jsonl");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let log = home.log();
    for (path, told) in [
        (&path, "it is a symbolic link"),
        (&inside, "it is a symbolic link"),
        (&pipe, "it is not a regular file"),
        (&home.store().to_owned(), "it is not a regular file"),
        (&PathBuf::from("/dev/zero"), "it is not a regular file"),
    ] {
        let stderr = join(&home, path, &["--yes"]).fails(1);
        assert!(stderr.contains(told), "{}: {stderr}", path.display());
    }
    assert_eq!(home.log(), log);
    assert_eq!(copies(&home).len(), 3);
    assert!(copies(&home).iter().all(|(level, ..)| level == "warning"));
}

#[test]
fn a_text_comes_back_with_a_copy_but_for_one_that_was_forgotten() {
    let home = Home::seeded();
    home.run(&["teach", "elena", "--lesson", "Run the tests twice."]).ok();
    home.run(&["teach", "elena", "--lesson", "Ask before you delete."]).ok();
    let copy = home.store().join("events (copy).jsonl");
    fs::copy(home.log_path(), &copy).unwrap();
    let both = String::from_utf8(home.log()).unwrap();
    // The first text was lost by accident, the second one was forgotten.
    let second = crate::harness::parts(both.lines().last().unwrap()).1.to_owned();
    home.run(&["forget", &second]).ok();
    let log = String::from_utf8(home.log()).unwrap();
    let lost = log.lines().map(|line| match line.split_once(",\"text\":{") {
        Some((before, _)) if line.contains("twice") => format!("{before}}}\n"),
        _ => format!("{line}\n"),
    });
    home.set_log(lost.collect::<String>().as_bytes());
    let _ = fs::remove_dir_all(home.store().join(".cache"));
    assert_eq!(damage(&verify(&home, &[]).1)[0].0, "text_missing");
    let json = join(&home, &copy, &["--yes", "--json"]).json();
    assert_eq!((&json["joined"], json["texts"].as_array().unwrap().len()), (&json!([]), 1));
    let log = String::from_utf8(home.log()).unwrap();
    assert!(log.contains("Run the tests twice.") && !log.contains("Ask before"), "{log}");
    let (code, report) = verify(&home, &[]);
    assert_eq!((code, of_kind(&report, "text_returned").len()), (0, 0), "{report:#}");
    assert!(join(&home, &copy, &["--yes"]).ok().starts_with("Nothing to join"));
    // A text that is not the one that the line vouches for brings nothing.
    #[expect(clippy::disallowed_methods, reason = "a test may change a copy")]
    fs::write(&copy, log.replace("tests twice", "tests never")).unwrap();
    home.set_log(log.replace("Run the tests twice.", "").as_bytes());
    let stderr = join(&home, &copy, &["--yes"]).fails(1);
    assert!(
        stderr.contains("cannot be joined: its text is not what the line vouches for"),
        "{stderr}"
    );
}

#[test]
fn what_is_joined_goes_on_with_a_line_that_lacks_its_end_and_behind_a_torn_tail() {
    let (home, path) = two_machines("events (copy).jsonl");
    let log = home.log();
    home.set_log(&log[..log.len() - 1]);
    join(&home, &path, &["--yes"]).ok();
    assert!(home.log().starts_with(&log));
    home.set_log(&[&log[..], b"{\"v\":1,"].concat());
    let done = join(&home, &path, &["--yes"]);
    assert_eq!(done.code, Some(0));
    assert!(
        done.stderr.contains("warning: the log ended in an unfinished write"),
        "{}",
        done.stderr
    );
    assert_eq!(verify(&home, &[]).0, 0);
    home.run(&assign_args("after", "w", "testing")).json_with_warnings();
}
