//! Pipes that stay open, and pipes that are closed; clocks and deadlines.

use std::time::{Duration, Instant};

use crate::harness::{ELENA, Home, TIMEOUT, answer, calling, recorded};

fn input(prompt: &str) -> String {
    format!(r#"{{"name":"w","description":"Review","prompt":"{prompt}Go."}}"#)
}

#[test]
fn the_hook_does_not_wait_for_the_end_of_stdin() {
    let home = Home::new();
    let call = home.inject(calling(&input(""))).prints(answer(&input(ELENA)));
    let start = Instant::now();
    call.start().ends_while_stdin_is_open();
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_follows_the_payload_is_not_read() {
    for rest in ["\n", " {\"half\":", "\nnot JSON", "{}"] {
        let home = Home::new();
        let payload = calling(&input("")) + rest;
        home.inject(payload).prints(answer(&input(ELENA))).start().ends_while_stdin_is_open();
    }
}

#[test]
fn a_stdin_that_stays_open_and_empty_is_given_up_in_time() {
    let home = Home::new();
    for payload in ["", "{\"session_id\":"] {
        let call = home.inject(payload).env(TIMEOUT, "200").declines("not done within 200 ms");
        let start = Instant::now();
        call.start().ends_while_stdin_is_open();
        assert!(start.elapsed() >= Duration::from_millis(200));
    }
    assert!(!home.path().join(".muzzle").exists());
}

#[test]
fn the_hook_gives_up_after_two_seconds_by_default() {
    let home = Home::new();
    let call = home.inject("").with_default_timeout().declines("not done within 2000 ms");
    let start = Instant::now();
    call.start().ends_while_stdin_is_open();
    assert!(start.elapsed() >= Duration::from_secs(2));
}

#[test]
fn a_deadline_that_is_no_number_gives_no_persona_and_says_so() {
    let home = Home::new();
    for wrong in ["soon", "-1", "", "1.5"] {
        home.inject(recorded("pre_tool_use.named"))
            .env(TIMEOUT, wrong)
            .declines(&format!(
                "`MUZZLE_PERSONA_HOOK_TIMEOUT_MS` is `{wrong}`, which is not a number of milliseconds"
            ))
            .run();
    }
    assert!(!home.path().join(".muzzle").exists());
}

#[test]
fn a_clock_that_is_no_time_gives_no_persona_and_says_so() {
    let home = Home::new();
    home.inject(recorded("pre_tool_use.named"))
        .env("MUZZLE_PERSONA_NOW", "tomorrow")
        .declines("`MUZZLE_PERSONA_NOW` is `tomorrow`, which is not an RFC 3339 time")
        .run();
    assert!(!home.path().join(".muzzle").exists());
}

#[test]
fn a_client_that_does_not_read_the_answer_is_no_error() {
    let home = Home::new();
    // The hook waits for the payload's last byte, so it cannot answer too early.
    let payload = calling(&input(""));
    let (payload, last) = payload.split_at(payload.len() - 1);
    let mut hook = home.inject(payload).start();
    drop(hook.child.stdout.take());
    hook.write(last);
    hook.ends();
    assert_eq!(home.events("assign").len(), 1);
}
