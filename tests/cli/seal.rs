//! A log whose past is sealed in segments.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;

use crate::harness::{Home, assign_args, chain};

fn answers(home: &Home) -> [Value; 3] {
    let ask = |args: &[&str]| home.run(&[args, &["--json"]].concat()).json();
    [ask(&["list", "--status", "all"]), ask(&["stats"]), ask(&["history", "lian"])]
}

/// A store with a past in which Lian was lent and given back.
fn lived() -> Home {
    let home = Home::seeded();
    assert_eq!(home.assign("s1", "w", "testing"), "Lian Zhou");
    home.run(&["release", "--session", "s1"]).ok();
    home
}

#[test]
fn a_seal_moves_the_lines_and_changes_no_answer() {
    let home = lived();
    let (log, before) = (home.log(), answers(&home));
    let last = chain(&log).pop().unwrap()["id"].as_str().unwrap().to_owned();

    let sealed = home.run(&["compact", "--seal", "--json"]).json()["sealed"].clone();
    let path = home.store().join(format!("segments/000000000001-{}.jsonl", &last[..8]));
    assert_eq!(sealed["segment"], path.to_str().unwrap());
    assert_eq!(sealed["bytes"], log.len());
    assert_eq!(fs::read(&path).unwrap(), log, "byte for byte");
    assert_eq!(home.log(), b"", "a new file goes on");
    assert_eq!(answers(&home), before);

    // What comes after goes on where the segment ends, and history crosses the border.
    assert_eq!(home.assign("s2", "w", "testing"), "Lian Zhou");
    assert_eq!(chain(&home.whole_log()).len(), chain(&log).len() + 1);
    home.run(&["compact", "--seal"]).ok();
    home.run(&["release", "--session", "s2"]).ok();
    assert_eq!(home.segments().len(), 2);
    assert_eq!(chain(&home.whole_log()).len(), chain(&log).len() + 2);
    let history = home.run(&["history", "lian", "--json"]).json();
    assert_eq!(history["assignments"].as_array().unwrap().len(), 2);
    assert_eq!(history["assignments"][0]["released_at"], "2026-03-25T15:30:00Z");
    let stats = home.run(&["stats", "--json"]).json();
    assert_eq!(stats["log_bytes"], home.whole_log().len());

    // All of it from the files alone.
    let with = answers(&home);
    fs::remove_dir_all(home.store().join(".cache")).unwrap();
    assert_eq!(answers(&home), with);
}

#[test]
fn what_a_shell_puts_together_is_the_log() {
    let home = lived();
    // Sealed at depths of two and of three digits, which no order of names as they are would tell.
    for personas in ["99", "1", "1"] {
        home.run(&["compact", "--seal"]).ok();
        home.run(&["grow", "--count", personas]).ok();
    }
    let shell = |script: &str| {
        let mut shell = Command::new("sh");
        let done = shell.current_dir(home.store()).args(["-c", script]).output().unwrap();
        assert!(done.status.success());
        done.stdout
    };
    assert_eq!(home.segments().len(), 3);
    assert!(shell("cat segments/* events.jsonl") == home.whole_log());
    chain(&home.whole_log());
}

#[test]
fn a_name_without_leading_zeros_is_read_by_its_number() {
    let home = lived();
    for personas in ["99", "1"] {
        home.run(&["compact", "--seal"]).ok();
        home.run(&["grow", "--count", personas]).ok();
    }
    let (log, before) = (home.whole_log(), answers(&home));
    for path in home.segments() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let older = path.with_file_name(name.trim_start_matches('0'));
        assert_ne!(older, path);
        fs::rename(&path, older).unwrap();
        // Whether all names are older ones, or some.
        assert!(home.whole_log() == log);
        assert_eq!(answers(&home), before);
        assert_eq!(home.run(&["verify", "--json"]).json()["damage"], 0);
    }
    home.run(&["compact", "--seal"]).ok();
    assert!(home.whole_log() == log);
    assert_eq!(answers(&home), before);
}

