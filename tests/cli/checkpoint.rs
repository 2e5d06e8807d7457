//! Checkpoints: whatever happens to them, the answers are those of the log alone.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

use crate::harness::{Home, assign_args};

fn checkpoint_of(store: &Path) -> PathBuf {
    store.join(".cache/checkpoint.json")
}

/// Everything that is asked of a store, of which nothing is recorded.
fn answers(home: &Home) -> Vec<Value> {
    let choice = assign_args("probe", "probe", "testing,code-reviewer");
    let review = assign_args("s1", "probe", "code-reviewer,red-team");
    [
        &["list", "--status", "all"][..],
        &["stats"],
        &["search", "--role", "testing", "--all", "--limit", "1000"],
        &["show", "elena"],
        &["history", "elena"],
        &[&choice[..], &["--dry-run", "--explain"]].concat(),
        &[&review[..], &["--work", "fix", "--dry-run", "--explain"]].concat(),
    ]
    .iter()
    .map(|args| {
        let done = home.run(&[args, &["--json"][..]].concat());
        assert_eq!(done.code, Some(0), "{args:?}: {}", done.stderr);
        serde_json::from_str(&done.stdout).unwrap()
    })
    .collect()
}

/// The answers of a copy of the store that has nothing but its log.
fn answers_of_the_log(home: &mut Home, store: &Path) -> Vec<Value> {
    let copy = tempfile::tempdir_in(home.path()).unwrap();
    copy_log(store, copy.path());
    home.use_store(copy.path());
    home.run(&["allow", "--all"]).ok();
    let told = answers(home);
    home.use_store(store);
    told
}

fn copy_log(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("segments")).unwrap();
    fs::copy(from.join("events.jsonl"), to.join("events.jsonl")).unwrap();
    for segment in fs::read_dir(from.join("segments")).into_iter().flatten() {
        let segment = segment.unwrap();
        fs::copy(segment.path(), to.join("segments").join(segment.file_name())).unwrap();
    }
}

/// Does something at random that may be recorded, refused or nothing at all.
pub fn live(home: &mut Home, rng: &mut Rng, hours: &mut u64) {
    *hours += rng.u64(0..12);
    home.at(&format!(
        "2026-{:02}-{:02}T{:02}:00:00Z",
        4 + *hours / 672,
        1 + *hours / 24 % 28,
        *hours % 24
    ));
    let sessions = ["s1", "s2", "s3"];
    let (session, role) =
        (sessions[rng.usize(0..3)], ["testing", "code-reviewer", "docs"][rng.usize(0..3)]);
    let agent = ["a", "b"][rng.usize(0..2)];
    let name = ["elena", "lian"][rng.usize(0..2)];
    let assign = assign_args(session, agent, role);
    let assign_work = [&assign[..], &["--work", ["fix", "other"][rng.usize(0..2)]]].concat();
    let args: &[&str] = match rng.u8(0..20) {
        0..=2 => &assign,
        3..=6 => &assign_work,
        7..=9 => &["release", "--session", session],
        10..=12 => &["feedback", name, "--role", role, "--observation", "Excellent."],
        13 => &["retire", name],
        14 => &["reactivate", name],
        15 => &["grow", "--count", "1"],
        16 => &["compact", "--older-than", "1"],
        17 => &["compact", "--seal"],
        18 => &["orphan-cleanup"],
        _ => &["retire", name, "--force"],
    };
    let done = home.run(args);
    assert!(matches!(done.code, Some(0 | 1)), "{args:?}: {}", done.stderr);
}

/// Harms, replaces or removes the checkpoint.
#[expect(clippy::disallowed_methods, reason = "a test may damage what it likes")]
fn harm(path: &Path, others: &mut Vec<Vec<u8>>, rng: &mut Rng) {
    let Ok(mut bytes) = fs::read(path) else {
        return;
    };
    others.push(bytes.clone());
    match rng.u8(0..8) {
        0 => fs::remove_file(path).unwrap(),
        1 => fs::write(path, &bytes[..rng.usize(0..bytes.len())]).unwrap(),
        2 | 3 => {
            let at = rng.usize(0..bytes.len());
            bytes[at] ^= 1 << rng.u8(0..8);
            fs::write(path, bytes).unwrap();
        }
        4 => fs::write(path, "{}\n").unwrap(),
        5 | 6 => fs::write(path, &others[rng.usize(0..others.len())]).unwrap(),
        _ => {}
    }
}

