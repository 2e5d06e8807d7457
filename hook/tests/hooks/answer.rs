//! What a named agent gets, and what is recorded of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::harness::{ELENA, Home, answer, id_of, recorded, review};

const PROMPT: &str = "Review src/parser.rs and report every unchecked index.";

fn whole_answer() -> String {
    answer(&format!(
        "{{
    \"description\": \"Review parser\",
    \"prompt\": \"{ELENA}{PROMPT}\",
    \"subagent_type\": \"general-purpose\",
    \"name\": \"worker-1\"
  }}"
    ))
}

#[test]
fn a_named_agent_gets_a_preamble_ahead_of_its_prompt_and_nothing_else_changes() {
    let home = Home::new();
    home.inject(recorded("pre_tool_use.named")).prints(whole_answer()).run();
}

#[test]
fn the_updated_input_is_the_original_one_but_for_the_prompt() {
    let payload = recorded("pre_tool_use.named");
    let mut input = Home::new().inject(payload.as_str()).answered();
    let mut original = serde_json::from_str::<Value>(&payload).unwrap()["tool_input"].take();
    let (new, old) = (input["prompt"].take(), original["prompt"].take());
    let preamble = new.as_str().unwrap().strip_suffix(old.as_str().unwrap()).unwrap();
    let preamble = preamble.strip_suffix('\n').unwrap();
    assert!(preamble.starts_with("You are Elena Vasquez, "), "{preamble}");
    assert!(preamble.ends_with("\n---\n"), "{preamble}");
    assert!(preamble.chars().count() <= 500, "{preamble}");
    assert_eq!(input, original);
}

#[test]
fn the_log_of_a_new_store_holds_the_seeds_and_one_assignment() {
    let home = Home::new();
    home.inject(recorded("pre_tool_use.named")).answered();
    let log = home.log();
    let mut prev = Vec::new();
    for (seq, line) in (1..).zip(log.lines()) {
        let (content, id) = line.split_once(",\"id\":").unwrap();
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(id, format!("\"{}\"}}", id_of(content)), "{line}");
        assert_eq!(event["prev"], Value::from(prev), "{line}");
        assert_eq!(event["seq"], seq, "{line}");
        assert_eq!(event["type"], if seq == 13 { "assign" } else { "seed" }, "{line}");
        prev = vec![id_of(content)];
    }
    assert_eq!(log.lines().count(), 13);
    assert!(log.lines().last().unwrap().len() < 460, "the line of one role is short");
    assert!(log.ends_with("\"}\n"));
    let (last, _) = log.lines().last().unwrap().split_once(",\"prev\":").unwrap();
    assert_eq!(
        last,
        r#"{"v":1,"seq":13,"at":"2026-03-25T15:30:00Z","type":"assign","data":{"session":"00a62d08-e686-4a7f-b68d-71502eb6b076","agent":"worker-1","project":"acme-api","slots":[{"slot":"worker-1-0","persona":"Elena Vasquez","role":"code-reviewer","requested":"code-reviewer","by":"best_free","score":0.55}],"tool_use_id":"toolu_01NAMEDXQ2rV9sKpA7"}"#
    );
}

#[test]
fn a_new_store_is_its_owners_alone_and_tells_git_how_to_treat_it() {
    let home = Home::new();
    home.inject(recorded("pre_tool_use.named")).answered();
    let store = home.store();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&home.path().join(".muzzle")), 0o700);
    assert_eq!(mode(&store), 0o700);
    let mut files = Vec::new();
    for entry in fs::read_dir(&store).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
        files.push(entry.file_name().into_string().unwrap());
    }
    files.sort();
    assert_eq!(files, [".gitattributes", ".gitignore", ".lock", "allowed", "events.jsonl"]);
    let content = |name| fs::read_to_string(store.join(name)).unwrap();
    assert_eq!(content(".gitattributes"), "*.jsonl text eol=lf merge=union diff=muzzle-persona\n");
    let ignored = ".lock\n.cache/\nquarantine/\nallowed\nremote.toml\noutbox.jsonl\n";
    assert_eq!(content(".gitignore"), ignored);
}

#[test]
fn the_same_call_again_gets_the_same_answer_and_records_nothing() {
    let home = Home::new();
    home.inject(recorded("pre_tool_use.named")).prints(whole_answer()).run();
    let log = home.log();
    home.inject(recorded("pre_tool_use.named")).prints(whole_answer()).run();
    assert_eq!(home.log(), log);
}

#[test]
fn two_copies_of_the_hook_at_once_give_one_answer_and_record_it_once() {
    for _ in 0..5 {
        let home = Home::new();
        let start = || home.inject(recorded("pre_tool_use.named")).prints(whole_answer()).start();
        let copies = [start(), start()];
        for copy in copies {
            copy.ends();
        }
        assert_eq!((home.events("seed").len(), home.events("assign").len()), (12, 1));
        assert_eq!(home.log().lines().count(), 13);
    }
}

#[test]
fn agents_at_work_at_the_same_time_have_different_personas() {
    let home = Home::new();
    let first = home.inject(review("session-1", "a")).preamble();
    let second = home.inject(review("session-1", "b")).preamble();
    let third = home.inject(review("session-2", "a")).preamble();
    let name = |preamble: &str| preamble.split_once(',').unwrap().0.to_owned();
    assert_eq!(
        [name(&first), name(&second), name(&third)],
        ["You are Elena Vasquez", "You are Lian Zhou", "You are Yusuf Karaçay"]
    );
}

#[test]
fn the_store_is_where_the_variable_says() {
    let home = Home::new();
    let store = home.path().join("elsewhere");
    home.inject(recorded("pre_tool_use.named"))
        .env("MUZZLE_PERSONA_STORE", &store)
        .prints(whole_answer())
        .run();
    assert!(store.join("events.jsonl").is_file());
    assert!(!home.store().exists());
}
