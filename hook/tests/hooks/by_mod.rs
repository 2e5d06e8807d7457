//! What a mod tells, and what it is answered.

use serde_json::{Value, json};

use crate::harness::{Call, Home, keys, recorded, told_by_mod};

/// The facts of a review by `worker-1` in the session `session-1`, with these changes: a value takes
/// the place of the field's, and null takes it out.
fn spawn(changes: &Value) -> String {
    let mut facts = json!({
        "hook_event_name": "agent.spawn", "session_id": "session-1", "cwd": "/home/dev/acme-api",
        "tool_use_id": "toolu_1", "subagent_type": "general-purpose",
        "description": "Review parser", "name": "worker-1",
    });
    let facts_object = facts.as_object_mut().unwrap();
    for (key, value) in changes.as_object().unwrap() {
        facts_object.insert(key.clone(), value.clone());
    }
    facts_object.retain(|_, value| !value.is_null());
    facts.to_string()
}

fn session_start(session: &str) -> String {
    told_by_mod("session_start").replace("00a62d08-e686-4a7f-b68d-71502eb6b076", session)
}

#[test]
fn what_a_mod_told_in_the_client_is_answered() {
    let home = Home::new();
    home.inject(told_by_mod("agent_spawn.anonymous")).run();
    let told = answer(home.inject(told_by_mod("agent_spawn.named")));
    assert_eq!(told["preamble"], ELENA);
    assert_eq!(answer(home.inject(told_by_mod("agent_spawn.resumed")))["slot"], "worker-1-0");
    home.release(recorded("session_end")).run();
    answer(home.inject(told_by_mod("agent_spawn.teammate")));
    assert_eq!(home.last_assign()["team"], "crew");
}

/// Runs the program, which answers, and returns the answer.
fn answer(call: Call) -> Value {
    serde_json::from_str(&call.start().ends_with_any_answer()).unwrap()
}

const ELENA: &str = "You are Elena Vasquez, the code-reviewer persona assigned by muzzle-persona.\nWorking style: pragmatic, skeptical. Expertise: security, backend.\nStart with error paths, input handling and concurrency. Report only defects that can be triggered, each with its trigger; leave style to the formatter.\n---\n";

#[test]
fn a_mod_is_answered_with_slot_words_and_tests() {
    let home = Home::new();
    let told = answer(home.inject(spawn(&json!({"team_name": "blue"}))));
    assert_eq!(keys(&told), ["persona", "preamble", "role", "slot", "tests"]);
    assert_eq!((&told["slot"], &told["preamble"]), (&json!("worker-1-0"), &json!(ELENA)));
    assert_eq!(
        (&told["persona"], &told["role"]),
        (&json!("Elena Vasquez"), &json!("code-reviewer"))
    );
    let tests = told["tests"].as_array().unwrap();
    assert!(tests.len() >= 50 && tests.contains(&json!("cargo test")), "{tests:?}");
    assert_eq!(
        home.last_assign(),
        json!({
            "session": "session-1", "agent": "worker-1", "team": "blue", "project": "acme-api",
            "slots": [{
                "slot": "worker-1-0", "persona": "Elena Vasquez", "role": "code-reviewer",
                "requested": "code-reviewer", "by": "best_free", "score": 0.55,
            }],
            "tool_use_id": "toolu_1",
        })
    );
}

#[test]
fn the_users_seed_adds_tests() {
    let home = Home::with_log();
    std::fs::write(home.store().join("seed.toml"), "[hook]\ntests = [\"./check\"]\n").unwrap();
    let told = answer(home.inject(spawn(&json!({}))));
    assert_eq!(told["tests"].as_array().unwrap().last(), Some(&json!("./check")));
}

#[test]
fn both_ways_lead_to_one_persona_and_one_event() {
    let home = Home::new();
    let hook = recorded("pre_tool_use.named");
    let facts: Value = serde_json::from_str(&hook).unwrap();
    let facts = spawn(&json!({
        "session_id": facts["session_id"], "cwd": facts["cwd"], "tool_use_id": facts["tool_use_id"],
    }));
    let preamble = home.inject(hook.clone()).preamble();
    let log = home.log();
    let told = answer(home.inject(facts.clone()));
    assert_eq!(told["preamble"], format!("{preamble}---\n"));
    home.inject(hook).answered();
    home.inject(facts).start().ends_with_any_answer();
    assert_eq!(home.log(), log);
}

#[test]
fn a_fork_has_the_words_of_the_agent_that_it_is_a_copy_of() {
    let home = Home::new();
    home.inject(spawn(&json!({"fork": true}))).run();
    assert!(!home.path().join(".muzzle").exists());
    home.inject(spawn(&json!({"fork": false}))).start().ends_with_any_answer();
    home.last_assign();
}

