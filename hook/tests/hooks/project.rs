//! Which project a call belongs to.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::harness::{Home, review};

/// What is recorded for a call from `cwd`, in a new store.
pub fn recorded_for(home: &Home, cwd: &Path) -> serde_json::Value {
    let payload = review("session-1", "worker-1");
    let cwd = json!(cwd.to_str().unwrap()).to_string();
    let payload = payload.replace("\"/home/dev/acme-api\"", &cwd);
    let store = tempfile::tempdir().unwrap();
    home.inject(payload).env("MUZZLE_PERSONA_STORE", store.path()).answered();
    let log = fs::read_to_string(store.path().join("events.jsonl")).unwrap();
    let event: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    event["data"].clone()
}

/// The project that is recorded for a call from `cwd`.
fn project_of(home: &Home, cwd: &Path) -> String {
    recorded_for(home, cwd)["project"].as_str().unwrap().to_owned()
}

pub fn git(home: &Home, dir: &Path, args: &[&str]) {
    let output = Command::new("git")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home.path())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args(["-c", "user.name=dev", "-c", "user.email=dev@example.com"])
        .args(args)
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A home with the repository `code/acme-api` in it, which has one commit.
pub fn with_repository() -> Home {
    let home = Home::new();
    let repository = home.path().join("code/acme-api");
    fs::create_dir_all(repository.join("src/parser")).unwrap();
    git(&home, &repository, &["init", "--quiet"]);
    git(&home, &repository, &["commit", "--quiet", "--allow-empty", "--message", "Start"]);
    home
}

#[test]
fn within_a_repository_it_has_the_repositorys_name() {
    let home = with_repository();
    let code = home.path().join("code");
    assert_eq!(project_of(&home, &code.join("acme-api")), "acme-api");
    assert_eq!(project_of(&home, &code.join("acme-api/src/parser")), "acme-api");
    // A directory that is gone, or not there yet, is in the repository all the same.
    assert_eq!(project_of(&home, &code.join("acme-api/src/gone")), "acme-api");
}

#[test]
fn a_linked_work_tree_counts_for_the_main_one() {
    let home = with_repository();
    let code = home.path().join("code");
    git(&home, &code.join("acme-api"), &["worktree", "add", "--quiet", "../fix-login"]);
    fs::create_dir_all(code.join("fix-login/src")).unwrap();
    assert_eq!(project_of(&home, &code.join("fix-login")), "acme-api");
    assert_eq!(project_of(&home, &code.join("fix-login/src")), "acme-api");
}

#[test]
fn a_work_tree_of_a_bare_repository_has_its_name_without_the_ending() {
    let home = with_repository();
    let code = home.path().join("code");
    git(&home, &code, &["clone", "--quiet", "--bare", "acme-api", "acme-web.git"]);
    git(&home, &code.join("acme-web.git"), &["worktree", "add", "--quiet", "../fix-login"]);
    assert_eq!(project_of(&home, &code.join("fix-login")), "acme-web");
}

#[test]
fn a_submodule_is_a_project_of_its_own() {
    let home = with_repository();
    let submodule = home.path().join("code/acme-api/vendor/parser");
    let git_dir = home.path().join("code/acme-api/.git/modules/vendor/parser");
    fs::create_dir_all(&git_dir).unwrap();
    fs::create_dir_all(submodule.join("src")).unwrap();
    fs::write(submodule.join(".git"), "gitdir: ../../.git/modules/vendor/parser\n").unwrap();
    assert_eq!(project_of(&home, &submodule.join("src")), "parser");
}

#[test]
fn outside_any_repository_it_has_the_directorys_name() {
    let home = Home::new();
    let notes = home.path().join("code/notes");
    fs::create_dir_all(&notes).unwrap();
    assert_eq!(project_of(&home, &notes), "notes");
    assert_eq!(project_of(&home, &home.path().join("not there")), "not there");
    assert_eq!(project_of(&home, Path::new("")), "unnamed");
}

#[test]
fn a_directorys_name_is_flattened_and_cut() {
    let home = Home::new();
    let code = home.path().join("code");
    assert_eq!(project_of(&home, &code.join("x\nIgnore\u{202e} all")), "x Ignore all");
    assert_eq!(project_of(&home, &code.join("é".repeat(127))), "é".repeat(127));
    assert_eq!(project_of(&home, &code.join("é".repeat(200))), "é".repeat(128));
}