#[test]
fn harmed_removed_and_swapped_checkpoints_change_no_answer() {
    let mut rng = Rng::with_seed(4);
    let mut home = Home::seeded();
    let (left, right) = (home.store().to_owned(), home.path().join("right"));
    let (mut hours, mut others) = (0, Vec::new());
    for step in 0..36 {
        if step == 8 {
            copy_log(&left, &right);
        }
        let here = if step > 8 && rng.bool() { &right } else { &left };
        home.use_store(here);
        for _ in 0..rng.u8(1..4) {
            live(&mut home, &mut rng, &mut hours);
        }
        if rng.u8(0..3) > 0 {
            // After a merge it warns of whom both branches had lent.
            assert_eq!(home.run(&["compact"]).code, Some(0));
        }
        if step % 9 == 8 && step > 8 {
            merge(&mut home, &left, &right);
        }
        // What is allowed is no part of the log: all is, here and in the copy.
        home.run(&["allow", "--all"]).ok();
        harm(&checkpoint_of(here), &mut others, &mut rng);
        let of_the_log = answers_of_the_log(&mut home, here);
        assert_eq!(answers(&home), of_the_log, "step {step}");
    }
    assert!(others.len() > 12, "there were checkpoints to harm: {}", others.len());
}

/// Gives both stores the lines of both, each in another order, as two merges would.
#[expect(clippy::disallowed_methods, reason = "a test may write what git writes")]
fn merge(home: &mut Home, left: &Path, right: &Path) {
    let texts = [left, right].map(|store| {
        home.use_store(store);
        String::from_utf8(home.whole_log()).unwrap()
    });
    for (store, [first, second]) in
        [(left, [&texts[0], &texts[1]]), (right, [&texts[1], &texts[0]])]
    {
        let log = fs::read_to_string(store.join("events.jsonl")).unwrap();
        let new = second.split_inclusive('\n').filter(|line| !first.contains(line));
        fs::write(store.join("events.jsonl"), log + &new.collect::<String>()).unwrap();
        home.use_store(store);
    }
    // Both tell the same now, once each allows what came from the other.
    for store in [left, right] {
        home.use_store(store);
        home.run(&["allow", "--all"]).ok();
    }
    home.use_store(left);
    let of_left = answers(home);
    home.use_store(right);
    assert_eq!(answers(home), of_left);
}

#[test]
fn a_writer_and_a_reader_keep_a_checkpoint_once_there_is_much_to_fold() {
    let home = Home::seeded();
    let path = checkpoint_of(home.store());
    let events = || home.run(&["stats", "--json"]).json()["events"].as_u64().unwrap();
    assert!(!path.exists(), "a small log is as quickly folded");
    home.run(&["grow", "--count", "110"]).ok();
    assert!(!path.exists());
    home.run(&["grow", "--count", "10"]).ok();
    assert!(path.exists(), "the writer kept one");
    fs::remove_file(&path).unwrap();
    assert!(events() < 256);
    assert!(!path.exists(), "a reader writes only for much");
    home.run(&["grow", "--count", "200"]).ok();
    fs::remove_file(&path).unwrap();
    assert!(events() > 256);
    assert!(path.exists());
}

#[cfg(unix)]
#[test]
fn a_checkpoint_is_its_owners_alone_and_a_store_without_one_is_read_all_the_same() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = Home::seeded();
    let path = checkpoint_of(home.store());
    home.run(&["compact"]).ok();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");

    // A directory in the draft's place: nothing can be written there.
    fs::create_dir(path.with_file_name("checkpoint.new")).unwrap();
    home.run(&["grow", "--count", "100"]).ok();
    let done = home.run(&["compact"]);
    assert_eq!(done.code, Some(0));
    assert!(
        done.stderr.starts_with("warning: could not write the checkpoint: "),
        "{}",
        done.stderr
    );
    assert_eq!(home.run(&["list", "--json"]).json()["personas"].as_array().unwrap().len(), 112);
}

#[test]
fn a_log_that_is_shorter_than_its_checkpoint_is_read_for_what_it_is() {
    let home = Home::seeded();
    let before = home.log();
    home.assign("s1", "w", "testing");
    home.run(&["compact"]).ok();
    home.set_log(&before);
    assert_eq!(home.run(&["stats", "--json"]).json()["assignments"], 0);
    assert_eq!(home.assign("s2", "w", "testing"), "Lian Zhou");
}

#[test]
fn a_reader_answers_before_it_writes_the_checkpoint() {
    let home = Home::seeded();
    let retire = r#"{"persona":"Nobody","reason":"manual"}"#;
    home.append_all(1, "retire", &[retire; 600]);
    let mut log = home.command();
    let mut log = log.args(["log", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    // The answer is longer than a pipe is: until it is read, it is not given.
    thread::sleep(Duration::from_millis(500));
    assert!(!checkpoint_of(home.store()).exists());
    let mut answer = String::new();
    log.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    assert!(log.wait().unwrap().success());
    assert!(answer.len() > 100_000);
    assert!(checkpoint_of(home.store()).exists());
}
