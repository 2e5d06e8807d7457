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
