//! Logs that are there already.

use std::fs;
use std::path::Path;

use crate::agreement::{agreed, reader};
use crate::forge::home;

const VERSION_1: &str = include_str!("../../fixtures/log/v1.jsonl");
const OUTCOMES: &str = include_str!("../../fixtures/log/v1-outcomes.jsonl");

#[test]
fn the_samples_of_version_1_add_up_to_the_same() {
    for log in [VERSION_1, OUTCOMES] {
        let all: Vec<_> = log.split_inclusive('\n').collect();
        // Each event changes something of its own.
        for events in 1..=all.len() {
            agreed(&home(all[..events].concat().as_bytes()), &format!("{events} events"));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test seals pieces by hand")]
fn seal(store: &Path, name: &str, lines: &[&str]) {
    fs::create_dir_all(store.join("segments")).unwrap();
    fs::write(store.join("segments").join(name), lines.concat()).unwrap();
}

#[test]
fn a_log_in_pieces_is_the_same_log() {
    let lines: Vec<_> = VERSION_1.split_inclusive('\n').collect();
    let whole = reader(&home(VERSION_1.as_bytes())).unwrap();

    // Two branches sealed the tenth event, and one of them not the last; some names are older ones.
    let pieces = home(lines[12..].concat().as_bytes());
    seal(pieces.store(), "1-e65c7d66.jsonl", &lines[..6]);
    seal(pieces.store(), "000000000007-425584f8.jsonl", &lines[6..10]);
    seal(pieces.store(), "10-c281b05f.jsonl", &lines[9..11]);
    seal(pieces.store(), "000000000010-54d50f92.jsonl", &lines[9..12]);
    for other in ["notes.jsonl", "+1-e65c7d66.jsonl", "1-e65c7d6.jsonl"] {
        seal(pieces.store(), other, &["not of the log\n"]);
    }
    assert_eq!(reader(&pieces), Ok(whole));

    // Only the end of the whole log can be torn.
    let mut torn = lines.clone();
    torn[5] = "{\"v\":1,\n";
    seal(pieces.store(), "1-e65c7d66.jsonl", &torn[..6]);
    let reason = reader(&pieces).unwrap_err();
    assert!(
        reason.ends_with("1-e65c7d66.jsonl: line 6: the line does not end with an id"),
        "{reason}"
    );

    // A piece that is gone is missed.
    fs::remove_file(pieces.store().join("segments/1-e65c7d66.jsonl")).unwrap();
    let reason = reader(&pieces).unwrap_err();
    assert!(
        reason.contains("its parent `e65c7d66a5fefea52dfa3adbe246ea9f` is not there"),
        "{reason}"
    );
}
