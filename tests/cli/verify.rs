//! `verify` names every fault for what it is, and tells damage from what merges do.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use fastrand::Rng;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Home, assign_args, parts, without_ids};
use crate::merge::Branches;
use crate::surgery::{Files, damage, forge, forge_event, id, lived, of_kind, parsed, sign, verify};

/// Logs of every kind: linear, in pieces, and merged both ways by git.
fn logs() -> Vec<(&'static str, Files)> {
    static LOGS: OnceLock<Vec<(&str, Files)>> = OnceLock::new();
    LOGS.get_or_init(make_logs).clone()
}

fn make_logs() -> Vec<(&'static str, Files)> {
    let mut rng = Rng::with_seed(5);
    let linear = Home::seeded();
    lived(&linear, &mut rng, false);
    let sealed = Home::seeded();
    lived(&sealed, &mut rng, true);
    vec![
        ("linear", Files::read(linear.store())),
        ("sealed", Files::read(sealed.store())),
        ("merged", merged()),
    ]
}

/// A log that went two ways and was merged both ways, twice.
fn merged() -> Files {
    let mut branches = Branches::new();
    let mut hour = 0;
    for _ in 0..2 {
        for on_a in [true, false, true, false] {
            hour += 1;
            let session = format!("{on_a}{hour}");
            let now = format!("2026-03-26T{hour:02}:00:00Z");
            branches.work(on_a, &now, &assign_args(&session, "w", "testing"));
        }
        branches.fetch();
        branches.merge(true, "other/main");
        branches.merge(false, "other/main");
    }
    branches.work(true, "2026-03-27T00:00:00Z", &["grow", "--count", "3"]);
    let _ = fs::remove_dir_all(branches.a.join(".cache"));
    Files::read(&branches.a)
}

/// A home whose store has this log and nothing else.
fn home(files: &Files) -> Home {
    let home = Home::new();
    fs::create_dir_all(home.store()).unwrap();
    files.write(home.store());
    #[cfg(unix)]
    close(home.store());
    home
}

/// Closes a directory to others.
#[cfg(unix)]
fn close(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).unwrap();
}

/// Verifies a log, and for its heads as they were.
fn verify_files(files: &Files, heads: &[String]) -> (i32, Value) {
    let asked: Vec<_> = heads.iter().flat_map(|head| ["--head", head]).collect();
    verify(&home(files), &asked)
}

