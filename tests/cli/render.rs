//! `render`, from outside.

use std::path::PathBuf;

use insta::assert_snapshot;
use muzzle_persona::events::is_hidden;

use crate::harness::{Done, Home};

/// A file with this content.
#[expect(clippy::disallowed_methods, reason = "a test may write what it likes")]
fn file(home: &Home, content: &[u8]) -> PathBuf {
    let path = home.path().join("some file");
    std::fs::write(&path, content).unwrap();
    path
}

fn render(home: &Home, content: &[u8]) -> String {
    home.run(&["render", file(home, content).to_str().unwrap()]).ok()
}

const LOG: &str = include_str!("../../fixtures/log/v1.jsonl");

#[test]
fn each_line_of_a_file_is_a_sentence_and_no_store_is_made() {
    let home = Home::new();
    let start = LOG.split_inclusive('\n').skip(4).take(2).collect::<String>();
    assert_snapshot!(render(&home, start.as_bytes()), @"
    2026-01-05 09:02Z  bde77af0  Elena Vasquez lent to worker-1 as code-reviewer (asked for as Code_Reviewer) on acme-api (session s1)
    2026-01-05 09:02Z  e65c7d66  Uma Obi as testing and Søren Halvorsen as general (asked for as astronaut) lent to worker-1 on acme-api (team blue, session s2)
    ");
    assert_eq!(render(&home, LOG.as_bytes()).lines().count(), LOG.lines().count());
    let judgements = include_bytes!("../../fixtures/log/v1-outcomes.jsonl");
    let shown = render(&home, judgements);
    assert_eq!(shown.lines().count(), 28);
    assert!(!shown.contains("no sound event") && !shown.contains("not known"), "{shown}");
    assert_eq!(render(&home, b""), "");
    // A last line without its end is a line.
    assert_eq!(render(&home, start.trim_end().as_bytes()), render(&home, start.as_bytes()));
    assert!(!home.store().exists());
}

#[test]
fn a_line_that_cannot_be_read_is_shown_as_it_stands_and_marked() {
    let home = Home::new();
    let changed = LOG.lines().nth(11).unwrap().replace("manual", "Manual");
    let content = [
        b"<<<<<<< HEAD\n\n\x1b[31m\xff\0\xe2\x80\xae\n{\"v\":1,\r\n" as &[u8],
        changed.as_bytes(),
        b"\n{\"v\":1,\"seq\"",
    ];
    let shown = render(&home, &content.concat());
    assert!(!shown.replace('\n', "").contains(is_hidden), "{shown:?}");
    assert_snapshot!(shown, @r#"
    no sound event: <<<<<<< HEAD
    no sound event: 
    no sound event: \u{1b}[31m�\u{0}\u{202e}
    no sound event: {"v":1,\u{d}
    no sound event: {"v":1,"seq":12,"at":"2026-01-06T10:01:00Z","type":"retire","data":{"persona":"Uma Obi","reason":"Manual"},"prev":["c281b05f1eef75656a9f82377e1912e0"],"id":"54d50f923a9d57a3624abff586372d54"}
    no sound event: {"v":1,"seq"
    "#);
}

#[test]
fn a_dash_is_stdin() {
    let home = Home::new();
    let done = Done::given(LOG, home.command().args(["render", "-"]));
    assert_eq!(done.stdout, render(&home, LOG.as_bytes()));
}

#[test]
fn it_works_wherever_git_calls_it() {
    let home = Home::new();
    let path = file(&home, LOG.as_bytes());
    let mut command = home.command();
    command.env("MUZZLE_PERSONA_NOW", "noon").env("MUZZLE_PERSONA_STORE", "").env_remove("HOME");
    // Nor do colours that somebody asked for get into what git shows.
    command.env("CLICOLOR_FORCE", "1");
    assert_eq!(Done::of(command.arg("render").arg(&path)).ok(), render(&home, LOG.as_bytes()));
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let home = Home::new();
    assert_snapshot!(home.run(&["render", "gone"]).fails(5), @"
    error: could not read `gone`: No such file or directory (os error 2)
    hint: check the path and its permissions
    ");
    home.run(&["render"]).fails(2);
}
