//! Words that are taken back for good.

use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Home, assign_args, chain, parts, without_ids};
use crate::repository::{answers, git, ids};

/// What must not be found anywhere, once it is forgotten.
const WORDS: &str = "Named the customer Quibblewick.";

const SECRET: &str = "Quibblewick";

/// All files below a directory, but for git's.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true if path.file_name().unwrap() == ".git" => {}
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

/// The files of a store in which the words are.
fn with_words(home: &Home) -> Vec<PathBuf> {
    let has_words = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap();
        String::from_utf8_lossy(&bytes).contains(SECRET)
    };
    files(home.store()).into_iter().filter(has_words).collect()
}

/// Judges Lian Zhou in these words, and returns the id of the event.
fn judge(home: &Home) -> String {
    home.run(&["feedback", "lian", "--observation", WORDS, "--sentiment", "negative"]).ok();
    chain(&home.log()).pop().unwrap()["id"].as_str().unwrap().to_owned()
}

/// Nobody is told the words by anything that shows events.
#[track_caller]
fn is_told_nowhere(home: &Home, id: &str) {
    let log = home.log_path();
    for args in [
        &["log"][..],
        &["log", "--json"],
        &["log", "--at", "2026-03-25T15:30:00Z"],
        &["log", "--json", "--at", "2026-03-25T15:30:00Z"],
        &["render", log.to_str().unwrap()],
        &["show", "lian"],
        &["history", "lian", "--json"],
        &["why", "lian", "--session", "s1"],
        &["list", "--json", "--status", "all"],
        &["forget", id, "--json"],
    ] {
        let done = home.run(args);
        let said = done.stdout + &done.stderr;
        assert!(!said.contains(SECRET), "{args:?}: {said}");
    }
}

fn verified(home: &Home) -> (Option<i32>, Vec<(String, Value)>) {
    let done = home.run(&["verify", "--json"]);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    let found = report["findings"].as_array().unwrap().iter();
    let of_texts = found
        .filter(|it| !["repeated", "branch", "backwards"].contains(&it["kind"].as_str().unwrap()));
    let places = of_texts.map(|it| (it["kind"].as_str().unwrap().to_owned(), it["line"].clone()));
    (done.code, places.collect())
}

