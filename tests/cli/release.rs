//! `release`, from outside.

use insta::assert_snapshot;

use crate::harness::{Home, chain};

#[test]
fn a_session_gives_its_personas_back_in_one_event() {
    let home = Home::seeded();
    home.assign("s1", "w1", "testing,debugging");
    home.assign("s1", "w2", "documentation");
    home.assign("s2", "w1", "general");
    assert_snapshot!(home.run(&["release", "--session", "s1"]).ok(), @"
    Released 3 personas of the session `s1`:
      Lian Zhou from w1-0, testing
      Kwame Boateng from w1-1, debugging
      Søren Halvorsen from w2-0, documentation
    ");
    let last = chain(&home.log()).pop().unwrap();
    assert_eq!(last["type"], "release");
    assert_eq!(last["data"]["reason"], "manual");
    assert_eq!(last["data"]["slots"].as_array().unwrap().len(), 3);
    assert_eq!(home.run(&["stats", "--json"]).json()["personas"]["held"], 1);
    let counts = home.run(&["show", "Lian", "--json"]).json()["counts"].clone();
    assert_eq!(counts, serde_json::json!({"testing": 1}));
}

#[test]
fn one_agent_gives_back_only_its_own() {
    let home = Home::seeded();
    home.assign("s1", "w1", "testing");
    home.assign("s1", "w2", "debugging");
    assert_snapshot!(home.run(&["release", "--session", "s1", "--agent-name", "w2", "--json"]).ok(), @r#"
    {
      "session": "s1",
      "released": [
        {
          "slot": "w2-0",
          "name": "Kwame Boateng",
          "role": "debugging"
        }
      ],
      "retired": [],
      "notes": []
    }
    "#);
    assert_eq!(home.run(&["stats", "--json"]).json()["personas"]["held"], 1);
}

#[test]
fn a_session_that_holds_nobody_is_told_so_and_nothing_is_recorded() {
    let home = Home::seeded();
    let before = home.log();
    assert_snapshot!(home.run(&["release", "--session", "s9"]).ok(), @"The session `s9` holds no persona; nothing to release.");
    assert_eq!(home.log(), before);
}

#[test]
fn personas_that_were_not_assigned_for_a_month_are_archived() {
    let mut home = Home::seeded();
    home.assign("s1", "w1", "testing");
    home.run(&["release", "--session", "s1"]).ok();
    home.at("2026-04-24T15:30:00Z").assign("s2", "w1", "debugging");
    let retired =
        |home: &Home| home.run(&["release", "--session", "s2", "--json"]).json()["retired"].clone();
    assert_eq!(retired(&home), serde_json::json!([]), "thirty days to the second");
    home.at("2026-04-24T15:30:01Z").assign("s2", "w1", "debugging");
    assert_eq!(retired(&home), serde_json::json!(["Lian Zhou"]));
    let archived = home.run(&["list", "--status", "archived"]).ok();
    assert!(archived.contains("Lian Zhou  archived"), "{archived}");
}
