//! Stores that cannot be used, or not quite: the call goes on, and the log stays as it is.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::harness::{ELENA, HOOK, Home, TIMEOUT, answer, id_of, recorded, review};

/// Who runs the hook when the tests run as root, whom no mode stops.
const NOBODY: u32 = 65534;

/// Runs the hook in a home whose log it must leave alone.
fn is_declined(home: &Home, why: &str) {
    let log = fs::read(home.log_path()).unwrap();
    home.inject(recorded("pre_tool_use.named")).declines(why).run();
    assert_eq!(fs::read(home.log_path()).unwrap(), log);
    assert!(!home.store().join("quarantine").exists());
}

/// Takes the writers' lock of a store.
fn lock(home: &Home) -> File {
    let lock = File::options().write(true).open(home.store().join(".lock")).unwrap();
    fs2::FileExt::lock_exclusive(&lock).unwrap();
    lock
}

#[test]
fn a_log_that_stays_locked_is_given_up_after_a_second() {
    let home = Home::with_log();
    let log = home.log();
    let held = lock(&home);
    let start = Instant::now();
    home.inject(recorded("pre_tool_use.named"))
        .with_default_timeout()
        .declines(&format!(
            "the log `{}` is busy: another process has been writing for 1 s",
            home.log_path().display()
        ))
        .run();
    assert!(start.elapsed() >= Duration::from_secs(1));
    drop(held);
    assert_eq!(home.log(), log);
}

#[test]
fn a_log_that_stays_locked_past_the_deadline_is_given_up_then() {
    let home = Home::with_log();
    let log = home.log();
    let held = lock(&home);
    home.inject(recorded("pre_tool_use.named"))
        .env(TIMEOUT, "300")
        .declines("not done within 300 ms")
        .run();
    drop(held);
    assert_eq!(home.log(), log);
}

#[test]
fn a_log_that_is_unlocked_in_time_is_written() {
    let home = Home::with_log();
    let held = lock(&home);
    let hook = home.inject(review("session-1", "worker-1")).start();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(home.events("assign").len(), 1);
    drop(held);
    assert!(hook.ends_with_any_answer().contains("You are Lian Zhou, the code-reviewer persona"));
    assert_eq!(home.events("assign").len(), 2);
}

#[test]
fn a_damaged_line_is_named_and_left() {
    let home = Home::with_log();
    let log = home.log();
    let damaged = log.replacen("Lian Zhou", "Lien Zhou", 1);
    home.set_log(&damaged);
    let line = damaged.lines().nth(2).unwrap();
    let (content, written) = line.split_once(",\"id\":\"").unwrap();
    is_declined(
        &home,
        &format!(
            "line 3 of `{}` is damaged: the line says that its id is `{}`, but its bytes have the id `{}`",
            home.log_path().display(),
            written.trim_end_matches("\"}"),
            id_of(content)
        ),
    );
}

#[test]
fn a_line_that_is_missing_is_named_and_the_log_is_left() {
    let home = Home::with_log();
    let log = home.log();
    let mut lines: Vec<&str> = log.split_inclusive('\n').collect();
    let missing = lines.remove(4);
    home.set_log(&lines.concat());
    let (_, id) = missing.trim_end_matches("\"}\n").rsplit_once('"').unwrap();
    is_declined(
        &home,
        &format!(
            "line 5 of `{}` is damaged: it follows the event `{id}`, which is not in the log",
            home.log_path().display()
        ),
    );
}

#[test]
fn a_log_of_a_newer_format_is_left() {
    let home = Home::with_log();
    let log = home.log();
    let (_, id) = log.trim_end_matches("\"}\n").rsplit_once('"').unwrap();
    let content = format!(
        r#"{{"v":3,"seq":14,"at":"2026-03-25T15:30:00Z","type":"assign","data":{{"new":1}},"prev":["{id}"]"#
    );
    home.set_log(&format!("{log}{content},\"id\":\"{}\"}}\n", id_of(&content)));
    is_declined(
        &home,
        "the log holds events of format version 3; this build writes version 2 and leaves the log alone",
    );
}

#[test]
fn an_event_of_an_unknown_type_is_no_obstacle() {
    let home = Home::with_log();
    let log = home.log();
    let (_, id) = log.trim_end_matches("\"}\n").rsplit_once('"').unwrap();
    let content = format!(
        r#"{{"v":1,"seq":14,"at":"2026-03-25T15:30:00Z","type":"promote","data":{{"new":1}},"prev":["{id}"]"#
    );
    let log = format!("{log}{content},\"id\":\"{}\"}}\n", id_of(&content));
    home.set_log(&log);
    home.inject(recorded("pre_tool_use.named")).answered();
    assert!(home.log().starts_with(&log));
    assert_eq!(home.events("assign").len(), 2);
}

/// Adds `torn` to a log, which the hook cuts off again, and says so.
fn is_cut(home: &Home, torn: &str) {
    let log = fs::read_to_string(home.log_path()).unwrap_or_default();
    home.set_log(&format!("{log}{torn}"));
    let digest: String = id_of(torn).chars().take(8).collect();
    let kept = home.store().join(format!("quarantine/events.jsonl.{}.{digest}", log.len()));
    home.inject(review("session-1", "worker-1"))
        .notes(&format!(
            "the log ended in an unfinished write; moved its {} bytes to `{}`",
            torn.len(),
            kept.display()
        ))
        .answered();
    assert_eq!(fs::read_to_string(&kept).unwrap(), torn);
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!((mode(kept.parent().unwrap()), mode(&kept)), (0o700, 0o600));
    let new = home.log();
    assert!(new.starts_with(&log));
    for line in new.lines() {
        let (content, id) = line.split_once(",\"id\":").unwrap();
        assert_eq!(id, format!("\"{}\"}}", id_of(content)), "{line}");
    }
}