#[test]
fn nothing_is_sealed_unasked_while_the_log_is_short_or_when_it_is_empty() {
    let home = lived();
    assert_eq!(home.run(&["compact", "--json"]).json()["sealed"], Value::Null);
    assert!(home.segments().is_empty());
    let text = home.run(&["compact", "--seal"]).ok();
    let path = home.segments().pop().unwrap();
    let bytes = fs::metadata(&path).unwrap().len();
    assert!(
        text.ends_with(&format!("Sealed {bytes} bytes of the log as `{}`.\n", path.display())),
        "{text}"
    );
    assert_eq!(home.run(&["compact", "--seal", "--json"]).json()["sealed"], Value::Null);
    assert_eq!(home.segments().len(), 1);
}

#[test]
fn a_log_of_more_than_four_mebibytes_is_sealed_unasked() {
    let home = lived();
    let limit = 4 * 1024 * 1024;
    let data = |bytes: usize| format!("{{\"it\":\"{}\"}}", "x".repeat(bytes));
    home.append_all(1, "mystery", &vec![data(60_000).as_str(); 69]);
    let before = home.log().len();
    home.append(1, "mystery", &data(1));
    let one_line = home.log().len() - before;
    // One more line up to the limit, to the byte.
    home.append(1, "mystery", &data(1 + limit - home.log().len() - one_line));
    assert_eq!(home.log().len(), limit);
    assert_eq!(home.run(&["compact", "--json"]).json_with_warnings()["sealed"], Value::Null);
    home.append(1, "mystery", &data(1));
    let before = home.log();
    let sealed = home.run(&["compact", "--json"]).json_with_warnings()["sealed"].clone();
    assert_eq!(sealed["bytes"], before.len());
    assert_eq!((home.log(), home.whole_log()), (Vec::new(), before));
}

/// What a crash may leave of a seal, by the step that it came after.
#[test]
fn a_seal_that_did_not_end_leaves_a_log_that_is_whole() {
    let home = lived();
    let (log, before) = (home.log(), answers(&home));
    let dir = home.store().join("segments");
    let path = home.store().join("events.jsonl");
    let crash: [(&str, &dyn Fn()); 4] = [
        ("the directory was made", &|| fs::create_dir(&dir).unwrap()),
        ("the file was moved", &|| fs::rename(&path, dir.join("1-01234567.jsonl")).unwrap()),
        ("the move is known to one of the directories only", &|| {
            fs::copy(dir.join("1-01234567.jsonl"), &path).map(drop).unwrap();
        }),
        ("the new file was begun", &|| {
            fs::File::options().write(true).truncate(true).open(&path).map(drop).unwrap();
        }),
    ];
    for (step, happened) in crash {
        happened();
        for _ in 0..2 {
            assert_eq!(answers(&home), before, "{step}");
            // A store that lost its checkpoint knows no less.
            let _ = fs::remove_dir_all(home.store().join(".cache"));
        }
    }
    home.assign("s2", "w", "testing");
    assert_eq!(chain(&home.whole_log()).len(), chain(&log).len() + 1);
}

#[test]
fn after_the_move_of_a_seal_a_writer_begins_the_new_file() {
    let home = lived();
    let lines = chain(&home.log()).len();
    fs::create_dir(home.store().join("segments")).unwrap();
    fs::rename(home.log_path(), home.store().join("segments/1-01234567.jsonl")).unwrap();
    home.assign("s2", "w", "testing");
    assert_eq!(chain(&home.whole_log()).len(), lines + 1);
    assert!(home.log().len() < 500, "one line stands in it");
}

#[test]
fn a_torn_tail_is_cut_before_a_seal_and_never_sealed() {
    let home = lived();
    let log = home.log();
    home.set_log(&[&log[..], b"{\"v\":1,"].concat());
    let done = home.run(&["compact", "--seal"]);
    assert_eq!(done.code, Some(0));
    assert!(done.stderr.contains("moved its 7 bytes to"), "{}", done.stderr);
    assert_eq!(fs::read(home.segments().pop().unwrap()).unwrap(), log);
}

