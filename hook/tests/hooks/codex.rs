//! Codex: the payloads that the real program sent, in both its generations of sub-agents.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Home, Running, keys};

/// A file that Codex 0.171.0 sent or wrote.
fn recorded(name: &str) -> String {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/codex/0.171.0");
    fs::read_to_string(format!("{fixtures}/{name}")).unwrap()
}

/// The payload of an event with these changes; null takes a field out.
fn event(name: &str, changes: &Value) -> String {
    let mut facts: Value = serde_json::from_str(&recorded(&format!("{name}.json"))).unwrap();
    let fields = facts.as_object_mut().unwrap();
    fields.extend(changes.as_object().unwrap().clone());
    fields.retain(|_, value| !value.is_null());
    facts.to_string()
}

/// Puts a transcript into a home.
fn transcript(home: &Home, text: impl AsRef<[u8]>) -> PathBuf {
    let path = home.path().join("rollout.jsonl");
    fs::write(&path, text).unwrap();
    path
}

/// A start whose transcript is there, as it was recorded.
fn start(home: &Home, generation: &str) -> String {
    let path = home.path().join(format!("rollout.{generation}.jsonl"));
    fs::write(&path, recorded(&format!("rollout.{generation}.jsonl"))).unwrap();
    event(&format!("subagent_start.{generation}"), &json!({ "transcript_path": path }))
}

/// Runs the program, and returns the words that a sub-agent is told.
fn words(home: &Home, payload: impl Into<Vec<u8>>) -> String {
    let stdout = home.inject(payload).start().ends_with_any_answer();
    let answer: Value = serde_json::from_str(&stdout).unwrap();
    let output = &answer["hookSpecificOutput"];
    assert_eq!((keys(&answer), keys(output).len()), (vec!["hookSpecificOutput"], 2), "{answer}");
    assert_eq!(output["hookEventName"], "SubagentStart");
    output["additionalContext"].as_str().unwrap().to_owned()
}

/// The name and the role of the agent that was given its persona last.
fn last(home: &Home) -> (String, String) {
    let assign = home.events("assign").pop().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&assign["data"]["agent"]), text(&assign["data"]["slots"][0]["role"]))
}

/// What the log tells besides the seeds: types, each with where and why.
fn told(home: &Home) -> Vec<String> {
    let log = home.log();
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let events = events.filter(|event| event["type"] != "seed");
    events
        .map(|event| {
            let data = &event["data"];
            let slot =
                [&data["slot"], &data["slots"][0]["slot"]].into_iter().find_map(Value::as_str);
            let more = [&data["reason"], &data["result"], &data["channel"]];
            let more = more.into_iter().find_map(Value::as_str).unwrap_or_default();
            format!("{} {} {more}", event["type"].as_str().unwrap(), slot.unwrap())
                .trim_end()
                .into()
        })
        .collect()
}