fn heads(report: &Value) -> Vec<String> {
    report["heads"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// The lines of a log that name an event as their parent, in its order.
fn children(files: &Files, parent: &str) -> Vec<(usize, usize)> {
    let places = files.0.iter().enumerate();
    let places = places.flat_map(|(file, (_, lines))| (0..lines.len()).map(move |at| (file, at)));
    let names = |at: &(usize, usize)| {
        parsed(files.line(*at))["prev"].as_array().unwrap().contains(&json!(parent))
    };
    places.filter(names).collect()
}

/// Whether a line stands in a log more than once.
fn is_repeated(files: &Files, line: &[u8]) -> bool {
    files.lines().iter().filter(|other| **other == line).count() > 1
}

#[test]
fn a_log_that_was_left_alone_is_sound_and_its_heads_are_contained() {
    for (kind, files) in logs() {
        let (code, report) = verify_files(&files, &[]);
        assert_eq!((code, &report["sound"]), (0, &json!(true)), "{kind}: {report:#}");
        let (lines, bytes) = (files.lines().len(), files.lines().concat().len());
        assert_eq!((&report["lines"], &report["bytes"]), (&json!(lines), &json!(bytes)), "{kind}");
        assert_eq!(report["files"], files.0.len(), "{kind}");
        let repeated = report["repeated_lines"].as_u64().unwrap();
        assert_eq!(report["events"].as_u64().unwrap() + repeated, lines as u64, "{kind}");
        if kind != "merged" {
            assert_eq!(report["findings"], json!([]), "{kind}");
        }
        let heads = heads(&report);
        let (code, report) = verify_files(&files, &heads);
        assert_eq!(code, 0, "{kind}: {report:#}");
        let noted = report["noted_heads"].as_array().unwrap();
        assert_eq!(noted.len(), heads.len());
        assert!(noted.iter().all(|noted| noted["head"] == noted["id"]), "{report:#}");
    }
}

#[test]
fn a_flipped_bit_anywhere_is_found_in_its_line() {
    let mut rng = Rng::with_seed(1);
    for (kind, files) in logs() {
        for _ in 0..50 {
            let mut changed = files.clone();
            let (file, line) = files.pick(&mut rng);
            let bytes = &mut changed.0[file].1[line];
            let text = parts(str::from_utf8(bytes).unwrap()).2.map_or(0, str::len);
            let at = rng.usize(0..bytes.len());
            bytes[at] ^= 1 << rng.u8(0..8);
            let (length, byte) = (bytes.len(), bytes[at]);
            let is_last = line + 1 == files.0[file].1.len();
            let (code, report) = verify_files(&changed, &[]);
            let what = format!("{kind}: byte {at} of {length}, now {byte}: {report:#}");
            // Behind a text stand a brace and the line end.
            let is_in_text = text > 0 && (3..text + 3).contains(&(length - at));
            if is_last && file + 1 == files.0.len() && of_kind(&report, "torn_tail").len() == 1 {
                // What is no object any more may as well be a write that did not end.
                assert_eq!((code, report["damage"].clone()), (0, json!(0)), "{what}");
                continue;
            }
            assert_eq!(code, 3, "{what}");
            let damage = damage(&report);
            let place = files.place((file, line));
            let found: Vec<_> = damage.iter().map(|(kind, _)| kind.as_str()).collect();
            if byte == b'\n' {
                assert_eq!(found, ["not_an_event", "not_an_event"], "{what}");
            } else if at + 1 == length && is_last {
                assert_eq!(found, ["no_line_end", "not_an_event"], "{what}");
            } else if at == 0 || at + 1 == length {
                assert!(found == ["not_an_event"] || found == ["changed"], "{what}");
            } else if is_in_text {
                assert_eq!(found, ["text_changed"], "{what}");
            } else if at < length - 42 && text == 0 {
                assert_eq!(found, ["changed"], "{what}");
            } else {
                assert!(found == ["not_an_event"] || found == ["changed"], "{what}");
            }
            assert_eq!(damage[0].1, place, "{what}");
        }
    }
}

#[test]
fn a_removed_line_is_missed_where_its_child_stands_or_by_its_noted_head() {
    let mut rng = Rng::with_seed(2);
    for (kind, files) in logs() {
        let noted = heads(&verify_files(&files, &[]).1);
        for _ in 0..25 {
            let mut cut = files.clone();
            let (file, line) = files.pick(&mut rng);
            let removed = cut.0[file].1.remove(line);
            let (code, report) = verify_files(&cut, &noted);
            let what = format!("{kind}: {}: {report:#}", files.place((file, line)));
            let id = id(&removed);
            if is_repeated(&files, &removed) {
                assert_eq!(code, 0, "it is still there: {what}");
            } else if noted.contains(&id) {
                assert_eq!(code, 3, "{what}");
                assert_eq!(damage(&report), [("head_gone".to_owned(), json!([null, null]))]);
                assert!(report.to_string().contains(&id), "{what}");
            } else {
                assert_eq!(code, 3, "{what}");
                let place = cut.place(children(&cut, &id)[0]);
                assert_eq!(damage(&report), [("missing_parent".to_owned(), place)], "{what}");
                assert!(report.to_string().contains(&id), "{what}");
            }
        }
    }
}

#[test]
fn a_swapped_pair_is_out_of_order_and_no_damage() {
    let mut rng = Rng::with_seed(3);
    for (kind, files) in logs() {
        let before = of_kind(&verify_files(&files, &[]).1, "out_of_order").len();
        let fork = files.lines().iter().position(|line| parsed(line)["prev"][1].is_string());
        let mut swaps = 0;
        while swaps < 25 {
            let (file, line) = files.pick(&mut rng);
            let mut swapped = files.clone();
            let lines = &mut swapped.0[file].1;
            if line + 1 == lines.len() || is_repeated(&files, &lines[line]) {
                continue;
            }
            let prev = parsed(&lines[line + 1])["prev"].clone();
            let is_child = prev.as_array().unwrap().contains(&json!(id(&lines[line])));
            lines.swap(line, line + 1);
            let (code, report) = verify_files(&swapped, &[]);
            let found = of_kind(&report, "out_of_order");
            let what = format!("{kind}: {}: {report:#}", files.place((file, line)));
            assert_eq!(found.len(), before + usize::from(is_child), "{what}");
            if !is_child {
                assert_eq!(code, 0, "{what}");
                continue;
            }
            let severity = |severity: &str| (severity.to_owned(), files.place((file, line)));
            if kind == "merged" {
                // The fork is after the seed and one assignment; until there, all have the same lines.
                assert!(fork.is_some());
                let proven = line + 1 < 13;
                let expected = if proven { "warning" } else { "note" };
                assert!(found.contains(&severity(expected)), "{what}");
            } else {
                assert_eq!(found, [severity("warning")], "{what}");
            }
            assert_eq!(code, 0, "{what}");
            swaps += 1;
        }
    }
}

#[test]
fn a_repeated_line_is_a_note_as_merges_leave_them() {
    let mut rng = Rng::with_seed(4);
    for (kind, files) in logs() {
        for _ in 0..15 {
            let (file, line) = files.pick(&mut rng);
            let copy = files.line((file, line)).to_vec();
            if is_repeated(&files, &copy) {
                continue;
            }
            let mut repeated = files.clone();
            let to = repeated.0.len() - 1;
            let after = if to == file { line + 1 } else { 0 };
            let at = rng.usize(after..=repeated.0[to].1.len());
            repeated.0[to].1.insert(at, copy);
            let (code, report) = verify_files(&repeated, &[]);
            assert_eq!(code, 0, "{kind}: {report:#}");
            let found = of_kind(&report, "repeated");
            let note = ("note".to_owned(), repeated.place((to, at)));
            assert!(found.contains(&note), "{kind}: {report:#}");
            let first = format!("line {} of `{}`", line + 1, files.0[file].0);
            assert!(report.to_string().contains(&format!("repeats {first}, as merges can")));
        }
    }
}

#[test]
fn repeated_lines_that_stand_together_are_one_finding() {
    let mut files = merged();
    let copies = files.0[0].1[2..6].to_vec();
    files.0[0].1.extend(copies);
    let (code, report) = verify_files(&files, &[]);
    assert_eq!(code, 0);
    let last = report["findings"].as_array().unwrap().last().unwrap();
    assert_eq!(last["line"], files.0[0].1.len() - 3);
    assert_eq!(
        last["message"],
        "from here, 4 lines repeat others, the first of them line 3 of `events.jsonl`, as merges can; each counts once"
    );
}

#[test]
fn a_cut_tail_is_seen_by_what_is_left_of_a_line_by_a_noted_head_and_by_the_checkpoint() {
    let mut rng = Rng::with_seed(6);
    for (kind, files) in logs() {
        let noted = heads(&verify_files(&files, &[]).1);
        let (_, lines) = files.0.last().unwrap();
        let all = lines.concat();
        for _ in 0..20 {
            // The last line end alone is no loss: `unended` has that.
            let cut = rng.usize(0..all.len() - 1);
            let left = &all[..cut];
            let whole = left.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            let home = home(&files);
            // It writes the checkpoint.
            assert_eq!(home.run(&["compact"]).code, Some(0));
            home.set_log(left);
            let (code, report) = verify(&home, &["--head", &noted[0]]);
            let what = format!("{kind}: cut to {cut}, {whole} whole: {report:#}");
            assert_eq!(code, 3, "{what}");
            // A line that lacks its line end only is whole, and no unfinished write.
            let is_unended = all[cut] == b'\n';
            assert_eq!(of_kind(&report, "unended").len(), usize::from(is_unended), "{what}");
            let is_torn = whole < cut && !is_unended;
            let torn = of_kind(&report, "torn_tail");
            assert_eq!(torn.len(), usize::from(is_torn), "{what}");
            if is_torn {
                let unfinished = format!("an unfinished write of {} byte", cut - whole);
                assert!(report.to_string().contains(&unfinished), "{what}");
            }
            let gone = of_kind(&report, "events_gone");
            assert_eq!(gone, [("damage".to_owned(), json!([".cache/checkpoint.json", null]))]);
            let last_is_there =
                String::from_utf8_lossy(left).contains(&format!("{}\"}}", noted[0]));
            assert_eq!(of_kind(&report, "head_gone").is_empty(), last_is_there, "{what}");
        }
    }
}

#[test]
fn a_forged_line_with_a_right_id_is_told_by_what_it_follows() {
    let mut rng = Rng::with_seed(7);
    for (kind, files) in logs() {
        let before = verify_files(&files, &[]).1;
        for _ in 0..25 {
            let (file, line) = files.pick(&mut rng);
            let parent = files.line((file, line)).to_vec();
            if children(&files, &id(&parent)).is_empty() || is_repeated(&files, &parent) {
                continue;
            }
            let seq = parsed(&parent)["seq"].as_u64().unwrap() + 1;
            let unknown = "0123456789abcdef0123456789abcdef";
            let (forged, wanted, severity) = match rng.u8(0..4) {
                0 => (forge(seq + 1 + rng.u64(0..9), &[&id(&parent)]), "wrong_seq", "damage"),
                1 => (forge(seq - 1, &[&id(&parent)]), "wrong_seq", "damage"),
                2 => (forge(seq, &[unknown]), "missing_parent", "damage"),
                _ => (forge(seq, &[&id(&parent)]), "branch", "note"),
            };
            let mut with = files.clone();
            // Behind its parent and the one that follows that.
            let to = with.0.len() - 1;
            let child = children(&files, &id(&parent))[0];
            let from = if child.0 == to { child.1 + 1 } else { 0 };
            let at = rng.usize(from..=with.0[to].1.len());
            with.0[to].1.insert(at, forged);
            let (code, report) = verify_files(&with, &heads(&before));
            let what = format!("{kind}: {wanted} at {}: {report:#}", with.place((to, at)));
            let expected = (severity.to_owned(), with.place((to, at)));
            assert!(of_kind(&report, wanted).contains(&expected), "{what}");
            assert_eq!(code, if severity == "damage" { 3 } else { 0 }, "{what}");
            let one = usize::from(severity == "damage");
            assert_eq!(damage(&report).len(), one, "{what}");
            // Whatever its severity, it is one more head.
            assert_eq!(heads(&report).len(), heads(&before).len() + 1, "{what}");
        }
    }
}

#[test]
fn people_read_a_line_for_each_finding_and_a_verdict() {
    let home = Home::seeded();
    home.assign("s1", "w", "testing");
    let store = home.store().display().to_string();
    let told = |home: &Home, args: &[&str], code: i32| {
        let done = home.run(&[&["verify"], args].concat());
        assert_eq!((done.code, done.stderr.as_str()), (Some(code), ""), "{}", done.stdout);
        without_ids(&done.stdout.replace(&store, "<store>"))
    };
    let sound = Files::read(home.store());
    let head = id(&sound.0[0].1[12]);
    assert_snapshot!(told(&home, &["--head", &head[..8]], 0));

    let mut files = sound.clone();
    let lines = &mut files.0[0].1;
    lines[2] = String::from_utf8(lines[2].clone()).unwrap().replacen("at", "At", 1).into();
    lines.remove(6);
    lines.push(lines[0].clone());
    lines.push(b"{\"v\":1,".to_vec());
    files.write(home.store());
    assert_snapshot!(told(&home, &["--head", &"0".repeat(32)], 3));
}

#[test]
fn a_head_is_asked_for_by_enough_of_its_digits() {
    let home = Home::seeded();
    let head = id(&Files::read(home.store()).0[0].1[11]);
    for digits in [8, 20, 32] {
        let (code, report) = verify(&home, &["--head", &head[..digits]]);
        assert_eq!(code, 0, "{report:#}");
        assert_eq!(report["noted_heads"], json!([{"head": &head[..digits], "id": head}]));
    }
    let gone = "0123456789abcdef0123456789abcdef";
    let (code, report) = verify(&home, &["--head", &head, "--head", gone, "--head", "fedcba98"]);
    assert_eq!(code, 3);
    assert_eq!(of_kind(&report, "head_gone").len(), 2);
    assert_eq!(report["noted_heads"][1], json!({"head": gone, "id": null}));
    assert_eq!(
        report["findings"][0]["message"],
        format!("the history no longer contains `{gone}`")
    );
    for wrong in ["0123456", "0123456x", "ABCDEF01", "", &"0".repeat(33)] {
        let stderr = home.run(&["verify", "--head", wrong]).fails(2);
        assert!(stderr.contains("an id has from 8 to 32 lower-case hex digits"), "{stderr}");
    }
}

#[test]
fn an_event_whose_id_begins_like_anothers_is_asked_for_by_more_digits() {
    // Some tens of thousands of lines have two whose ids begin with the same eight digits.
    let mut seen = std::collections::BTreeMap::new();
    let content = |n: u32| {
        format!(
            r#"{{"v":1,"seq":1,"at":"2026-01-01T00:00:00Z","type":"x{n}","data":{{}},"prev":[]"#
        )
    };
    let twins = (0..).find_map(|n| {
        let digest = blake3::hash(content(n).as_bytes());
        let start: [u8; 4] = digest.as_bytes()[..4].try_into().unwrap();
        seen.insert(start, n).map(|other| [other, n])
    });
    let lines = twins.unwrap().map(|n| sign(&content(n)));
    let home = home(&Files(vec![("events.jsonl".to_owned(), lines.to_vec())]));
    let [one, _] = lines.map(|line| id(&line));
    assert_snapshot!(
        without_ids(&home.run(&["verify", "--head", &one[..8]]).fails(1)), @r"
    error: `<id>` begins the ids of several events
    hint: write more of its digits
    "
    );
    assert_eq!(verify(&home, &["--head", &one]).0, 0);
}

/// Every file below a directory, with its bytes and when it was changed.
fn everything(dir: &Path) -> Vec<(std::path::PathBuf, Vec<u8>, std::time::SystemTime)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let changed = path.metadata().unwrap().modified().unwrap();
        if path.is_dir() {
            found.extend(everything(&path));
            found.push((path, Vec::new(), changed));
        } else {
            found.push((path.clone(), fs::read(path).unwrap(), changed));
        }
    }
    found.sort();
    found
}

