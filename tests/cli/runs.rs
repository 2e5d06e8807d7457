//! A persona whose run is over, as the commands tell of it.

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{Home, assign_args, without_ids};

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
    assert_snapshot!(search, @"
    NAME       SCORE   DOUBT  AFFINITY  EXPERTISE  RECENCY  STATUS
    Lian Zhou  0.566  ±0.163     0.518     +0.048   +0.000  held by s1; its run has ended
    Lian Zhou is not told apart from Leilani Kahale and 10 more.
    Not listed: 11 more; `--limit 0` lists all.
    ");
    let shown = home.run(&["show", "Lian", "--json"]).json();
    assert_eq!(shown["held_by"][0]["ended"], true);
    let shown = home.run(&["show", "Lian"]).ok();
    assert!(shown.contains("as testing on demo; its run has ended"), "{shown}");
    assert_snapshot!(home.run(&["log", "--limit", "2"]).ok(), @"
    15  2026-03-25 15:30Z  389cf4fe  Lian Zhou's run as testing in w1-0 ended well, and is over, measured by client (session s1): 3 calls, 0 errors, 1 file, 12 lines, tests passed, 900 ms, 50 tokens in, 1 token out
    14  2026-03-25 15:30Z  3ebcadea  run a1 began in w1-0, told its persona by a mod (session s1)
    ");
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
    assert_snapshot!(told, @"
    17  2026-03-25 16:00Z  81135dcd  Lian Zhou lent to w2 as testing on demo (session s2)
    16  2026-03-25 16:00Z  8ff75876  Lian Zhou released as testing, whose run has ended (session s1)
    ");
    let past = home.run(&["history", "Lian", "--json"]).json();
    assert_eq!(past["assignments"][1]["reason"], "finished");
}

#[test]
fn a_session_tells_how_its_runs_went_and_what_was_said_of_them() {
    let mut home = home();
    let say = |home: &Home, words: &str, verdict: &str| -> String {
        home.run(&["feedback", "lian", "--observation", words, "--sentiment", verdict]).ok();
        let said = home.run(&["log", "--type", "feedback", "--json"]).json();
        said["events"][0]["id"].as_str().unwrap().to_owned()
    };
    let who = home.run(&["who"]).ok();
    assert_snapshot!(who, @"
    NAME       ROLE     AGENT  ON    SINCE              RUN    SESSION
    Lian Zhou  testing  w1     demo  2026-03-25 15:30Z  ended  s1
    ");
    say(&home, "Slow.", "negative");
    home.at("2026-03-25T16:30:00Z");
    let second = say(&home, "Thorough.", "positive");
    home.run(&["outcome", "--session=s1", "--agent-name=w1", "--result=bad"]).ok();
    home.run(&["release", "--session", "s1"]).ok();
    assert_eq!(home.run(&["who"]).ok(), "Nobody is at work.\n");
    assert_snapshot!(without_ids(&home.run(&["session", "s1"]).ok()), @"
    NAME       ROLE     PROJECT  AGENT  ASSIGNED           RELEASED           RUN      CALLS  ERRORS  TESTS   SAID
    Lian Zhou  testing  demo     w1     2026-03-25 15:30Z  2026-03-25 16:30Z  ok, bad      3       0  passed  good

    What was said
    ID        SAID               BY   OF                    VERDICT  WORDS
    <id>  2026-03-25 16:30Z  cli  Lian Zhou as testing  good     Thorough.
    ");
    let shown = home.run(&["show", "lian"]).ok();
    assert!(shown.contains("testing on demo; it ended ok, bad; good: Thorough.\n"), "{shown}");
    let run = &home.run(&["session", "s1", "--json"]).json()["assignments"][0];
    assert_eq!((&run["name"], &run["agent"]), (&json!("Lian Zhou"), &json!("w1")));
    assert_eq!(run["verdicts"].as_array().unwrap().len(), 1, "of one source the last counts");
    assert_eq!(run["verdicts"][0]["observation"], "Thorough.");
    let outcomes = run["outcomes"].as_array().unwrap();
    let results: Vec<_> = outcomes.iter().map(|it| (&it["result"], &it["source"])).collect();
    assert_eq!(results, [(&json!("ok"), &json!("client")), (&json!("bad"), &json!("cli"))]);
    assert_eq!(run["outcomes"][0]["measures"]["lines"], 12);
    // What was taken back does not count, and what it replaced counts again.
    home.run(&["retract", &second]).ok();
    let run = &home.run(&["history", "lian", "--json"]).json()["assignments"][0];
    assert_eq!(run["verdicts"][0]["observation"], "Slow.");
    let by_beginning = home.run(&["session", "s"]);
    assert!(by_beginning.stdout.contains("Lian Zhou"), "{}", by_beginning.stdout);
    assert_snapshot!(home.run(&["session", "s9"]).fails(1), @r"
    error: nobody was ever lent to the session `s9`
    hint: `muzzle-persona who` shows the sessions that hold somebody
    ");
}
