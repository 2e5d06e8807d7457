//! What a client tells of a run: that it began, that it never did, how it ended.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Home, recorded, review, told_by_mod};

const SESSION: &str = "00a62d08-e686-4a7f-b68d-71502eb6b076";

/// What the log tells besides the seeds, a line an event.
fn told(home: &Home) -> Vec<String> {
    let log = home.log();
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let events = events.filter(|event| event["type"] != "seed");
    events
        .map(|event| {
            let (kind, data) = (event["type"].as_str().unwrap(), &event["data"]);
            let slots = data["slots"].as_array().into_iter().flatten();
            let slots: Vec<_> = slots.map(|it| it["slot"].as_str().unwrap()).collect();
            let place = data["slot"].as_str().map_or(slots.join(","), str::to_owned);
            let more: Vec<_> =
                ["agent_id", "channel", "arrived", "run", "result", "ended", "reason"]
                    .iter()
                    .filter_map(|key| data.get(key))
                    .map(|value| value.as_str().map_or(value.to_string(), str::to_owned))
                    .collect();
            format!("{kind} {place} {}", more.join(" ")).trim_end().to_owned()
        })
        .collect()
}

/// A fact of the mod with these changes; null takes a field out.
fn fact(name: &str, changes: &Value) -> String {
    changed(&told_by_mod(name), changes)
}

fn changed(payload: &str, changes: &Value) -> String {
    let mut facts: Value = serde_json::from_str(payload).unwrap();
    let fields = facts.as_object_mut().unwrap();
    for (key, value) in changes.as_object().unwrap() {
        fields.insert(key.clone(), value.clone());
    }
    fields.retain(|_, value| !value.is_null());
    facts.to_string()
}

/// Runs the program, which may answer.
fn tell(home: &Home, payload: &str) -> String {
    home.inject(payload).start().ends_with_any_answer()
}

/// The same for one who makes nothing of it.
fn ends(home: &Home, session: &str) {
    let payload =
        json!({"hook_event_name": "SessionEnd", "session_id": session, "reason": "other"});
    home.release(payload.to_string()).run();
}

const BEGAN: &str = "delivery worker-1-0 ad7a70a1a792b9534 mod true";
const ENDED: &str = "outcome worker-1-0 ad7a70a1a792b9534 bad true";

#[test]
fn a_mod_tells_of_a_run_from_its_beginning_to_its_end_in_any_order_and_twice() {
    let [started, complete] = ["agent_started.named", "turn_complete.named"].map(told_by_mod);
    for (order, due) in [
        (vec![&started, &complete], vec![BEGAN, ENDED]),
        (vec![&complete, &started], vec![ENDED, BEGAN]),
        (vec![&started, &started, &complete, &complete, &started], vec![BEGAN, ENDED]),
        (vec![&complete, &complete, &started, &complete], vec![ENDED, BEGAN]),
    ] {
        let home = Home::new();
        tell(&home, &told_by_mod("agent_spawn.named"));
        for fact in order {
            home.inject(fact.as_str()).run();
        }
        assert_eq!(told(&home), [vec!["assign worker-1-0"], due].concat());
        ends(&home, SESSION);
        assert_eq!(told(&home).last().unwrap(), "release worker-1-0 session_end");
    }
}

#[test]
fn an_outcome_has_what_was_measured_and_nothing_that_was_said() {
    let home = Home::new();
    tell(&home, &told_by_mod("agent_spawn.named"));
    home.inject(told_by_mod("agent_started.named")).run();
    home.inject(told_by_mod("turn_complete.named")).run();
    let outcome = home.events("outcome")[0]["data"].clone();
    assert_eq!(
        outcome,
        json!({
            "session": SESSION, "slot": "worker-1-0", "persona": "Elena Vasquez",
            "role": "code-reviewer", "run": "ad7a70a1a792b9534", "result": "bad",
            "source": "client", "ended": true,
            "measures": {
                "calls": 6, "errors": 2, "files": 1, "lines": 6, "test": "failed",
                "duration_ms": 1304, "input_tokens": 50, "output_tokens": 25,
            },
        })
    );
}