#[test]
fn verify_writes_nothing_and_makes_no_store() {
    let home = Home::new();
    for args in [&["verify"][..], &["repair"], &["repair", "--yes"]] {
        let stderr = home.run(args).fails(1);
        let store = home.store().display();
        let hint = "the first `muzzle-persona assign` or `grow` makes one; `--store DIR` or `MUZZLE_PERSONA_STORE` names another";
        assert_eq!(stderr, format!("error: there is no store at `{store}`\nhint: {hint}\n"));
    }
    assert!(!home.store().exists());

    home.run(&["orphan-cleanup"]).ok();
    let sound = home.log();
    for log in [sound.clone(), [&sound[..], b"{\"v\""].concat(), sound[1..].to_vec()] {
        // Without a lock file, a checkpoint or a quarantine, none is made.
        let _ = fs::remove_file(home.store().join(".lock"));
        home.set_log(&log);
        let before = everything(home.store());
        let code = verify(&home, &[]).0;
        assert_eq!(code, if log[0] == b'{' { 0 } else { 3 });
        home.run(&["repair"]).ok();
        assert_eq!(everything(home.store()), before);
    }
}

/// Changes a line of the checkpoint, and gives it the id that it must have then.
#[expect(clippy::disallowed_methods, reason = "a test may damage what it likes")]
pub fn lie(store: &Path, from: &str, to: &str) {
    let path = store.join(".cache/checkpoint.json");
    let text = fs::read_to_string(&path).unwrap();
    let line = |line: &str| {
        let Some((content, _)) = line.rsplit_once(",\"id\":") else {
            return format!("{line}\n");
        };
        String::from_utf8(sign(&content.replace(from, to))).unwrap()
    };
    let lied: String = text.lines().map(line).collect();
    assert_ne!(lied, text);
    fs::write(path, lied).unwrap();
}