#[test]
fn a_torn_tail_is_moved_to_the_quarantine_and_the_agent_gets_its_persona() {
    for torn in ["{\"v\":1,\"seq\":14,\"at\":\"20", "{\"v\":1,\"se\0\0\0\0\n", "{}"] {
        let home = Home::with_log();
        is_cut(&home, torn);
        assert_eq!(home.events("assign").len(), 2);
    }
}

#[test]
fn a_first_write_that_was_torn_is_moved_to_the_quarantine_too() {
    let home = Home::new();
    fs::create_dir_all(home.store()).unwrap();
    is_cut(&home, "{\"v\":1,\"seq\":1,\"at\":\"20");
    assert_eq!((home.events("seed").len(), home.events("assign").len()), (12, 1));
}

#[test]
fn a_seeding_that_was_cut_short_is_no_obstacle() {
    let home = Home::with_log();
    let log = home.log();
    let seed: String = log.split_inclusive('\n').take(12).collect();
    let start: String = log.split_inclusive('\n').take(1).collect();
    home.set_log(&start);
    let input = |prompt: &str| {
        format!(r#"{{"name":"w","description":"Review parser","prompt":"{prompt}Go."}}"#)
    };
    let told =
        "the making of this store was cut off; its seed is complete now: 11 personas were added";
    home.inject(review("session-1", "w")).prints(answer(&input(ELENA))).notes(told).run();
    assert!(home.log().starts_with(&seed));
}

#[test]
fn a_seed_file_that_cannot_be_used_is_named_and_the_log_is_left() {
    let home = Home::with_log();
    let seed = home.store().join("seed.toml");
    fs::write(&seed, "# Mine.\n[[persona]]\nname = \"Ada\"\ntraits = [\"loud\"]\n").unwrap();
    is_declined(
        &home,
        &format!(
            "`{}`, line 4, column 11: `loud` is not in the `traits` of the vocabulary; to add it, put `traits = [\"loud\"]` ahead of the first table",
            seed.display()
        ),
    );
    fs::write(&seed, "[[persona]\n").unwrap();
    is_declined(
        &home,
        &format!("`{}`, line 1, column 11: unclosed array table, expected `]`", seed.display()),
    );
}

#[test]
fn a_store_that_cannot_be_written_is_left() {
    let home = Home::with_log();
    let store = home.store();
    let is_root = fs::metadata(&store).unwrap().uid() == 0;
    // Nobody can run it there: where it was built, maybe not.
    let bin = tempfile::tempdir().unwrap();
    let copy = bin.path().join("persona-inject");
    // By a process of its own: what this one wrote may still be open in another test's child, and
    // cannot be run then.
    assert!(Command::new("cp").args([HOOK.as_ref(), &*copy]).status().unwrap().success());
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    for open in [bin.path(), &copy, home.path()] {
        mode(open, 0o755);
    }
    let mut hook = Command::new(&copy);
    let files = fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.collect();
    for file in &files {
        mode(file, 0o400);
    }
    mode(&store, 0o500);
    if is_root {
        hook.uid(NOBODY).gid(NOBODY);
        let dirs = [home.path(), &home.path().join(".muzzle"), &store];
        for path in dirs.into_iter().chain(files.iter().map(AsRef::as_ref)) {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    let log = home.log();
    home.inject_with(hook, recorded("pre_tool_use.named"))
        .declines(&format!(
            "could not open the lock `{}`: Permission denied (os error 13)",
            store.join(".lock").display()
        ))
        .run();
    assert_eq!(home.log(), log);
    mode(&store, 0o700); // so that it can be removed
}

#[test]
fn a_store_that_is_a_file_is_left() {
    let home = Home::new();
    let store = home.path().join("store");
    fs::write(&store, "mine\n").unwrap();
    home.inject(recorded("pre_tool_use.named"))
        .env("MUZZLE_PERSONA_STORE", &store)
        .declines(&format!(
            "could not open `{}`: Not a directory (os error 20)",
            store.join("events.jsonl").display()
        ))
        .run();
    assert_eq!(fs::read_to_string(&store).unwrap(), "mine\n");
}

#[test]
fn a_log_that_is_a_pipe_is_not_waited_for() {
    let home = Home::with_log();
    fs::remove_file(home.log_path()).unwrap();
    assert!(Command::new("mkfifo").arg(home.log_path()).status().unwrap().success());
    let log = home.log_path();
    home.inject(recorded("pre_tool_use.named"))
        .declines(&format!("could not look at `{}`: it is not a regular file", log.display()))
        .run();
}

#[test]
fn a_home_that_is_a_file_is_left() {
    let home = Home::new();
    let file = home.path().join("file");
    fs::write(&file, "mine\n").unwrap();
    home.inject(recorded("pre_tool_use.named"))
        .env("HOME", &file)
        .declines(&format!(
            "could not open `{}`: Not a directory (os error 20)",
            file.join(".muzzle/personas/events.jsonl").display()
        ))
        .run();
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine\n");
}

#[test]
fn a_store_without_a_name_is_refused() {
    let home = Home::new();
    home.inject(recorded("pre_tool_use.named"))
        .env("MUZZLE_PERSONA_STORE", "")
        .declines("the name of the store is empty")
        .run();
    home.inject(recorded("pre_tool_use.named"))
        .env("HOME", "relative")
        .declines("could not find the home directory for the default store")
        .run();
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}