#[test]
fn what_a_run_came_to_is_told_by_its_end_and_its_last_tests() {
    for (reason, test, result) in [
        ("answer", "passed", "ok"),
        ("answer", "failed", "bad"),
        ("answer", "", "stopped"),
        ("answer", "maybe", "stopped"),
        ("aborted", "passed", "stopped"),
        ("aborted", "failed", "bad"),
        ("refusal", "passed", "bad"),
        ("error", "", "bad"),
        ("later", "passed", "stopped"),
    ] {
        let home = Home::new();
        tell(&home, &told_by_mod("agent_spawn.named"));
        let changes = json!({"reason": reason, "measures": {"test": test}});
        home.inject(fact("turn_complete.named", &changes)).run();
        let outcome = home.events("outcome")[0]["data"]["result"].clone();
        assert_eq!(outcome, result, "{reason} {test}");
    }
}

#[test]
fn a_teammate_rests_and_its_persona_stays_its_own() {
    let home = Home::new();
    let teammate = json!({"is_teammate": true});
    tell(&home, &told_by_mod("agent_spawn.teammate"));
    home.inject(fact("agent_started.named", &teammate)).run();
    assert_eq!(home.events("delivery")[0]["data"]["teammate"], true);
    for _ in 0..2 {
        home.inject(fact("turn_complete.aborted", &teammate)).run();
    }
    let rested = home.events("outcome");
    assert_eq!(rested.len(), 1);
    assert_eq!(rested[0]["data"].get("ended"), None);
    let more = json!({"is_teammate": true, "measures": {"calls": 9}});
    home.inject(fact("turn_complete.aborted", &more)).run();
    assert_eq!(home.events("outcome").len(), 2, "it did more");
    let other = json!({"name": "worker-2", "tool_use_id": "toolu_2"});
    let answer = tell(&home, &fact("agent_spawn.named", &other));
    assert!(!answer.contains("Elena"), "{answer}");
}

#[test]
fn a_start_that_was_denied_gives_its_persona_back_and_does_not_count() {
    let home = Home::new();
    tell(&home, &told_by_mod("agent_spawn.named"));
    for _ in 0..2 {
        home.inject(told_by_mod("agent_started.denied")).run();
    }
    assert_eq!(told(&home), ["assign worker-1-0", "release worker-1-0 not_started"]);
    // One of another call is not meant.
    tell(&home, &fact("agent_spawn.named", &json!({"tool_use_id": "toolu_2"})));
    home.inject(told_by_mod("agent_started.denied")).run();
    assert_eq!(told(&home).len(), 3);
}

#[test]
fn a_run_that_goes_on_is_not_over_until_it_ends_again() {
    let home = Home::new();
    let resumed = told_by_mod("agent_spawn.resumed");
    tell(&home, &told_by_mod("agent_spawn.named"));
    home.inject(told_by_mod("agent_started.named")).run();
    let ended = fact("turn_complete.named", &json!({"measures": {"test": "passed"}}));
    home.inject(ended.as_str()).run();
    assert!(tell(&home, &resumed).contains("worker-1-0"));
    let over = "outcome worker-1-0 ad7a70a1a792b9534 ok true";
    let goes_on = "delivery worker-1-0 ad7a70a1a792b9534 mod false";
    home.inject(told_by_mod("agent_started.resumed")).run();
    assert_eq!(told(&home), ["assign worker-1-0", BEGAN, over, goes_on], "told once");
    let other = |name: &str| {
        let changes = json!({"name": name, "tool_use_id": name});
        tell(&home, &fact("agent_spawn.named", &changes))
    };
    assert!(!other("worker-2").contains("Elena"), "she is at work again");
    home.inject(ended.as_str()).run();
    assert_eq!(told(&home).last().unwrap(), over, "the same, and an end all the same");
    // Whoever is resumed late is told nothing of its beginning.
    home.inject(told_by_mod("agent_started.resumed")).run();
    assert_eq!(told(&home).last().unwrap(), over);
    assert!(other("worker-3").contains("Elena"), "it is over");
    home.inject(resumed).run();
}

