//! Logs that are there already.

use std::fs;
use std::path::Path;

use crate::agreement::{agreed, reader};
use crate::forge::{home, line};

const VERSION_1: &str = include_str!("../../fixtures/log/v1.jsonl");
const OUTCOMES: &str = include_str!("../../fixtures/log/v1-outcomes.jsonl");
const TEXTS: &str = include_str!("../../fixtures/log/v2-texts.jsonl");

#[test]
fn the_samples_of_each_version_add_up_to_the_same() {
    for log in [VERSION_1, OUTCOMES, TEXTS] {
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

#[test]
fn a_text_is_taken_from_the_copy_that_has_it_and_a_forgotten_one_from_none() {
    let lines: Vec<_> = TEXTS.split_inclusive('\n').collect();
    let cut = |line: &str| {
        let (event, _) = line.split_once("\",\"text\":{").unwrap();
        format!("{event}\"}}\n")
    };
    let texts = |what: &str, lines: &[&str]| {
        let answer = agreed(&home(lines.concat().as_bytes()), what);
        answer.texts.as_object().unwrap().len()
    };
    assert_eq!(texts("as it is", &lines), 5);
    // The fourth line is a feedback whose text stands there.
    let without = cut(lines[3]);
    let changed = lines[3].replace("Found", "Lost");
    let broken = lines[3].replace("Found", "\"");
    for other in [&without, &changed, &broken] {
        let mut alone = lines.clone();
        alone[3] = other;
        assert_eq!(texts("alone", &alone), 4, "{other}");
        for (first, second) in [(lines[3], &**other), (other, lines[3])] {
            let mut both = lines.clone();
            both[3] = first;
            both.insert(9, second);
            assert_eq!(texts("two copies", &both), 5, "{other}");
        }
    }
    // Wherever it stands, what was forgotten is shown by neither.
    let last: Vec<_> = lines.last().unwrap().rsplit("\"id\":\"").next().unwrap().chars().collect();
    let head: String = last[..32].iter().collect();
    let id: String = lines[3].split("\"id\":\"").nth(1).unwrap().chars().take(32).collect();
    let forget = line(17, &[&head], "forget", &format!(r#"{{"event":"{id}"}}"#));
    let mut forgotten = lines.clone();
    forgotten.push(&forget);
    assert_eq!(texts("forgotten", &forgotten), 4);
    forgotten.rotate_right(1);
    assert_eq!(texts("forgotten, and merged", &forgotten), 4);
}
