//! `repair` takes out what is not sound, keeps the rest byte for byte, and puts the gap on record.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use fastrand::Rng;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Home, assign_args, without_ids};
use crate::surgery::{Files, forge, id, lived, of_kind, parsed, sign, verify};

/// A store with a past, some of it sealed if asked.
fn store(seed: u64, seals: bool) -> (Home, Files) {
    let home = Home::seeded();
    lived(&home, &mut Rng::with_seed(seed), seals);
    let files = Files::read(home.store());
    (home, files)
}

/// Makes a line unsound in one of many ways.
fn spoil(files: &mut Files, (file, line): (usize, usize), rng: &mut Rng) {
    let lines = &mut files.0[file].1;
    let sound = lines[line].clone();
    let text = String::from_utf8_lossy(&sound).into_owned();
    lines[line] = match rng.u8(0..6) {
        0 => text.replacen(":\"", ":\"x", 1).into_bytes(),
        1 => b"{}\n".to_vec(),
        2 => format!("{{\"x\":\"{}\"}}\n", "y".repeat(70_000)).into_bytes(),
        3 => [b"{\"\xff\":0", &sound[1..]].concat(),
        4 => sound[..sound.len() / 2].iter().copied().chain(*b"\n").collect(),
        _ => {
            let sound: Value = serde_json::from_slice(&sound).unwrap_or_default();
            let prev = sound["prev"][0].as_str().unwrap_or_default();
            forge(sound["seq"].as_u64().unwrap_or(1) + 7, &[prev])
        }
    };
}

/// What a repair put on record: the cuts and the missing events of all `repair` events.
fn on_record(files: &Files) -> (Vec<Value>, Vec<Value>) {
    let repairs = files.lines().into_iter().map(parsed).filter(|line| line["type"] == "repair");
    let (mut cut, mut missing) = (Vec::new(), Vec::new());
    for repair in repairs {
        cut.extend(repair["data"]["cut"].as_array().unwrap().clone());
        missing.extend(repair["data"]["missing"].as_array().unwrap().clone());
    }
    cut.sort_by_key(ToString::to_string);
    missing.sort_by_key(ToString::to_string);
    (cut, missing)
}

/// All that is in the quarantine, one file after the other.
fn quarantined(home: &Home) -> Vec<u8> {
    let entries = fs::read_dir(home.store().join("quarantine")).into_iter().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().flat_map(|path| fs::read(path).unwrap()).collect()
}

/// The log is sound, every command works, and nothing is left to repair.
#[track_caller]
fn check_mended(home: &Home) -> Value {
    let (code, report) = verify(home, &[]);
    assert_eq!(code, 0, "{report:#}");
    let before = Files::read(home.store());
    let again = home.run(&["repair", "--yes"]).ok();
    assert_eq!(again, "Nothing to repair: every line is sound, and none is missed.\n");
    assert_eq!(Files::read(home.store()), before);
    for args in [&["list"][..], &["stats"], &assign_args("after", "w", "testing")] {
        assert_eq!(home.run(args).code, Some(0), "{args:?}");
    }
    assert_eq!(verify(home, &[]).0, 0);
    report
}