#[test]
fn a_checkpoint_that_says_otherwise_than_the_log_is_damage_and_can_be_deleted() {
    for (kind, files) in logs() {
        let home = home(&files);
        // Judgements are compared, too.
        let outcome = ["outcome", "--session", "o", "--agent-name", "w", "--result", "ok"];
        assert_eq!(home.run(&assign_args("o", "w", "testing")).code, Some(0));
        assert_eq!(home.run(&outcome).code, Some(0));
        assert_eq!(home.run(&["compact"]).code, Some(0));
        assert_eq!(verify(&home, &[]).0, 0, "{kind}");
        // What is folded after it does not matter.
        home.run(&["grow", "--count", "1"]);
        assert_eq!(verify(&home, &[]).0, 0, "{kind}");
        lie(home.store(), "\"created_at\":\"2026", "\"created_at\":\"2025");
        let (code, report) = verify(&home, &[]);
        let place = json!([".cache/checkpoint.json", null]);
        assert_eq!(code, 3, "{kind}: {report:#}");
        assert_eq!(damage(&report), [("checkpoint_differs".to_owned(), place)], "{kind}");
        let log = home.log();
        let told = home.run(&["repair"]).ok();
        assert!(
            told.starts_with("Would remove the checkpoint, which says otherwise than the log, or ")
        );
        assert_eq!(verify(&home, &[]).0, 3, "{kind}");
        home.run(&["repair", "--yes"]).ok();
        assert_eq!(verify(&home, &[]).0, 0, "{kind}");
        assert_eq!(home.log(), log, "{kind}");
    }
}

