//! What a call is for: the branch that is checked out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::{Home, id_of, recorded, review};
use crate::project::{git, recorded_for, with_repository};

/// The work that is recorded for a call from `cwd`, if any is.
fn work_of(home: &Home, cwd: &Path) -> Option<String> {
    let recorded = recorded_for(home, cwd);
    recorded.get("work").map(|work| work.as_str().unwrap().to_owned())
}

/// A home with a repository, and the repository.
fn repository() -> (Home, PathBuf) {
    let home = with_repository();
    let repository = home.path().join("code/acme-api");
    git(&home, &repository, &["branch", "--move", "--force", "main"]);
    (home, repository)
}

fn on(home: &Home, repository: &Path, branch: &str) {
    git(home, repository, &["checkout", "--quiet", "-B", branch]);
}

#[test]
fn it_is_the_branch_that_is_checked_out() {
    let (home, repository) = repository();
    on(&home, &repository, "feature/fix-login");
    for dir in [repository.clone(), repository.join("src/parser"), repository.join("src/gone")] {
        assert_eq!(work_of(&home, &dir).as_deref(), Some("feature/fix-login"), "{dir:?}");
    }
    // Where refs are packed, the branch is checked out all the same.
    git(&home, &repository, &["pack-refs", "--all"]);
    assert_eq!(work_of(&home, &repository).as_deref(), Some("feature/fix-login"));
    // One without a commit yet is a branch, too.
    git(&home, &repository, &["checkout", "--quiet", "--orphan", "new-site"]);
    assert_eq!(work_of(&home, &repository).as_deref(), Some("new-site"));
}

#[test]
fn the_default_branch_is_no_work() {
    let (home, repository) = repository();
    for branch in ["main", "master"] {
        on(&home, &repository, branch);
        assert_eq!(work_of(&home, &repository), None, "{branch}");
    }
    // What the remote says counts, where there is one.
    on(&home, &repository, "develop");
    assert_eq!(work_of(&home, &repository).as_deref(), Some("develop"));
    let clone = home.path().join("code/acme-web");
    git(&home, &home.path().join("code"), &["clone", "--quiet", "acme-api", "acme-web"]);
    assert_eq!(work_of(&home, &clone), None, "cloned while it was checked out");
    on(&home, &clone, "main");
    assert_eq!(work_of(&home, &clone).as_deref(), Some("main"));
}

#[test]
fn each_work_tree_has_its_own() {
    let (home, repository) = repository();
    let linked = home.path().join("code/elsewhere");
    git(&home, &repository, &["worktree", "add", "--quiet", "-b", "fix-login", "../elsewhere"]);
    assert_eq!(work_of(&home, &repository), None);
    assert_eq!(work_of(&home, &linked).as_deref(), Some("fix-login"));
    assert_eq!(recorded_for(&home, &linked)["project"], "acme-api");
    // The default branch is that of the repository, whichever work tree is on it.
    git(&home, &repository, &["remote", "add", "origin", "."]);
    git(&home, &repository, &["fetch", "--quiet"]);
    git(&home, &repository, &["remote", "set-head", "origin", "fix-login"]);
    assert_eq!(work_of(&home, &linked), None);
    assert_eq!(work_of(&home, &repository).as_deref(), Some("main"));
}

#[test]
fn a_detached_head_is_no_work_but_one_that_is_rebased_is_its_branch() {
    let (home, repository) = repository();
    let put = |text: &str, message: &str| {
        fs::write(repository.join("file"), text).unwrap();
        git(&home, &repository, &["add", "file"]);
        git(&home, &repository, &["commit", "--quiet", "--message", message]);
    };
    put("0", "Begin");
    on(&home, &repository, "fix-login");
    put("1", "Fix");
    git(&home, &repository, &["checkout", "--quiet", "main"]);
    put("2", "Change");
    git(&home, &repository, &["checkout", "--quiet", "--detach"]);
    assert_eq!(work_of(&home, &repository), None);
    for backend in ["--merge", "--apply"] {
        git(&home, &repository, &["checkout", "--quiet", "fix-login"]);
        let mut rebase = Command::new("git");
        let rebase = rebase.args(["-c", "user.name=dev", "-c", "user.email=dev@example.com"]);
        let rebase = rebase.args(["rebase", "--quiet", backend, "main"]).current_dir(&repository);
        assert!(!rebase.output().unwrap().status.success(), "there is a conflict");
        assert_eq!(work_of(&home, &repository).as_deref(), Some("fix-login"), "{backend}");
        git(&home, &repository, &["rebase", "--abort"]);
    }
}

