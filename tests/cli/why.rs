//! `why`: the choice of the past, made again.

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{Home, assign_args, without_ids};

/// A store in which a persona was chosen, kept, asked for by name and grown.
fn chosen() -> Home {
    let mut home = Home::seeded();
    home.at("2026-03-25T16:00:00Z").assign("s1", "w1", "testing,qa");
    home.at("2026-03-26T09:00:00Z").run(&["release", "--session", "s1"]).ok();
    home.at("2026-03-27T09:00:00Z").assign("s2", "w2", "testing");
    home.at("2026-03-27T10:00:00Z").assign("s2", "w2", "debugging");
    let mut summon = assign_args("s3", "w3", "testing").to_vec();
    summon.extend(["--summon", "noor"]);
    home.at("2026-03-27T11:00:00Z").run(&summon).json();
    // What comes later is not asked.
    home.at("2026-03-27T12:00:00Z").run(&["feedback", "leilani", "--observation", "Great."]).ok();
    home
}

#[test]
fn why_makes_the_choice_again_as_it_stood() {
    let home = chosen();
    assert_snapshot!(home.run(&["why", "lian", "--session", "s1", "--limit", "3"]).ok(), @"
    Lian Zhou was lent to w1-0 of the session s1 on 2026-03-25 16:00Z, as testing on demo.
    It was the best of the 12 candidates; of equal scores, the one that was created first.

       RANK  NAME            SCORE   DOUBT  AFFINITY  EXPERTISE  RECENCY
    →     1  Lian Zhou       0.550  ±0.166     0.500     +0.050   +0.000
          2  Leilani Kahale  0.550  ±0.166     0.500     +0.050   +0.000
          3  Elena Vasquez   0.450  ±0.166     0.500     -0.050   +0.000
    Lian Zhou is not told apart from Leilani Kahale and 10 more.
    Not listed: 9 more; `--limit 0` lists all.
    ");
    assert_snapshot!(home.run(&["why", "leilani", "--session", "s1", "--limit", "3"]).ok(), @"
    Leilani Kahale was lent to w1-1 of the session s1 on 2026-03-25 16:00Z, as testing on demo.
    It was the best of the 11 candidates.

       RANK  NAME            SCORE   DOUBT  AFFINITY  EXPERTISE  RECENCY
    →     1  Leilani Kahale  0.550  ±0.166     0.500     +0.050   +0.000
          2  Elena Vasquez   0.450  ±0.166     0.500     -0.050   +0.000
          3  Kwame Boateng   0.450  ±0.166     0.500     -0.050   +0.000
    Leilani Kahale is not told apart from Elena Vasquez and 9 more.
    Not listed: 8 more; `--limit 0` lists all.
    ");
    let kept = home.run(&["why", "lian", "--session", "s2", "--limit", "2"]).ok();
    assert_snapshot!(kept, @"
    Lian Zhou was lent to w2-0 of the session s2 on 2026-03-27 10:00Z, as debugging on demo.
    The agent had it in this slot already, in another role or for another run, and kept it.

       RANK  NAME            SCORE   DOUBT  AFFINITY  EXPERTISE  RECENCY
          1  Kwame Boateng   0.550  ±0.166     0.500     +0.050   +0.000
          2  Leilani Kahale  0.550  ±0.166     0.500     +0.050   +0.000
    →        Lian Zhou       0.450  ±0.166     0.500     -0.050   +0.000
    Lian Zhou is not told apart from Kwame Boateng and 10 more.
    Not listed: 9 more; `--limit 0` lists all.
    ");
    let first = ["why", "lian", "--session", "s2", "--role", "testing", "--limit", "2"];
    assert_snapshot!(home.run(&first).ok(), @"
    Lian Zhou was lent to w2-0 of the session s2 on 2026-03-27 09:00Z, as testing on demo.
    It was the best of the 12 candidates; of equal scores, the one that was created first.

       RANK  NAME            SCORE   DOUBT  AFFINITY  EXPERTISE  RECENCY
    →     1  Lian Zhou       0.552  ±0.165     0.502     +0.050   +0.000
          2  Leilani Kahale  0.552  ±0.165     0.502     +0.050   +0.000
    Lian Zhou is not told apart from Leilani Kahale and 10 more.
    Not listed: 10 more; `--limit 0` lists all.
    ");
    assert_snapshot!(home.run(&["why", "noor", "--session", "s3", "--limit", "2"]).ok(), @"
    Noor Haddadin was lent to w3-0 of the session s3 on 2026-03-27 11:00Z, as testing on demo.
    It was asked for by name; by its score it was number 11 of the 11 candidates.

       RANK  NAME            SCORE   DOUBT  AFFINITY  EXPERTISE  RECENCY
          1  Leilani Kahale  0.552  ±0.165     0.502     +0.050   +0.000
          2  Elena Vasquez   0.450  ±0.166     0.500     -0.050   +0.000
    →    11  Noor Haddadin   0.450  ±0.166     0.500     -0.050   +0.000
    Noor Haddadin is not told apart from Leilani Kahale and 9 more.
    Not listed: 8 more; `--limit 0` lists all.
    ");
    let json = home.run(&["why", "lian", "--session", "s1", "--limit", "2", "--json"]).ok();
    assert_snapshot!(without_ids(&json));
}

#[test]
fn the_ranking_is_the_one_that_assign_explained() {
    let mut home = chosen();
    home.at("2026-04-02T12:00:00Z");
    let assign = assign_args("s9", "w9", "code-reviewer,testing");
    let answer = home.run(&[&assign[..], &["--explain"]].concat()).json_with_warnings();
    home.at("2026-04-20T12:00:00Z").run(&["release", "--session", "s9"]).ok();
    for explained in answer["explanations"].as_array().unwrap() {
        let name = explained["chosen"].as_str().unwrap();
        let told = home.run(&["why", name, "--session=s9", "--limit=100", "--json"]).json();
        assert_eq!(told["grounds"], explained["grounds"]);
        assert_eq!(told["score"], explained["ranking"][0]["score"]);
        let told = told["ranking"].as_array().unwrap();
        let ranking = explained["ranking"].as_array().unwrap();
        assert_eq!(told.len(), ranking.len());
        for (told, explained) in told.iter().zip(ranking) {
            assert_eq!((&told["name"], &told["score"]), (&explained["name"], &explained["score"]));
            assert_eq!(told["chosen"], told["name"] == name);
        }
    }
}

#[test]
fn whoever_was_brought_back_or_grown_is_told_as_such() {
    let mut home = Home::seeded();
    for n in 0..13 {
        home.assign(&format!("s{n}"), "w", "testing");
    }
    let grown = home.run(&["list", "--json"]).json()["personas"].clone();
    let grown = grown.as_array().unwrap().iter().find(|it| it["origin"] == "grown").unwrap();
    let name = grown["name"].as_str().unwrap();
    let told = home.run(&["why", name, "--session", "s12"]).ok();
    assert!(told.contains("\nThere was no candidate, so it was grown.\n"), "{told}");
    assert!(told.lines().last().unwrap().starts_with('→'), "{told}");

    // After a month without work one is archived, and comes back when nobody else is free.
    home.at("2026-04-26T15:30:00Z").run(&["release", "--session", "s3"]).ok();
    let archived = home.run(&["list", "--status=archived", "--json"]).json();
    let name = archived["personas"][0]["name"].as_str().unwrap().to_owned();
    home.at("2026-04-26T15:30:01Z");
    assert_eq!(home.assign("back", "w", "testing"), name);
    let told = home.run(&["why", &name, "--session", "back", "--json"]).json();
    assert_eq!((&told["grounds"], &told["rank"]), (&json!("brought_back"), &json!(1)));
    assert_eq!(
        told["explanation"],
        "It was archived for inactivity, and brought back: it was the only candidate."
    );
}

#[test]
fn the_rules_are_those_of_today() {
    let home = chosen();
    let grounds = |home: &Home| {
        let told = home.run(&["why", "lian", "--session=s2", "--role=testing", "--json"]).json();
        (told["grounds"].clone(), told["rank"].clone())
    };
    assert_eq!(grounds(&home), (json!("best_free"), json!(1)));
    let args = ["why", "lian", "--session=s2", "--role=testing", "--limit=1"];
    assert!(!home.run(&args).ok().contains("by today's rules"));
    home.set_seed("[scoring]\nrecency = 9.0\n");
    // The ground that is on record stays.
    assert_eq!(grounds(&home), (json!("best_free"), json!(11)));
    let told = home.run(&args).ok();
    assert_eq!(
        told.lines().skip(1).take(3).collect::<Vec<_>>(),
        [
            "It was the best candidate then; by today's rules it would be number 11 of the 12 candidates.",
            "Its score was 0.551681195 then, and is -8.448318805 by today's rules.",
            "",
        ]
    );
    let told = home.run(&[&args[..], &["--json"]].concat()).json();
    assert_eq!(told["recorded_score"], 0.551_681_195);
    assert_eq!(told["score"]["total"], -8.448_318_805);
}

#[test]
fn a_line_without_a_ground_is_told_by_the_rules_of_today() {
    let home = chosen();
    let slot = r#"{"slot":"x-0","persona":"Mateo Quispe","role":"testing","requested":"testing"}"#;
    let data = format!(r#"{{"session":"s4","agent":"x","project":"p","slots":[{slot}]}}"#);
    home.append(1, "assign", &data);
    let told = home.run(&["why", "mateo", "--session=s4", "--json"]).json();
    assert_eq!((&told["grounds"], &told["recorded_score"]), (&json!(null), &json!(null)));
    let told = told["explanation"].as_str().unwrap();
    assert!(
        told.starts_with("The log does not tell: by today's rules it was number ")
            && told.ends_with(", so it was asked for by name, or other rules were in force."),
        "{told}"
    );
}

#[test]
fn an_assignment_is_found_by_its_role_however_it_is_called_or_by_its_slot() {
    let home = chosen();
    let slot = |args: &[&str]| {
        let told = home.run(&[&["why", "leilani", "--session=s1", "--json"], args].concat());
        told.json()["slot"].as_str().unwrap().to_owned()
    };
    for role in ["testing", "qa", "Testing", "test"] {
        assert_eq!(slot(&["--role", role]), "w1-1", "{role}");
    }
    assert_eq!(slot(&["--slot", "w1-1"]), "w1-1");
    home.run(&assign_args("s5", "w5", "astronaut")).json_with_warnings();
    let told = |role: &str| {
        let name = home.run(&["list", "--json"]).json()["personas"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["held_by"][0]["session"] == "s5")
            .map(|it| it["name"].as_str().unwrap().to_owned());
        home.run(&["why", &name.unwrap(), "--session=s5", "--json", "--role", role])
    };
    for role in ["astronaut", "general"] {
        assert_eq!(told(role).json()["requested"], "astronaut");
    }
    told("cosmonaut").fails(1);
    assert_snapshot!(home.run(&["why", "leilani", "--session", "s1", "--slot", "w9-0"]).fails(1), @"
    error: `Leilani Kahale` was never lent to the session `s1` in that role or slot
    hint: `muzzle-persona history 'Leilani Kahale'` shows the sessions that it was lent to
    ");
}

#[test]
fn an_assignment_that_never_was_leads_on() {
    let home = chosen();
    let before = home.log();
    assert_snapshot!(home.run(&["why", "lian", "--session", "s9"]).fails(1), @"
    error: `Lian Zhou` was never lent to the session `s9`
    hint: `muzzle-persona history 'Lian Zhou'` shows the sessions that it was lent to
    ");
    assert_snapshot!(home.run(&["why", "Elana", "--session", "s1"]).fails(1), @"
    error: there is no persona named `Elana`
    hint: did you mean `muzzle-persona why 'Elena Vasquez' --session s1`?
    ");
    assert_snapshot!(home.run(&["why", "--session", "s9"]).fails(1), @"
    error: nobody was ever lent to the session `s9`
    hint: `muzzle-persona log --type assign` shows which agents were lent whom
    ");
    assert_snapshot!(home.run(&["why", "--last", "--role", "red-team"]).fails(1), @"
    error: nobody was ever lent in that role or slot
    hint: `muzzle-persona log --type assign` shows which agents were lent whom
    ");
    home.run(&["why", "lian"]).fails(2);
    home.run(&["why", "lian", "--last", "--session", "s1"]).fails(2);
    home.run(&["why", "lian", "--session", "s1", "--limit", "-1"]).fails(2);
    assert_eq!(home.log(), before);
}

#[test]
fn an_assignment_to_one_who_was_not_free_is_told_as_what_it_is() {
    let home = chosen();
    let slot = r#"{"slot":"x-0","persona":"Noor Haddadin","role":"testing","requested":"testing"}"#;
    let data = format!(r#"{{"session":"s4","agent":"x","project":"p","slots":[{slot}]}}"#);
    home.append(1, "assign", &data);
    let done = home.run(&["why", "noor", "--session", "s4", "--limit", "1"]);
    assert_eq!(
        done.stdout.lines().nth(1).unwrap(),
        "The log does not tell: in its order of events the persona was not free, as can be after a merge."
    );
}

#[test]
fn without_a_name_all_slots_of_a_session_are_told() {
    let home = chosen();
    let all = home.run(&["why", "--session", "s1", "--json"]).json();
    let names: Vec<_> = all["choices"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["Lian Zhou", "Leilani Kahale"]);
    let each = |name| home.run(&["why", name, "--session", "s1", "--json"]).json();
    assert_eq!(all["choices"][0], each("lian"));
    assert_eq!(all["choices"][1], each("leilani"));
    let one = home.run(&["why", "--session", "s1", "--role", "testing", "--slot", "w1-1"]).ok();
    assert!(one.starts_with("Leilani Kahale was lent to w1-1 of the session s1 on "), "{one}");
}

#[test]
fn the_last_choice_is_told_and_the_last_of_a_persona() {
    let mut home = Home::seeded();
    home.at("2026-03-25T16:00:00Z").assign("s1", "w1", "testing");
    home.at("2026-03-25T17:00:00Z").assign("s2", "w2", "debugging");
    let told = |args: &[&str]| home.run(&[&["why", "--last"], args].concat()).ok();
    assert!(told(&[]).starts_with("Kwame Boateng was lent to w2-0 of the session s2 "));
    assert!(told(&["lian"]).starts_with("Lian Zhou was lent to w1-0 of the session s1 "));
    assert!(told(&["--role", "testing"]).starts_with("Lian Zhou was lent to w1-0 "));
}

#[test]
fn whoever_was_not_chosen_is_told_why() {
    let mut home = Home::seeded();
    home.run(&["feedback", "lian", "--role=testing", "--observation=x", "--sentiment=positive"])
        .ok();
    home.run(&["retire", "noor"]).ok();
    home.at("2026-03-25T16:00:00Z").assign("s1", "w1", "debugging");
    home.at("2026-03-25T17:00:00Z");
    home.run(&assign_args("s2", "w2", "testing,testing")).ok();
    home.run(&["grow"]).ok();
    let told =
        |name: &str, slot: &str| home.run(&["why", name, "--session", "s2", "--slot", slot]).ok();
    assert_snapshot!(told("leilani", "w2-0"), @"
    Leilani Kahale was not lent to w2-0 of the session s2 on 2026-03-25 17:00Z, as testing on demo: Lian Zhou was.
    It was second, because its score was 0.550, and that of Lian Zhou 0.600 (of 10 candidates).
    ");
    assert_snapshot!(told("amara", "w2-0"), @"
    Amara Okonjo was not lent to w2-0 of the session s2 on 2026-03-25 17:00Z, as testing on demo: Lian Zhou was.
    It was seventh, because its score was 0.450, and that of Lian Zhou 0.600 (of 10 candidates).
    ");
    assert_snapshot!(told("kwame", "w2-0"), @"
    Kwame Boateng was not lent to w2-0 of the session s2 on 2026-03-25 17:00Z, as testing on demo: Lian Zhou was.
    It was no candidate, because w1-0 of the session s1 held it.
    ");
    assert_snapshot!(told("noor", "w2-0"), @"
    Noor Haddadin was not lent to w2-0 of the session s2 on 2026-03-25 17:00Z, as testing on demo: Lian Zhou was.
    It was no candidate, because it was archived by hand.
    ");
    assert_snapshot!(told("lian", "w2-1"), @"
    Lian Zhou was not lent to w2-1 of the session s2 on 2026-03-25 17:00Z, as testing on demo: Leilani Kahale was.
    It was no candidate, because it was lent as testing by the same command.
    ");
    let grown = home.run(&["log", "--type=grow", "--json"]).json();
    let grown = grown["events"][0]["data"]["name"].as_str().unwrap().to_owned();
    assert!(told(&grown, "w2-0").ends_with("It was no candidate, because it was not there yet.\n"));
}
