//! `list`, `show` and `stats`, from outside.

use insta::assert_snapshot;

use crate::harness::{Home, without_ids};

/// A store with something to tell.
fn told() -> Home {
    let mut home = Home::seeded();
    home.assign("s1", "w1", "testing,debugging");
    home.at("2026-03-25T16:30:00Z").run(&["release", "--session", "s1"]).ok();
    home.at("2026-03-26T09:00:00Z").assign("s2", "w2", "code-reviewer");
    home
}

#[test]
fn list_is_a_table_for_people() {
    assert_snapshot!(told().run(&["list"]).ok());
    assert_snapshot!(told().run(&["list", "--expertise=security"]).ok());
    assert_snapshot!(told().run(&["list", "--status", "archived"]).ok(), @"No persona matches.");
}

#[test]
fn list_is_json_for_programs() {
    let list = told().run(&["list", "--json", "--expertise", "testing"]).ok();
    assert_snapshot!(without_ids(&list));
}

#[test]
fn show_tells_a_story() {
    assert_snapshot!(without_ids(&told().run(&["show", "lian"]).ok()));
    assert_snapshot!(without_ids(&told().run(&["show", "Elena Vasquez"]).ok()));
    assert_snapshot!(without_ids(&told().run(&["show", "lian", "--json"]).ok()));
}

#[test]
fn stats_counts() {
    assert_snapshot!(without_ids(&told().run(&["stats"]).ok()));
    assert_snapshot!(without_ids(&told().run(&["stats", "--json"]).ok()));
}

#[test]
fn colour_is_for_terminals_and_can_be_left_out() {
    let home = told();
    let forced = |args: &[&str]| {
        let output = home.command().env("CLICOLOR_FORCE", "1").args(args).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(forced(&["list"]).starts_with("\u{1b}[1mNAME"));
    assert!(forced(&["list", "--no-color"]).starts_with("NAME"));
    assert!(home.run(&["list"]).ok().starts_with("NAME"), "a pipe is no terminal");
}

#[test]
fn text_of_the_log_is_never_a_terminal_escape() {
    let home = Home::seeded();
    let evil =
        r#"{"name":"Evil\u001b[31m\u202e","traits":["\u009b"],"expertise":[],"instructions":{}}"#;
    home.append(1, "seed", evil);
    for args in [&["list"][..], &["list", "--json"], &["show", "Evil"], &["show", "Evil", "--json"]]
    {
        let shown = home.run(args).ok();
        let hidden = shown.chars().find(|c| *c != '\n' && muzzle_persona::events::is_hidden(*c));
        assert_eq!(hidden, None, "{args:?}: {shown}");
        assert!(shown.contains("Evil\\u"), "{args:?}: {shown}");
    }
}

#[test]
fn list_takes_those_of_a_status_and_a_project_in_an_order() {
    let mut home = Home::seeded();
    let good = ["--role=debugging", "--observation=x", "--sentiment=positive"];
    home.run(&[&["feedback", "kwame"], &good[..]].concat()).ok();
    home.run(&["feedback", "kwame", "--role=testing", "--observation=x", "--sentiment=negative"])
        .ok();
    home.at("2026-03-25T16:00:00Z").assign("s1", "w1", "testing");
    home.run(&["release", "--session", "s1"]).ok();
    home.at("2026-03-25T17:00:00Z");
    let lent = ["assign", "--roles", "documentation", "--project", "docs", "--session", "s2"];
    home.run(&[&lent[..], &["--agent-name", "w2"]].concat()).ok();
    home.run(&["retire", "noor"]).ok();
    let names = |args: &[&str]| {
        let answer = home.run(&[&["list", "--json"], args].concat()).json();
        let names = answer["personas"].as_array().unwrap().iter();
        names.map(|it| it["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = names(&["--status=all"]);
    assert_eq!(names(&["--status", "held"]), ["Søren Halvorsen"]);
    assert_eq!(names(&["--status", "archived"]), ["Noor Haddadin"]);
    let free = names(&["--status=free"]);
    assert_eq!((all.len(), names(&[]).len(), free.len()), (12, 11, 10));
    assert_eq!(names(&["--project", "demo"]), ["Lian Zhou"]);
    assert_eq!(names(&["--project", "docs", "--status", "held"]), ["Søren Halvorsen"]);
    assert_eq!(names(&["--sort", "name", "--status", "all"]), all);
    assert_eq!(names(&["--sort", "last"])[..2], ["Søren Halvorsen", "Lian Zhou"]);
    assert_eq!(names(&["--sort", "done"])[0], "Lian Zhou");
    assert_eq!(names(&["--sort", "best"])[..2], ["Kwame Boateng", "Lian Zhou"]);
    // In a role, as `search` ranks them.
    let found = home.run(&["search", "--role=testing", "--all", "-n0", "--json"]).json();
    let found: Vec<_> =
        found["personas"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    let ranked = names(&["--role", "testing", "--status", "all"]);
    assert_eq!(
        (&ranked[0], &ranked[11]),
        (&found[0].as_str().unwrap().into(), &"Kwame Boateng".into())
    );
    let best = |args: &[&str]| {
        let answer = home.run(&[&["list", "--json", "--project=demo"], args].concat()).json();
        answer["personas"][0]["best"]["role"].clone()
    };
    assert_eq!((best(&[]), best(&["--role=docs"])), ("testing".into(), "documentation".into()));
    let row = home.run(&["list"]).ok();
    let row = row.lines().find(|line| line.starts_with("Kwame")).unwrap();
    assert!(row.contains("  debugging 0.60  1 of 2 good  "), "{row}");
    home.run(&["list", "--role", "juggling"]).fails(1);
}
