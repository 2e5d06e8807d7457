//! `diff`: what changed between two moments, or two revisions of git's.

use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Done, Home, assign_args, without_ids};
use crate::repository::{git, hermetic, path};

/// A store in which something happened to many, after the twelve events of its seed.
fn eventful() -> Home {
    let mut home = Home::seeded();
    home.at("2026-03-25T16:00:00Z").assign("s1", "w1", "testing");
    home.run(&["feedback", "lian", "--observation", "Good.", "--role", "testing"]).ok();
    home.at("2026-03-26T09:00:00Z").run(&["release", "--session", "s1"]).ok();
    home.run(&["retire", "noor"]).ok();
    home.run(&["retire", "amara"]).ok();
    home.at("2026-03-27T09:00:00Z");
    let mut summon = assign_args("s2", "w2", "researcher,code-reviewer").to_vec();
    summon.extend(["--summon", "amara"]);
    home.run(&summon).json();
    home.set_seed(
        "[[persona]]\nname = \"Ada Quill\"\n\
         [[persona]]\nname = \"Elena Vasquez\"\ntraits = [\"calm\"]\nexpertise = [\"security\", \"backend\"]\n",
    );
    home.at("2026-03-28T09:00:00Z").run(&["seed", "--sync"]).ok();
    home
}

