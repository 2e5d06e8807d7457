//! The choice and its numbers: the record of each role, the former share, and how sure they are.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Home, assign_args, chain, without_ids};

const SHARE: &str = "[scoring]\nmodel = \"share\"\n";

/// The ranking for a role, with all that is said of it.
fn search(home: &Home, role: &str) -> Value {
    home.run(&["search", "--role", role, "--limit=100", "--all", "--json"]).json()
}

/// The score of one persona for a role.
fn score(home: &Home, name: &str, role: &str) -> Value {
    let found = search(home, role);
    let found = found["personas"].as_array().unwrap().iter().find(|it| it["name"] == name);
    found.unwrap()["score"].clone()
}

#[test]
fn bad_numbers_are_refused_with_their_place_and_nobody_is_lent_by_others() {
    let home = Home::seeded();
    let before = home.log();
    let refused = |scoring: &str| {
        home.set_seed(&format!("# Mine.\n[scoring]\n{scoring}\n"));
        let done = home.run(&["search", "--role=testing"]);
        assert_eq!(done.code, Some(0), "{scoring}");
        assert!(done.stderr.ends_with("; the built-in seed is used instead\n"), "{scoring}");
        let told = home.run(&assign_args("s", "w", "testing")).fails(1);
        told.replace(home.path().to_str().unwrap(), "~")
    };
    let where_is = |line: u32, column: u32| {
        format!("error: `~/.muzzle/personas/seed.toml`, line {line}, column {column}: ")
    };
    assert_snapshot!(refused("model = \"best\""), @r#"
    error: `~/.muzzle/personas/seed.toml`, line 3, column 9: `"best"` is no model; there are `record`, `share`
    hint: mend the file, or move it away to use the built-in seed
    "#);
    assert_snapshot!(refused("start = 0.4\nwieght = 1"), @"
    error: `~/.muzzle/personas/seed.toml`, line 4, column 1: there is no `wieght` in `[scoring]`; there are `model`, `compacted`, `months`, `negative`, `outcome`, `overlap`, `per_month`, `positive`, `prior`, `recency` and 5 more
    hint: mend the file, or move it away to use the built-in seed
    ");
    for (scoring, place, reason) in [
        ("verdict = -1", where_is(3, 11), "`-1` is not a number from 0 to 100"),
        ("outcome = 100.5", where_is(3, 11), "`100.5` is not a number from 0 to 100"),
        ("work = nan", where_is(3, 8), "`nan` is not a number from 0 to 100"),
        ("prior = \"8\"", where_is(3, 9), "`\"8\"` is not a number from 0 to 100"),
        ("start = 1.5", where_is(3, 9), "`1.5` is not a number from 0 to 1"),
        (
            "model = \"share\"\noverlap = 101",
            where_is(4, 11),
            "`101` is not a number from 0 to 100",
        ),
        ("model = 1", where_is(3, 9), "`1` is no model; there are `record`, `share`"),
        ("months = 0", where_is(3, 10), "`0` is not a whole number from 1 to 120"),
        ("months = 121", where_is(3, 10), "`121` is not a whole number from 1 to 120"),
        ("months = 1.5", where_is(3, 10), "`1.5` is not a whole number from 1 to 120"),
    ] {
        let hint = "hint: mend the file, or move it away to use the built-in seed";
        assert_eq!(refused(scoring), format!("{place}{reason}\n{hint}\n"), "{scoring}");
    }
    assert_eq!(home.log(), before);
    home.set_seed(
        "[scoring]\nmodel = \"record\"\nverdict = 100\nmonths = 120\nstart = 0\nwork = 0.5\n",
    );
    home.run(&["search", "--role=testing"]).ok();
}

#[test]
fn the_share_model_scores_as_before() {
    let mut home = Home::seeded();
    home.set_seed(SHARE);
    assert_eq!(home.assign("s1", "w", "testing"), "Lian Zhou");
    home.run(&["feedback", "lian", "--observation=Thorough."]).ok();
    home.run(&["feedback", "lian", "--observation=Thorough."]).ok();
    home.run(&["feedback", "lian", "--observation=Missed it."]).ok();
    home.run(&["outcome", "--session=s1", "--agent-name=w", "--result=bad"]).ok();
    home.run(&["release", "--session", "s1"]).ok();
    let summon =
        |session, role| [&assign_args(session, "w", role)[..], &["--summon=lian"]].concat();
    home.run(&summon("s2", "debugging")).json();
    home.run(&["release", "--session", "s2"]).ok();
    home.at("2026-03-28T15:29:59Z");
    // 1 / 2 + 2 · 0.02 − 0.03, and two whole days since: 0.5 − 2 · 0.05. Outcomes count for nothing.
    let shared = |total, affinity, expertise, recency| {
        json!({"total": total, "affinity": affinity, "expertise": expertise, "recency": recency,
            "doubt": null})
    };
    assert_eq!(score(&home, "Lian Zhou", "testing"), shared(0.41, 0.51, 0.3, 0.4));
    assert_eq!(score(&home, "Lian Zhou", "debugging"), shared(0.1, 0.5, 0.0, 0.4));
    assert_eq!(score(&home, "Leilani Kahale", "testing"), shared(0.3, 0.0, 0.3, 0.0));
    assert_eq!(search(&home, "testing")["not_told_apart"], json!([]));
    assert_eq!(search(&home, "testing")["personas"][0]["evidence"], json!(null));
    assert_snapshot!(home.run(&["search", "--role=testing", "--limit=2"]).ok(), @"
    NAME            SCORE  AFFINITY  EXPERTISE  RECENCY  STATUS
    Lian Zhou       0.410     0.510     +0.300   -0.400  free
    Leilani Kahale  0.300     0.000     +0.300   +0.000  free
    Not listed: 10 more; `--limit 0` lists all.
    ");
    for args in [&["show", "lian"][..], &["why", "lian", "--session=s1"]] {
        let told = home.run(args).ok();
        assert!(!told.contains("DOUBT") && !told.contains("±"), "{told}");
    }

    // From the same log the record comes back, and the switch with it.
    std::fs::remove_file(home.store().join("seed.toml")).unwrap();
    let record = score(&home, "Lian Zhou", "testing");
    // (8 · 0.5 + 0.03) / (8 + 0.03 + 1 + 0.3): the last verdict, the outcome and the work.
    assert_eq!(record["affinity"], 0.431_939_979);
    home.set_seed(SHARE);
    assert_eq!(score(&home, "Lian Zhou", "testing"), shared(0.41, 0.51, 0.3, 0.4));
    // Numbers of one's own are taken.
    home.set_seed(&format!("{SHARE}overlap = 0.5\nrecency = 0\n"));
    assert_eq!(score(&home, "Lian Zhou", "testing"), shared(1.01, 0.51, 0.5, 0.0));
}

#[test]
fn those_that_are_not_told_apart_are_named() {
    let home = Home::seeded();
    let sentence = "Lian Zhou is not told apart from Leilani Kahale and 10 more.\n";
    let found = home.run(&["search", "--role=testing", "--limit=3"]).ok();
    assert!(found.contains(sentence), "{found}");
    assert!(found.lines().all(|line| line.chars().count() <= 80), "{found}");
    let args = [&assign_args("s1", "w", "testing")[..], &["--explain"]].concat();
    let done = home.run(&args);
    assert!(done.stderr.contains(sentence), "{}", done.stderr);
    let explained = done.json_with_warnings()["explanations"][0].clone();
    assert_eq!(explained["not_told_apart"].as_array().unwrap().len(), 11);
    let why = home.run(&["why", "lian", "--session=s1", "--limit=2"]).ok();
    assert!(why.contains(sentence), "{why}");
    let why = home.run(&["why", "lian", "--session=s1", "--json"]).json();
    assert_eq!(why["not_told_apart"], explained["not_told_apart"]);

    // What is known tells them apart: those who lack the expertise first.
    home.run(&["release", "--session", "s1"]).ok();
    let told = home.run(&["show", "lian"]).ok();
    assert!(told.contains("\nAs testing it is not told apart from Leilani Kahale.\n"), "{told}");
    let numbers = "[scoring]\nprior = 100\ntag = 0.3\n";
    home.set_seed(numbers);
    let found = search(&home, "testing");
    assert_eq!(found["not_told_apart"], json!(["Leilani Kahale"]));
    home.run(&["feedback", "leilani", "--observation=Missed it.", "--role=testing"]).ok();
    home.set_seed(&format!("{numbers}verdict = 100\n"));
    assert_eq!(search(&home, "testing")["not_told_apart"], json!([]));
    let told = home.run(&["search", "--role=testing"]).ok();
    assert!(!told.contains("told apart"), "{told}");
    let shown = home.run(&["show", "lian", "--json"]).json();
    assert_eq!(shown["not_told_apart"], json!({}));
}

#[test]
fn one_who_was_archived_for_inactivity_comes_back_where_needed() {
    let mut home = Home::seeded();
    assert_eq!(home.assign("s1", "w", "testing"), "Lian Zhou");
    home.run(&["release", "--session", "s1"]).ok();
    home.at("2026-05-01T09:00:00Z").assign("s2", "w", "code-reviewer");
    home.run(&["release", "--session", "s2"]).ok();
    assert_eq!(home.run(&["show", "lian", "--json"]).json()["status"], "archived");
    let found = home.run(&["search", "--role=testing", "--limit=1"]).ok();
    assert_snapshot!(found, @"
    NAME       SCORE   DOUBT  AFFINITY  EXPERTISE  RECENCY  STATUS
    Lian Zhou  0.551  ±0.166     0.501     +0.050   +0.000  archived
    Lian Zhou is not told apart from Leilani Kahale and 10 more.
    Not listed: 11 more; `--limit 0` lists all.
    ");
    let args = [&assign_args("s3", "w", "testing")[..], &["--explain"]].concat();
    let done = home.run(&args);
    let first = done.stderr.lines().next().unwrap();
    assert_eq!(
        first,
        "Lian Zhou for testing: the best; brought back, as it was archived for inactivity."
    );
    let lines = chain(&home.log());
    let [back, assign] = &lines[lines.len() - 2..] else { panic!() };
    assert_eq!(back["data"], json!({"persona": "Lian Zhou", "reason": "needed"}));
    assert_eq!(assign["data"]["slots"][0]["by"], "brought_back");
    assert_snapshot!(home.run(&["why", "lian", "--session=s3", "--limit=2"]).ok(), @"
    Lian Zhou was lent to w-0 of the session s3 on 2026-05-01 09:00Z, as testing on demo.
    It was archived for inactivity, and brought back: it was the best of the 12 candidates.

       RANK  NAME            SCORE   DOUBT  AFFINITY  EXPERTISE  RECENCY
    →     1  Lian Zhou       0.551  ±0.166     0.501     +0.050   +0.000
          2  Leilani Kahale  0.550  ±0.166     0.500     +0.050   +0.000
    Lian Zhou is not told apart from Leilani Kahale and 10 more.
    Not listed: 10 more; `--limit 0` lists all.
    ");
    // One that was archived by hand stays where it is.
    home.run(&["release", "--session", "s3"]).ok();
    home.run(&["retire", "lian"]).ok();
    assert_eq!(home.assign("s4", "w", "testing"), "Leilani Kahale");
}

#[test]
fn a_persona_is_grown_for_the_role_that_needs_it() {
    let home = Home::seeded();
    for n in 0..12 {
        home.assign(&format!("s{n}"), "w", "general");
    }
    let roles = [
        ("security-review", &["privacy", "security", "threat-modeling"][..]),
        ("documentation", &["api-design", "documentation"]),
        ("testing", &["code-quality", "reliability", "testing"]),
    ];
    for (role, expertise) in roles {
        let name = home.assign(role, "w", role);
        let grown = home.run(&["show", &name, "--json"]).json();
        assert_eq!(grown["origin"], "grown");
        let first = grown["expertise"][0].as_str().unwrap();
        assert!(expertise.contains(&first), "{role}: {first}");
        let slot = chain(&home.log()).pop().unwrap()["data"]["slots"][0].clone();
        assert_eq!((&slot["by"], &slot["score"]), (&json!("grown"), &json!(0.55)));
    }
}

#[test]
fn a_revision_keeps_the_record_and_says_since_when_the_text_is_in_force() {
    let mut home = Home::seeded();
    home.assign("s1", "w", "testing");
    home.run(&["feedback", "lian", "--observation=Thorough."]).ok();
    home.set_seed("[[persona]]\nname = \"Lian Zhou\"\nexpertise = [\"testing\"]\n");
    home.at("2026-03-27T09:00:00Z").run(&["seed", "--sync"]).ok();
    let lian = home.run(&["show", "lian", "--json"]).json();
    assert_eq!(lian["created_at"], "2026-03-25T15:30:00Z");
    assert_eq!(lian["defined_at"], "2026-03-27T09:00:00Z");
    assert_eq!(lian["affinity"], json!({"testing": 0.555_555_556}));
    let others = home.run(&["list", "--json"]).json();
    for other in
        others["personas"].as_array().unwrap().iter().filter(|it| it["name"] != "Lian Zhou")
    {
        assert_eq!(other["defined_at"], other["created_at"]);
    }
    assert_snapshot!(without_ids(home.run(&["show", "lian"]).ok().lines().nth(1).unwrap()), @"active, seeded on 2026-03-25 15:30Z by the event <id>");
}

/// A log of 240 requests that the last build before the model `record` wrote, and its answers.
#[test]
fn in_the_model_share_a_log_of_the_former_rule_has_its_answers() {
    let mut home = Home::seeded();
    home.set_log(include_bytes!("../../fixtures/log/v1-share.jsonl"));
    home.set_seed(SHARE);
    let expected = include_str!("../../fixtures/log/v1-share.json");
    let expected: Value = serde_json::from_str(expected).unwrap();
    home.at(expected["now"].as_str().unwrap());
    for (role, ranking) in expected["roles"].as_object().unwrap() {
        let found = search(&home, role);
        let scores = found["personas"].as_array().unwrap().iter().map(|it| {
            let score = &it["score"];
            let [total, affinity] = ["total", "affinity"].map(|part| &score[part]);
            let [expertise, recency] = ["expertise", "recency"].map(|part| &score[part]);
            let score = json!({
                "total": total, "affinity": affinity, "expertise": expertise, "recency": recency,
            });
            json!({ "name": it["name"], "score": score })
        });
        assert_eq!(&scores.collect::<Value>(), ranking, "{role}");
    }
    let other = home.path().join("other.toml");
    let replayed = |text: &str| {
        write(&other, text);
        let told = home.run(&["replay", "--file", other.to_str().unwrap(), "--json"]).json();
        ["choices", "differ", "for_recorded", "for_other", "undecided"].map(|it| told[it].clone())
    };
    assert_eq!(replayed(SHARE), [240, 0, 0, 0, 0]);
    // These figures stand in docs/broker.md.
    assert_eq!(replayed(""), [240, 93, 16, 28, 49]);
}

#[expect(clippy::disallowed_methods, reason = "it is no file of a store")]
fn write(path: &std::path::Path, text: &str) {
    std::fs::write(path, text).unwrap();
}
