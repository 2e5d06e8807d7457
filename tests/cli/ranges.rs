//! The ends of what a log can say: an answer, or a refusal that says what it is and what to do.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::harness::{Home, assign_args, digest};

/// A line of version 1 with a right id, and that.
fn line(seq: u64, kind: &str, data: &Value, prev: &[&str]) -> (String, String) {
    let at = "2026-03-25T15:30:01Z";
    let prev = json!(prev);
    let content =
        format!(r#"{{"v":1,"seq":{seq},"at":"{at}","type":"{kind}","data":{data},"prev":{prev}"#);
    let id = digest(&content);
    (format!("{content},\"id\":\"{id}\"}}\n"), id)
}

/// The last line of a log.
fn last(home: &Home) -> Value {
    serde_json::from_slice(home.log().split(|byte| *byte == b'\n').rev().nth(1).unwrap()).unwrap()
}

fn nobody() -> Value {
    json!({ "persona": "Nobody", "reason": "manual" })
}

#[test]
fn nothing_follows_a_line_that_is_as_deep_as_can_be_and_that_is_said() {
    let home = Home::seeded();
    let gone = "0".repeat(32);
    let (before, last) = (home.log(), last(&home));
    let vouch = json!({ "cut": [], "missing": [gone] });
    let seq = last["seq"].as_u64().unwrap() + 1;
    let (repair, _) = line(seq, "repair", &vouch, &[last["id"].as_str().unwrap()]);
    let (deepest, id) = line(u64::MAX, "reactivate", &nobody(), &[&gone]);
    let log = [&*before, repair.as_bytes(), deepest.as_bytes()].concat();
    home.set_log(&log);
    home.run(&["list"]).ok();
    home.run(&["verify"]).ok();
    let refused = home.run(&assign_args("s", "w", "testing")).fails(1);
    assert_eq!(
        refused,
        "error: could not record the event: the log is as deep as it can be: no line can follow one \
         whose `seq` is 18446744073709551615\n\
         hint: no writer makes a line so deep: take it and those that follow it out of the log by hand, \
         then `muzzle-persona repair --yes` puts the gap on record\n"
    );
    assert_eq!(home.log(), log);

    // What pretends to follow it is damage.
    let (child, _) = line(u64::MAX, "reactivate", &nobody(), &[&id]);
    home.set_log(&[&log, child.as_bytes()].concat());
    let damaged = home.run(&["list"]).fails(3);
    assert!(damaged.contains("no line can follow its parents"), "{damaged}");

    // As the hint says.
    home.set_log(&[&*before, repair.as_bytes()].concat());
    home.run(&["repair", "--yes"]).ok();
    home.assign("s", "w", "testing");
    home.run(&["verify"]).ok();
}

#[test]
fn the_clock_may_stand_at_the_ends_of_time_and_go_back_ten_years() {
    for moments in [
        ["0000-01-01T00:00:00Z", "0000-01-01T00:00:01Z"],
        ["9999-12-30T21:59:59Z", "9999-12-30T22:00:00Z"],
        ["2036-03-25T15:30:00Z", "2026-03-25T15:30:00Z"],
    ] {
        let mut home = Home::new();
        for (n, moment) in moments.into_iter().enumerate() {
            home.at(moment);
            let session = format!("s{n}");
            let persona = home.assign(&session, "w", "testing");
            home.run(&["feedback", &persona, "--good", "--observation", "Sound."]).ok();
            for args in [&["list"][..], &["stats"], &["who"], &["history", &persona], &["log"]] {
                home.run(args).ok();
            }
            home.run(&["compact"]).ok();
            home.run(&["orphan-cleanup"]).ok();
            home.run(&["release", "--session", &session]).ok();
            home.run(&["verify"]).ok();
        }
        let record = home.run(&["stats", "--json"]).json();
        assert_eq!((&record["assignments"], &record["feedback"]), (&json!(2), &json!(2)));
    }
    let mut home = Home::seeded();
    for moment in ["-000001-12-31T23:59:59Z", "9999-12-31T23:59:59Z"] {
        let refused = home.at(moment).run(&["list"]).fails(2);
        assert!(refused.contains("which is not an RFC 3339 time"), "{refused}");
    }
}

#[test]
fn a_moment_that_no_line_can_say_is_damage_that_says_so() {
    let home = Home::seeded();
    let mut log = home.log();
    let last = last(&home);
    let (line, _) =
        line(last["seq"].as_u64().unwrap() + 1, "x", &json!({}), &[last["id"].as_str().unwrap()]);
    let content = line.split(",\"id\"").next().unwrap();
    let content = content.replace("2026-03-25T15:30:01Z", "9999-12-31T23:59:59Z");
    log.extend(format!("{content},\"id\":\"{}\"}}\n", digest(&content)).as_bytes());
    home.set_log(&log);
    let damaged = home.run(&["list"]).fails(3);
    let reason =
        "a time in it is not one of RFC 3339 from 0000-01-01T00:00:00Z to 9999-12-30T22:00:00Z";
    assert!(damaged.contains(reason), "{damaged}");
}

/// A program that never gave back has one persona for each of its sessions.
#[test]
fn a_thousand_slots_of_one_persona_are_told_in_few_words_and_cleaned_up_at_once() {
    const SLOTS: usize = 1_000;
    let mut home = Home::seeded();
    let slots: Vec<_> = (0..SLOTS)
        .map(|n| {
            let slot = json!({
                "slot": "w-0", "persona": "Elena Vasquez", "role": "testing", "requested": "testing",
            });
            let it = json!({ "session": format!("s{n}"), "agent": "w", "project": "p", "slots": [slot] });
            it.to_string()
        })
        .collect();
    home.append_all(1, "assign", &slots.iter().map(String::as_str).collect::<Vec<_>>());
    let listed = home.run(&["list"]).stdout;
    let row = listed.lines().find(|line| line.starts_with("Elena Vasquez")).unwrap();
    assert!(row.contains(&format!("{}990 more", "w, ".repeat(10))), "{row}");
    home.at("2026-04-25T15:30:00Z");
    let cleaned = home.run(&["orphan-cleanup", "--json"]).json_with_warnings();
    assert_eq!(cleaned["sessions"].as_array().unwrap().len(), SLOTS);
    assert_eq!(home.run(&["list", "--status", "held", "--json"]).json()["personas"], json!([]));
    home.run(&["verify"]).ok();
}

#[test]
fn heads_without_number_are_told_in_few_words_and_joined_by_the_next_writer() {
    const HEADS: usize = 2_000;
    let home = Home::seeded();
    let last = last(&home);
    let (seq, parent) = (last["seq"].as_u64().unwrap() + 1, last["id"].as_str().unwrap());
    let mut log = String::from_utf8(home.log()).unwrap();
    for n in 0..HEADS {
        let data = json!({ "persona": format!("Nobody {n}"), "reason": "manual" });
        log.write_str(&line(seq, "reactivate", &data, &[parent]).0).unwrap();
    }
    home.set_log(log.as_bytes());
    let told = home.run(&["stats"]).stdout;
    assert_eq!(told.lines().filter(|line| line.starts_with("head ")).count(), 10);
    let more = "and 1990 more heads, which the next command that records something joins";
    assert!(told.contains(more), "{told}");
    home.assign("s", "w", "testing");
    assert_eq!(home.run(&["stats", "--json"]).json()["heads"].as_array().unwrap().len(), 1);
}
