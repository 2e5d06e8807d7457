//! Which calls get a persona.

use std::process::Command;

use serde_json::json;

use crate::harness::{ELENA, HOOK, Home, answer, calling, recorded, review};

const INJECT: &str = "MUZZLE_PERSONA_INJECT";

/// Runs a payload that is to be left alone: not a word, and no store.
fn is_left_alone(payload: &str) {
    let home = Home::new();
    home.inject(payload).run();
    assert!(!home.path().join(".muzzle").exists(), "{payload}");
}

#[test]
fn an_agent_without_a_name_is_left_alone() {
    is_left_alone(&recorded("pre_tool_use.anonymous"));
    is_left_alone(&recorded("pre_tool_use.foreground"));
    is_left_alone(&calling(r#"{"name":null,"prompt":"Go."}"#));
    is_left_alone(&calling(r#"{"name":"","team_name":" ","prompt":"Go."}"#));
}

#[test]
fn every_agent_gets_a_persona_when_all_are_eligible() {
    let home = Home::new();
    let all = |payload: &str| home.inject(recorded(payload)).env(INJECT, "all").answered();

    let input = all("pre_tool_use.anonymous");
    let preamble = "You are Priya Raghunathan, the researcher persona assigned by muzzle-persona.";
    assert!(input["prompt"].as_str().unwrap().starts_with(preamble), "{input}");
    assert_eq!(
        home.last_assign(),
        json!({
            "session": "cf73fc90-b328-4419-9413-a25000c28bca",
            "agent": "Explore-toolu_01ANONYMQ2rV9sKpA7",
            "project": "acme-api",
            "slots": [{
                "slot": "Explore-toolu_01ANONYMQ2rV9sKpA7-0",
                "persona": "Priya Raghunathan",
                "role": "researcher",
                "requested": "Explore",
                "by": "best_free",
                "score": 0.55,
            }],
            "tool_use_id": "toolu_01ANONYMQ2rV9sKpA7",
        })
    );

    let input = all("pre_tool_use.foreground");
    assert_eq!(input["run_in_background"], false);
    let assign = home.last_assign();
    assert_eq!(assign["agent"], "general-purpose-toolu_01FOREGRQ2rV9sKpA7");
    assert_eq!(assign["slots"][0]["slot"], "general-purpose-toolu_01FOREGRQ2rV9sKpA7-0");
    assert_eq!(assign["slots"][0]["role"], "security-review");

    all("pre_tool_use.named");
    assert_eq!(home.last_assign()["agent"], "worker-1");
}

#[test]
fn no_agent_gets_a_persona_when_it_is_off() {
    let home = Home::new();
    home.inject(recorded("pre_tool_use.named")).env(INJECT, "off").run();
    assert!(!home.path().join(".muzzle").exists());
}

#[test]
fn named_and_empty_are_the_default() {
    for value in ["named", ""] {
        let home = Home::new();
        home.inject(recorded("pre_tool_use.anonymous")).env(INJECT, value).run();
        home.inject(recorded("pre_tool_use.named")).env(INJECT, value).answered();
    }
}

#[test]
fn an_argument_says_the_same_and_the_variable_has_the_last_word() {
    let anonymous = || recorded("pre_tool_use.anonymous");
    let with = |args: &[&str]| {
        let home = Home::new();
        let mut hook = Command::new(HOOK);
        hook.args(args);
        let call = home.inject_with(hook, anonymous());
        (home, call)
    };
    let (_home, call) = with(&["--inject", "all"]);
    call.answered();
    let (_home, call) = with(&["--inject", "all"]);
    call.env(INJECT, "").answered();
    let (_home, call) = with(&["--inject", "off"]);
    call.env(INJECT, "all").answered();
    let (_home, call) = with(&["--inject", "all"]);
    call.env(INJECT, "named").run();
    for unknown in [
        &["--inject"][..],
        &["--inject", "some"],
        &["--else", "all"],
        &["--verbose"],
        &["--inject=all"],
        &["all", "--inject", "named", "--inject", "all"],
    ] {
        let (_home, call) = with(unknown);
        call.run();
        let home = Home::new();
        let mut hook = Command::new(HOOK);
        hook.args(unknown);
        home.inject_with(hook, recorded("pre_tool_use.named")).answered();
    }
}

#[test]
fn a_setting_that_is_unknown_gives_no_persona_and_says_so() {
    let home = Home::new();
    home.inject(recorded("pre_tool_use.named"))
        .env(INJECT, "some\nof them")
        .declines("`MUZZLE_PERSONA_INJECT` is `some of them`; it can be `named`, `all` or `off`")
        .run();
    assert!(!home.path().join(".muzzle").exists());
}

#[test]
fn the_tool_of_older_clients_counts_too() {
    let home = Home::new();
    let input = |prompt| {
        format!(r#"{{"name":"worker-1","description":"Review parser","prompt":"{prompt}Go."}}"#)
    };
    let payload = calling(&input("")).replace("\"Agent\"", "\"Task\"");
    home.inject(payload).prints(answer(&input(ELENA))).run();
}

#[test]
fn a_member_of_a_team_counts_as_named() {
    let home = Home::new();
    let input = |prompt| {
        format!(r#"{{"team_name":"blue","subagent_type":"code-reviewer","prompt":"{prompt}Go."}}"#)
    };
    home.inject(calling(&input(""))).prints(answer(&input(ELENA))).run();
    let assign = home.last_assign();
    assert_eq!(assign["team"], "blue");
    assert_eq!(assign["agent"], "code-reviewer-toolu_1");

    home.inject(calling(r#"{"name":"worker-1","team_name":"blue","prompt":"Go."}"#)).answered();
    let assign = home.last_assign();
    assert_eq!((&assign["team"], &assign["agent"]), (&json!("blue"), &json!("worker-1")));
}

#[test]
fn other_tools_are_left_alone() {
    for tool in ["Bash", "Agents", "agent", "mcp__x__Agent"] {
        is_left_alone(&review("session-1", "worker-1").replace("Agent", tool));
    }
    is_left_alone(&calling("\"ls\"").replace("Agent", "Bash"));
}

#[test]
fn other_events_are_left_alone() {
    for event in [
        "post_tool_use.named",
        "session_end",
        "session_start",
        "stop",
        "subagent_start.named",
        "subagent_stop.named",
    ] {
        is_left_alone(&recorded(event));
    }
}
