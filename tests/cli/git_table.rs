//! What git and editors do to a log: each row of the table in `docs/git.md`, with the real git.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::harness::{Done, Home, assign_args};
use crate::repository::{Repository, git, try_git};
use crate::surgery::verify;

/// A row: what was done, what the log is then, and what mends it.
struct Row {
    /// As the table names it.
    done: &'static str,
    act: fn(&mut Repository),
    /// Whose events are in the log then.
    then: &'static [&'static str],
    /// The exit code of whatever reads the log.
    code: i32,
    /// The kind of a finding of `verify`, or a check of `doctor`, that says what it is.
    says: Option<&'static str>,
    mend: Option<fn(&Repository)>,
    /// Whose events are in the log in the end.
    end: &'static [&'static str],
}

const ALL: &[&str] = &["before", "m1", "t1", "t2"];
const LINEAR: &[&str] = &["before", "m1", "m2"];

/// A row of something that needs no mending.
const WORKS: Row =
    Row { done: "", act: |_| {}, then: ALL, code: 0, says: None, mend: None, end: ALL };

/// A store in which `topic` has two events more than `main`, and `main` one more than before.
fn two_branches() -> Repository {
    let mut repository = Repository::new();
    repository.branch("topic", "main");
    repository.assign("2026-04-01T01:00:00Z", "t1", "testing");
    repository.assign("2026-04-01T02:00:00Z", "t2", "testing");
    repository.checkout("main");
    repository.assign("2026-04-01T04:00:00Z", "m1", "debugging");
    repository
}

/// A store with two events more than before on its one branch.
fn one_branch() -> Repository {
    let mut repository = Repository::new();
    repository.assign("2026-04-01T04:00:00Z", "m1", "debugging");
    repository.assign("2026-04-01T05:00:00Z", "m2", "testing");
    repository
}

/// Whose events are in the log.
fn sessions(home: &Home) -> Vec<&'static str> {
    let log = String::from_utf8_lossy(&home.whole_log()).into_owned();
    let all = ["before", "m1", "m2", "t1", "t2", "hook"];
    let mut found: Vec<_> =
        all.into_iter().filter(|it| log.contains(&format!("\"{it}\""))).collect();
    found.sort_unstable();
    found
}

/// Holds a row to what happens: all commands agree on whether the log is damaged, and it goes on.
fn check(row: &Row, mut repository: Repository) {
    let Row { done, .. } = row;
    let page = include_str!("../../docs/git.md");
    assert!(page.contains(&format!("\n| {done} |")), "docs/git.md has no row `{done}`");
    (row.act)(&mut repository);
    let home = &repository.home;
    // Nothing may rest on what a checkpoint remembers: a clone has none.
    let _ = fs::remove_dir_all(home.store().join(".cache"));
    assert_eq!(sessions(home), row.then, "{done}");
    agree(home, row.code, done);
    if let Some(kind) = row.says {
        let (report, checks) = (verify(home, &[]).1, doctor(home));
        let damaged = format!("{checks:#}").contains("is damaged");
        assert_eq!(damaged, row.code == 3, "{done}: {checks:#}");
        let is_it = |it: &Value| it["kind"] == kind || (it["check"] == kind && it["level"] != "ok");
        let all = [&report, &checks].map(|it| it["findings"].as_array().unwrap());
        assert!(all.into_iter().flatten().any(is_it), "{done}: {report:#}");
    }
    if let Some(mend) = row.mend {
        mend(&repository);
    }
    agree(home, 0, done);
    assert_eq!(sessions(home), row.end, "{done}");
    // Whoever writes next has no trouble with it.
    let next = home.run(&assign_args("next", "w", "testing"));
    assert_eq!(next.code, Some(0), "{done}: {}", next.stderr);
    agree(home, 0, done);
}

/// Everything that reads the log takes it for sound, or for damaged.
#[track_caller]
fn agree(home: &Home, code: i32, done: &str) {
    assert_eq!(verify(home, &[]).0, code, "{done}");
    for args in [&["list"][..], &["stats"], &["log", "--limit=1"]] {
        assert_eq!(home.run(args).code, Some(code), "{done}: {args:?}");
    }
}

/// What `doctor` finds, with git.
fn doctor(home: &Home) -> Value {
    let mut command = home.command();
    let command = crate::repository::hermetic(home, &mut command);
    let done = Done::of(command.args(["doctor", "--json"]));
    serde_json::from_str(&done.stdout).unwrap()
}

/// Writes the log of a commit to a file outside the store.
fn copy_of(repository: &Repository, what: &str) -> PathBuf {
    let path = repository.home.path().join("copy.jsonl");
    #[expect(clippy::disallowed_methods, reason = "a test may write a copy")]
    fs::write(&path, repository.git(&["show", what])).unwrap();
    path
}

fn join(repository: &Repository, what: &str) {
    let copy = copy_of(repository, what);
    let home = &repository.home;
    home.run(&["repair", "--join", copy.to_str().unwrap(), "--yes"]).ok();
}

