//! Heads that are signed with real keys, and what stands under their signatures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Done, Home};
use crate::merge::Branches;
use crate::repository::{git, hermetic, path};

/// Makes a key, and a list of allowed signers that has it for this name's; returns both paths.
pub fn key(home: &Home, name: &str) -> [String; 2] {
    let key = home.path().join(format!("{name}-key"));
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
        .arg(&key)
        .env("PATH", path())
        .status();
    assert!(made.unwrap().success());
    let allowed = home.path().join("allowed");
    let line = format!("{name} {}", fs::read_to_string(format!("{}.pub", key.display())).unwrap());
    let before = fs::read_to_string(&allowed).unwrap_or_default();
    write(&allowed, &format!("{before}{line}"));
    [key, allowed].map(|path| path.to_str().unwrap().to_owned())
}

/// Runs a command that finds `ssh-keygen` and git.
pub fn run(home: &Home, args: &[&str]) -> Done {
    Done::of(hermetic(home, &mut home.command()).args(args))
}

#[expect(clippy::disallowed_methods, reason = "a test may change what is signed")]
fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

/// What `verify --signed` says: exit code and report.
fn verify(home: &Home, allowed: &str) -> (i32, Value) {
    let Done { code, stdout, stderr } = run(home, &["verify", "--signed", allowed, "--json"]);
    assert_eq!(stderr, "", "{stdout}");
    (code.unwrap(), serde_json::from_str(&stdout).unwrap())
}

/// The exit code, the status of each signature, and how many events are signed, and are not.
fn seen(home: &Home, allowed: &str) -> (i32, Vec<String>, [u64; 2]) {
    let (code, report) = verify(home, allowed);
    let signed = &report["signed"];
    let status = |it: &Value| it["status"].as_str().unwrap().to_owned();
    let of = |name: &str| signed[name].as_u64().unwrap();
    let statuses = signed["signatures"].as_array().unwrap().iter().map(status).collect();
    (code, statuses, [of("events"), of("unsigned_events")])
}

/// The file of the one text that is signed.
fn text_of(home: &Home) -> PathBuf {
    let entries = fs::read_dir(home.store().join("signatures")).unwrap();
    let mut texts = entries.map(|it| it.unwrap().path());
    texts.find(|it| it.extension().is_some_and(|it| it == "heads")).unwrap()
}