#[test]
fn a_forged_checkpoint_lies_to_readers_and_verify_says_of_what() {
    for (from, to, what) in [
        ("\"pragmatic\"", "\"dishonest\"", "the definition of `Elena Vasquez`"),
        ("Elena Vasquez", "Elena Vasquex", "`Elena Vasquex`, which the log does not have"),
        ("\"feedback\":0,\"unknown\"", "\"feedback\":9,\"unknown\"", "its totals"),
        ("\"status\":\"aaaa", "\"status\":\"amaa", "what a choice looks up first"),
    ] {
        let home = Home::seeded();
        home.run(&["compact"]).ok();
        let truth = home.run(&["list"]).ok();
        lie(home.store(), from, to);
        if from.starts_with("Elena") {
            assert_ne!(home.run(&["list"]).ok(), truth, "its digests are right");
        }
        let told = home.run(&["verify"]);
        assert_eq!((told.code, told.stderr.as_str()), (Some(3), ""), "{what}");
        let finding = format!(
            ".cache/checkpoint.json: damage: it says otherwise than the log of {what}; `muzzle-persona repair --yes` removes it"
        );
        assert!(told.stdout.contains(&finding), "{what}: {}", told.stdout);
        home.run(&["repair", "--yes"]).ok();
        assert_eq!(home.run(&["list"]).ok(), truth);
        assert_eq!(verify(&home, &[]).0, 0);
    }
}

#[cfg(unix)]
#[test]
fn a_checkpoint_that_others_may_have_written_is_not_used() {
    use std::os::unix::fs::{PermissionsExt as _, chown};

    let owned_by = |path: &Path, owner: u32| chown(path, Some(owner), None).is_ok();
    for (mode, owner, why) in [
        (0o620, None, "others than its owner may write to it, as its mode is 620"),
        (0o602, None, "others than its owner may write to it, as its mode is 602"),
        (0o600, Some(4711), "it is a file of another user's"),
    ] {
        let home = Home::seeded();
        home.run(&["compact"]).ok();
        let truth = home.run(&["list"]).ok();
        lie(home.store(), "Elena Vasquez", "Elena Vasquex");
        let path = home.store().join(".cache/checkpoint.json");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        if owner.is_some_and(|owner| !owned_by(&path, owner)) {
            continue;
        }
        assert_eq!(home.run(&["list"]).ok(), truth, "{why}");
        let told = home.run(&["verify"]).ok();
        let finding = format!(
            ".cache/checkpoint.json: warning: it is not used: {why}; `muzzle-persona repair --yes` removes it"
        );
        assert!(told.contains(&finding), "{told}");
        let doctor = home.run(&["doctor"]).stdout;
        let check = format!("The checkpoint in `.cache/checkpoint.json` is not used: {why}.");
        assert!(doctor.contains(&check), "{doctor}");
        home.run(&["repair", "--yes"]).ok();
        assert!(!path.exists());
        assert!(!home.run(&["doctor"]).stdout.contains("The checkpoint"));
        // Whoever writes one makes it anew, and it is used.
        lie_of_others(&home, &path, mode, owner);
        assert!(home.run(&["list"]).ok().contains("Elena Vasquex"), "it is their own now");
    }
}