#[test]
fn whatever_lines_are_unsound_they_go_and_the_others_stay_byte_for_byte() {
    let mut rng = Rng::with_seed(11);
    for round in 0..12 {
        let (home, mut files) = store(round, round % 2 == 0);
        if rng.bool() {
            files.0[0].1.remove(3);
        }
        for _ in 0..rng.usize(1..5) {
            let place = files.pick(&mut rng);
            spoil(&mut files, place, &mut rng);
        }
        files.write(home.store());
        let (code, before) = verify(&home, &[]);
        let planned = home.run(&["repair", "--json"]).json();
        assert_eq!(Files::read(home.store()), files, "a dry run changes nothing");
        assert_eq!((code, &planned["done"]), (3, &json!(false)));

        let done = home.run(&["repair", "--yes", "--json"]).json_with_warnings();
        assert_eq!((&done["cut"], &done["missing"]), (&planned["cut"], &planned["missing"]));
        let mended = Files::read(home.store());
        let (cut, missing) = on_record(&mended);

        // What is cut is named by what it was, and kept.
        let kept = quarantined(&home);
        for cut in &cut {
            let file = files.0.iter().position(|(name, _)| cut["file"] == *name).unwrap();
            let line =
                &files.0[file].1[usize::try_from(cut["line"].as_u64().unwrap()).unwrap() - 1];
            let content = &line[..line.len() - 1];
            assert_eq!(cut["blake3"], blake3::hash(content).to_hex().as_str());
            assert_eq!(cut["bytes"], content.len());
            assert!(kept.windows(line.len()).any(|kept| kept == line));
        }
        // All else stays as it was, with one line more for each record of it.
        let is_cut = |file: &str, at: usize| {
            cut.iter().any(|cut| cut["file"] == file && cut["line"] == at + 1)
        };
        let mut left = files.clone();
        for (name, lines) in &mut left.0 {
            let stays = lines.iter().enumerate().filter(|(at, _)| !is_cut(name, *at));
            *lines = stays.map(|(_, line)| line.clone()).collect();
        }
        let record = mended.lines().len() - left.lines().len();
        assert_eq!(record, done["recorded"].as_array().unwrap().len());
        left.0
            .last_mut()
            .unwrap()
            .1
            .extend(mended.0.last().unwrap().1.iter().rev().take(record).rev().cloned());
        assert_eq!(left, mended);

        let report = check_mended(&home);
        assert_eq!(report["cut_lines"], cut.len());
        assert_eq!(report["mended_gaps"], missing.len());
        assert_eq!(of_kind(&report, "cut").len(), cut.len());
        assert_eq!(of_kind(&report, "mended").len(), missing.len());
        let lines = ["changed", "not_an_event", "too_long", "wrong_seq"];
        let unsound: usize = lines.iter().map(|kind| of_kind(&before, kind).len()).sum();
        assert_eq!(cut.len(), unsound, "{before:#}");
    }
}

#[test]
fn people_see_what_would_be_done_and_what_was() {
    let (home, mut files) = store(3, false);
    let lines = &mut files.0[0].1;
    lines[12] = String::from_utf8(lines[12].clone()).unwrap().replacen("at", "At", 1).into();
    lines.remove(8);
    lines.push(b"{\"v\":1,".to_vec());
    files.write(home.store());
    let told = |args: &[&str]| {
        let done = home.run(args);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        let both = done.stdout + &done.stderr;
        let digest = blake3::hash(files.0[0].1[11].strip_suffix(b"\n").unwrap()).to_string();
        let store = home.store().display().to_string();
        without_ids(&both.replace(&store, "<store>").replace(&digest, "<digest>"))
    };
    assert_snapshot!(told(&["repair"]));
    assert_snapshot!(told(&["repair", "--yes"]));
    assert_snapshot!(told(&["verify"]));
    assert_snapshot!(told(&["repair"]), @"Nothing to repair: every line is sound, and none is missed.");
}

#[test]
fn a_torn_tail_alone_needs_no_repair() {
    let home = Home::seeded();
    let torn = [&home.log()[..], b"{\"v\":1,"].concat();
    home.set_log(&torn);
    for args in [&["repair"][..], &["repair", "--yes"]] {
        assert!(home.run(args).ok().starts_with("Nothing to repair"));
    }
    assert_eq!(home.log(), torn);
    assert!(!home.store().join("quarantine").exists());
}

#[test]
fn an_event_that_is_put_back_later_is_told_of() {
    let (home, sound) = store(4, false);
    let mut files = sound.clone();
    let removed = files.0[0].1.remove(5);
    files.write(home.store());
    home.run(&["repair", "--yes"]).ok();
    let head = id(&removed);
    let (code, report) = verify(&home, &["--head", &head]);
    assert_eq!(code, 3);
    assert!(
        report
            .to_string()
            .contains("the repair of 2026-03-25T15:30:00Z put it on record as missing")
    );

    let mut mended = Files::read(home.store());
    mended.0[0].1.insert(5, removed);
    mended.write(home.store());
    let (code, report) = verify(&home, &["--head", &head]);
    assert_eq!(code, 0, "{report:#}");
    let note = ("note".to_owned(), json!(["events.jsonl", 6]));
    assert_eq!(of_kind(&report, "returned"), [note]);
    assert_eq!((&report["mended_gaps"], of_kind(&report, "mended").len()), (&json!(0), 0));
    check_mended(&home);
}