/// Does what `doctor` says of what git took away.
fn as_doctor_says(repository: &Repository) {
    let report = doctor(&repository.home);
    let mut findings = report["findings"].as_array().unwrap().iter();
    let found = findings.find(|it| it["check"] == "store.git").unwrap();
    let hint = found["hint"].as_str().unwrap();
    let show = hint.split_once('`').unwrap().1.split_once(" > FILE").unwrap().0;
    let words = shlex::split(show).unwrap();
    assert_eq!((&*words[0], &*words[3]), ("git", "show"), "{hint}");
    join(repository, &words[4]);
    assert!(!format!("{}", doctor(&repository.home)).contains("store.git"));
}

fn repair(repository: &Repository) {
    assert_eq!(repository.home.run(&["repair", "--yes"]).code, Some(0));
}

/// Commits what is there.
fn commit(repository: &Repository) {
    repository.git(&["add", "--all"]);
    repository.git(&["commit", "--quiet", "--message", "more"]);
}

/// A hook at work: it lends somebody.
fn hook(repository: &Repository) {
    let done = repository.home.run(&assign_args("hook", "w", "documentation"));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}

/// Has an editor save the log, in another form.
fn edit(repository: &Repository, change: impl Fn(&[u8]) -> Vec<u8>) {
    repository.home.set_log(&change(&repository.home.log()));
}

fn without_attributes(repository: &Repository) {
    repository.git(&["rm", "--quiet", ".gitattributes"]);
    repository.git(&["commit", "--quiet", "--message", "no attributes"]);
}

#[test]
fn what_moves_commits() {
    let rows = [
        Row {
            done: "`git cherry-pick` of an event",
            act: |it| drop(it.git(&["cherry-pick", "topic"])),
            ..WORKS
        },
        Row {
            done: "`git cherry-pick` of an event that follows some elsewhere",
            act: |it| {
                it.checkout("topic");
                it.merge("main");
                it.assign("2026-04-01T05:00:00Z", "hook", "testing");
                it.checkout("main");
                it.git(&["cherry-pick", "topic"]);
            },
            then: &["before", "hook", "m1"],
            code: 3,
            says: Some("missing_parent"),
            mend: Some(|it| join(it, "topic:events.jsonl")),
            end: &["before", "hook", "m1", "t1", "t2"],
        },
        Row {
            done: "`git rebase`",
            act: |it| {
                it.checkout("topic");
                it.git(&["rebase", "--quiet", "main"]);
            },
            ..WORKS
        },
        Row {
            done: "`git merge --squash`, and the merge itself later",
            act: |it| {
                it.git(&["merge", "--squash", "topic"]);
                commit(it);
                it.merge("topic");
                let log = it.home.log();
                assert_eq!(String::from_utf8(log).unwrap().lines().count(), 16, "none twice");
            },
            ..WORKS
        },
        Row {
            done: "a merge without the store's `.gitattributes`",
            act: |it| {
                without_attributes(it);
                assert_eq!(it.try_git(&["merge", "topic"]).code, Some(1), "a conflict");
                let stderr = it.home.run(&["list"]).fails(3);
                assert!(stderr.contains("a mark of git's, which could not merge"), "{stderr}");
            },
            code: 3,
            says: Some("not_an_event"),
            mend: Some(repair),
            ..WORKS
        },
    ];
    for row in &rows {
        check(row, two_branches());
    }
}

#[test]
fn what_takes_commits_back() {
    let rows = [
        Row {
            done: "`git revert` of the last event",
            act: |it| drop(it.git(&["revert", "--no-edit", "HEAD"])),
            then: &["before", "m1"],
            says: Some("store.git"),
            mend: Some(as_doctor_says),
            end: LINEAR,
            ..WORKS
        },
        Row {
            done: "`git revert` of an older event",
            act: |it| {
                let refused = it.try_git(&["revert", "--no-edit", "HEAD~1"]);
                assert!(refused.stdout.contains("nothing to commit"), "{}", refused.stdout);
            },
            then: LINEAR,
            end: LINEAR,
            ..WORKS
        },
        Row {
            done: "`git reset --hard`, or a rebase that drops a commit",
            act: |it| drop(it.git(&["reset", "--quiet", "--hard", "HEAD~1"])),
            then: &["before", "m1"],
            mend: Some(|it| join(it, "ORIG_HEAD:events.jsonl")),
            end: LINEAR,
            ..WORKS
        },
        Row {
            done: "`git checkout` of an older log, and hooks go on there",
            act: |it| {
                it.git(&["checkout", "--quiet", "HEAD~1", "--", "events.jsonl"]);
                hook(it);
                commit(it);
            },
            then: &["before", "hook", "m1"],
            says: Some("store.git"),
            mend: Some(as_doctor_says),
            end: &["before", "hook", "m1", "m2"],
            ..WORKS
        },
        Row {
            done: "`git checkout` of an older commit, and hooks go on there",
            act: |it| {
                it.git(&["checkout", "--quiet", "HEAD~1"]);
                hook(it);
                // Git overwrites nothing that is not committed.
                assert_eq!(it.try_git(&["checkout", "main"]).code, Some(1));
                commit(it);
                let older = it.git(&["rev-parse", "HEAD"]);
                it.checkout("main");
                it.merge(older.trim());
            },
            then: &["before", "hook", "m1", "m2"],
            end: &["before", "hook", "m1", "m2"],
            ..WORKS
        },
    ];
    for row in &rows {
        check(row, one_branch());
    }
}

