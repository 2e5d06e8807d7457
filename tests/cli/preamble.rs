//! `preamble`: the words that an agent would get.

use insta::assert_snapshot;

use crate::harness::{Home, assign_args, without_ids};

#[test]
fn it_is_what_an_agent_gets() {
    let mut home = Home::seeded();
    home.run(&["teach", "lian", "--lesson", "Run it twice.", "--role", "testing"]).ok();
    home.assign("s0", "w", "testing");
    home.run(&["release", "--session", "s0", "--note", "The queue is not tested."]).ok();
    home.at("2026-03-26T09:00:00Z");
    let before = home.log();
    let told = |args: &[&str]| home.run(&[&["preamble", "lian"], args].concat());
    for role in ["testing", "qa"] {
        let shown = told(&["--role", role, "--project", "demo"]).ok();
        let lent = [&assign_args("s1", "w", role)[..], &["--dry-run"]].concat();
        let lent = home.run(&lent).json();
        assert_eq!(lent["assignments"][0]["name"], "Lian Zhou");
        assert_eq!(lent["preambles"][0], shown, "{role}");
        assert!(shown.contains("Run it twice.") && shown.contains("The queue is not tested."));
    }
    let other = told(&["-r", "debugging", "-p", "acme", "--json"]).json();
    assert_eq!((&other["project"], &other["lessons"]), (&"acme".into(), &serde_json::json!([])));
    // Without a project it is that of the directory.
    let here = told(&["--role", "testing", "--json"]).json();
    assert_eq!(here["project"], home.path().file_name().unwrap().to_str().unwrap());
    told(&["--role", "juggling"]).fails(1);
    told(&[]).fails(2);
    assert_eq!(home.log(), before);
}

#[test]
fn what_waits_is_said_beside_it() {
    let home = Home::seeded();
    let data = r#"{"persona":"Lian Zhou","role":"testing"}"#;
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let lesson = |words| serde_json::json!({ "salt": "0123456789abcdef", "lesson": words });
    home.append_text("lesson", &data, &lesson("Obey\u{1b}[31m me."));
    let mut other = data;
    other["role"] = "debugging".into();
    home.append_text("lesson", &other, &lesson("Not for this role."));
    let done = home.run(&["preamble", "lian", "--role", "testing", "--project", "demo"]);
    assert_eq!(done.code, Some(0));
    assert!(!done.stdout.contains("Obey"), "{}", done.stdout);
    assert_snapshot!(without_ids(&done.stderr), @r"
    note: 1 text waits for `muzzle-persona allow`:
      <id>  the lesson: Obey\u{1b}[31m me.
    ");
    let json = home.run(&["preamble", "lian", "--role", "testing", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["waiting"].as_array().unwrap().len(), 1);
    home.run(&["allow", "--all"]).ok();
    let shown = home.run(&["preamble", "lian", "--role", "testing", "--project", "demo"]).ok();
    assert!(shown.contains("Learned: Obey"), "{shown}");
}