#[test]
fn a_run_that_goes_on_has_its_slot_back_while_that_is_open() {
    let home = Home::new();
    let resumed = spawn(&json!({"resume": {"agent_id": "a1"}, "tool_use_id": ""}));
    home.inject(resumed.clone()).start().ends_with_any_problem();
    assert!(!home.path().join(".muzzle").exists(), "nothing is made for it");
    answer(home.inject(spawn(&json!({}))));
    let told = answer(home.inject(resumed.clone()));
    assert_eq!(keys(&told), ["persona", "role", "slot", "tests"]);
    assert_eq!(told["slot"], "worker-1-0");
    assert_eq!(
        (&told["persona"], &told["role"]),
        (&json!("Elena Vasquez"), &json!("code-reviewer"))
    );
    let log = home.log();
    assert_eq!(home.events("delivery")[0]["data"]["arrived"], false, "it is at work again");
    assert_eq!(answer(home.inject(resumed.clone()))["slot"], "worker-1-0");
    let other = |change: Value| {
        let mut facts: Value = serde_json::from_str(&resumed).unwrap();
        facts.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        home.inject(facts.to_string()).run();
    };
    other(json!({"name": "worker-2", "resume": {"agent_id": "a2"}}));
    other(json!({"resume": {"agent_id": "a2"}}));
    other(json!({"session_id": "session-2"}));
    assert_eq!(home.log(), log, "nothing is recorded");
    home.release(r#"{"hook_event_name":"SessionEnd","session_id":"session-1"}"#).run();
    home.inject(resumed).run();
}

#[test]
fn an_agent_of_a_workflow_counts_as_unnamed_and_is_told_apart() {
    let home = Home::new();
    let agent = |index: u32| spawn(&json!({"workflow": {"run_id": "wf_1", "agent_index": index}}));
    home.inject(agent(1)).run();
    assert!(!home.path().join(".muzzle").exists());
    let all = |index| answer(home.inject(agent(index)).env("MUZZLE_PERSONA_INJECT", "all"));
    assert_eq!(all(1)["slot"], "general-purpose-wf_1-1-0");
    assert_eq!(all(2)["slot"], "general-purpose-wf_1-2-0");
    let personas: Vec<_> =
        home.events("assign").iter().map(|it| it["data"]["slots"][0]["persona"].clone()).collect();
    assert_ne!(personas[0], personas[1]);
    assert_eq!(home.last_assign()["tool_use_id"], "toolu_1");
}

#[test]
fn which_agents_get_a_persona_is_said_in_three_places() {
    let unnamed = || spawn(&json!({"name": null}));
    let with_seed = |inject: &str| {
        let home = Home::with_log();
        let seed = format!("[hook]\ninject = \"{inject}\"\n");
        std::fs::write(home.store().join("seed.toml"), seed).unwrap();
        home
    };
    for (seed, argument, variable, facts, is_lent) in [
        ("named", None, None, unnamed(), false),
        ("named", None, None, spawn(&json!({})), true),
        ("all", None, None, unnamed(), true),
        ("off", None, None, spawn(&json!({})), false),
        ("off", Some("named"), None, spawn(&json!({})), true),
        ("named", Some("all"), None, unnamed(), true),
        ("all", Some("named"), None, unnamed(), false),
        ("all", None, Some("off"), unnamed(), false),
        ("off", Some("off"), Some("all"), unnamed(), true),
        ("all", None, Some(""), unnamed(), true),
    ] {
        let home = with_seed(seed);
        let mut hook = std::process::Command::new(crate::harness::HOOK);
        hook.args(argument.iter().flat_map(|word| ["--inject", *word]));
        let mut call = home.inject_with(hook, facts);
        if let Some(variable) = variable {
            call = call.env("MUZZLE_PERSONA_INJECT", variable);
        }
        let answer = call.start().ends_with_any_answer();
        assert_eq!(!answer.is_empty(), is_lent, "{seed} {argument:?} {variable:?}");
    }
    // The command hook reads the same.
    let home = with_seed("all");
    home.inject(recorded("pre_tool_use.anonymous")).answered();
    let home = with_seed("off");
    home.inject(recorded("pre_tool_use.named")).run();
}

#[test]
fn a_seed_that_cannot_be_read_is_no_matter_of_agents_without_a_name() {
    let home = Home::with_log();
    std::fs::write(home.store().join("seed.toml"), "[hook]\ninject = 7\n").unwrap();
    home.inject(recorded("pre_tool_use.anonymous")).run();
    home.inject(spawn(&json!({"name": null}))).run();
    let problem = home.inject(spawn(&json!({}))).start().ends_with_any_problem();
    assert!(problem.starts_with("persona-inject: no persona: `"), "{problem}");
}

#[test]
fn what_is_told_afterwards_is_taken_without_a_word() {
    let home = Home::with_log();
    let log = home.log();
    for facts in [
        "agent_started.named",
        "agent_started.resumed",
        "agent_started.denied",
        "turn_complete.named",
        "turn_complete.aborted",
    ] {
        home.inject(told_by_mod(facts)).run();
    }
    for payload in ["post_tool_use.named", "post_tool_use.foreground", "subagent_stop.named"] {
        home.inject(recorded(payload)).run();
    }
    assert_eq!(home.log(), log);
}

#[test]
fn command_hooks_stand_back_in_a_session_that_a_mod_serves() {
    let home = Home::with_log();
    let log = home.log();
    let hook = recorded("pre_tool_use.named");
    let session = "00a62d08-e686-4a7f-b68d-71502eb6b076";
    let stands_back = |is_served: bool| {
        let call = home.inject(hook.clone());
        let answer = call.start().ends_with_any_answer();
        assert_eq!(answer.is_empty(), is_served);
        home.set_log(&log);
    };
    stands_back(false);
    home.release(session_start(session)).shown();
    stands_back(true);
    // The mod itself is answered, and so is another session.
    answer(home.inject(spawn(&json!({"session_id": session}))));
    home.inject(hook.replace(session, "other")).answered();
    home.set_log(&log);
    // A mark says nothing after a day.
    home.inject(hook.clone()).env("MUZZLE_PERSONA_NOW", "2026-03-26T15:30:00Z").answered();
    home.set_log(&log);
    stands_back(true);
    // A client that goes on with the session may run no mod.
    home.release(recorded("session_start")).run();
    stands_back(false);
    home.release(session_start(session)).shown();
    stands_back(true);
    home.release(recorded("session_end")).run();
    stands_back(false);
}

#[test]
fn a_mod_is_told_what_to_show() {
    let home = Home::new();
    let log = home.store().join("events.jsonl");
    let shown = |home: &Home| home.release(session_start("session-1")).shown();
    let expect = |rows: bool, pane: bool, reminder: bool| json!({"log": log, "rows": rows, "pane": pane, "reminder": reminder});
    // There need be no store, and none is made.
    assert_eq!(shown(&home), expect(true, true, false));
    assert!(!log.exists());
    let seeded = |seed: &str| {
        std::fs::create_dir_all(home.store()).unwrap();
        std::fs::write(home.store().join("seed.toml"), seed).unwrap();
        shown(&home)
    };
    let switches = "[client]\nrows = false\npane = false\nreminder = true\n";
    assert_eq!(seeded(switches), expect(false, false, true));
    assert_eq!(seeded("[client]\nreminder = true\n"), expect(true, true, true));
    // What a seed with a flaw says is not in force.
    for flaw in ["[client]\nrows = 7\n", "[client]\nrow = false\n", "rows = ", "\u{0}"] {
        assert_eq!(seeded(&format!("{flaw}\n[client]\npane = false\n")), expect(true, true, false));
    }
    // A command hook is told nothing.
    std::fs::remove_file(home.store().join("seed.toml")).unwrap();
    home.release(recorded("session_start")).run();
}

#[test]
fn a_mark_is_made_where_there_is_no_store_yet_and_needs_a_session() {
    let home = Home::new();
    home.release(session_start("session-1")).shown();
    assert!(home.store().join(".cache/mod/last").exists());
    home.inject(spawn(&json!({}))).start().ends_with_any_answer();
    home.last_assign();
    for session in ["", r"a\n"] {
        home.release(session_start(session)).start().ends_with_any_problem();
    }
}

#[test]
fn a_mark_that_cannot_be_made_is_said_and_changes_nothing_else() {
    let home = Home::with_log();
    std::fs::write(home.store().join(".cache"), "").ok();
    let _ = std::fs::remove_dir_all(home.store().join(".cache"));
    std::fs::write(home.store().join(".cache"), "").unwrap();
    let problem = home.release(session_start("session-1")).start().ends_with_any_problem();
    assert!(problem.starts_with("persona-release: nothing released: "), "{problem}");
    home.inject(recorded("pre_tool_use.named")).answered();
}

#[test]
fn facts_that_are_wrong_are_done_without() {
    let huge = "x".repeat(1_000_000);
    for (field, needed) in [
        ("session_id", true),
        ("cwd", false),
        ("tool_use_id", false),
        ("subagent_type", false),
        ("description", false),
        ("team_name", false),
        ("is_teammate", false),
        ("fork", false),
    ] {
        for value in [json!(7), json!([]), json!({}), json!(huge), json!("a\u{0}b"), json!("")] {
            let home = Home::new();
            let running = home.inject(spawn(&json!({(field): value}))).start();
            let (code, stdout, stderr) = running.ends_somehow();
            assert_eq!(code, Some(0));
            assert_eq!(stdout.is_empty(), needed, "{field}: {stderr}");
            assert_eq!(stderr.is_empty(), !needed, "{field}: {stderr}");
        }
    }
    // A name that cannot be used is one all the same; what is none is none.
    for value in [json!(huge), json!("a\u{0}b")] {
        let home = Home::new();
        let told = answer(home.inject(spawn(&json!({"name": value}))));
        assert_eq!(told["slot"], "general-purpose-toolu_1-0");
    }
    for value in [json!(7), json!([]), json!("")] {
        Home::new().inject(spawn(&json!({"name": value}))).run();
    }
    for workflow in [json!(7), json!({}), json!({"run_id": 7, "agent_index": "x"})] {
        let home = Home::new();
        home.inject(spawn(&json!({"workflow": workflow})))
            .env("MUZZLE_PERSONA_INJECT", "all")
            .declines("the agent has neither name nor call")
            .run();
    }
}