/// Has a checkpoint written over one that others may have written, and changes what it says.
#[cfg(unix)]
fn lie_of_others(home: &Home, path: &Path, mode: u32, owner: Option<u32>) {
    use std::os::unix::fs::{PermissionsExt as _, chown};

    home.run(&["compact"]).ok();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    chown(path, owner, None).unwrap();
    home.run(&["compact"]).ok();
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    lie(home.store(), "Elena Vasquez", "Elena Vasquex");
}

#[expect(clippy::disallowed_methods, reason = "a test may damage what it likes")]
#[test]
fn a_checkpoint_that_cannot_be_used_is_a_note() {
    let home = Home::seeded();
    home.run(&["compact"]).ok();
    let path = home.store().join(".cache/checkpoint.json");
    let sound = fs::read_to_string(&path).unwrap();
    for bad in [sound[..300].to_owned(), sound.replace("\"calm\"", "\"wild\"")] {
        fs::write(&path, bad).unwrap();
        let (code, report) = verify(&home, &[]);
        assert_eq!(code, 0);
        let place = json!([".cache/checkpoint.json", null]);
        assert_eq!(of_kind(&report, "checkpoint_unusable"), [("note".to_owned(), place)]);
    }
}

#[test]
fn a_log_in_another_state_than_its_checkpoint_is_told_by_what_is_gone() {
    let home = Home::seeded();
    let seeded = Files::read(home.store());
    let mut files = seeded.clone();
    let copy = files.0[0].1[4].clone();
    files.0[0].1.push(copy);
    files.write(home.store());
    home.run(&["grow", "--count", "1"]).ok();
    home.run(&["compact"]).ok();
    let kept = Files::read(home.store());
    assert_eq!(verify(&home, &[]).0, 0);
    let place = json!([".cache/checkpoint.json", null]);

    // The repeated line stood elsewhere: nothing is gone, and a merge can do that.
    let mut moved = kept.clone();
    let repeat = moved.0[0].1.remove(12);
    moved.0[0].1.insert(7, repeat);
    moved.write(home.store());
    let (code, report) = verify(&home, &[]);
    assert_eq!(
        (code, of_kind(&report, "other_state")),
        (0, vec![("note".to_owned(), place.clone())])
    );

    // It is gone, and nothing else is: the log is shorter, and as whole as before.
    moved.0[0].1.remove(7);
    moved.write(home.store());
    let (code, report) = verify(&home, &[]);
    assert_eq!(
        (code, of_kind(&report, "other_state")),
        (0, vec![("warning".to_owned(), place.clone())])
    );
    assert!(report.to_string().contains("the log is shorter than when its checkpoint was taken"));

    // The last event is gone.
    seeded.write(home.store());
    let (code, report) = verify(&home, &[]);
    assert_eq!((code, damage(&report)), (3, vec![("events_gone".to_owned(), place.clone())]));
    assert!(report.to_string().contains(&id(kept.lines().last().unwrap())));

    // So is the whole log.
    fs::remove_file(home.log_path()).unwrap();
    let (code, report) = verify(&home, &[]);
    assert_eq!((code, damage(&report)), (3, vec![("events_gone".to_owned(), place)]));
}

#[cfg(unix)]
#[test]
fn a_store_that_is_open_to_others_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = Home::seeded();
    let open = |name: &str, mode| {
        let path = home.store().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    open("events.jsonl", 0o644);
    assert_eq!(verify(&home, &[]).1["findings"], json!([]), "nobody else comes so far");
    open("", 0o750);
    let (code, report) = verify(&home, &[]);
    let warning = |name: &str| ("warning".to_owned(), json!([name, null]));
    assert_eq!(code, 0);
    assert_eq!(of_kind(&report, "open_to_others"), [warning("."), warning("events.jsonl")]);
    assert!(report.to_string().contains("its mode is 644"));
    // `stats` warns of what others may write, whatever moment it is asked about.
    let warnings =
        |args: &[&str]| home.run(&[&["stats", "--json"], args].concat()).json()["warnings"].clone();
    assert_eq!(warnings(&[]), json!([]));
    for (store, log) in [(0o770, 0o644), (0o750, 0o620), (0o703, 0o604)] {
        open("", store);
        open("events.jsonl", log);
        let modes = [(".", store), ("events.jsonl", log)];
        let writable = modes.into_iter().filter(|(_, mode)| mode & 0o022 != 0);
        let told: Vec<_> = writable
            .map(|(name, mode)| {
                format!("`{name}` in the store: others than its owner may read or write it: its mode is {mode:03o}, and `chmod go=` on it takes that away")
            })
            .collect();
        assert_eq!((warnings(&[]), warnings(&["--at", "3"])), (json!(told), json!(told)));
        let told = format!("\nwarning: {}\n", told[0]);
        assert!(home.run(&["stats"]).ok().contains(&told));
    }
    open("", 0o700);
    assert_eq!(warnings(&[]), json!([]), "nobody else comes so far");
}