#[test]
fn a_cut_tail_that_the_checkpoint_knows_of_is_put_on_record() {
    let (home, files) = store(5, true);
    home.run(&["compact"]).ok();
    let mut cut = files;
    let last = cut.0.last_mut().unwrap().1.pop().unwrap();
    cut.write(home.store());
    assert_eq!(verify(&home, &[]).0, 3);
    let planned = home.run(&["repair"]).ok();
    assert!(
        planned.contains(&format!("  {}, which the checkpoint knew of\n", id(&last))),
        "{planned}"
    );
    home.run(&["repair", "--yes"]).ok();
    let (_, missing) = on_record(&Files::read(home.store()));
    assert_eq!(missing, [id(&last)]);
    let report = check_mended(&home);
    assert_eq!(of_kind(&report, "mended").len(), 1);
}

#[test]
fn a_sealed_file_gets_back_its_line_end_and_nothing_is_recorded() {
    let (home, files) = store(6, true);
    let mut cut = files.clone();
    cut.0[0].1.last_mut().unwrap().pop();
    cut.write(home.store());
    home.run(&["list"]).fails(3);
    let name = &files.0[0].0;
    assert_eq!(home.run(&["repair", "--yes"]).ok(), format!("Put back 1 line end of `{name}`.\n"));
    assert_eq!(Files::read(home.store()), files);
    check_mended(&home);
}

#[test]
fn line_ends_that_were_converted_are_put_back_and_nothing_is_lost() {
    for seals in [false, true] {
        let (home, sound) = store(12, seals);
        let mut files = sound.clone();
        for line in files.0.iter_mut().flat_map(|(_, lines)| lines) {
            line.insert(line.len() - 1, b'\r');
        }
        let last = files.0[0].1.len() - 1;
        files.0[0].1[last].retain(|byte| *byte != b'\r');
        files.write(home.store());
        let stderr = home.run(&["list"]).fails(3);
        assert!(stderr.contains("line 1 of `") && stderr.contains("the line ends with CR LF"));
        let (code, report) = verify(&home, &[]);
        assert_eq!(code, 3);
        let runs = files.0.iter().filter(|(_, lines)| !lines.is_empty());
        assert_eq!(of_kind(&report, "crlf").len(), runs.count(), "{report:#}");
        assert_eq!(report["damage"], of_kind(&report, "crlf").len());
        assert_eq!(report["findings"][0]["line"], 1);
        let all = format!("from here, {last} lines end with CR LF");
        assert!(report["findings"][0]["message"].as_str().unwrap().starts_with(&all));

        // One of them is changed besides.
        files.0[0].1[2][30] ^= 1;
        files.write(home.store());
        home.run(&["repair", "--yes"]).ok();
        let mut mended = Files::read(home.store());
        let (cut, missing) = on_record(&mended);
        assert_eq!((cut.len(), missing.len()), (1, 1));
        mended.0.last_mut().unwrap().1.pop();
        let mut left = sound;
        left.0[0].1.remove(2);
        assert_eq!(mended, left);
        check_mended(&home);
    }
}