#[test]
fn the_last_that_is_told_of_a_session_may_come_after_its_end() {
    let home = Home::new();
    tell(&home, &told_by_mod("agent_spawn.named"));
    home.inject(told_by_mod("agent_started.named")).run();
    ends(&home, SESSION);
    for _ in 0..2 {
        home.inject(told_by_mod("turn_complete.named")).run();
        home.inject(told_by_mod("agent_started.named")).run();
    }
    assert_eq!(told(&home), ["assign worker-1-0", BEGAN, "release worker-1-0 session_end", ENDED]);
    // Nobody has been in that slot.
    home.inject(fact("turn_complete.named", &json!({"slot": "worker-9-0"}))).run();
    home.inject(fact("turn_complete.named", &json!({"session_id": "other"}))).run();
    assert_eq!(told(&home).len(), 4);
}

#[test]
fn two_agents_of_one_name_that_a_mod_starts_have_a_slot_and_a_persona_each() {
    let home = Home::new();
    let first = told_by_mod("agent_spawn.named");
    let second = changed(&first, &json!({"tool_use_id": "toolu_2"}));
    let slots =
        [tell(&home, &first), tell(&home, &second), tell(&home, &first), tell(&home, &second)];
    let slots = slots.map(|it| serde_json::from_str::<Value>(&it).unwrap()["slot"].clone());
    assert_eq!(slots, ["worker-1-0", "worker-1-1", "worker-1-0", "worker-1-1"]);
    let personas: Vec<_> =
        home.events("assign").iter().map(|it| it["data"]["slots"][0]["persona"].clone()).collect();
    assert_eq!(personas.len(), 2);
    assert_ne!(personas[0], personas[1]);
}

/// What the command hook tells after the call that was recorded as `kind`; the agent was told `prompt`.
fn after(kind: &str, prompt: &Value) -> String {
    let mut payload: Value =
        serde_json::from_str(&recorded(&format!("post_tool_use.{kind}"))).unwrap();
    payload["tool_response"]["prompt"] = prompt.clone();
    payload.to_string()
}

#[test]
fn command_hooks_tell_of_a_run_in_the_background() {
    let home = Home::new();
    let input = home.inject(recorded("pre_tool_use.named")).answered();
    let began = after("named", &input["prompt"]);
    for _ in 0..2 {
        home.inject(began.as_str()).run();
    }
    for _ in 0..2 {
        home.inject(recorded("subagent_stop.named")).run();
    }
    home.inject(began.as_str()).run();
    assert_eq!(
        told(&home),
        [
            "assign worker-1-0",
            "delivery worker-1-0 ad7a70a1a792b9534 prompt true",
            "outcome worker-1-0 ad7a70a1a792b9534 stopped true",
        ]
    );
    assert_eq!(home.events("outcome")[0]["data"].get("measures"), None);
    home.release(recorded("session_end")).run();
    assert_eq!(told(&home).last().unwrap(), "release worker-1-0 session_end");
}

/// The runs that stopped before it was told that they began, and that nobody has told of since.
fn waiting(home: &Home) -> usize {
    fs::read_dir(home.path().join(".muzzle/personas/.cache/stopped")).map_or(0, Iterator::count)
}