#[test]
fn a_sealed_file_has_the_name_and_the_end_that_a_seal_gives_it() {
    let (_, files) = logs().swap_remove(1);
    let name = files.0[0].0.clone();
    let warning = |name: &str| ("warning".to_owned(), json!([name, null]));

    let mut renamed = files.clone();
    "segments/1-01234567.jsonl".clone_into(&mut renamed.0[0].0);
    let (code, report) = verify_files(&renamed, &[]);
    let found = of_kind(&report, "segment_name");
    assert_eq!((code, found), (0, vec![warning("segments/1-01234567.jsonl")]));

    let mut emptied = files.clone();
    emptied.0.insert(1, ("segments/2-01234567.jsonl".to_owned(), Vec::new()));
    let (code, report) = verify_files(&emptied, &[]);
    let found = of_kind(&report, "segment_name");
    assert_eq!((code, found), (0, vec![warning("segments/2-01234567.jsonl")]));

    let mut cut = files;
    let last = cut.0[0].1.len() - 1;
    cut.0[0].1[last].pop();
    let (code, report) = verify_files(&cut, &[]);
    let place = json!([name, last + 1]);
    assert_eq!((code, damage(&report)), (3, vec![("no_line_end".to_owned(), place)]));
}

/// A log of the seed and these lines, each of which follows the one before.
fn with(events: &[(&str, String)]) -> Files {
    let home = Home::seeded();
    let mut files = Files::read(home.store());
    for (kind, data) in events {
        let last = files.0[0].1.last().unwrap();
        let (seq, prev) = (parsed(last)["seq"].as_u64().unwrap(), id(last));
        files.0[0].1.push(forge_event(seq + 1, &[&prev], kind, data));
    }
    files
}

#[test]
fn what_the_events_say_is_looked_at_too() {
    let feedback = |persona: &str, observation: &str| {
        let data = json!({"persona": persona, "role": "testing", "observation": observation,
            "sentiment": "neutral", "source": "x"});
        ("feedback", data.to_string())
    };
    let assign = |session: &str, persona: &str| {
        let slot = json!({"slot": "w-0", "persona": persona, "role": "testing", "requested": "t"});
        let data = json!({"session": session, "agent": "w", "project": "p", "slots": [slot]});
        ("assign", data.to_string())
    };
    let files = with(&[
        feedback("Nobody at All", "x"),
        feedback("Nobody at All", "y"),
        feedback("Elena Vasquez", &"x".repeat(2001)),
        feedback("Elena Vasquez", "a\u{1b}[2Jb\u{202e}c"),
        assign("s1", "Elena Vasquez"),
        assign("s2", "Elena Vasquez"),
        ("party", "{}".to_owned()),
        ("party", "[1]".to_owned()),
    ]);
    let (code, report) = verify_files(&files, &[]);
    assert_eq!(code, 0);
    let at = |severity: &str, line: usize| (severity.to_owned(), json!(["events.jsonl", line]));
    assert_eq!(of_kind(&report, "nobody"), [at("warning", 13)]);
    assert_eq!(of_kind(&report, "text"), [at("warning", 15), at("warning", 16)]);
    assert_eq!(of_kind(&report, "two_holders"), [at("warning", 18)]);
    assert_eq!(of_kind(&report, "unknown_type"), [at("note", 19)]);
    assert_eq!(report["findings"].as_array().unwrap().len(), 5);
    let done = home(&files).run(&["verify"]).ok();
    let head: Vec<_> = done.lines().take(5).collect();
    assert_snapshot!(head.join("\n"));
}

#[test]
fn what_cannot_be_seen_is_escaped_in_findings() {
    let hostile = "E\u{1b}]0;owned\u{7}\u{202e}";
    let retire = ("retire", json!({"persona": hostile, "reason": "manual"}).to_string());
    let mut files = with(&[retire, ("e\u{9b}vil", "{}".to_owned())]);
    let last = files.0[0].1.last().unwrap();
    let retire = json!({"persona": "x", "reason": "\u{1b}[31m"}).to_string();
    let unheard_of = forge_event(15, &[&id(last)], "retire", &retire);
    files.0[0].1.push(unheard_of);
    let broken = "{\"v\":1,\"type\":\"\u{1b}[31m\u{202e}\"}\n".as_bytes().to_vec();
    files.0[0].1.insert(3, broken);
    let home = home(&files);
    for args in [&["verify"][..], &["verify", "--json"], &["repair"], &["repair", "--json"]] {
        let done = home.run(args);
        assert!(done.stderr.is_empty(), "{}", done.stderr);
        let shown = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
        assert!(done.stdout.chars().all(shown), "{:?}", done.stdout);
    }
    let told = home.run(&["verify"]).stdout;
    assert!(
        told.contains("it names `E\\u{1b}]0;owned\\u{7}\\u{202e}`, who does not exist"),
        "{told}"
    );
    assert!(told.contains("of the unknown type `e\\u{9b}vil`"), "{told}");
}

