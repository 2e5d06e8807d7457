//! Payloads and surroundings made to harm: the call goes on, and little is spent on it.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::harness::{ELENA, HOOK, Home, answer, calling};

/// A hook that may have so many KiB of address space.
fn with_memory(kib: usize) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("ulimit -v {kib}; exec \"$0\""), HOOK]);
    shell
}

/// A call with something beside its prompt, and the same as it is to be answered.
fn beside(x: &str) -> (String, String) {
    let input = |prompt| {
        format!(r#"{{"x":{x},"name":"w","description":"Review","prompt":"{prompt}Go.","y":{x}}}"#)
    };
    (calling(&input("")), answer(&input(ELENA)))
}

#[test]
fn json_that_explodes_is_copied_and_takes_no_memory() {
    let deep = |open: &str, close: &str| open.repeat(100_000) + "0" + &close.repeat(100_000);
    let keys: Vec<_> = (0..50_000).map(|n| format!("\"k{n}\":0,")).collect();
    let keys = keys.concat();
    for x in [
        deep("[", "]"),
        deep("{\"a\":", "}"),
        format!("{{{keys}\"z\":0}}"),
        "9".repeat(500_000),
        format!("\"{}\"", r"\u0000".repeat(100_000)),
    ] {
        let (payload, answer) = beside(&x);
        Home::new().inject_with(with_memory(64 * 1024), payload).prints(answer).run();
    }
}

#[test]
fn json_that_explodes_and_never_ends_is_declined() {
    for x in ["[", "{\"a\":", "\"a"] {
        let (payload, _) = beside(&x.repeat(100_000));
        let home = Home::new();
        let said =
            home.inject_with(with_memory(64 * 1024), payload).start().ends_with_any_problem();
        assert!(
            said.starts_with("persona-inject: no persona: the payload is not JSON: "),
            "{said}"
        );
        assert!(!home.path().join(".muzzle").exists());
    }
}

#[test]
fn a_payload_of_a_hundred_megabytes_is_declined_within_bounded_memory() {
    let home = Home::new();
    let (payload, _) = beside(&format!("\"{}\"", "x".repeat(50_000_000)));
    for payload in [payload.as_str(), &"[".repeat(100_000_000), &" ".repeat(100_000_000)] {
        let hook = with_memory(80 * 1024);
        home.inject_with(hook, payload).declines("the payload is longer than 16777216 bytes").run();
    }
    home.release(payload).declines("the payload is longer than 16777216 bytes").run();
    assert!(!home.path().join(".muzzle").exists());
    // What is a little shorter is copied.
    let (payload, answer) = beside(&format!("\"{}\"", "x".repeat(8_000_000)));
    home.inject_with(with_memory(160 * 1024), payload).prints(answer).run();
}

#[test]
fn a_description_of_any_length_is_looked_at_no_further_than_it_may_be_long() {
    let description = |text: &str| {
        let input =
            |prompt| format!(r#"{{"name":"w","description":"{text}","prompt":"{prompt}Go."}}"#);
        (calling(&input("")), input(ELENA))
    };
    let (payload, input) = description(&("Review ".to_owned() + &"a.".repeat(1_000_000)));
    let home = Home::new();
    home.inject_with(with_memory(64 * 1024), payload).prints(answer(&input)).run();
    let (payload, _) = description(&("é ".repeat(1_000) + "Review"));
    let home = Home::new();
    home.inject(payload).answered();
    assert_eq!(home.last_assign()["slots"][0]["role"], "general");
}

#[test]
fn text_of_a_payload_never_acts_on_whoever_reads_what_is_said() {
    for (field, text) in
        [("session-1", r"\u001b]0;x\u0007\u202e"), ("Agent", r"a\nb"), ("PreToolUse", r"\u009b")]
    {
        let payload = calling(r#"{"name":"w","prompt":"Go."}"#).replace(field, text);
        let said = Home::new().inject(payload).start().ends_with_any_problem();
        assert!(said.chars().all(|c| c == '\n' || (' '..='~').contains(&c)), "{said:?}");
        assert!(said.lines().count() <= 1, "{said}");
    }
    let home = Home::new();
    let said = home
        .inject(calling(r#"{"name":"w","prompt":"Go."}"#))
        .env("MUZZLE_PERSONA_INJECT", "x\u{1b}[31m\n\u{202e}y")
        .start()
        .ends_with_any_problem();
    assert_eq!(
        said,
        "persona-inject: no persona: `MUZZLE_PERSONA_INJECT` is `x [31m y`; it can be `named`, `all` or `off`\n"
    );
}

#[test]
fn a_repository_that_is_a_trap_does_not_stop_the_hook() {
    let home = Home::new();
    let call = |place: &str| {
        let input =
            |prompt| format!(r#"{{"name":"w","description":"Review","prompt":"{prompt}Go."}}"#);
        let place = home.path().join(place);
        let payload = calling(&input("")).replace("/home/dev/acme-api", place.to_str().unwrap());
        let store = home.path().join("store");
        let _ = fs::remove_dir_all(&store);
        let answer = answer(&input(ELENA));
        home.inject(payload).env("MUZZLE_PERSONA_STORE", &store).prints(answer).run();
        let log = fs::read_to_string(store.join("events.jsonl")).unwrap();
        let event: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
        event["data"]["project"].as_str().unwrap().to_owned()
    };
    for place in ["pipe", "endless", "inside", "loop", "huge"] {
        fs::create_dir(home.path().join(place)).unwrap();
    }
    let made = Command::new("mkfifo").arg(home.path().join("pipe/.git")).status().unwrap();
    assert!(made.success());
    symlink("/dev/zero", home.path().join("endless/.git")).unwrap();
    symlink(".git", home.path().join("loop/.git")).unwrap();
    // The pipe stands where a repository's own directory says which one is common.
    fs::write(home.path().join("inside/.git"), "gitdir: ../own").unwrap();
    fs::create_dir(home.path().join("own")).unwrap();
    let made = Command::new("mkfifo").arg(home.path().join("own/commondir")).status().unwrap();
    assert!(made.success());
    fs::write(home.path().join("huge/.git"), "gitdir: ".to_owned() + &"x/".repeat(1_000_000))
        .unwrap();
    for place in ["pipe", "endless", "inside", "loop", "huge"] {
        assert_eq!(call(place), place);
    }
}