#[test]
fn a_run_in_the_background_may_stop_before_or_while_it_is_told_that_it_began() {
    let home = Home::new();
    let input = home.inject(recorded("pre_tool_use.named")).answered();
    let began = after("named", &input["prompt"]);
    home.inject(recorded("subagent_stop.named")).run();
    // A run without a persona may stop meanwhile.
    let other = json!({"agent_id": "a0000000000000000"});
    home.inject(changed(&recorded("subagent_stop.named"), &other)).run();
    assert_eq!((told(&home), waiting(&home)), (vec!["assign worker-1-0".to_owned()], 2));
    let told_of = [
        "assign worker-1-0",
        "delivery worker-1-0 ad7a70a1a792b9534 prompt true",
        "outcome worker-1-0 ad7a70a1a792b9534 stopped true",
    ];
    for _ in 0..2 {
        home.inject(began.as_str()).run();
        assert_eq!(told(&home), told_of);
    }
    assert_eq!(waiting(&home), 1);
    // Now that there is no call without a sign of its run, a stop is remembered no more.
    home.inject(changed(&recorded("subagent_stop.named"), &json!({"agent_id": "b"}))).run();
    assert_eq!(waiting(&home), 1);

    for _ in 0..20 {
        let home = Home::new();
        let input = home.inject(recorded("pre_tool_use.named")).answered();
        let began = home.inject(after("named", &input["prompt"])).start();
        let stopped = home.inject(recorded("subagent_stop.named")).start();
        began.ends_with_any_answer();
        stopped.ends_with_any_answer();
        assert_eq!((told(&home), waiting(&home)), (told_of.map(str::to_owned).to_vec(), 0));
    }
}

#[test]
fn command_hooks_tell_of_a_run_in_the_foreground_once_it_is_over() {
    let home = Home::new();
    let call = home.inject(recorded("pre_tool_use.foreground")).env("MUZZLE_PERSONA_INJECT", "all");
    let input = call.answered();
    // It stops before it is told that it began.
    home.inject(recorded("subagent_stop.foreground")).run();
    for _ in 0..2 {
        home.inject(after("foreground", &input["prompt"])).run();
    }
    home.inject(recorded("subagent_stop.foreground")).run();
    assert_eq!(waiting(&home), 0);
    let slot = "general-purpose-toolu_01FOREGRQ2rV9sKpA7-0";
    assert_eq!(
        told(&home),
        [
            format!("assign {slot}"),
            format!("delivery {slot} a4bf236856d5c3c8e prompt true"),
            format!("outcome {slot} a4bf236856d5c3c8e stopped true"),
        ]
    );
}

#[test]
fn a_prompt_that_another_hook_rewrote_did_not_arrive() {
    for prompt in
        [json!("Review src/parser.rs."), json!("X You are"), json!(null), json!(7), json!(["a"])]
    {
        let home = Home::new();
        home.inject(recorded("pre_tool_use.named")).answered();
        home.inject(after("named", &prompt)).run();
        assert_eq!(home.events("delivery")[0]["data"]["arrived"], false, "{prompt}");
    }
}

#[test]
fn what_is_told_of_agents_without_a_slot_is_not_recorded_and_makes_no_store() {
    let home = Home::new();
    let unknown = [
        "post_tool_use.named",
        "subagent_stop.named",
        "post_tool_use.anonymous",
        "subagent_start.named",
    ];
    for payload in unknown {
        home.inject(recorded(payload)).run();
    }
    for payload in ["agent_started.named", "agent_started.denied", "turn_complete.named"] {
        home.inject(told_by_mod(payload)).run();
    }
    assert!(!home.path().join(".muzzle").exists());
    let home = Home::with_log();
    let log = home.log();
    for payload in unknown {
        home.inject(recorded(payload)).run();
    }
    home.inject(told_by_mod("agent_started.named")).run();
    assert_eq!(home.log(), log);
}

#[test]
fn in_a_session_that_a_mod_serves_the_command_hooks_tell_nothing() {
    let home = Home::new();
    home.inject(recorded("pre_tool_use.named")).answered();
    home.release(told_by_mod("session_start")).shown();
    let log = home.log();
    home.inject(recorded("post_tool_use.named")).run();
    home.inject(recorded("subagent_stop.named")).run();
    assert_eq!(home.log(), log);
    home.release(recorded("session_start")).run();
    home.inject(recorded("post_tool_use.named")).run();
    assert_eq!(home.events("delivery").len(), 1, "the mark is gone");
}

/// A review by `name`, as call `call`.
fn call(name: &str, call: &str) -> String {
    review(SESSION, name).replace("toolu_1", call)
}

