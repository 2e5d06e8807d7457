//! `persona-release`: what a session gives back at its end, and takes at its start.

use std::fs;

use serde_json::json;

use crate::harness::{Home, TIMEOUT, recorded, review};

/// The session of the recorded payloads.
const SESSION: &str = "00a62d08-e686-4a7f-b68d-71502eb6b076";

/// A home in which that session holds a persona.
fn at_work() -> Home {
    let home = Home::new();
    home.inject(recorded("pre_tool_use.named")).answered();
    home
}

#[test]
fn a_session_that_ends_gives_its_personas_back() {
    let home = at_work();
    home.release(recorded("session_end")).run();
    let [release] = home.events("release").try_into().unwrap();
    assert_eq!(
        release["data"],
        json!({"session": SESSION, "reason": "session_end",
            "slots": [{"slot": "worker-1-0", "persona": "Elena Vasquez", "role": "code-reviewer"}]})
    );
    let log = home.log();
    home.release(recorded("session_end")).run();
    assert_eq!(home.log(), log, "nothing is open any more");
}

#[test]
fn every_reason_but_a_resume_is_an_end() {
    for reason in ["clear", "logout", "prompt_input_exit", "other", "something new"] {
        let home = at_work();
        home.release(recorded("session_end").replace("other", reason)).run();
        assert_eq!(home.events("release").len(), 1, "{reason}");
    }
    let home = at_work();
    home.release(recorded("session_end").replace("other", "resume")).run();
    assert_eq!(home.events("release").len(), 0);
}

#[test]
fn a_session_that_starts_takes_personas_from_silent_ones() {
    let home = at_work();
    let start = recorded("session_start").replace(SESSION, "new");
    let now = |now| home.release(start.as_str()).env("MUZZLE_PERSONA_NOW", now);
    now("2026-03-26T15:29:59Z").run();
    assert_eq!(home.events("release").len(), 0, "a second before a day of silence");
    now("2026-03-26T15:30:00Z").run();
    let [release] = home.events("release").try_into().unwrap();
    assert_eq!(release["data"]["reason"], "orphaned");
    assert_eq!(release["data"]["session"], SESSION);
}

#[test]
fn other_events_and_other_sessions_are_left_alone() {
    let home = at_work();
    let log = home.log();
    for payload in ["stop", "subagent_stop.named", "pre_tool_use.named", "session_start"] {
        home.release(recorded(payload)).run();
    }
    home.release(recorded("session_end").replace(SESSION, "another")).run();
    assert_eq!(home.log(), log);
}

#[test]
fn what_is_wrong_is_one_line_and_no_harm() {
    let home = at_work();
    let log = home.log();
    home.release("").declines("the payload is empty").run();
    home.release("[]").declines("the payload is not an object").run();
    home.release(r#"{"hook_event_name":"SessionEnd","session_id":""}"#)
        .declines("the session is empty")
        .run();
    home.release(recorded("session_end"))
        .env(TIMEOUT, "soon")
        .declines(&format!("`{TIMEOUT}` is `soon`, which is not a number of milliseconds"))
        .run();
    assert_eq!(home.log(), log);
    home.set_log(&log.replacen("\"name\":\"", "\"name\":\"X", 1));
    let damaged = home.log();
    let call = home.release(recorded("session_end"));
    let said = call.start().ends_with_any_problem();
    let start = format!(
        "persona-release: nothing released: line 1 of `{}` is damaged: ",
        home.log_path().display()
    );
    assert!(said.starts_with(&start) && said.lines().count() == 1, "{said}");
    assert_eq!(home.log(), damaged);
}

#[test]
fn a_busy_log_is_given_up_in_time() {
    let home = at_work();
    let log = home.log();
    let lock = fs::File::open(home.store().join(".lock")).unwrap();
    fs2::FileExt::lock_exclusive(&lock).unwrap();
    home.release(recorded("session_end"))
        .env(TIMEOUT, "200")
        .declines("not done within 200 ms")
        .run();
    assert_eq!(home.log(), log);
}

#[test]
fn stdin_may_stay_open() {
    let home = at_work();
    home.release(recorded("session_end")).start().ends_while_stdin_is_open();
    assert_eq!(home.events("release").len(), 1);
    let silent = home.release("").env(TIMEOUT, "200").declines("not done within 200 ms").start();
    silent.ends_while_stdin_is_open();
}

#[test]
fn two_sessions_end_at_once() {
    let home = at_work();
    home.inject(review("second", "worker-1")).answered();
    let end =
        |session: &str| home.release(recorded("session_end").replace(SESSION, session)).start();
    let (first, second) = (end(SESSION), end("second"));
    first.ends();
    second.ends();
    assert_eq!(home.events("release").len(), 2);
}
