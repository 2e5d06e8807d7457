//! Files of the store that are none: links, pipes, directories.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;

use crate::harness::{Done, Home, assign_args};

/// A store in which this file lies elsewhere, and a link leads there.
fn moved(name: &str, elsewhere: &str) -> (Home, std::path::PathBuf) {
    let home = Home::seeded();
    home.assign("s1", "w", "testing");
    let (path, target) = (home.store().join(name), home.store().join(elsewhere));
    fs::rename(&path, &target).unwrap();
    symlink(&target, &path).unwrap();
    (home, target)
}

/// What the program says, with the store's directory out of it.
fn refused(home: &Home, args: &[&str]) -> String {
    home.run(args).fails(5).replace(home.store().to_str().unwrap(), "STORE")
}

#[test]
fn a_log_or_lock_that_lies_outside_of_the_store_is_refused_and_left() {
    for name in ["events.jsonl", ".lock"] {
        let (home, target) = moved(name, "../elsewhere");
        let before = fs::read(&target).unwrap();
        let said = refused(&home, &assign_args("s2", "w", "testing"));
        assert!(said.contains("`: it is a symbolic link that leads out of the store\n"), "{said}");
        assert_eq!(fs::read(&target).unwrap(), before);
        assert!(home.store().join(name).is_symlink());
    }
    let (home, _) = moved("events.jsonl", "../elsewhere");
    assert_snapshot!(refused(&home, &["list"]), @"
    error: could not open `STORE/events.jsonl`: it is a symbolic link that leads out of the store
    hint: check the path and its permissions, or name another store with `--store DIR`
    ");
}

#[test]
fn a_link_that_stays_in_the_store_is_followed() {
    for name in ["events.jsonl", ".lock"] {
        let (home, target) = moved(name, "kept-here");
        home.assign("s2", "w", "testing");
        assert_eq!(home.run(&["stats", "--json"]).json()["assignments"], 2);
        if name == "events.jsonl" {
            assert_eq!(
                fs::read(target).unwrap().split_inclusive(|byte| *byte == b'\n').count(),
                14
            );
        }
        home.run(&["verify"]).ok();
    }
}

/// A store with a sealed past, and its files.
fn sealed() -> (Home, std::path::PathBuf) {
    let home = Home::seeded();
    home.run(&["compact", "--seal"]).ok();
    fs::remove_dir_all(home.store().join(".cache")).unwrap();
    let segment = home.segments().pop().unwrap();
    (home, segment)
}

#[test]
fn what_has_no_segments_name_hides_no_segment() {
    let (home, _) = sealed();
    let before = home.whole_log();
    let dir = home.store().join("segments");
    symlink("/nonexistent", dir.join("notes")).unwrap();
    symlink("/nonexistent", dir.join("notes.jsonl")).unwrap();
    fs::create_dir(dir.join("kept")).unwrap();
    let list = home.run(&["list", "--json"]).json();
    assert_eq!(list["personas"].as_array().unwrap().len(), 12);
    home.run(&["verify"]).ok();
    for name in ["notes", "notes.jsonl"] {
        fs::remove_file(dir.join(name)).unwrap();
    }
    fs::remove_dir(dir.join("kept")).unwrap();
    assert_eq!(home.whole_log(), before, "nobody is seeded anew");
}

#[test]
fn a_segment_that_is_a_link_to_nothing_is_refused_by_its_name() {
    let (home, segment) = sealed();
    let moved = home.store().join("gone");
    fs::rename(&segment, &moved).unwrap();
    symlink(&moved, &segment).unwrap();
    // As long as it leads to a file of the store's, it is followed.
    fs::rename(&moved, segment.with_file_name("kept")).unwrap();
    fs::remove_file(&segment).unwrap();
    symlink(segment.with_file_name("kept"), &segment).unwrap();
    home.run(&["list"]).ok();
    fs::rename(segment.with_file_name("kept"), &moved).unwrap();
    let name = segment.file_name().unwrap().to_str().unwrap();
    for args in [&["list"][..], &assign_args("s2", "w", "testing"), &["verify"], &["repair"]] {
        let said = refused(&home, args);
        let end = format!("`STORE/segments/{name}`: it is a symbolic link that leads to nothing\n");
        assert!(said.starts_with("error: could not look at ") && said.contains(&end), "{said}");
    }
    assert_eq!(home.log(), b"", "nobody is seeded anew");
}

#[test]
fn segments_that_are_a_link_to_nothing_are_refused() {
    let (home, _) = sealed();
    let dir = home.store().join("segments");
    fs::rename(&dir, home.store().join("gone")).unwrap();
    symlink("/nonexistent", &dir).unwrap();
    for args in [&["list"][..], &assign_args("s2", "w", "testing"), &["verify"]] {
        let said = refused(&home, args);
        let end = "`STORE/segments`: it is a symbolic link that leads to nothing\n";
        assert!(said.contains(end), "{said}");
    }
    assert_eq!(home.log(), b"", "nobody is seeded anew");
}

#[test]
fn a_link_that_leads_nowhere_makes_no_file_there() {
    for name in ["events.jsonl", ".lock"] {
        let (home, target) = moved(name, "gone");
        fs::remove_file(&target).unwrap();
        let said = refused(&home, &assign_args("s2", "w", "testing"));
        assert!(said.contains("`: it is a symbolic link that leads to nothing\n"), "{said}");
        assert!(!target.exists());
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a test says when it skips")]
fn a_link_to_another_users_file_is_refused() {
    const NOBODY: u32 = 65534;
    let (home, target) = moved("events.jsonl", "kept-here");
    if chown(&target, Some(NOBODY), None).is_err() {
        eprintln!("skipped: only root can give a file away");
        return;
    }
    let said = refused(&home, &["list"]);
    assert!(said.contains("it is a symbolic link to a file of another user's\n"), "{said}");
}

#[test]
fn a_checkpoint_that_is_a_link_is_neither_read_nor_written_through() {
    let home = Home::seeded();
    let outside = home.path().join("outside");
    fs::create_dir_all(home.store().join(".cache")).unwrap();
    for name in ["checkpoint.json", "checkpoint.new"] {
        let path = home.store().join(".cache").join(name);
        let _ = fs::remove_file(&path);
        symlink(&outside, &path).unwrap();
    }
    // It is told, and the command is done all the same.
    let done = home.run(&["compact", "--json"]);
    assert_eq!(done.json_with_warnings()["sealed"], serde_json::Value::Null);
    assert!(!outside.exists());
    home.run(&["list"]).ok();
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_seed_that_is_a_pipe_is_refused_at_once_and_such_a_checkpoint_ignored() {
    let home = Home::seeded();
    home.run(&["compact"]).ok();
    let checkpoint = home.store().join(".cache/checkpoint.json");
    fs::remove_file(&checkpoint).unwrap();
    make_pipe(&checkpoint);
    home.run(&["list"]).ok();
    home.assign("s1", "w", "testing");
    make_pipe(&home.store().join("seed.toml"));
    let said = refused(&home, &["grow"]);
    assert!(said.starts_with("error: could not read `STORE/seed.toml`: it is not a regular file"));
}

#[test]
fn a_log_that_is_a_pipe_or_a_directory_is_refused_at_once() {
    let makers: [fn(&Path); 2] = [make_pipe, |path| fs::create_dir(path).unwrap()];
    for make in makers {
        let home = Home::seeded();
        fs::remove_file(home.log_path()).unwrap();
        make(&home.log_path());
        for args in [&["list"][..], &assign_args("s2", "w", "testing"), &["verify"]] {
            let said = refused(&home, args);
            assert!(said.contains("STORE/events.jsonl`"), "{said}");
        }
        Done::of(home.command().args(["log", "--json"])).fails(5);
    }
}