#[test]
fn a_signature_covers_what_was_there_and_not_what_comes_after() {
    let mut home = Home::seeded();
    let [key, allowed] = key(&home, "ann@example.org");
    assert_eq!(seen(&home, &allowed), (1, vec![], [0, 12]));
    let signed = run(&home, &["sign", "--key", &key, "--json"]).json();
    assert_eq!((&signed["events"], &signed["at"]), (&json!(12), &json!("2026-03-25T15:30:00Z")));
    let (code, report) = verify(&home, &allowed);
    assert_eq!((code, &report["signed"]["signatures"][0]["heads"]), (0, &report["heads"]));
    assert_eq!(report["signed"]["signatures"][0]["file"], signed["file"]);
    home.assign("s1", "w", "testing");
    home.run(&["compact", "--seal"]).ok();
    assert_eq!(seen(&home, &allowed), (0, vec!["signed".to_owned()], [12, 1]));
    home.at("2026-03-26T15:30:00Z");
    let shown = |text: &str| {
        let public = fs::read_to_string(format!("{key}.pub")).unwrap();
        assert!(!text.contains(public.split(' ').nth(1).unwrap()));
        let text = text.replace(home.path().to_str().unwrap(), "~");
        let is_long = |word: &str| word.contains(".heads") || word.contains("SHA256:");
        let words = text.split_inclusive([' ', '\n']).map(|word| match word.len() {
            length if is_long(word) => format!("<…>{}", &word[length - 1..]),
            _ => word.to_owned(),
        });
        crate::harness::without_ids(&words.collect::<String>())
    };
    assert_snapshot!(shown(&run(&home, &["sign", "--key", &key]).ok()), @"
    Signed 13 events, behind 1 head, with `~/ann@example.org-key`.
    The signature is <…> in the store, with what it signs beside it.
    ");
    assert_snapshot!(shown(&run(&home, &["verify", "--signed", &allowed]).ok()), @"
    head <id>
    13 events in 13 lines of 2 files, 9399 bytes
    The log in `~/.muzzle/personas` is sound: 0 faults, 0 warnings, 0 notes.
    <…> ann@example.org signed 12 events at 2026-03-25T15:30:00Z (ED25519 key <…>
    <…> ann@example.org signed 13 events at 2026-03-26T15:30:00Z (ED25519 key <…>
    13 events stand under a signature, and 0 events do not.
    ");
    assert_eq!(home.run(&["verify", "--json"]).json()["signed"], Value::Null);
}

#[test]
fn a_cut_tail_and_another_history_are_found_by_the_head_that_was_signed() {
    let home = Home::seeded();
    home.assign("s1", "w", "testing");
    let [key, allowed] = key(&home, "ann");
    run(&home, &["sign", "--key", &key]).ok();
    let log = home.log();
    let cut = log.split_inclusive(|byte| *byte == b'\n').take(12).flatten().copied();
    home.set_log(&cut.collect::<Vec<_>>());
    let _ = fs::remove_dir_all(home.store().join(".cache"));
    assert_eq!(home.run(&["verify"]).code, Some(0), "the log alone does not tell");
    assert_eq!(seen(&home, &allowed), (3, vec!["head_gone".to_owned()], [0, 12]));
    // It was written anew, all its ids right.
    let mut other = Home::new();
    other.at("2026-01-01T00:00:00Z").run(&["orphan-cleanup"]).ok();
    home.set_log(&other.log());
    assert_eq!(home.run(&["verify"]).code, Some(0));
    assert_eq!(seen(&home, &allowed), (3, vec!["head_gone".to_owned()], [0, 12]));
    assert!(run(&home, &["verify", "--signed", &allowed]).stdout.contains("lines were cut off"));
    home.set_log(&log);
    assert_eq!(seen(&home, &allowed), (0, vec!["signed".to_owned()], [13, 0]));
    // A line that was changed is damage, whoever signed it; what stands behind it is not vouched for.
    home.set_log(String::from_utf8(log).unwrap().replacen("Elena", "Alena", 1).as_bytes());
    assert_eq!(verify(&home, &allowed).0, 3);
    assert!(run(&home, &["sign", "--key", &key]).fails(3).contains("nothing was signed"));
}

#[test]
fn who_signed_is_told_from_who_may_and_a_changed_file_from_a_signature() {
    let home = Home::seeded();
    let [ann, allowed] = key(&home, "ann");
    let ann_alone = fs::read_to_string(&allowed).unwrap();
    let [bob, _] = key(&home, "bob");
    run(&home, &["sign", "--key", &bob]).ok();
    let (code, report) = verify(&home, &allowed);
    assert_eq!((code, &report["signed"]["signatures"][0]["signer"]), (0, &json!("bob")));
    // Not on the list; on it, but no more, or not yet; on it for something else.
    let public = fs::read_to_string(format!("{bob}.pub")).unwrap();
    for (list, is_right) in [
        (ann_alone.clone(), false),
        (format!("bob valid-before=\"20260101Z\" {public}"), false),
        (format!("bob valid-after=\"20260401Z\" {public}"), false),
        (format!("bob valid-after=\"20260301Z\",valid-before=\"20260401Z\" {public}"), true),
        (format!("bob namespaces=\"git\" {public}"), false),
        (format!("bob,robert namespaces=\"git,muzzle-persona\" {public}"), true),
        (String::new(), false),
    ] {
        write(Path::new(&allowed), &list);
        let (status, signed) = if is_right { ("signed", 12) } else { ("unknown_signer", 0) };
        let code = i32::from(!is_right);
        assert_eq!(
            seen(&home, &allowed),
            (code, vec![status.to_owned()], [signed, 12 - signed]),
            "{list}"
        );
    }
    write(Path::new(&allowed), &format!("{ann_alone}bob {public}"));
    let text = text_of(&home);
    let with_signature = |text: &Path| PathBuf::from(format!("{}.sig", text.display()));
    let signature = with_signature(&text);
    let (said, signed) =
        (fs::read_to_string(&text).unwrap(), fs::read_to_string(&signature).unwrap());
    let changed = (1, vec!["changed".to_owned()], [0, 12]);
    for (path, was, is) in [
        (&text, &said, said.replace("15:30", "15:31")),
        (&text, &said, format!("{said}\n")),
        (&text, &said, String::new()),
        (&signature, &signed, signed.replacen('A', "B", 1)),
        (&signature, &signed, "no signature\n".to_owned()),
        (&signature, &signed, "x".repeat(3 << 20)),
    ] {
        write(path, &is);
        assert_eq!(seen(&home, &allowed), changed, "{}", path.display());
        fs::remove_file(path).unwrap();
        assert_eq!(seen(&home, &allowed), changed, "{}", path.display());
        write(path, was);
        assert_eq!(seen(&home, &allowed).0, 0);
    }
    // Both under another name.
    let renamed = text.with_file_name(format!("{}.heads", "0".repeat(32)));
    fs::rename(&text, &renamed).unwrap();
    fs::rename(&signature, with_signature(&renamed)).unwrap();
    assert_eq!(seen(&home, &allowed), changed);
    fs::rename(with_signature(&renamed), &signature).unwrap();
    fs::rename(&renamed, &text).unwrap();
    // The name that both would have, but of another text.
    let other = said.replace("15:30", "15:31");
    let digest = blake3::hash(format!("{other}{signed}").as_bytes()).to_hex();
    let forged = text.with_file_name(format!("{}.heads", &digest[..32]));
    write(&forged, &other);
    write(&with_signature(&forged), &signed);
    let (code, mut statuses, events) = seen(&home, &allowed);
    statuses.sort();
    assert_eq!((code, &*statuses.join(" "), events), (1, "changed signed", [12, 0]));
    fs::remove_file(&forged).unwrap();
    fs::remove_file(with_signature(&forged)).unwrap();
    #[cfg(unix)]
    {
        let elsewhere = home.path().join("elsewhere");
        fs::rename(&signature, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &signature).unwrap();
        assert_eq!(seen(&home, &allowed), changed, "a link is not followed");
    }
    assert!(run(&home, &["sign", "--key", &ann]).code == Some(0));
    for no_list in [home.path().join("none"), home.path().to_owned()] {
        let stderr = run(&home, &["verify", "--signed", no_list.to_str().unwrap()]).fails(5);
        assert!(stderr.starts_with("error: could not read `"), "{stderr}");
    }
}

#[test]
fn clones_that_both_signed_merge_without_a_conflict_whatever_their_line_ends() {
    let mut branches = Branches::new();
    let [ann, _] = key(&branches.home, "ann");
    let [bob, allowed] = key(&branches.home, "bob");
    let assign = |session| crate::harness::assign_args(session, "w", "testing");
    branches.work(true, "2026-03-26T08:00:00Z", &assign("a1"));
    branches.work(false, "2026-03-26T08:00:00Z", &assign("b1"));
    // The same moment, and on one of them by both.
    for (on_a, keys) in [(true, [&ann, &bob]), (false, [&bob, &ann])] {
        let store = if on_a { branches.a.clone() } else { branches.b.clone() };
        branches.home.use_store(&store);
        for key in keys {
            run(&branches.home, &["sign", "--key", key]).ok();
        }
        git(&branches.home, &store, &["add", "--all"]);
        git(&branches.home, &store, &["commit", "--quiet", "--message", "signed"]);
    }
    branches.fetch();
    branches.merge(true, "other/main");
    branches.merge(false, "other/main");
    for store in [branches.a.clone(), branches.b.clone()] {
        branches.home.use_store(&store);
        let (code, statuses, events) = seen(&branches.home, &allowed);
        assert_eq!((code, statuses.len(), events), (0, 4, [15, 0]));
        // Each has its own side of the fork.
        let (_, report) = verify(&branches.home, &allowed);
        let each = report["signed"]["signatures"].as_array().unwrap();
        assert!(each.iter().all(|it| it["events"] == 14), "{report:#}");
    }
    // Where git converts line ends, it leaves those of a text that is signed alone.
    let store = branches.b.clone();
    fs::remove_dir_all(store.join("signatures")).unwrap();
    git(
        &branches.home,
        &store,
        &["-c", "core.autocrlf=true", "checkout", "--quiet", "--", "signatures"],
    );
    assert_eq!(seen(&branches.home, &allowed).0, 0);
}

#[test]
fn the_key_is_gits_unless_one_is_named() {
    let home = Home::seeded();
    let [key, allowed] = key(&home, "ann");
    let store = home.store().to_owned();
    let refused = |told: &str| {
        let stderr = run(&home, &["sign"]).fails(2);
        assert!(stderr.contains(told), "{stderr}");
        assert!(stderr.contains("muzzle-persona sign --key "), "{stderr}");
    };
    refused("git signs with no SSH key");
    git(&home, &store, &["init", "--quiet"]);
    git(&home, &store, &["config", "user.signingkey", &key]);
    refused("git signs with no SSH key");
    git(&home, &store, &["config", "gpg.format", "ssh"]);
    git(&home, &store, &["config", "user.signingkey", "key::ssh-ed25519 AAAA"]);
    refused("is a key itself, and no file");
    git(&home, &store, &["config", "--unset", "user.signingkey"]);
    refused("git has no `user.signingkey`");
    git(&home, &store, &["config", "user.signingkey", "~/ann-key"]);
    run(&home, &["sign"]).ok();
    assert_eq!(seen(&home, &allowed).0, 0);
    let stderr = run(&home, &["sign", "--key", "none"]).fails(1);
    assert!(stderr.starts_with("error: `ssh-keygen` signed nothing with `none`: "), "{stderr}");
    assert!(home.run(&["--store", "none", "sign", "--key", &key]).fails(1).contains("no store"));
}

#[cfg(unix)]
#[test]
fn another_program_in_its_place_is_neither_waited_for_nor_believed() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = Home::seeded();
    let [key, allowed] = key(&home, "ann");
    run(&home, &["sign", "--key", &key]).ok();
    let bin = home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let with = |args: &[&str]| Done::of(home.command().env("PATH", &bin).args(args));
    for args in [&["sign", "--key", &key][..], &["verify", "--signed", &allowed]] {
        let stderr = with(args).fails(1);
        let error = "error: there is no `ssh-keygen` on this machine\n";
        let hint =
            "hint: install OpenSSH's client (`openssh-client`), or add its directory to `PATH`\n";
        assert_eq!(stderr, format!("{error}{hint}"));
    }
    // It never stops, never reads, or knows nothing.
    let program = bin.join("ssh-keygen");
    for script in ["while echo y; do :; done", "echo 'unknown option -- Y' >&2; exit 1", "exit 0"] {
        let draft = home.path().join("draft");
        write(&draft, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
        // Copied by a process of its own: one that this has open for writing cannot be run.
        let copied = Command::new("cp").args([&draft, &program]).env("PATH", path()).status();
        assert!(copied.unwrap().success());
        let stderr = with(&["sign", "--key", &key]).fails(1);
        assert!(stderr.contains("`ssh-keygen` signed nothing with"), "{script}: {stderr}");
        assert_eq!(with(&["verify", "--signed", &allowed]).code, Some(1), "{script}");
    }
}