#[expect(clippy::disallowed_methods, reason = "a test may damage what it likes")]
#[test]
fn damage_in_a_segment_is_told_with_its_file_and_line() {
    let home = lived();
    home.run(&["compact", "--seal"]).ok();
    home.assign("s2", "w", "testing");
    home.run(&["compact", "--seal"]).ok();
    home.run(&["release", "--session", "s2"]).ok();
    fs::remove_dir_all(home.store().join(".cache")).unwrap();
    let [first, second] = &home.segments()[..] else { panic!("two segments") };
    for (path, line) in [(first, 3), (second, 1)] {
        let sound = fs::read_to_string(path).unwrap();
        let lines: Vec<_> = sound.split_inclusive('\n').collect();
        let mut changed = lines.clone();
        let wrong = lines[line - 1].replacen("at", "At", 1);
        changed[line - 1] = &wrong;
        // A line that ends with the file, where the file is sealed, is no torn tail.
        let cut = &sound[..sound.len() - 1];
        // Where a file ends, the reading is taken up again, even after a line that has no id.
        let no_id = format!("{}\n", sound.trim_end().strip_suffix('}').unwrap());
        for (text, line) in
            [(changed.concat(), line), (cut.to_owned(), lines.len()), (no_id, lines.len())]
        {
            fs::write(path, text).unwrap();
            for args in [&["list"][..], &assign_args("s3", "w", "testing")] {
                let stderr = home.run(args).fails(3);
                let place = format!("error: line {line} of `{}` is damaged: ", path.display());
                assert!(stderr.starts_with(&place), "{stderr}");
            }
        }
        fs::write(path, sound).unwrap();
    }
    home.run(&["list"]).ok();
}

#[test]
fn readers_and_writers_go_on_while_others_seal() {
    let home = lived();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let (home, stop) = (&home, &stop);
        let sealer = scope.spawn(move || {
            for _ in 0..25 {
                home.run(&["compact", "--seal"]).ok();
            }
            stop.store(true, Ordering::SeqCst);
        });
        let writer = scope.spawn(move || {
            let mut written = 0;
            while !stop.load(Ordering::SeqCst) {
                home.assign(&format!("w{written}"), "w", "testing");
                written += 1;
            }
            written
        });
        let mut seen = 0;
        while !stop.load(Ordering::SeqCst) {
            let events = home.run(&["stats", "--json"]).json()["events"].as_u64().unwrap();
            assert!(events >= seen, "{events} events after {seen}");
            seen = events;
        }
        sealer.join().unwrap();
        let written = writer.join().unwrap();
        assert!(written > 0);
        let lines = chain(&home.whole_log());
        assert_eq!(
            lines
                .iter()
                .filter(|line| line["data"]["session"].as_str().is_some_and(|s| s.starts_with('w'))
                    && line["type"] == "assign")
                .count(),
            written
        );
    });
    assert!(home.segments().len() > 1);
}

#[expect(clippy::disallowed_methods, reason = "a test may copy what it likes")]
#[test]
fn branches_of_which_one_was_sealed_merge_to_the_same_roster() {
    let home = lived();
    let base = home.log();
    home.run(&["compact", "--seal"]).ok();
    home.assign("s2", "w", "testing");
    let sealed = home.log();
    // The other branch went on in the old file.
    let mut other = Home::new();
    fs::create_dir_all(other.store()).unwrap();
    other.set_log(&base);
    other.at("2026-03-25T16:00:00Z").assign("s3", "w", "debugging");
    let unsealed = other.log();

    let store = other.path().join("merged");
    fs::create_dir_all(store.join("segments")).unwrap();
    let segment = home.segments().pop().unwrap();
    fs::copy(&segment, store.join("segments").join(segment.file_name().unwrap())).unwrap();
    other.use_store(&store);
    let mut told = Vec::new();
    for log in [[&unsealed[..], &sealed].concat(), [&sealed[..], &unsealed].concat()] {
        fs::write(store.join("events.jsonl"), log).unwrap();
        let [list, stats, history] = answers(&other);
        assert_eq!(stats["heads"].as_array().unwrap().len(), 2);
        assert_eq!(stats["assignments"], 3);
        told.push((list, stats, history));
    }
    assert_eq!(told[0], told[1]);
    // And it goes on from there, with a checkpoint that knows of the lines that are there twice.
    other.run(&["compact"]).ok();
    let with = answers(&other);
    fs::remove_dir_all(Path::new(&store).join(".cache")).unwrap();
    assert_eq!(answers(&other), with);
    other.assign("s4", "w", "testing");
    assert_eq!(other.run(&["stats", "--json"]).json()["heads"].as_array().unwrap().len(), 1);
}