#[test]
fn a_sub_agent_is_told_its_persona_when_it_begins_and_gives_it_back() {
    for (generation, role, name) in [
        ("v1", "researcher", "Nietzsche"),
        ("v1.second", "general", "Lagrange"),
        ("v2", "code-reviewer", "review_parser"),
        ("v2.second", "testing", "write_tests"),
    ] {
        let home = Home::new();
        let payload = start(&home, generation);
        let words = words(&home, payload.as_str());
        let first = words.lines().next().unwrap();
        let is_first = first.starts_with("You are ") && first.contains(&format!(", the {role} "));
        assert!(is_first && words.ends_with("\n---\n"), "{words}");
        assert_eq!(last(&home), (name.to_owned(), role.to_owned()));
        let facts: Value = serde_json::from_str(&payload).unwrap();
        assert_eq!(
            home.events("delivery")[0]["data"],
            json!({
                "session": facts["session_id"], "slot": format!("{name}-0"),
                "agent_id": facts["agent_id"], "channel": "context", "arrived": true,
            })
        );
        let assign = home.events("assign")[0]["data"].clone();
        assert_eq!(
            (&assign["project"], &assign["tool_use_id"]),
            (&json!("acme-api"), &facts["agent_id"])
        );
        if let Some(first) = generation.strip_suffix(".second") {
            // What it is told of another is none of its ends.
            home.inject(recorded(&format!("subagent_stop.{first}.json"))).run();
            assert_eq!(home.events("outcome").len(), 0);
            continue;
        }
        home.inject(recorded(&format!("subagent_stop.{generation}.json"))).run();
        let outcome = home.events("outcome")[0]["data"].clone();
        assert_eq!((&outcome["result"], &outcome["ended"]), (&json!("stopped"), &json!(true)));
        assert_eq!(outcome.get("measures"), None);
        home.release(recorded(&format!("session_end.{generation}.json"))).run();
        let due = ["assign", "delivery", "outcome", "release"];
        let kinds: Vec<_> =
            told(&home).iter().map(|it| it.split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(kinds, due);
        assert_eq!(home.events("release")[0]["data"]["reason"], "session_end");
    }
}

#[test]
fn who_is_told_of_twice_keeps_the_persona_and_is_told_it_once() {
    let home = Home::new();
    let payload = start(&home, "v2");
    words(&home, payload.as_str());
    let log = home.log();
    home.inject(payload.as_str()).run();
    // Not even when it has another name by now.
    fs::remove_file(home.path().join("rollout.v2.jsonl")).unwrap();
    home.inject(payload.as_str()).run();
    assert_eq!(home.log(), log);
    let stop = recorded("subagent_stop.v2.json");
    home.inject(stop.as_str()).run();
    home.inject(stop.as_str()).run();
    // It goes on: it has its slot back, and knows who it is.
    home.inject(payload.as_str()).run();
    home.inject(stop.as_str()).run();
    assert_eq!(
        told(&home),
        [
            "assign review_parser-0",
            "delivery review_parser-0 context",
            "outcome review_parser-0 stopped",
            "delivery review_parser-0 context",
            "outcome review_parser-0 stopped",
        ]
    );
    assert_eq!(home.events("delivery")[1]["data"]["arrived"], false, "it was told before");
}

#[test]
fn two_copies_of_the_hook_at_once_tell_it_once() {
    let home = Home::new();
    // A store that is there, so that both find the same.
    words(&home, start(&home, "v1"));
    let payload = start(&home, "v2");
    let running: Vec<_> = (0..4).map(|_| home.inject(payload.as_str()).start()).collect();
    let told: Vec<_> = running.into_iter().map(Running::ends_with_any_answer).collect();
    assert_eq!(told.iter().filter(|answer| !answer.is_empty()).count(), 1, "{told:?}");
    assert_eq!(home.events("assign").len(), 2);
}

#[test]
fn two_of_one_name_at_once_are_two_and_one_after_another_keep_the_persona() {
    let home = Home::new();
    words(&home, start(&home, "v2"));
    let path = home.path().join("rollout.v2.jsonl");
    let second =
        |id: &str| event("subagent_start.v2", &json!({ "agent_id": id, "transcript_path": path }));
    words(&home, second("b"));
    let persona = |n: usize| home.events("assign")[n]["data"]["slots"][0]["persona"].clone();
    assert_ne!(persona(0), persona(1));
    home.inject(event("subagent_stop.v2", &json!({ "agent_id": "b" }))).run();
    home.inject(recorded("subagent_stop.v2.json")).run();
    words(&home, second("c"));
    assert_eq!(persona(2), persona(0));
}

#[test]
fn a_name_comes_of_the_task_else_of_the_nickname_else_of_the_type() {
    let named = |spawn: Value, changes: Value| {
        let home = Home::new();
        let line = json!({"payload": {"source": {"subagent": {"thread_spawn": spawn}}}});
        let path = transcript(&home, format!("{line}\nnot JSON\n"));
        let mut all = json!({ "transcript_path": path });
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        words(&home, event("subagent_start.v1", &all));
        last(&home).0
    };
    let none = json!({});
    let id = "explorer-9238".to_owned();
    let by_type = "explorer-9227fc3101a1";
    for (spawn, name) in [
        (json!({"agent_path": "/root/a/write_docs", "agent_nickname": "Mill"}), "write_docs"),
        (json!({"agent_path": "write_docs"}), "write_docs"),
        (json!({"agent_path": "/root/", "agent_nickname": "Mill"}), "Mill"),
        (json!({"agent_path": 7, "agent_nickname": "Mill"}), "Mill"),
        (json!({"agent_path": null, "agent_nickname": "Ørsted the 2nd"}), "Ørsted the 2nd"),
        (json!({"agent_path": null, "agent_nickname": null}), by_type),
        (json!({"agent_nickname": ["Mill"]}), by_type),
        (json!({"agent_nickname": " "}), by_type),
        (json!({"agent_nickname": "a\u{1b}[2J"}), by_type),
        (json!({"agent_path": format!("/root/{}", "x".repeat(200))}), by_type),
        (json!([]), by_type),
        (json!("exec"), by_type),
    ] {
        assert_eq!(named(spawn.clone(), none.clone()), name, "{spawn}");
    }
    assert_eq!(named(none.clone(), json!({"agent_id": "a-9238"})), id);
    assert_eq!(named(none.clone(), json!({"agent_id": "9238"})), id);
    assert_eq!(named(none.clone(), json!({"agent_type": 7, "agent_id": "9238"})), "agent-9238");
    assert_eq!(named(none, json!({"agent_type": "a\u{0}", "agent_id": "9238"})), "agent-9238");
}

#[test]
fn a_transcript_that_is_a_trap_costs_a_name_and_nothing_else() {
    let home = Home::new();
    let path = |name: &str| home.path().join(name);
    let line = recorded("rollout.v2.jsonl");
    fs::write(path("real"), &line).unwrap();
    symlink(path("real"), path("link")).unwrap();
    symlink("/dev/zero", path("endless")).unwrap();
    symlink("loop", path("loop")).unwrap();
    assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    fs::create_dir(path("directory")).unwrap();
    fs::write(path("empty"), "").unwrap();
    fs::write(path("binary"), [0xff, 0, 0xfe].repeat(50_000)).unwrap();
    fs::write(path("deep"), "[".repeat(200_000)).unwrap();
    let named = |place: &Path| {
        let store = path("store");
        let _ = fs::remove_dir_all(&store);
        let payload = event("subagent_start.v1", &json!({ "transcript_path": place }));
        let call = home.inject(payload).env("MUZZLE_PERSONA_STORE", &store);
        assert!(!call.start().ends_with_any_answer().is_empty());
        let log = fs::read_to_string(store.join("events.jsonl")).unwrap();
        let assign = log.lines().rfind(|line| line.contains(r#""type":"assign""#)).unwrap();
        let assign: Value = serde_json::from_str(assign).unwrap();
        assign["data"]["agent"].as_str().unwrap().to_owned()
    };
    assert_eq!(named(&path("real")), "review_parser");
    for place in ["link", "endless", "loop", "pipe", "directory", "empty", "binary", "deep", "none"]
    {
        assert_eq!(named(&path(place)), "explorer-9227fc3101a1", "{place}");
    }
    for place in ["/dev/stdin", "/dev/zero", "/proc/self/mem", ""] {
        assert_eq!(named(Path::new(place)), "explorer-9227fc3101a1", "{place}");
    }
    // As long as it may be, with the end of the line or without one; and a byte longer.
    let padded = |length: usize| {
        let text = "You are a coding agent. ";
        line.trim_end().replace(text, &"x".repeat(length - (line.trim_end().len() - text.len())))
    };
    for (length, name) in [
        (22_600, "review_parser"),
        (64 * 1024, "review_parser"),
        (64 * 1024 + 1, "explorer-9227fc3101a1"),
        (5_000_000, "explorer-9227fc3101a1"),
    ] {
        fs::write(path("long"), padded(length)).unwrap();
        assert_eq!(named(&path("long")), name, "{length}");
    }
}

#[test]
fn fields_that_are_wrong_are_done_without() {
    let huge = "x".repeat(1_000_000);
    let values =
        [json!(null), json!(7), json!([]), json!({}), json!(huge), json!("a\u{0}"), json!("")];
    for field in ["cwd", "agent_type", "transcript_path", "model", "permission_mode"] {
        for value in &values {
            let home = Home::new();
            assert!(
                !words(&home, event("subagent_start.v1", &json!({ (field): value }))).is_empty()
            );
        }
    }
    for field in ["session_id", "agent_id"] {
        for value in &values {
            let home = Home::new();
            let payload = event("subagent_start.v1", &json!({ (field): value }));
            let problem = home.inject(payload).start().ends_with_any_problem();
            assert!(problem.starts_with("persona-inject: no persona: the "), "{problem}");
            assert!(!home.path().join(".muzzle").exists());
        }
    }
    // Another client's event of this name.
    for value in [json!(null), json!(7), json!("")] {
        Home::new().inject(event("subagent_start.v1", &json!({ "turn_id": value }))).run();
    }
    let home = Home::new();
    words(&home, format!("\u{feff}{}", event("subagent_start.v1", &json!({}))));
}

#[test]
fn what_comes_out_of_order_or_of_nobody_changes_nothing() {
    let home = Home::with_log();
    let log = home.log();
    for payload in ["subagent_stop.v1", "subagent_stop.v2"] {
        home.inject(recorded(&format!("{payload}.json"))).run();
    }
    for payload in ["session_start.v1", "session_end.v1", "session_end.v2"] {
        home.release(recorded(&format!("{payload}.json"))).run();
        home.inject(recorded(&format!("{payload}.json"))).run();
    }
    for id in [json!(null), json!(7), json!("a\u{7}"), json!("x".repeat(500))] {
        let payload = event("subagent_stop.v1", &json!({ "agent_id": id }));
        home.inject(payload).start().ends_with_any_problem();
    }
    assert_eq!(home.log(), log);
    // A session that was cut off gives everything back when the next one starts, a day later.
    words(&home, start(&home, "v1"));
    home.release(recorded("session_start.v2.json"))
        .env("MUZZLE_PERSONA_NOW", "2026-03-26T15:30:00Z")
        .run();
    let reasons: Vec<_> =
        home.events("release").iter().map(|it| it["data"]["reason"].clone()).collect();
    assert_eq!(reasons, ["orphaned", "orphaned"]);
}

#[test]
fn all_are_eligible_unless_it_is_off() {
    let is_lent = |inject: &str| {
        let home = Home::new();
        let call = home.inject(event("subagent_start.v1", &json!({})));
        let call = call.env("MUZZLE_PERSONA_INJECT", inject);
        !call.start().ends_with_any_answer().is_empty()
    };
    assert!(is_lent("named") && is_lent("all") && !is_lent("off"));
}

#[test]
fn a_sub_agent_whose_work_is_done_gives_its_persona_to_who_needs_it() {
    let home = Home::new();
    for number in 0..40 {
        let id = json!({ "agent_id": format!("run-{number}"), "agent_type": "worker" });
        words(&home, event("subagent_start.v1", &id));
        home.inject(event("subagent_stop.v1", &id)).run();
    }
    assert_eq!(home.events("grow").len(), 0);
    assert_eq!(home.events("outcome").len(), 40);
    home.release(recorded("session_end.v1.json")).run();
    let closed: usize =
        home.events("release").iter().map(|it| it["data"]["slots"].as_array().unwrap().len()).sum();
    assert_eq!(closed, 40, "all are back");
}
