//! Names on the command line: of personas, and of sessions.

use std::iter;

use insta::assert_snapshot;

use crate::harness::{Home, assign_args, chain};

/// Ids as clients make them.
const ONE: &str = "7f3a2c10-5d1e-4b7c-9a55-0c6f0f1f2a11";
const TWO: &str = "7f3a9e44-5d1e-4b7c-9a55-0c6f0f1f2a22";

#[test]
fn a_persona_is_meant_by_any_of_its_words_without_case_and_accents() {
    let home = Home::seeded();
    for (typed, name) in [
        ("vasquez", "Elena Vasquez"),
        ("soren", "Søren Halvorsen"),
        ("KARACAY", "Yusuf Karaçay"),
        ("wrob", "Zofia Wróblik"),
        ("elena v", "Elena Vasquez"),
    ] {
        assert!(home.run(&["show", typed]).ok().starts_with(&format!("{name}\n")), "{typed}");
        let history = home.run(&["history", typed, "--json"]).json();
        assert_eq!(history["name"], name);
    }
    let summoned = [&assign_args("s1", "w", "testing")[..], &["--summon", "halvorsen"]].concat();
    let lent = home.run(&summoned).json();
    assert_eq!(lent["assignments"][0]["name"], "Søren Halvorsen");
    let told = home.run(&["log", "--persona", "soren", "--type", "assign"]).ok();
    assert!(told.contains("Søren Halvorsen lent to w"), "{told}");
    let refused = home.run(&["show", "ka"]).fails(1);
    assert_snapshot!(refused, @"
    error: `ka` could be any of `Leilani Kahale`, `Yusuf Karaçay`
    hint: write more of the name, as in `muzzle-persona show 'Leilani Kahale'`
    ");
    assert_snapshot!(home.run(&["show", "vazquez"]).fails(1), @"
    error: there is no persona named `vazquez`
    hint: did you mean `muzzle-persona show 'Elena Vasquez'`?
    ");
}

#[test]
fn names_that_differ_in_case_or_accents_only_do_not_come_in() {
    let home = Home::seeded();
    let masked = |said: String| said.replace(home.path().to_str().unwrap(), "~");
    home.set_seed("[[persona]]\nname = \"Ada Quill\"\n");
    home.run(&["seed", "--sync"]).ok();
    home.set_seed("[[persona]]\nname = \"Áda Quill\"\n");
    let before = home.log();
    assert_snapshot!(home.run(&["seed", "--sync"]).fails(1), @"
    error: `Áda Quill` differs from the persona `Ada Quill` only in case or accents
    hint: write it as `Ada Quill`, or give the new one another name
    ");
    home.set_seed("[[persona]]\nname = \"Ada Quill\"\n[[persona]]\nname = \"ada quill\"\n");
    assert_snapshot!(masked(home.run(&["seed", "--sync"]).fails(1)), @"
    error: `~/.muzzle/personas/seed.toml`, line 4, column 8: `ada quill` differs from the persona `Ada Quill` only in case or accents
    hint: mend the file, or move it away to use the built-in seed
    ");
    home.set_seed("[[persona]]\nname = \"elena vasquez\"\n");
    assert_snapshot!(masked(home.run(&["grow"]).fails(1)), @"
    error: `~/.muzzle/personas/seed.toml`, line 2, column 8: `elena vasquez` differs from the persona `Elena Vasquez` only in case or accents
    hint: mend the file, or move it away to use the built-in seed
    ");
    assert_eq!(home.log(), before);
}

#[test]
fn those_that_are_grown_differ_in_more_than_case_and_accents() {
    let home = Home::new();
    home.set_seed("first_names = [\"Zoë\", \"Zoe\", \"ZOE\"]\nlast_names = [\"Łi\", \"Li\"]\n");
    let grown = || -> Vec<_> {
        home.run(&["grow", "-n", "1000"]).ok();
        chain(&home.log())
            .iter()
            .filter(|event| event["type"] == "grow")
            .map(|event| event["data"]["name"].as_str().unwrap().to_lowercase())
            .map(|name| name.replace('ë', "e").replace('ł', "l"))
            .collect()
    };
    // Chance picks from all names, until they are used up.
    let mut rounds = iter::repeat_with(grown).take(9);
    let is_there = |names: &Vec<String>| names.iter().any(|name| name == "zoe li");
    let names = rounds.find(is_there).expect("there are fewer names than that");
    let mut once = names.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), names.len());
}

#[test]
fn a_session_is_meant_by_how_its_name_begins() {
    let home = Home::seeded();
    let name = home.assign(ONE, "w", "testing");
    home.assign(TWO, "v", "testing");
    let said = |args: &[&str]| {
        let done = home.run(args);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        assert_eq!(done.stderr, format!("note: `7f3a2` is taken for the session `{ONE}`\n"));
        done.stdout
    };
    assert!(said(&["note", "-s", "7f3a2", "-m", "Half done."]).contains(&name));
    assert!(said(&["outcome", "-s", "7f3a2", "-a", "w", "--result", "ok"]).contains(&name));
    assert!(said(&["why", &name, "-s", "7f3a2"]).contains(&name));
    assert_eq!(said(&["log", "-s", "7f3a2"]).lines().count(), 3);
    assert!(said(&["release", "-s", "7f3a2"]).contains(&format!("of the session `{ONE}`:")));
    // What is over is still told of, and holds nothing any more.
    assert!(said(&["why", &name, "-s", "7f3a2"]).contains(&name));
    let none = home.run(&["release", "-s", "7f3a2"]).ok();
    assert_eq!(none, "The session `7f3a2` holds no persona; nothing to release.\n");
    let json = home.run(&["release", "-s", "7f3a", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(answer["session"], TWO, "it is the only one that holds somebody");
}

#[test]
fn a_beginning_of_several_sessions_is_refused_with_them() {
    let home = Home::seeded();
    let name = home.assign(ONE, "w", "testing");
    home.assign(TWO, "v", "testing");
    let before = home.log();
    assert_snapshot!(home.run(&["release", "-s", "7f3a"]).fails(1), @"
    error: `7f3a` could be any of the sessions `7f3a2c10-5d1e-4b7c-9a55-0c6f0f1f2a11`, `7f3a9e44-5d1e-4b7c-9a55-0c6f0f1f2a22`
    hint: write more of the name, as in `muzzle-persona release -s 7f3a2c10-5d1e-4b7c-9a55-0c6f0f1f2a11`
    ");
    for args in [
        &["note", "-s", "7f3a", "-m", "Half done."][..],
        &["outcome", "-s", "7f3a", "-a", "w", "--result", "ok"],
        &["why", &name, "-s", "7f3a"],
        &["log", "-s", "7f3a"],
    ] {
        let said = home.run(args).fails(1);
        let told = format!("error: `7f3a` could be any of the sessions `{ONE}`, `{TWO}`\n");
        assert!(said.starts_with(&told), "{said}");
    }
    assert_eq!(home.log(), before);
    // Whoever borrows names the session in full: it may be a new one.
    home.assign("7f3a", "w", "testing");
    assert!(home.run(&["release", "-s", "7f3a"]).ok().contains("of the session `7f3a`:"));
}

#[test]
fn a_session_that_the_log_knows_is_never_taken_for_another() {
    let home = Home::seeded();
    let first = home.assign("job-1", "w", "testing");
    home.run(&["release", "-s", "job-1"]).ok();
    home.assign("job-12", "w", "testing");
    let before = home.log();
    // A script that releases twice does not release what is another's.
    let none = home.run(&["release", "-s", "job-1"]).ok();
    assert_eq!(none, "The session `job-1` holds no persona; nothing to release.\n");
    home.run(&["note", "-s", "job-1", "-m", "Done."]).fails(1);
    home.run(&["outcome", "-s", "job-1", "-a", "nobody", "--result", "ok"]).fails(1);
    assert_eq!(home.run(&["log", "-s", "job-1"]).ok().lines().count(), 2);
    assert!(home.run(&["why", &first, "-s", "job-1"]).ok().contains(&first));
    assert_eq!(home.log(), before);
    home.run(&["why", "nobody", "-s", "job-1"]).fails(1);
}
