//! `replay`: what other numbers would have chosen.

use std::fs;

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::Home;

/// A store in which one persona did the work, badly, under the model `share`.
fn lived() -> Home {
    let mut home = Home::seeded();
    home.set_seed("[scoring]\nmodel = \"share\"");
    for day in 1..5 {
        let session = format!("s{day}");
        home.at(&format!("2026-04-0{day}T09:00:00Z")).assign(&session, "w", "testing");
        home.run(&["release", "--session", &session]).ok();
        let blame = ["feedback", "lian", "--observation", "Terrible.", "--role", "testing"];
        home.run(&blame).ok();
    }
    home
}

#[expect(clippy::disallowed_methods, reason = "it is no file of a store")]
fn file(home: &Home, text: &str) -> String {
    let path = home.path().join("other.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn replay_tells_what_would_have_been_chosen_and_records_nothing() {
    let home = lived();
    let log = home.log();
    let told = home.run(&["replay", "--file", &file(&home, "[scoring]\nmodel = \"record\"")]).ok();
    let told = told.replace(home.path().to_str().unwrap(), "~");
    assert_snapshot!(told, @"
    Of 4 choices, the numbers in `~/other.toml` would have made 3 otherwise.

    ROLE     CHOICES  OTHERWISE
    testing        4          3

    Verdicts that came later in the role speak for the persona that was lent in 0 of these, for the other in 3, for neither in 0.
    ");
    assert_eq!(home.log(), log);
}

#[test]
fn the_numbers_in_force_would_have_chosen_the_same() {
    let home = lived();
    let share = file(&home, "[scoring]\nmodel = \"share\"");
    let told = home.run(&["replay", "--file", &share, "--json"]).json();
    let roles = json!({"testing": {"choices": 4, "differ": 0}});
    assert_eq!((&told["choices"], &told["differ"], &told["roles"]), (&json!(4), &json!(0), &roles));
}

#[test]
fn since_leaves_out_the_requests_before_it() {
    let home = lived();
    let other = file(&home, "");
    let told = |since: &str| {
        let args = ["replay", "--file", &other, "--since", since, "--json"];
        home.run(&args).json()["choices"].clone()
    };
    assert_eq!(told("2026-04-03"), 2);
    assert_eq!(told("2026-05-01"), 0);
    let none = home.run(&["replay", "--file", &other, "--since", "2026-05-01"]).ok();
    assert_eq!(none, "No recorded request had more than one candidate.\n");
}

#[test]
fn a_file_that_cannot_be_used_is_refused() {
    let home = lived();
    let missing = home.run(&["replay", "--file", "nowhere.toml"]).fails(1);
    assert_snapshot!(missing, @"
    error: could not read the seed file `nowhere.toml`: No such file or directory (os error 2)
    hint: name one with `--file FILE`
    ");
    let bad = file(&home, "[scoring]\nmonths = 0");
    let told = home.run(&["replay", "--file", &bad]).fails(1);
    assert_snapshot!(told.replace(home.path().to_str().unwrap(), "~"), @"
    error: `~/other.toml`, line 2, column 10: `0` is not a whole number from 1 to 120
    hint: mend the file, or move it away to use the built-in seed
    ");
    assert!(home.run(&["replay"]).fails(2).contains("needs `--file FILE`"));
    let other = file(&home, "");
    let since = home.run(&["replay", "--file", &other, "--since", "nope"]).fails(2);
    assert!(since.starts_with("error: cannot use `nope` as `--since`: "), "{since}");
}
