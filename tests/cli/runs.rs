//! A persona whose run is over, as the commands tell of it.

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{Home, assign_args};

/// A home in which the run of `w1` of the session `s1` is over.
fn home() -> Home {
    let mut home = Home::seeded();
    home.run(&assign_args("s1", "w1", "testing")).ok();
    home.append(
        1,
        "delivery",
        r#"{"session":"s1","slot":"w1-0","agent_id":"a1","channel":"mod","arrived":true}"#,
    );
    home.append(
        1,
        "outcome",
        r#"{"session":"s1","slot":"w1-0","persona":"Lian Zhou","role":"testing","run":"a1","result":"ok","source":"client","ended":true,"measures":{"calls":3,"errors":0,"files":1,"lines":12,"test":"passed","duration_ms":900,"input_tokens":50,"output_tokens":1}}"#,
    );
    home.at("2026-03-25T16:00:00Z");
    home
}

#[test]
fn a_run_that_is_over_is_told_where_its_persona_is() {
    let home = home();
    let search = home.run(&["search", "--role", "testing", "--limit", "1"]).ok();
    assert_snapshot!(search, @r#"
    NAME       SCORE   DOUBT  AFFINITY  EXPERTISE  RECENCY  STATUS
    Lian Zhou  0.566  ±0.163     0.518     +0.048   +0.000  held by s1; its run has ended
    Lian Zhou is not told apart from Leilani Kahale and 10 more.
    "#);
    let shown = home.run(&["show", "Lian", "--json"]).json();
    assert_eq!(shown["held_by"][0]["ended"], true);
    let shown = home.run(&["show", "Lian"]).ok();
    assert!(shown.contains("as testing on demo; its run has ended"), "{shown}");
    assert_snapshot!(home.run(&["log", "--limit", "2"]).ok(), @r#"
    2026-03-25 15:30  389cf4fe  Lian Zhou's run as testing in w1-0 ended well, and is over, measured by client (session s1): 3 calls, 0 errors, 1 file, 12 lines, tests passed, 900 ms, 50 tokens in, 1 token out
    2026-03-25 15:30  3ebcadea  run a1 began in w1-0, told its persona by a mod (session s1)
    "#);
}

#[test]
fn whoever_takes_it_is_told_why_it_could() {
    let home = home();
    let asked = assign_args("s2", "w2", "testing");
    let done = home.run(&[&asked[..], &["--explain"]].concat());
    let first = done.stderr.lines().next().unwrap().to_owned();
    assert_snapshot!(first, @"Lian Zhou for testing: the best; its run has ended.");
    let answer: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(answer["explanations"][0]["given_up"], "finished");
    let why = home.run(&["why", "Lian", "--session", "s2", "--json"]).json();
    assert_eq!((&why["grounds"], &why["given_up"]), (&json!("best_free"), &json!("finished")));
    assert_snapshot!(why["explanation"].as_str().unwrap(), @"It was the best of the 12 candidates. Whoever held it needed it no more: its run has ended.");
    let told = home.run(&["log", "--limit", "2"]).ok();
    assert_snapshot!(told, @r#"
    2026-03-25 16:00  81135dcd  Lian Zhou lent to w2 as testing on demo (session s2)
    2026-03-25 16:00  8ff75876  Lian Zhou released as testing, whose run has ended (session s1)
    "#);
    let past = home.run(&["history", "Lian", "--json"]).json();
    assert_eq!(past["assignments"][1]["reason"], "finished");
}
