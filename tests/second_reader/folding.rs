//! What the events add up to, in histories that the program's commands seldom or never make.

use std::slice;

use serde_json::json;

use crate::forge::{ADA, AT, BEN, followed};

const LATER: &str = "2026-01-02T00:00:00Z";

fn assign(session: &str, project: &str, slot: [&str; 3]) -> String {
    let [slot, persona, role] = slot;
    let slots = json!([{"slot": slot, "persona": persona, "role": role, "requested": role}]);
    json!({"session": session, "agent": "w", "project": project, "slots": slots}).to_string()
}

fn release(session: &str, reason: &str, slots: &[[&str; 3]]) -> String {
    let slots: Vec<_> = slots
        .iter()
        .map(|[slot, persona, role]| json!({"slot": slot, "persona": persona, "role": role}))
        .collect();
    json!({"session": session, "reason": reason, "slots": slots}).to_string()
}

#[test]
fn a_lease_is_of_one_session_slot_persona_and_role() {
    let one = ["w-0", "Ada", "testing"];
    let answer = followed(&[
        (AT, "seed", ADA),
        (AT, "seed", BEN),
        (AT, "assign", &assign("s", "p", one)),
        (LATER, "assign", &assign("t", "p", one)),
        (AT, "assign", &assign("s", "p", ["w-1", "Ada", "testing"])),
        (AT, "assign", &assign("s", "p", ["w-0", "Ben", "testing"])),
        (AT, "assign", &assign("s", "p", ["w-0", "Ada", "docs"])),
        // It is open already.
        (LATER, "assign", &assign("s", "q", one)),
        (AT, "retire", r#"{"persona":"Ada","reason":"manual"}"#),
        // The second time it is not open any more.
        (AT, "release", &release("s", "manual", &[one, one])),
        (AT, "release", &release("s", "manual", &[["w-0", "Ben", "docs"]])),
        (AT, "release", &release("t", "orphaned", &[one])),
        (AT, "release", &release("t", "session_end", &[one])),
    ]);
    let ada = &answer.list["personas"][0];
    assert_eq!(ada["counts"], json!({"testing": 1}));
    assert_eq!(ada["held_by"].as_array().unwrap().len(), 2);
}

#[test]
fn a_lease_has_ended_when_its_run_has_in_whatever_order_that_is_told() {
    let called = |slot: &str, persona: &str| {
        let one = assign("s", "p", [slot, persona, "testing"]);
        one.replacen('{', r#"{"tool_use_id":"t","#, 1)
    };
    let delivery = |slot: &str, run: &str| {
        json!({"session": "s", "slot": slot, "agent_id": run, "channel": "mod", "arrived": true})
            .to_string()
    };
    let over = |slot: &str, persona: &str, run: &str| {
        json!({
            "session": "s", "slot": slot, "persona": persona, "role": "testing", "run": run,
            "result": "stopped", "source": "client", "ended": true,
        })
        .to_string()
    };
    let ended = |events: &[(&str, String)]| {
        let all = [("seed", ADA.to_owned()), ("seed", BEN.to_owned())];
        let all: Vec<_> =
            all.iter().chain(events).map(|(kind, it)| (AT, *kind, it.as_str())).collect();
        let personas = followed(&all).list["personas"].clone();
        let ended = |at: usize| personas[at]["held_by"][0]["ended"] == true;
        (ended(0), ended(1))
    };
    let lent =
        [("assign", called("w-0", "Ada")), ("assign", assign("s", "p", ["v-0", "Ben", "testing"]))];
    let after = |events: &[(&str, String)]| ended(&[&lent[..], events].concat());
    let (begun, end) = (("delivery", delivery("w-0", "r1")), ("outcome", over("w-0", "Ada", "r1")));
    assert_eq!(after(slice::from_ref(&begun)), (false, false));
    assert_eq!(after(slice::from_ref(&end)), (false, false), "a client's call: it never began");
    assert_eq!(after(&[("outcome", over("v-0", "Ben", "s:v"))]), (false, true), "no client's");
    assert_eq!(after(&[begun.clone(), end.clone()]), (true, false));
    assert_eq!(after(&[end.clone(), begun.clone()]), (true, false));
    assert_eq!(after(&[begun.clone(), end.clone(), begun.clone()]), (false, false));
    let second = ("delivery", delivery("w-0", "r2"));
    assert_eq!(after(&[begun.clone(), second.clone(), end.clone()]), (false, false));
    let ends = ("outcome", over("w-0", "Ada", "r2"));
    assert_eq!(after(&[begun, second, ends, end]), (true, false));
}

#[test]
fn what_comes_before_a_persona_changes_nothing() {
    let answer = followed(&[
        (AT, "assign", &assign("s", "p", ["w-0", "Ada", "testing"])),
        (AT, "retire", r#"{"persona":"Ada","reason":"manual"}"#),
        (AT, "feedback", FEEDBACK),
        (AT, "revise", ADA),
        (AT, "seed", ADA),
    ]);
    let ada = &answer.list["personas"][0];
    let at_once = (&ada["held_by"], &ada["status"], &ada["last_assigned"], &ada["feedback"]);
    assert_eq!(at_once, (&json!([]), &json!("active"), &json!(null), &json!({})));
}

const FEEDBACK: &str =
    r#"{"persona":"Ada","role":"r","observation":"o","sentiment":"positive","source":"cli"}"#;

#[test]
fn feedback_from_the_moment_of_a_compaction_counts() {
    let answer = followed(&[
        (AT, "seed", ADA),
        ("2026-01-01T00:59:59.9Z", "feedback", FEEDBACK),
        ("2026-01-01T02:00:00+01:00", "feedback", FEEDBACK),
        (AT, "compact", r#"{"before":"2026-01-01T01:00:00Z","summaries":[]}"#),
        (AT, "compact", r#"{"before":"2026-01-01T00:00:00Z","summaries":[]}"#),
        ("2026-01-01T00:30:00Z", "feedback", FEEDBACK),
    ]);
    let tallies = json!({"positive": 1, "negative": 0, "neutral": 0});
    assert_eq!(answer.list["personas"][0]["feedback"]["r"], tallies);
}

#[test]
fn personas_stand_in_the_order_of_their_names_bytes() {
    let seeds = ["b b", "Zoë", "B b", "Åsa", "a-b", "a b", "Zoe", "10", "9"]
        .map(|name| ADA.replace("Ada", name));
    let events: Vec<_> = seeds.iter().map(|seed| (AT, "seed", seed.as_str())).collect();
    let answer = followed(&events);
    let personas = answer.list["personas"].as_array().unwrap();
    let names: Vec<_> = personas.iter().map(|persona| persona["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["10", "9", "B b", "Zoe", "Zoë", "a b", "a-b", "b b", "Åsa"]);
}