#[test]
fn a_call_that_was_refused_is_none_and_gives_way_to_the_next_of_its_name() {
    let home = Home::new();
    let later = |payload: String| {
        home.inject(payload).env("MUZZLE_PERSONA_NOW", "2026-03-25T15:30:05Z").answered();
    };
    // An older client tells of no run: the agent keeps its persona.
    home.inject(call("worker-1", "toolu_a")).answered();
    later(call("worker-1", "toolu_b"));
    assert_eq!(told(&home), ["assign worker-1-0"]);
    home.release(recorded("session_end")).run();

    home.inject(recorded("pre_tool_use.named")).answered();
    home.inject(recorded("post_tool_use.named")).run();
    let before = told(&home).len();
    home.inject(call("worker-2", "toolu_c")).answered();
    home.inject(call("worker-2", "toolu_c")).answered();
    assert_eq!(told(&home).len(), before + 1, "a call that is made again is the same one");
    later(call("worker-2", "toolu_d"));
    assert_eq!(told(&home)[before + 1..], ["release worker-2-0 not_started", "assign worker-2-0"]);
    // What there is no sign of does not count at the end either.
    home.release(recorded("session_end")).run();
    assert_eq!(
        told(&home)[before + 3..],
        ["release worker-1-0 session_end", "release worker-2-0 not_started"]
    );
}

#[test]
fn two_calls_of_one_name_at_once_are_two_agents_with_a_persona_each() {
    let home = Home::new();
    for id in ["toolu_a", "toolu_b", "toolu_a", "toolu_b"] {
        home.inject(call("worker-1", id)).answered();
    }
    assert_eq!(told(&home), ["assign worker-1-0", "assign worker-1-1"]);
    let personas = home.events("assign").into_iter().map(|it| it["data"]["slots"][0].clone());
    let personas: Vec<_> = personas.map(|slot| slot["persona"].clone()).collect();
    assert_ne!(personas[0], personas[1]);
}

#[test]
fn a_call_without_a_sign_for_ten_minutes_gives_its_persona_up() {
    let home = Home::new();
    home.inject(recorded("pre_tool_use.named")).answered();
    home.inject(recorded("post_tool_use.named")).run();
    home.inject(call("worker-2", "toolu_c")).answered();
    let refused = home.events("assign")[1]["data"]["slots"][0]["persona"].clone();
    let at = |name: &str, now: &str| {
        let call = home.inject(call(name, name).replace(SESSION, "later"));
        call.env("MUZZLE_PERSONA_NOW", now).answered();
        home.last_assign()["slots"][0]["persona"].clone()
    };
    let others: Vec<_> =
        (0..11).map(|n| at(&format!("early-{n}"), "2026-03-25T15:39:59Z")).collect();
    assert!(!others.contains(&refused), "{others:?}");
    assert_eq!(home.events("grow").len(), 1, "ten of the twelve were left");
    assert_eq!(at("late", "2026-03-25T15:40:00Z"), refused);
    assert!(told(&home).contains(&"release worker-2-0 not_started".to_owned()));
}

#[test]
fn forty_agents_one_after_another_need_no_more_than_the_twelve() {
    for is_mod in [true, false] {
        let home = Home::new();
        for n in 0..40 {
            let (name, run, tool) =
                (format!("worker-{n}"), format!("run-{n}"), format!("toolu_{n}"));
            if is_mod {
                let of = json!({
                    "name": name, "tool_use_id": tool, "slot": format!("{name}-0"), "agent_id": run,
                    "reason": "answer",
                });
                for payload in ["agent_spawn.named", "agent_started.named", "turn_complete.named"] {
                    tell(&home, &fact(payload, &of));
                }
            } else {
                let input = home.inject(call(&name, &tool)).answered();
                let response = json!({
                    "status": "async_launched", "agentId": run, "prompt": input["prompt"],
                });
                let of = json!({
                    "tool_use_id": tool, "agent_id": run, "tool_response": response,
                });
                tell(&home, &changed(&recorded("post_tool_use.named"), &of));
                tell(&home, &changed(&recorded("subagent_stop.named"), &of));
            }
        }
        ends(&home, SESSION);
        assert_eq!(home.events("grow"), [Value::Null; 0]);
        let ends = home.events("outcome");
        assert_eq!(ends.iter().filter(|it| it["data"]["ended"] == true).count(), 40);
        let told: Vec<_> = home.events("delivery");
        assert!(told.len() == 40 && told.iter().all(|it| it["data"]["arrived"] == true));
        let slots = |kind: &str| -> usize {
            home.events(kind).iter().map(|it| it["data"]["slots"].as_array().unwrap().len()).sum()
        };
        assert_eq!((slots("assign"), slots("release")), (40, 40));
        let reasons: Vec<_> =
            home.events("release").iter().map(|it| it["data"]["reason"].clone()).collect();
        assert!(
            reasons.iter().all(|it| ["finished", "session_end"].contains(&it.as_str().unwrap()))
        );
    }
}