#[test]
fn what_moves_files() {
    let rows = [
        Row {
            done: "`git stash`, events that are committed, `git stash pop`",
            act: |it| {
                hook(it);
                it.git(&["stash"]);
                it.home.assign("t1", "w", "testing");
                commit(it);
                it.git(&["stash", "pop"]);
            },
            then: &["before", "hook", "m1", "m2", "t1"],
            end: &["before", "hook", "m1", "m2", "t1"],
            ..WORKS
        },
        Row {
            done: "`git stash`, events that are not committed, `git stash pop`",
            act: |it| {
                hook(it);
                it.git(&["stash"]);
                it.home.assign("t1", "w", "testing");
                assert_eq!(it.try_git(&["stash", "pop"]).code, Some(1), "git keeps the stash");
            },
            then: &["before", "m1", "m2", "t1"],
            mend: Some(|it| join(it, "stash:events.jsonl")),
            end: &["before", "hook", "m1", "m2", "t1"],
            ..WORKS
        },
        Row {
            done: "`git clone --depth 1`",
            act: |it| {
                let (clone, origin) = (it.home.path().join("clone"), it.home.store().to_owned());
                let url = format!("file://{}", origin.display());
                let args = ["clone", "--quiet", "--depth=1", &url, clone.to_str().unwrap()];
                git(&it.home, it.home.path(), &args);
                it.home.use_store(&clone);
                hook(it);
                commit(it);
                git(&it.home, &origin, &["pull", "--quiet", clone.to_str().unwrap(), "main"]);
                it.home.use_store(&origin);
            },
            then: &["before", "hook", "m1", "m2"],
            end: &["before", "hook", "m1", "m2"],
            ..WORKS
        },
        Row {
            done: "`core.autocrlf`",
            act: checkout_with_autocrlf,
            then: LINEAR,
            end: LINEAR,
            ..WORKS
        },
        Row {
            done: "`core.autocrlf` without the store's `.gitattributes`, or an editor that writes CR LF",
            act: |it| {
                without_attributes(it);
                checkout_with_autocrlf(it);
            },
            then: LINEAR,
            code: 3,
            says: Some("crlf"),
            mend: Some(repair),
            end: LINEAR,
        },
    ];
    for row in &rows {
        check(row, one_branch());
    }
}

/// Has git write the log anew, where line ends are to be converted.
fn checkout_with_autocrlf(it: &mut Repository) {
    fs::remove_file(it.home.log_path()).unwrap();
    let args = ["-c", "core.autocrlf=true", "checkout", "--quiet", "--", "events.jsonl"];
    let done = try_git(&it.home, it.home.store(), &args);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}

#[test]
fn what_editors_do() {
    let editor = Row { then: LINEAR, end: LINEAR, ..WORKS };
    let reversed = |log: &[u8]| {
        let mut lines: Vec<_> = log.split_inclusive(|byte| *byte == b'\n').collect();
        lines.reverse();
        lines.concat()
    };
    let rows = [
        Row {
            done: "an editor that saves by renaming",
            act: |it| {
                let saved = it.home.store().join("events.jsonl~");
                fs::copy(it.home.log_path(), &saved).unwrap();
                fs::rename(saved, it.home.log_path()).unwrap();
            },
            ..editor
        },
        Row {
            done: "an editor that strips the last line end",
            act: |it| edit(it, |log| log.strip_suffix(b"\n").unwrap().to_vec()),
            says: Some("unended"),
            ..editor
        },
        Row {
            done: "an editor that adds a line end",
            act: |it| edit(it, |log| [log, b"\n"].concat()),
            says: Some("torn_tail"),
            ..editor
        },
        Row {
            done: "an empty line between others",
            act: |it| edit(it, |log| [b"\n", log].concat()),
            code: 3,
            says: Some("not_an_event"),
            mend: Some(repair),
            ..editor
        },
        Row {
            done: "an editor that puts a byte order mark",
            act: |it| edit(it, |log| [b"\xef\xbb\xbf", log].concat()),
            says: Some("byte_order_mark"),
            ..editor
        },
    ];
    for row in &rows {
        check(row, one_branch());
    }
    let shuffled = one_branch();
    edit(&shuffled, reversed);
    let row =
        Row { done: "lines in another order, as by `sort`", says: Some("out_of_order"), ..editor };
    check(&row, shuffled);
}