#[test]
fn diff_tells_what_became_of_each_persona() {
    let home = eventful();
    assert_snapshot!(home.run(&["diff", "12"]).ok(), @"
    12 (12 events, the last of 2026-03-25 15:30Z) → now (21 events, the last of 2026-03-28 09:00Z)

    Ada Quill
      created (seeded)

    Amara Okonjo
      lent to w2-0 of the session s2, as researcher on demo
      researcher: lent 0 → 1

    Elena Vasquez
      revised: traits, instructions
      lent to w2-1 of the session s2, as code-reviewer on demo
      code-reviewer: lent 0 → 1

    Lian Zhou
      testing: affinity 0.500 → 0.557, lent 0 → 1, done 0 → 1, feedback +0 -0 =0 → +1 -0 =0

    Noor Haddadin
      archived (manual)
    ");
    assert_snapshot!(home.run(&["diff", "2026-03-26", "2026-03-27"]).ok(), @"
    2026-03-26 (17 events, the last of 2026-03-26 09:00Z) → 2026-03-27 (19 events, the last of 2026-03-27 09:00Z)

    Amara Okonjo
      brought back (summon)
      lent to w2-0 of the session s2, as researcher on demo
      researcher: lent 0 → 1

    Elena Vasquez
      lent to w2-1 of the session s2, as code-reviewer on demo
      code-reviewer: lent 0 → 1
    ");
    assert_snapshot!(home.run(&["diff", "12", "14"]).ok(), @"
    12 (12 events, the last of 2026-03-25 15:30Z) → 14 (14 events, the last of 2026-03-25 16:00Z)

    Lian Zhou
      lent to w1-0 of the session s1, as testing on demo
      testing: affinity 0.500 → 0.556, lent 0 → 1, feedback +0 -0 =0 → +1 -0 =0
    ");
    assert_snapshot!(home.run(&["diff", "21", "18"]).ok(), @"
    21 (21 events, the last of 2026-03-28 09:00Z) → 18 (18 events, the last of 2026-03-27 09:00Z)

    Ada Quill
      not there any more

    Amara Okonjo
      given back by w2-0 of the session s2, as researcher on demo
      researcher: lent 1 → 0

    Elena Vasquez
      revised: traits, instructions
      given back by w2-1 of the session s2, as code-reviewer on demo
      code-reviewer: lent 1 → 0
    ");
    assert_snapshot!(without_ids(&home.run(&["diff", "14", "18", "--json"]).ok()));
}

#[test]
fn nothing_changes_between_a_moment_and_itself() {
    let home = eventful();
    assert_snapshot!(home.run(&["diff", "14", "2026-03-25T16:00:00Z"]).ok(), @"
    14 (14 events, the last of 2026-03-25 16:00Z) → 2026-03-25T16:00:00Z (14 events, the last of 2026-03-25 16:00Z)
    Nothing changed for any persona.
    ");
    let same = home.run(&["diff", "2030-01-01", "--json"]).json();
    assert_eq!(same["personas"], json!([]));
    assert_eq!((&same["from"]["events"], &same["to"]["given"]), (&json!(21), &Value::Null));
}

#[test]
fn a_persona_that_came_back_to_what_it_was_did_not_change() {
    let home = eventful();
    home.run(&["reactivate", "noor"]).ok();
    let changed = home.run(&["diff", "12", "--json"]).json();
    let names: Vec<_> =
        changed["personas"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert!(names.is_sorted_by_key(|name| name.as_str()), "by name: {names:?}");
    assert!(!names.contains(&&json!("Noor Haddadin")), "{names:?}");
    assert_eq!(names.len(), 4);
}

#[test]
fn a_persona_that_was_grown_is_created() {
    let home = Home::seeded();
    home.run(&["grow", "--count", "1"]).ok();
    let grown = home.run(&["diff", "12", "--json"]).json()["personas"].clone();
    assert_eq!((&grown[0]["change"], &grown[0]["origin"]), (&json!("created"), &json!("grown")));
    assert_eq!(grown[0]["status"], json!({"before": null, "after": "active"}));
    assert!(home.run(&["diff", "12"]).ok().ends_with("\n  created (grown)\n"));
}

#[test]
fn affinity_is_exact_in_json() {
    let home = eventful();
    home.set_seed("[scoring]\nmodel = \"share\"\n");
    home.assign("s3", "w3", "testing");
    home.run(&["release", "--session", "s3"]).ok();
    let mut debugging = assign_args("s4", "w4", "debugging").to_vec();
    debugging.extend(["--summon", "lian"]);
    home.run(&debugging).json();
    home.run(&["release", "--session", "s4"]).ok();
    let changed = home.run(&["diff", "15", "--json"]).json();
    let lian = &changed["personas"].as_array().unwrap().iter().find(|it| it["name"] == "Lian Zhou");
    let roles = &lian.unwrap()["roles"];
    assert_eq!(roles["testing"]["affinity"], json!({"before": 1.0, "after": 0.686_666_667}));
    assert_eq!(roles["debugging"]["affinity"], json!({"before": 0.0, "after": 0.333_333_333}));
    let shown = home.run(&["diff", "15"]).ok();
    assert!(shown.contains("testing: affinity 1.000 → 0.687, lent 1 → 2, done 1 → 2"), "{shown}");
}

#[test]
fn two_ends_are_needed_of_which_the_second_may_be_now() {
    let home = eventful();
    home.run(&["diff"]).fails(2);
    home.run(&["diff", "1", "2", "3"]).fails(2);
    for empty in ["", "git:"] {
        let stderr = home.run(&["diff", empty]).fails(2);
        assert!(stderr.starts_with("error: cannot use "), "{stderr}");
    }
}

/// What was said, with a path that does not change.
fn masked(home: &Home, said: &str) -> String {
    said.replace(home.path().to_str().unwrap(), "~")
}

/// The answer to a `diff`, with nobody's settings of git.
fn diff(home: &Home, args: &[&str]) -> Done {
    Done::of(hermetic(home, &mut home.command()).arg("diff").args(args))
}

/// Has git keep a store as it is.
fn commit(home: &Home, at: &Path, message: &str) {
    git(home, at, &["add", "--all"]);
    git(home, at, &["commit", "--quiet", "--message", message]);
}

/// The eventful store, below the top of a repository in which it was committed twice.
fn committed() -> Home {
    let mut home = Home::seeded();
    let top = home.store().parent().unwrap().to_owned();
    git(&home, &top, &["init", "--quiet"]);
    commit(&home, &top, "seeded");
    git(&home, &top, &["tag", "--annotate", "--message", "x", "first"]);
    home.at("2026-03-25T16:00:00Z").assign("s1", "w1", "testing");
    assert_eq!(home.run(&["compact", "--seal"]).code, Some(0));
    home.assign("s2", "w2", "testing");
    commit(&home, &top, "sealed");
    home.run(&["retire", "noor"]).ok();
    home
}

#[test]
fn an_event_that_was_committed_without_its_line_end_counts() {
    let home = committed();
    let top = home.store().parent().unwrap().to_owned();
    let log = home.log();
    home.set_log(&log[..log.len() - 1]);
    commit(&home, &top, "stripped");
    let told = diff(&home, &["HEAD", "--json"]).json();
    assert_eq!([&told["from"]["events"], &told["to"]["events"]], [15, 15]);
}

#[test]
fn a_revision_of_git_is_a_moment() {
    let home = committed();
    let changed = |args: &[&str]| {
        let told = diff(&home, &[args, &["--json"]].concat()).json();
        let names = told["personas"].as_array().unwrap().iter().map(|it| it["name"].clone());
        let events = [&told["from"]["events"], &told["to"]["events"]].map(Value::to_string);
        (names.collect::<Vec<_>>(), events.join("→"))
    };
    let both = vec![json!("Leilani Kahale"), json!("Lian Zhou")];
    for first in ["HEAD~1", "git:HEAD~1", "first", ":/seeded", "main^"] {
        assert_eq!(changed(&[first, "HEAD"]), (both.clone(), "12→14".to_owned()), "{first}");
    }
    assert_eq!(changed(&["HEAD"]), (vec![json!("Noor Haddadin")], "14→15".to_owned()));
    assert_eq!(changed(&["13", "HEAD"]).0, vec![json!("Leilani Kahale")]);
    assert_eq!(changed(&["HEAD", "14"]), (vec![], "14→14".to_owned()));
    let shown = diff(&home, &["git:first", "HEAD"]).ok();
    assert_snapshot!(shown, @"
    git:first (12 events, the last of 2026-03-25 15:30Z) → HEAD (14 events, the last of 2026-03-25 16:00Z)

    Leilani Kahale
      lent to w2-0 of the session s2, as testing on demo
      testing: lent 0 → 1

    Lian Zhou
      lent to w1-0 of the session s1, as testing on demo
      testing: lent 0 → 1
    ");
    let told = diff(&home, &["HEAD", "--json"]).json();
    assert_eq!(told["from"]["given"], "HEAD");
    assert_eq!(told["from"]["commit"].as_str().unwrap().len(), 40);
    assert_eq!(told["to"]["commit"], Value::Null);
    let commit = told["from"]["commit"].as_str().unwrap().to_owned();
    assert_eq!(changed(&[&commit]).1, "14→15");
    // An id of a commit that could be one of an event is taken for that first.
    if commit[..8].bytes().any(|byte| byte.is_ascii_lowercase()) {
        assert_eq!(changed(&[&commit[..8]]).1, "14→15");
    }
}

#[test]
fn every_reading_command_takes_a_revision() {
    let home = committed();
    let ask = |args: &[&str]| Done::of(hermetic(&home, &mut home.command()).args(args));
    for question in [
        &["list", "--status=all", "--json"][..],
        &["show", "lian", "--json"],
        &["history", "lian", "--json"],
        &["search", "--role=testing", "--all", "--json"],
        &["stats", "--json"],
        &["log", "--json"],
    ] {
        let at = |moment: &str| ask(&[question, &["--at", moment]].concat()).json_with_warnings();
        assert_eq!(at("git:first"), at("12"), "{question:?}");
        assert_eq!(at("git:HEAD"), at("14"), "{question:?}");
        assert_ne!(at("git:HEAD"), at("git:first"), "{question:?}");
    }
    let stderr = ask(&["show", "nobody", "--at", "git:first"]).fails(1);
    assert!(stderr.starts_with("error: there was no persona named `nobody` then\n"), "{stderr}");
    assert_snapshot!(masked(&home, &ask(&["list", "--at", "git:nowhere"]).fails(1)), @"
    error: git knows no commit `nowhere` in the store's repository
    hint: `git -C ~/.muzzle/personas log` shows the commits of a store that git keeps
    ");
    // Without `git:` it is none, so that a mistyped time does not become a branch's name.
    ask(&["list", "--at", "HEAD"]).fails(2);
    ask(&["list", "--at", "git:"]).fails(2);
}

#[test]
fn why_a_persona_came_back_is_told_of_a_revision_too() {
    let home = eventful();
    git(&home, home.store(), &["init", "--quiet"]);
    commit(&home, home.store(), "all");
    let shown = diff(&home, &["17", "HEAD"]).ok();
    assert!(shown.contains("\nAmara Okonjo\n  brought back (summon)\n"), "{shown}");
}

#[test]
fn a_merged_revision_is_read_like_a_merged_log() {
    let home = committed();
    let top = home.store().parent().unwrap();
    git(&home, top, &["checkout", "--quiet", "--force", "-b", "other", "HEAD~1"]);
    home.assign("s7", "w7", "debugging");
    commit(&home, top, "other");
    git(&home, top, &["checkout", "--quiet", "main", "--force"]);
    git(&home, top, &["merge", "--quiet", "--no-edit", "other"]);
    let told = diff(&home, &["git:main~1", "git:main", "--json"]).json();
    assert_eq!(told["to"]["heads"].as_array().unwrap().len(), 2);
    assert_eq!(told["personas"][0]["name"], "Kwame Boateng");
}

#[cfg(unix)]
#[test]
fn a_log_that_may_be_executed_is_one_and_a_link_is_none() {
    use std::os::unix::fs::PermissionsExt;

    let home = committed();
    let top = home.store().parent().unwrap();
    std::fs::set_permissions(home.log_path(), PermissionsExt::from_mode(0o755)).unwrap();
    commit(&home, top, "executable");
    assert_eq!(diff(&home, &["HEAD", "--json"]).json()["from"]["events"], 15);
    let elsewhere = home.path().join("elsewhere.jsonl");
    std::fs::rename(home.log_path(), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, home.log_path()).unwrap();
    commit(&home, top, "a link");
    std::fs::rename(&elsewhere, home.log_path()).unwrap();
    assert_eq!(diff(&home, &["HEAD", "--json"]).json()["from"]["events"], 13, "what is sealed");
}

#[test]
fn a_revision_that_is_none_leads_on() {
    let home = committed();
    assert_snapshot!(diff(&home, &["nowhere"]).fails(1), @"
    error: `nowhere` is no time, sequence number or id, and git knows no commit `nowhere` in the store's repository
    hint: `muzzle-persona log` shows the events with their times, numbers and ids
    ");
    assert_snapshot!(masked(&home, &diff(&home, &["git:nowhere"]).fails(1)), @"
    error: git knows no commit `nowhere` in the store's repository
    hint: `git -C ~/.muzzle/personas log` shows the commits of a store that git keeps
    ");
    assert_snapshot!(masked(&home, &diff(&home, &["git:HEAD:personas/events.jsonl"]).fails(1)), @"
    error: git knows no commit `HEAD:personas/events.jsonl` in the store's repository
    hint: `git -C ~/.muzzle/personas log` shows the commits of a store that git keeps
    ");
    assert_snapshot!(masked(&home, &diff(&home, &["git:HEAD^{tree}"]).fails(1)), @"
    error: git knows no commit `HEAD^{tree}` in the store's repository
    hint: `git -C ~/.muzzle/personas log` shows the commits of a store that git keeps
    ");
    assert_snapshot!(diff(&home, &["first..HEAD"]).fails(1), @"
    error: `first..HEAD` is no time, sequence number or id, and git knows no commit `first..HEAD` in the store's repository
    hint: `muzzle-persona log` shows the events with their times, numbers and ids
    ");
    assert_snapshot!(diff(&home, &["abcd"]).fails(1), @"
    error: no event has an id that begins with `abcd`
    hint: `muzzle-persona log` shows the events with their times, numbers and ids
    ");
    let stderr = diff(&home, &["nowhere", "--json"]).fails(1);
    assert_eq!(serde_json::from_str::<Value>(&stderr).unwrap()["error"]["kind"], "not_found");

    let top = home.store().parent().unwrap();
    git(&home, top, &["rm", "-r", "--quiet", "--cached", "personas"]);
    git(&home, top, &["commit", "--quiet", "--message", "gone"]);
    assert_snapshot!(masked(&home, &diff(&home, &["HEAD"]).fails(1)), @"
    error: the commit `HEAD` has no log of this store
    hint: `git -C ~/.muzzle/personas log -- events.jsonl` shows the commits that have one
    ");
}

#[test]
fn a_revision_is_never_an_option_of_gits() {
    let home = eventful();
    git(&home, home.store(), &["init", "--quiet"]);
    commit(&home, home.store(), "all");
    let before = std::fs::read_dir(home.path()).unwrap().count();
    for name in ["--output=x", "--all", "--branches", "-x", "--", "^HEAD", "--git-dir=/"] {
        for prefix in ["", "git:"] {
            let stderr = diff(&home, &["--", &format!("{prefix}{name}")]).fails(1);
            assert!(stderr.contains("git knows no commit"), "{name}: {stderr}");
        }
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), before);
}

#[test]
fn without_git_or_a_repository_there_is_no_revision() {
    let home = eventful();
    let stderr = diff(&home, &["git:HEAD"]).fails(1);
    let told = "error: git could not read `HEAD`: not a git repository";
    assert!(stderr.starts_with(told), "{stderr}");
    let mut command = home.command();
    command.env("PATH", home.path());
    let stderr = Done::of(command.args(["diff", "git:HEAD"])).fails(1);
    assert_snapshot!(stderr, @r"
    error: there is no `git` on this machine
    hint: install git, or add its directory to `PATH`
    ");
    let mut command = home.command();
    command.env("PATH", home.path());
    let stderr = Done::of(command.args(["diff", "HEAD"])).fails(1);
    assert_snapshot!(stderr, @"
    error: `HEAD` is no time, sequence number or id, and could not run `git`: No such file or directory (os error 2)
    hint: `muzzle-persona log` shows the events with their times, numbers and ids
    ");
    let mut command = home.command();
    command.env("PATH", home.path());
    Done::of(command.args(["diff", "12"])).ok();

    let mut home = Home::new();
    let nowhere = home.path().join("nowhere");
    home.use_store(&nowhere);
    let stderr = diff(&home, &["git:HEAD"]).fails(1);
    assert!(stderr.starts_with("error: there is no store at `"), "{stderr}");
    assert!(!nowhere.exists());
}

#[test]
fn another_repository_in_the_environment_is_not_asked() {
    let home = committed();
    let other = Home::seeded();
    git(&other, other.store(), &["init", "--quiet"]);
    commit(&other, other.store(), "other");
    let mut command = home.command();
    command.env("PATH", path());
    command.env("GIT_DIR", other.store().join(".git")).env("GIT_WORK_TREE", other.store());
    let told = Done::of(command.args(["diff", "HEAD", "--json"])).json();
    assert_eq!(told["from"]["events"], 14);
}

#[test]
fn damage_in_a_revision_is_told_with_its_place() {
    let home = committed();
    let log = String::from_utf8(home.log()).unwrap();
    home.set_log(log.replace("\"session\":\"s2\"", "\"session\":\"s3\"").as_bytes());
    let top = home.store().parent().unwrap();
    commit(&home, top, "damaged");
    let stderr = diff(&home, &["git:HEAD", "1"]).fails(3);
    assert!(stderr.starts_with("error: line 1 of `HEAD:./events.jsonl` is damaged: "), "{stderr}");
}

#[test]
fn a_torn_tail_that_was_committed_is_passed_over() {
    let home = committed();
    let log = home.log();
    let top = home.store().parent().unwrap();
    for torn in ["{\"v\":1,\"seq\"", "{\"v\":1,\"seq\"\n", "\0\0\n"] {
        home.set_log(&[&log[..], torn.as_bytes()].concat());
        commit(&home, top, "torn");
        assert_eq!(diff(&home, &["HEAD", "--json"]).json()["from"]["events"], 15, "{torn:?}");
    }
}