#[test]
fn what_git_does_not_tell_in_a_file_is_no_work() {
    let (home, repository) = repository();
    let head = repository.join(".git/HEAD");
    for text in [
        "ref: refs/heads/.invalid\n", // refs are kept in a table
        "ref: refs/tags/v1\n",
        "ref:\n",
        "",
        "ref: refs/heads/\n",
        "ref: refs/heads/a\u{1b}[31mb\n",
        "ref: refs/heads/a\nb\n",
        "ref: refs/heads/\u{202e}txt\n",
    ] {
        fs::write(&head, text).unwrap();
        assert_eq!(work_of(&home, &repository), None, "{text:?}");
    }
    fs::write(&head, b"ref: refs/heads/\xff\n").unwrap();
    assert_eq!(work_of(&home, &repository), None, "no UTF-8");
    let long = |n| format!("ref: refs/heads/{}\n", "é".repeat(n));
    fs::write(&head, long(128)).unwrap();
    assert_eq!(work_of(&home, &repository), Some("é".repeat(128)));
    fs::write(&head, long(129)).unwrap();
    assert_eq!(work_of(&home, &repository), None, "too long");
    fs::remove_file(&head).unwrap();
    assert_eq!(work_of(&home, &repository), None, "gone");
    // A pipe would never end.
    let made = Command::new("mkfifo").arg(&head).status().unwrap();
    assert!(made.success());
    assert_eq!(work_of(&home, &repository), None, "a pipe");
    assert_eq!(work_of(&home, home.path()), None, "no repository");
}

#[test]
fn where_refs_are_kept_in_a_table_the_branch_is_not_known() {
    let home = Home::new();
    let repository = home.path().join("code/acme-api");
    fs::create_dir_all(&repository).unwrap();
    let mut init = Command::new("git");
    let init = init.args(["init", "--quiet", "--ref-format=reftable", "--initial-branch=fix"]);
    if !init.current_dir(&repository).output().unwrap().status.success() {
        return; // a git from before there were such tables
    }
    let recorded = recorded_for(&home, &repository);
    assert_eq!((&recorded["project"], recorded.get("work")), (&"acme-api".into(), None));
}

#[test]
fn a_review_of_a_branch_goes_to_somebody_who_did_not_work_on_it() {
    let (home, repository) = repository();
    on(&home, &repository, "fix-login");
    let cwd = format!("{:?}", repository.to_str().unwrap());
    let call = |session: &str, what: &str| {
        let payload = review(session, "w").replace("\"/home/dev/acme-api\"", &cwd);
        home.inject(payload.replace("Review parser", what)).answered();
        let end = format!(r#"{{"session_id":"{session}","hook_event_name":"SessionEnd"}}"#);
        home.release(end).run();
        let lent: Value = home.events("assign").pop().unwrap();
        let slot = lent["data"]["slots"][0].clone();
        (slot["persona"].as_str().unwrap().to_owned(), slot["role"].as_str().unwrap().to_owned())
    };
    let (writer, role) = call("s1", "Implement parser");
    assert_eq!(role, "implementation");
    let (reviewer, role) = call("s2", "Review parser");
    assert_eq!(role, "code-reviewer");
    assert_ne!(reviewer, writer);
    // Praise does not bring the writer back into the reviews of what it wrote.
    let log = home.log();
    let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    let (seq, prev) = (last["seq"].as_u64().unwrap() + 1, last["id"].as_str().unwrap());
    let praise = format!(
        r#"{{"v":1,"seq":{seq},"at":"2026-03-25T15:30:00Z","type":"feedback","data":{{"persona":"{writer}","role":"code-reviewer","observation":"Good.","sentiment":"positive","source":"cli"}},"prev":["{prev}"]"#
    );
    home.set_log(&format!("{log}{praise},\"id\":\"{}\"}}\n", id_of(&praise)));
    assert_ne!(call("s3", "Review parser").0, writer);
    on(&home, &repository, "other");
    assert_eq!(call("s4", "Review parser").0, writer, "another branch");
}

#[test]
fn the_line_of_one_role_is_short_with_a_branch_too() {
    let (home, repository) = repository();
    on(&home, &repository, "feature/fix-login-timeout");
    let mut payload: Value = serde_json::from_str(&recorded("pre_tool_use.named")).unwrap();
    payload["cwd"] = repository.to_str().unwrap().into();
    home.inject(payload.to_string()).answered();
    let log = home.log();
    let line = log.lines().last().unwrap();
    assert!(line.contains("feature/fix-login-timeout"), "{line}");
    assert!(line.len() < 460, "{}: {line}", line.len());
}