#[test]
fn what_no_honest_writer_would_say_of_its_heads_or_the_time_is_told() {
    let mut files = with(&[]);
    let lines = &mut files.0[0].1;
    let (older, newer) = (id(&lines[10]), id(&lines[11]));
    let mut both = [older.as_str(), newer.as_str()];
    both.sort_unstable();
    lines.push(forge(13, &both));
    let head = id(&lines[12]);
    // From before its parent's time, which is in 2027.
    let content = format!(
        r#"{{"v":3,"seq":14,"at":"2026-01-01T00:00:00Z","type":"x","data":0,"prev":["{head}"]"#
    );
    lines.push(sign(&content));
    lines.push(forge(1, &[]));
    let (code, report) = verify_files(&files, &[]);
    let at = |severity: &str, line: usize| (severity.to_owned(), json!(["events.jsonl", line]));
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(of_kind(&report, "not_heads"), [at("warning", 13)]);
    assert_eq!(of_kind(&report, "backwards"), [at("note", 14)]);
    assert_eq!(of_kind(&report, "newer_version"), [at("note", 14)]);
    assert_eq!(of_kind(&report, "beginning"), [at("note", 15)]);
    assert!(report.to_string().contains(&older));
}

#[test]
fn a_log_that_is_being_written_is_never_called_damaged_or_torn() {
    use std::sync::atomic::{AtomicBool, Ordering};

    let home = Home::seeded();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (home, stop) = (&home, &stop);
        scope.spawn(move || {
            for n in 0..60 {
                home.run(&["grow", "--count", "40"]).ok();
                if n % 20 == 19 {
                    home.run(&["compact", "--seal"]).ok();
                }
            }
            stop.store(true, Ordering::SeqCst);
        });
        let mut looks = 0;
        while !stop.load(Ordering::SeqCst) {
            let (code, report) = verify(home, &[]);
            assert_eq!((code, &report["findings"]), (0, &json!([])), "{report:#}");
            looks += 1;
        }
        assert!(looks > 3);
    });
}

#[test]
fn of_a_thousand_findings_of_a_kind_and_more_the_others_are_counted_unless_all_are_asked_for() {
    let home = Home::seeded();
    let sound = home.log();
    let bad = "x\n{}\n".repeat(600);
    let changed = b"{\"v\":1,\"id\":\"0123456789abcdef0123456789abcdef\"}\n".repeat(3);
    home.set_log(&[&sound[..], bad.as_bytes(), &changed].concat());
    for (all, told) in [(&[][..], 1000), (&["--all"][..], 1200)] {
        let done = home.run(&[&["verify"], all].concat());
        assert_eq!((done.code, done.stderr.as_str()), (Some(3), ""));
        let (first, last) = ("events.jsonl:13: damage: ", "1203 faults, 0 warnings, 0 notes.");
        assert!(done.stdout.starts_with(first), "{}", done.stdout);
        assert!(done.stdout.contains(last), "{}", done.stdout);
        let lines = done.stdout.lines();
        let lines: Vec<_> = lines.filter(|line| line.starts_with("events.jsonl:")).collect();
        assert!(lines.last().unwrap().starts_with("events.jsonl:1215: damage: "), "{lines:?}");
        assert_eq!(lines.len(), told + 3);
        let more = "damage: and 200 more of the kind `not_an_event`; `--all` tells them too\n";
        assert_eq!(done.stdout.contains(more), all.is_empty(), "{}", done.stdout);
        let done = home.run(&[&["verify", "--json"], all].concat());
        let json: Value = serde_json::from_str(&done.stdout).unwrap();
        crate::schema::check("verify", &json);
        assert_eq!((done.code, &json["damage"]), (Some(3), &json!(1203)));
        assert_eq!(json["findings"].as_array().unwrap().len(), told + 3);
        let left_out = json!([{ "severity": "damage", "kind": "not_an_event", "count": 200 }]);
        assert_eq!(json["left_out"], if all.is_empty() { left_out } else { json!([]) });
    }
    // Where nothing is left out, the order is that of the log.
    home.set_log(&[&sound[..], b"x\n", &changed].concat());
    let plain = home.run(&["verify"]);
    assert_eq!(home.run(&["verify", "--all"]).stdout, plain.stdout);
    home.run(&["repair", "--yes"]).ok();
    home.run(&["verify"]).ok();
}
