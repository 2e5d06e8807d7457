//! `assign`, from outside.

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{Home, assign_args, chain, without_ids};

#[test]
fn the_answer_is_always_json_with_a_preamble_for_each_role() {
    let home = Home::new();
    let answer = home.run(&assign_args("s1", "worker-1", r#"["Code_Reviewer","sec"]"#)).ok();
    assert_snapshot!(without_ids(&answer));
}

#[test]
fn the_event_keeps_what_was_asked_for_and_what_it_came_to() {
    let home = Home::seeded();
    let mut args = assign_args("s1", "worker-1", "sec,astronaut").to_vec();
    args.extend(["--team-name", "red"]);
    let done = home.run(&args);
    let warning = "there is no role named `astronaut`, chose for `general`";
    assert_eq!(done.stderr, format!("warning: {warning}\n"));
    assert_eq!(done.json_with_warnings()["warnings"], json!([warning]));
    let last = chain(&home.log()).pop().unwrap();
    assert_eq!(last["type"], "assign");
    assert_eq!(last["data"]["team"], "red");
    let roles = last["data"]["slots"].as_array().unwrap().iter();
    let roles: Vec<_> =
        roles.map(|slot| (slot["requested"].clone(), slot["role"].clone())).collect();
    assert_eq!(
        roles,
        [(json!("sec"), json!("security-review")), (json!("astronaut"), json!("general"))]
    );
    let first = &last["data"]["slots"][0];
    assert_eq!((&first["by"], &first["score"]), (&json!("best_free"), &json!(0.55)));
}

#[test]
fn the_line_of_one_role_is_short() {
    let home = Home::seeded();
    let before = home.log().len();
    let session = "cf73fc90-b328-4419-9413-a25000c28bca";
    let assign = assign_args(session, "worker-1", "code-reviewer");
    home.run(&[&assign[..], &["--work", "feature/fix-login-timeout"]].concat()).json();
    assert!(home.log().len() - before <= 460);
}

#[test]
fn the_same_agent_gets_the_same_answer_and_nothing_is_recorded() {
    let home = Home::seeded();
    let args = assign_args("s1", "w1", "testing");
    let first = home.run(&args).json();
    let log = home.log();
    let second = home.run(&args).json();
    assert_eq!(home.log(), log);
    assert_eq!(second["assignments"][0]["reused"], true);
    assert_eq!(second["preambles"], first["preambles"]);
    assert_eq!(second["assignments"][0]["name"], first["assignments"][0]["name"]);
}

#[test]
fn an_agent_that_takes_another_role_keeps_its_persona_and_the_old_work_counts() {
    let home = Home::seeded();
    let name = home.assign("s1", "w1", "testing");
    assert_eq!(home.assign("s1", "w1", "debugging"), name);
    let persona = home.run(&["show", &name, "--json"]).json();
    assert_eq!(persona["counts"], json!({"testing": 1}));
    assert_eq!(persona["held_by"][0]["role"], "debugging");
    assert_eq!(persona["held_by"].as_array().unwrap().len(), 1);
}

#[test]
fn when_nobody_is_free_a_persona_is_grown() {
    let home = Home::seeded();
    let all = home.run(&["stats", "--json"]).json()["personas"]["total"].as_u64().unwrap();
    for n in 0..=all {
        home.assign(&format!("s{n}"), "w", "testing");
    }
    let stats = home.run(&["stats", "--json"]).json();
    assert_eq!(stats["personas"]["total"], all + 1);
    assert_eq!(stats["personas"]["free"], 0);
    let grown = chain(&home.log()).into_iter().filter(|line| line["type"] == "grow");
    assert_eq!(grown.count(), 1);
}

#[test]
fn a_summoned_persona_comes_unless_it_is_at_work() {
    let mut home = Home::seeded();
    let summon = |session: &'static str| {
        let mut args = assign_args(session, "w", "testing").to_vec();
        args.extend(["--summon", "zofia"]);
        args
    };
    let first = home.run(&summon("s1")).json();
    assert_eq!(first["assignments"][0]["name"], "Zofia Wróblik");

    let second = home.run(&summon("s2"));
    let warning = "`Zofia Wróblik` is held by the session `s1`, which was active in the last hours; chose by score instead";
    assert_eq!((second.code, second.stderr), (Some(0), format!("warning: {warning}\n")));
    let second: serde_json::Value = serde_json::from_str(&second.stdout).unwrap();
    assert_eq!(second["assignments"][0]["name"], "Lian Zhou");
    assert_eq!(second["warnings"], json!([warning]));

    home.at("2026-03-26T15:30:00Z");
    let third = home.run(&summon("s3")).json();
    assert_eq!(third["assignments"][0]["name"], "Zofia Wróblik");
    let counts = home.run(&["show", "zofia", "--json"]).json()["counts"].clone();
    assert_eq!(counts, json!({}), "orphaned work does not count");
}