#[test]
fn a_log_of_a_newer_program_is_left_alone() {
    let home = Home::seeded();
    home.append(3, "party", "{}");
    let mut files = Files::read(home.store());
    files.0[0].1[3] = b"{}\n".to_vec();
    files.write(home.store());
    assert!(home.run(&["repair"]).ok().contains("events.jsonl:4"));
    assert_snapshot!(home.run(&["repair", "--yes"]).fails(1), @"
    error: the log holds events of format version 3; this build writes version 2 and leaves the log alone
    hint: install the newer muzzle-persona that wrote it
    ");
    assert_eq!(Files::read(home.store()), files);
}

#[test]
fn more_than_fits_into_a_line_is_put_on_record_in_several() {
    let home = Home::seeded();
    home.run(&["grow", "--count", "1000"]).ok();
    let mut files = Files::read(home.store());
    for line in files.0[0].1.iter_mut().step_by(2) {
        line[20] = b'?';
    }
    files.write(home.store());
    let done = home.run(&["repair", "--yes", "--json"]).json();
    // One that joins the heads, which find no room beside what the next one lists, and two that list.
    assert_eq!(done["recorded"].as_array().unwrap().len(), 3);
    let (cut, missing) = on_record(&Files::read(home.store()));
    assert_eq!((cut.len(), missing.len()), (506, 506));
    check_mended(&home);
}

#[test]
fn a_log_of_which_every_second_line_is_bad_is_mended_in_one_go() {
    let home = Home::seeded();
    let data = r#"{"persona":"Elena Vasquez","reason":"manual"}"#;
    home.append_all(1, "reactivate", &vec![data; 20_000]);
    let mut files = Files::read(home.store());
    let bad = files.0[0].1.iter_mut().skip(1).step_by(2);
    bad.for_each(|line| line[20] = b'?');
    let cut = files.0[0].1.len() / 2;
    files.write(home.store());
    let done = home.run(&["repair", "--yes", "--json"]).json();
    assert_eq!(done["cut"].as_array().unwrap().len(), cut);
    let mended = Files::read(home.store());
    let (cuts, missing) = on_record(&mended);
    // Nobody follows the last of the lines that are bad.
    assert_eq!((cuts.len(), missing.len()), (cut, cut - 1));
    let report = check_mended(&home);
    assert_eq!(report["heads"].as_array().unwrap().len(), 1);
}

#[test]
fn the_record_of_the_checkpoint_is_gone_with_what_it_knew() {
    let (home, files) = store(7, false);
    home.run(&["compact"]).ok();
    // The last line is no event any more, and no line follows it: the checkpoint alone knows of it.
    let mut spoilt = files.clone();
    let lines = &mut spoilt.0[0].1;
    let last = lines.len() - 1;
    lines[last] = String::from_utf8(lines[last].clone()).unwrap().replacen("at", "At", 1).into();
    spoilt.write(home.store());
    home.run(&["repair", "--yes"]).ok();
    let (cut, missing) = on_record(&Files::read(home.store()));
    assert_eq!((cut.len(), missing), (1, vec![json!(id(files.lines().last().unwrap()))]));
    assert!(!home.store().join(".cache/checkpoint.json").exists());
    check_mended(&home);
}

/// Copies a store.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}

/// A store with wounds in a sealed file and in the active one, before and after its repair.
fn before_and_after() -> (Home, PathBuf, PathBuf, Value) {
    let (mut home, _) = store(8, true);
    home.assign("last", "w", "testing");
    home.assign("cut off", "w", "testing");
    home.run(&["compact"]).ok();
    let mut files = Files::read(home.store());
    let mut rng = Rng::with_seed(1);
    let active = files.0.len() - 1;
    for place in [(0, 4), (0, 7), (active, 0)] {
        spoil(&mut files, place, &mut rng);
    }
    // The checkpoint alone knows of the last line.
    *files.0[active].1.last_mut().unwrap() = b"{\"torn".to_vec();
    files.write(home.store());
    let (before, after) = (home.path().join("before"), home.path().join("after"));
    copy(home.store(), &before);
    let done = home.run(&["repair", "--yes", "--json"]).json_with_warnings();
    copy(home.store(), &after);
    home.use_store(&before);
    (home, before, after, done)
}

/// The plan of a repair, as it stands in the quarantine while it is under way.
#[expect(clippy::disallowed_methods, reason = "a test makes the state that a crash leaves")]
fn plan(store: &Path, done: &Value) {
    let cut: Vec<_> = done["cut"].as_array().unwrap().iter().map(without_reason).collect();
    let missing = done["missing"].as_array().unwrap().iter().map(|missing| &missing["id"]);
    let plan = json!({"cut": cut, "missing": missing.collect::<Vec<_>>()});
    fs::write(store.join("quarantine/repair.json"), plan.to_string()).unwrap();
}

/// Makes the checkpoint of a copied store that of the copy: its first line names the file that it is.
#[expect(clippy::disallowed_methods, reason = "a test may write what the program writes")]
fn adopt_checkpoint(store: &Path) {
    let path = store.join(".cache/checkpoint.json");
    let text = fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once('\n').unwrap();
    let content = head.rsplit_once(",\"id\":").unwrap().0;
    let mark = content.split('"').nth(5).unwrap();
    let of = fs::metadata(&path).unwrap();
    let born = of.created().map_or(0, |at| at.duration_since(UNIX_EPOCH).unwrap().as_nanos());
    let named = content.replace(mark, &format!("{:x}-{born:x}", of.ino()));
    fs::write(&path, [&sign(&named), rest.as_bytes()].concat()).unwrap();
}

fn without_reason(cut: &Value) -> Value {
    let mut cut = cut.clone();
    cut.as_object_mut().unwrap().remove("reason");
    cut
}

/// What had happened to a store when the repair was cut short.
type Happened<'a> = &'a dyn Fn(&Path);

#[test]
fn a_repair_that_was_cut_short_anywhere_is_finished_by_the_next() {
    let (mut home, before, after, done) = before_and_after();
    let sealed = Files::read(&before).0[0].0.clone();
    let mended = Files::read(&after);
    let planned = |store: &Path| {
        copy(&after.join("quarantine"), &store.join("quarantine"));
        plan(store, &done);
    };
    let steps: [(&str, Happened); 6] = [
        ("the quarantine is begun", &|store| {
            fs::create_dir(store.join("quarantine")).unwrap();
            fs::copy(after.join(&sealed), store.join("quarantine/repair.new")).unwrap();
        }),
        ("the plan is noted", &planned),
        ("a draft is written", &|store| {
            planned(store);
            fs::copy(after.join(&sealed), store.join("quarantine/draft")).unwrap();
        }),
        ("one file is replaced", &|store| {
            planned(store);
            fs::copy(after.join(&sealed), store.join(&sealed)).unwrap();
        }),
        ("all files are replaced", &|store| {
            planned(store);
            let mut files = mended.clone();
            files.0.last_mut().unwrap().1.pop();
            files.write(store);
            fs::remove_dir_all(store.join(".cache")).unwrap();
        }),
        ("it is on record", &|store| {
            planned(store);
            mended.write(store);
        }),
    ];
    let record = on_record(&mended);
    assert_eq!((record.0.len(), record.1.len()), (3, 3));
    for (number, (step, happened)) in steps.iter().enumerate() {
        let store = home.path().join(format!("crash-{number}"));
        copy(&before, &store);
        adopt_checkpoint(&store);
        happened(&store);
        home.use_store(&store);
        let code = home.run(&["repair", "--yes"]).code;
        assert_eq!(code, Some(0), "{step}");
        let files = Files::read(&store);
        assert_eq!(on_record(&files), record, "{step}");
        assert_eq!(files.lines().len(), mended.lines().len(), "{step}");
        assert!(!store.join("quarantine/repair.json").exists(), "{step}");
        check_mended(&home);
    }
}

#[test]
fn a_repair_keeps_other_writers_waiting_and_waits_for_them() {
    let (home, mut files) = store(9, false);
    spoil(&mut files, (0, 3), &mut Rng::with_seed(1));
    files.write(home.store());
    std::thread::scope(|scope| {
        let repairs: Vec<_> =
            (0..4).map(|_| scope.spawn(|| home.run(&["repair", "--yes"]))).collect();
        for repair in repairs {
            assert_eq!(repair.join().unwrap().code, Some(0));
        }
    });
    let (cut, _) = on_record(&Files::read(home.store()));
    assert_eq!(cut.len(), 1, "one of them did it");
    check_mended(&home);
}