#[test]
fn the_words_are_in_no_file_and_every_id_is_right() {
    let mut home = Home::seeded();
    home.assign("s1", "w", "testing");
    let id = judge(&home);
    home.assign("s2", "w", "testing");
    let (before, told) = (home.log(), answers(&home));
    home.at("2026-03-26T09:00:00Z");
    let dry = home.run(&["forget", &id[..8], "--dry-run"]).ok();
    let line = String::from_utf8(before.clone()).unwrap();
    let line = line.lines().nth(13).unwrap();
    let (content, ..) = parts(line);
    let without = format!("{content},\"id\":\"{id}\"}}");
    assert_eq!(
        dry,
        format!(
            "Would forget the text of the feedback {0} of Lian Zhou.\n\
             Would take the text of {0} off line 14 of `events.jsonl`.\n\
             - {line}\n+ {without}\nNothing was changed.\n",
            &id[..8]
        )
    );
    assert_eq!(home.log(), before);

    let done = home.run(&["forget", &id[..8], "--why", "It names a customer."]).ok();
    assert_snapshot!(without_ids(&done), @r"
    Forgot the text of the feedback <id> of Lian Zhou.
    Took the text of <id> off line 14 of `events.jsonl`.
    ");
    assert_eq!(with_words(&home), [""; 0].map(PathBuf::from));
    // Every other byte is as it was; the record stands behind.
    let log = home.log();
    let kept = String::from_utf8(before.clone()).unwrap().replace(line, &without);
    assert!(log.starts_with(kept.as_bytes()));
    let last = chain(&log).pop().unwrap();
    assert_eq!(last["data"], json!({"event": id, "reason": "It names a customer."}));
    assert_eq!(last["v"], 1, "an older program goes on");
    // What was said counts as before.
    assert_eq!(answers(&home)[0], told[0]);
    assert_eq!(verified(&home), (Some(0), vec![("forgotten".to_owned(), json!(14))]));
    is_told_nowhere(&home, &id);
    assert!(home.run(&["log"]).ok().contains("(its text was forgotten)"));

    let again = home.run(&["forget", &id[..8]]).ok();
    assert_snapshot!(without_ids(&again), @"The text of the feedback <id> of Lian Zhou was forgotten before, and stands nowhere.");
    assert_eq!(home.log(), log, "nothing is recorded twice");
    home.assign("s3", "w", "testing");
}

#[test]
fn a_sealed_line_a_lesson_and_a_note_lose_their_words_too() {
    for of in ["feedback", "lesson", "note"] {
        let home = Home::seeded();
        home.assign("s1", "w", "testing");
        let id = match of {
            "feedback" => judge(&home),
            "lesson" => home.append_text(
                of,
                &json!({"persona": "Lian Zhou", "role": "testing"}),
                &json!({"salt": "0123456789abcdef", "lesson": WORDS}),
            ),
            _ => home.append_text(
                of,
                &json!({"session": "s1", "slot": "w-0", "persona": "Lian Zhou", "project": "demo"}),
                &json!({"salt": "0123456789abcdef", "note": WORDS}),
            ),
        };
        home.assign("s2", "w", "testing");
        home.run(&["compact", "--seal"]).ok();
        home.assign("s3", "w", "testing");
        let sealed = home.segments();
        let (before, active) = (fs::read_to_string(&sealed[0]).unwrap(), home.log());
        assert!(with_words(&home).contains(&sealed[0]));
        let done = home.run(&["forget", &id, "--json"]).json();
        let name = format!("segments/{}", sealed[0].file_name().unwrap().to_str().unwrap());
        let lines = json!([{"event": id, "file": name, "line": 14, "before": null, "after": null}]);
        assert_eq!((&done["type"], &done["name"]), (&json!(of), &json!("Lian Zhou")));
        assert_eq!((&done["lines"], &done["recorded"]), (&lines, &json!(true)));
        assert_eq!(with_words(&home), [""; 0].map(PathBuf::from), "{of}");
        let line = before.lines().nth(13).unwrap();
        let (content, ..) = parts(line);
        let left = before.replace(line, &format!("{content},\"id\":\"{id}\"}}"));
        assert_eq!(fs::read_to_string(&sealed[0]).unwrap(), left);
        assert!(home.log().starts_with(&active));
        chain(&home.whole_log());
        assert_eq!(verified(&home), (Some(0), vec![("forgotten".to_owned(), json!(14))]));
        is_told_nowhere(&home, &id);
    }
}

#[test]
fn what_was_cut_out_of_the_log_loses_the_words_too() {
    let home = Home::seeded();
    home.assign("s1", "w", "testing");
    let id = judge(&home);
    let log = String::from_utf8(home.log()).unwrap();
    let line = log.lines().nth(13).unwrap().to_owned();
    // Lines that a repair cut, a write that did not end, and what somebody else keeps there.
    let quarantine = home.store().join("quarantine");
    fs::create_dir_all(quarantine.join("directory")).unwrap();
    for (name, bytes) in [
        (
            "events.jsonl.cut.00000001",
            format!("x\n{}\ny\n", line.replacen("negative", "Negative", 1)),
        ),
        ("events.jsonl.9.00000002", line[..line.len() - 9].to_owned()),
        ("events.jsonl.9.00000003", line.replace(&id, &"0".repeat(32))),
        ("events.jsonl.9.00000004", "other\n".to_owned()),
        ("draft", log.clone()),
    ] {
        put(&quarantine.join(name), bytes.as_bytes());
    }
    let done = home.run(&["forget", &id]).ok();
    let done = done.replace(&quarantine.display().to_string(), "<quarantine>");
    assert_snapshot!(without_ids(&done), @r"
    Forgot the text of the feedback <id> of Lian Zhou.
    Took the text of <id> off line 14 of `events.jsonl`.
    Took it out of `<quarantine>/events.jsonl.9.<id>`, too.
    Took it out of `<quarantine>/events.jsonl.9.<id>`, too.
    Took it out of `<quarantine>/events.jsonl.cut.<id>`, too.
    ");
    assert_eq!(with_words(&home), [""; 0].map(PathBuf::from));
    let cut = fs::read_to_string(quarantine.join("events.jsonl.cut.00000001")).unwrap();
    assert!(cut.starts_with("x\n{") && cut.ends_with("\"}\ny\n"), "{cut}");
    assert_eq!(fs::read(quarantine.join("events.jsonl.9.00000004")).unwrap(), b"other\n");
    assert!(!quarantine.join("draft").exists(), "it was never finished");
}

#[expect(clippy::disallowed_methods, reason = "a test may put anything there")]
fn put(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}

#[test]
fn what_cannot_be_forgotten_is_refused_with_the_reason() {
    let home = Home::seeded();
    let seed = chain(&home.log())[0]["id"].as_str().unwrap().to_owned();
    let refused = home.run(&["forget", &seed]).fails(1);
    assert_snapshot!(without_ids(&refused), @r"
    error: `<id>` is a `seed` event, which has no text that could be forgotten
    hint: `muzzle-persona log --type feedback`, `--type lesson` and `--type note` list those that have one
    ");
    let data = json!({"persona": "Lian Zhou", "role": "testing", "observation": WORDS,
        "sentiment": "neutral", "source": "cli"});
    home.append(1, "feedback", &data.to_string());
    let old = chain(&home.log()).pop().unwrap()["id"].as_str().unwrap().to_owned();
    let log = home.log();
    let inside = home.run(&["forget", &old]).fails(1);
    assert_snapshot!(without_ids(&inside), @r"
    error: the text of `<id>` cannot be taken off its line: in format version 1 it is part of what the id covers
    hint: to be rid of it, cut its line out, and have `muzzle-persona repair --yes` put the gap on record; docs/git.md tells how
    ");
    assert_eq!(home.run(&["forget", &old, "--dry-run"]).fails(1), inside);
    assert_snapshot!(home.run(&["forget", "00000000"]).fails(1), @r"
    error: no event has an id that begins with `00000000`
    hint: `muzzle-persona log` shows the events with their times, numbers and ids
    ");
    let short = home.run(&["forget", "abc"]).fails(2);
    assert!(short.contains("an id has 4 or more hex digits"), "{short}");
    let refused = home.run(&["forget", &old, "--why", &"x".repeat(201)]).fails(2);
    assert!(refused.contains("the reason is 201 characters long; the limit is 200"), "{refused}");
    assert_eq!(home.log(), log);
    // A damaged log is left alone.
    let id = judge(&home);
    let changed = String::from_utf8(home.log()).unwrap().replacen("Lian", "Lion", 1);
    home.set_log(changed.as_bytes());
    fs::remove_dir_all(home.store().join(".cache")).unwrap_or_default();
    let damaged = home.run(&["forget", &id]).fails(3);
    assert!(damaged.contains("is damaged"), "{damaged}");
    assert_eq!(home.log(), changed.as_bytes());
}

#[test]
fn the_line_of_an_older_version_can_be_cut_out_and_the_gap_put_on_record() {
    let home = Home::seeded();
    let data = json!({"persona": "Lian Zhou", "role": "testing", "observation": WORDS,
        "sentiment": "neutral", "source": "cli"});
    home.append(1, "feedback", &data.to_string());
    home.assign("s1", "w", "testing");
    // As docs/git.md tells it.
    let log = String::from_utf8(home.log()).unwrap();
    let left: Vec<_> = log.split_inclusive('\n').filter(|line| !line.contains(WORDS)).collect();
    home.set_log(left.concat().as_bytes());
    let done = home.run(&["repair", "--yes"]).ok();
    assert!(done.starts_with("Put on record that 1 event is missing:\n"), "{done}");
    assert_eq!(home.run(&["verify"]).code, Some(0));
    assert_eq!(with_words(&home), [""; 0].map(PathBuf::from));
    home.assign("s2", "w", "testing");
}

/// A store in git, an old clone of it from before the words were forgotten, and the id of the event.
fn cloned(sealed: bool) -> (Home, PathBuf, String) {
    let mut home = Home::seeded();
    home.assign("s1", "w", "testing");
    let id = judge(&home);
    if sealed {
        home.run(&["compact", "--seal"]).ok();
    }
    let store = home.store().to_owned();
    git(&home, &store, &["init", "--quiet"]);
    git(&home, &store, &["add", "--all"]);
    git(&home, &store, &["commit", "--quiet", "--message", "base"]);
    let old = home.path().join("old");
    git(&home, home.path(), &["clone", "--quiet", store.to_str().unwrap(), old.to_str().unwrap()]);
    home.at("2026-03-26T09:00:00Z");
    let done = home.run(&["forget", &id]);
    assert_eq!(done.stderr, "warning: git still has the words in what was committed before\n");
    git(&home, &store, &["commit", "--quiet", "--all", "--message", "forgotten"]);
    home.use_store(&old);
    home.run(&assign_args("s2", "w", "testing")).json();
    git(&home, &old, &["add", "--all"]);
    git(&home, &old, &["commit", "--quiet", "--message", "old"]);
    home.use_store(&store);
    (home, old, id)
}

#[test]
fn a_merge_that_brings_the_words_back_shows_them_nowhere() {
    for (sealed, heal) in [(false, "forget"), (true, "forget"), (false, "repair")] {
        let (mut home, old, id) = cloned(sealed);
        let store = home.store().to_owned();
        git(&home, &store, &["branch", "--quiet", "forgotten"]);
        git(&home, &store, &["fetch", "--quiet", old.to_str().unwrap()]);
        git(&home, &store, &["merge", "--quiet", "--no-edit", "FETCH_HEAD"]);
        // And the other way round, with the words in the older clone's own line.
        git(&home, &old, &["fetch", "--quiet", store.to_str().unwrap(), "forgotten"]);
        git(&home, &old, &["merge", "--quiet", "--no-edit", "FETCH_HEAD"]);
        let mut all = ids(&home);
        for clone in [&store, &old] {
            home.use_store(clone);
            all.extend(ids(&home));
            is_told_nowhere_but_in_forget(&home);
            let (code, found) = verified(&home);
            assert_eq!(code, Some(0), "{found:?}");
            let is_back = !with_words(&home).is_empty();
            assert_eq!(found.iter().any(|(kind, _)| kind == "text_returned"), is_back, "{found:?}");
            let events = home.run(&["stats", "--json"]).json()["events"].clone();
            if heal == "repair" {
                home.run(&["repair", "--yes"]).ok();
            } else {
                let done = home.run(&["forget", &id, "--json"]).json_with_warnings();
                assert_eq!(done["recorded"], false, "no second event");
                assert_eq!(done["lines"].as_array().unwrap().is_empty(), !is_back);
            }
            assert_eq!(home.run(&["stats", "--json"]).json()["events"], events);
            assert_eq!(with_words(&home), [""; 0].map(PathBuf::from));
            assert!(!verified(&home).1.iter().any(|(kind, _)| kind == "text_returned"));
            is_told_nowhere(&home, &id);
            assert_eq!(ids(&home), all);
        }
    }
}

/// Before they are taken away again.
#[track_caller]
fn is_told_nowhere_but_in_forget(home: &Home) {
    for args in [&["log"][..], &["log", "--json"], &["show", "lian"], &["verify"]] {
        let done = home.run(args);
        assert!(!(done.stdout + &done.stderr).contains(SECRET), "{args:?}");
    }
}

#[test]
fn git_is_told_no_more_than_anybody_else() {
    let (home, _, id) = cloned(false);
    let store = home.store();
    let mut set_up = home.command();
    crate::harness::Done::of(
        crate::repository::hermetic(&home, &mut set_up).args(["git-setup", "--yes"]),
    );
    // The setting names no store: the default one is asked what was forgotten.
    let shown = git(&home, store, &["log", "-p", "--reverse"]);
    assert!(
        shown.contains(
            "judged negative as testing on demo by cli (session s1) (its text was forgotten)"
        ),
        "{shown}"
    );
    assert!(!shown.contains(SECRET), "{shown}");
    let raw = git(&home, store, &["log", "-p", "--no-textconv"]);
    assert!(raw.contains(SECRET), "what was committed is there");
    for args in [&["log", "--at", "git:HEAD~1"][..], &["log", "--json", "--at", "git:HEAD~1"]] {
        let done = home.run(args).ok();
        assert!(done.contains(&id[..8]) && !done.contains(SECRET), "{done}");
    }
}

#[test]
fn a_changed_or_missing_text_is_named_and_writing_goes_on() {
    let home = Home::seeded();
    home.assign("s1", "w", "testing");
    let id = judge(&home);
    home.assign("s2", "w", "testing");
    let log = String::from_utf8(home.log()).unwrap();
    let line = log.lines().nth(13).unwrap();
    let (content, _, text) = parts(line);
    let text = text.unwrap();
    for (tail, kind, told) in [
        (String::new(), "text_missing", "(its text is missing)"),
        (text.replace(SECRET, "lunch"), "text_changed", "(its text was changed, and is not shown)"),
        (text.replace('{', "["), "text_changed", "(its text was changed, and is not shown)"),
        (
            text.replace('}', ",\"a\u{1b}[2J\":1}"),
            "text_changed",
            "(its text was changed, and is not shown)",
        ),
    ] {
        let tail = if tail.is_empty() { tail } else { format!(",\"text\":{tail}") };
        home.set_log(log.replace(line, &format!("{content},\"id\":\"{id}\"{tail}}}")).as_bytes());
        fs::remove_dir_all(home.store().join(".cache")).unwrap_or_default();
        assert_eq!(verified(&home), (Some(3), vec![(kind.to_owned(), json!(14))]), "{tail}");
        let shown = home.run(&["log"]).ok();
        assert!(shown.contains(told) && !shown.contains('\u{1b}'), "{shown}");
        let events = home.run(&["log", "--json"]).json();
        assert!(events["events"].as_array().unwrap().iter().all(|it| it["text"].is_null()));
        assert_eq!(
            home.run(&["repair"]).ok(),
            "Nothing to repair: every line is sound, and none is missed.\n"
        );
        home.assign("s3", "w", "testing");
        home.run(&["release", "--session", "s3"]).ok();
        // To have it forgotten puts it on record, and takes what is left away.
        home.run(&["forget", &id]).ok();
        assert_eq!(verified(&home), (Some(0), vec![("forgotten".to_owned(), json!(14))]), "{tail}");
    }
}

#[test]
fn a_text_that_was_changed_after_a_checkpoint_had_it_is_no_fault_of_the_checkpoint() {
    let home = Home::seeded();
    let data = json!({"persona": "Lian Zhou", "role": "testing"});
    let text = json!({"salt": "0123456789abcdef", "lesson": WORDS});
    home.append_text("lesson", &data, &text);
    home.run(&["compact"]).ok();
    let checkpoint = home.store().join(".cache/checkpoint.json");
    assert!(with_words(&home).contains(&checkpoint));
    let log = String::from_utf8(home.log()).unwrap().replace(SECRET, "quibblewick");
    home.set_log(log.as_bytes());
    assert_eq!(verified(&home), (Some(3), vec![("text_changed".to_owned(), json!(13))]));
}

#[test]
fn others_write_and_read_meanwhile() {
    let home = Home::seeded();
    home.run(&["grow", "--count", "30"]).ok();
    let judged: Vec<_> = (0..12)
        .map(|n| {
            home.run(&["feedback", "lian", &format!("--observation={WORDS} {n}")]).ok();
            if n % 4 == 3 {
                home.run(&["compact", "--seal"]).ok();
            }
            let log = home.whole_log();
            chain(&log).iter().rfind(|it| it["type"] == "feedback").unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    std::thread::scope(|scope| {
        for worker in 0..3 {
            let home = &home;
            scope.spawn(move || {
                for n in 0..12 {
                    home.assign(&format!("s{worker}-{n}"), "w", "testing");
                    // Should the log be another one meanwhile, it says so.
                    assert!([Some(0), Some(4)].contains(&home.run(&["log", "--limit", "3"]).code));
                }
            });
        }
        for ids in judged.chunks(6) {
            let home = &home;
            scope.spawn(move || {
                for id in ids {
                    home.run(&["forget", id]).ok();
                }
            });
        }
    });
    let lines = chain(&home.whole_log());
    let of = |kind: &str| lines.iter().filter(|line| line["type"] == kind).count();
    assert_eq!((of("assign"), of("forget"), of("feedback")), (36, 12, 12));
    // What was read before and kept after may be told once more; the next takes it away.
    home.run(&["forget", &judged[0]]).ok();
    assert_eq!(with_words(&home), [""; 0].map(PathBuf::from));
    assert_eq!(home.run(&["verify"]).code, Some(0));
}

/// The commands that `docs/git.md` shows in its section on forgetting, for one event.
fn history_commands(id: &str) -> String {
    let page = include_str!("../../docs/git.md").split("\n## Forgetting\n").nth(1).unwrap();
    let block = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    block.replace("ID", id)
}

#[test]
fn the_history_in_git_can_be_written_anew_without_the_words() {
    for sealed in [false, true] {
        let (home, _, id) = cloned(sealed);
        let store = home.store();
        git(&home, store, &["branch", "other", "HEAD~1"]);
        let mut shell = std::process::Command::new("sh");
        crate::repository::hermetic(&home, shell.env_clear())
            .args(["-e", "-c", &history_commands(&id)])
            .env("PATH", crate::repository::path())
            .env("HOME", home.path())
            .envs([("GIT_AUTHOR_NAME", "t"), ("GIT_AUTHOR_EMAIL", "t@example.org")])
            .envs([("GIT_COMMITTER_NAME", "t"), ("GIT_COMMITTER_EMAIL", "t@example.org")])
            .current_dir(store);
        let done = crate::harness::Done::of(&mut shell);
        assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
        let objects = git(&home, store, &["cat-file", "--batch-all-objects", "--batch-check"]);
        let blobs = objects.lines().filter_map(|line| line.split_once(" blob "));
        let blobs: String =
            blobs.map(|(blob, _)| git(&home, store, &["cat-file", "blob", blob])).collect();
        assert!(!blobs.contains(SECRET) && blobs.contains(&id), "{blobs}");
        for revision in ["HEAD", "HEAD~1", "other"] {
            let at = format!("git:{revision}");
            let events = home.run(&["log", "--json", "--at", &at]).json();
            assert!(events["events"].as_array().unwrap().len() >= 14, "{revision}");
        }
        assert_eq!(home.run(&["verify"]).code, Some(0));
        home.assign("s3", "w", "testing");
    }
}