#[test]
fn facts_with_fields_missing_wrong_or_hostile_record_nothing_and_harm_nobody() {
    let home = Home::new();
    tell(&home, &told_by_mod("agent_spawn.named"));
    home.inject(told_by_mod("agent_started.named")).run();
    let log = home.log();
    let endless = "x".repeat(1000);
    let values = [
        json!(null),
        json!(7),
        json!([]),
        json!({}),
        json!(true),
        json!(""),
        json!(endless),
        json!("a\u{1b}[31m"),
        json!("a\nb"),
        json!("\u{202e}"),
    ];
    for name in ["agent_started.named", "turn_complete.named"] {
        for key in ["session_id", "slot", "agent_id"] {
            for value in &values {
                let payload = fact(name, &json!({key: value}));
                home.inject(payload.as_str()).start().ends_with_any_problem();
            }
        }
    }
    for (name, key) in [
        ("post_tool_use.named", "tool_response"),
        ("post_tool_use.named", "tool_use_id"),
        ("subagent_stop.named", "agent_id"),
        ("subagent_stop.named", "session_id"),
    ] {
        for value in &values {
            let payload = changed(&recorded(name), &json!({key: value}));
            home.inject(payload.as_str()).start().ends_with_any_problem();
        }
    }
    assert_eq!(home.log(), log);
    // What is no number is not known, and the rest is.
    let measures = json!({"calls": -1, "errors": 1.5, "files": "2", "lines": 3, "test": 7, "duration_ms": null, "x": {}});
    home.inject(fact("turn_complete.named", &json!({"measures": measures}))).run();
    assert_eq!(home.events("outcome")[0]["data"]["measures"], json!({"lines": 3}));
}

#[test]
fn a_seed_that_cannot_be_used_keeps_no_run_from_being_told_and_no_session_from_ending() {
    let home = Home::new();
    tell(&home, &told_by_mod("agent_spawn.named"));
    let seed = home.store().join("seed.toml");
    fs::write(&seed, "[[persona]\n").unwrap();
    home.inject(told_by_mod("agent_started.named")).run();
    home.inject(told_by_mod("turn_complete.named")).run();
    let flaw =
        format!("`{}`, line 1, column 11: unclosed array table, expected `]`", seed.display());
    let note = format!("{flaw}; the built-in seed is used instead");
    home.release(recorded("session_end")).notes(&note).run();
    assert_eq!(told(&home)[1..], [BEGAN, ENDED, "release worker-1-0 session_end"]);
    let other = fact("agent_spawn.named", &json!({"name": "w", "tool_use_id": "toolu_2"}));
    home.inject(other).declines(&flaw).run();
}

#[test]
fn both_programs_tell_what_they_are() {
    for hook in [crate::harness::HOOK, env!("CARGO_BIN_EXE_persona-release")] {
        let run = |argument: &str| {
            let done = std::process::Command::new(hook).arg(argument).output().unwrap();
            assert!(done.status.success() && done.stderr.is_empty());
            String::from_utf8(done.stdout).unwrap()
        };
        let name = std::path::Path::new(hook).file_name().unwrap().to_str().unwrap();
        assert_eq!(run("--version"), format!("{name} {}\n", env!("CARGO_PKG_VERSION")));
        assert!(run("--help").contains(&format!("Usage: {name}")));
    }
}
