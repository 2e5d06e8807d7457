//! A seeding that was cut off in its write, and what only looks like one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::harness::{Done, Home, assign_args, chain};

const CUT: &str = "warning: the making of this store was cut off; its seed is complete now: ";

/// A home in whose store there is this log alone.
fn home(log: &[u8]) -> Home {
    let mut home = Home::new();
    fs::create_dir_all(home.store()).unwrap();
    fs::set_permissions(home.store(), fs::Permissions::from_mode(0o700)).unwrap();
    home.set_log(log);
    home.at("2026-04-01T08:00:00Z");
    home
}

/// The lines of a new store's log.
fn seed() -> Vec<Vec<u8>> {
    let log = Home::seeded().log();
    log.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// How many personas a store has.
fn personas(home: &Home) -> usize {
    home.run(&["list", "--json"]).json()["personas"].as_array().unwrap().len()
}

#[test]
fn a_seeding_that_was_cut_off_is_finished_by_whatever_command_comes_first() {
    let seed = seed();
    let assign = assign_args("s1", "w1", "testing");
    let commands = [
        &["list"][..],
        &["show", "Noor Haddadin"],
        &["stats"],
        &["log"],
        &["history", "Noor"],
        &["search", "--role", "testing"],
        &["list", "--at", "2026-03-26"],
        &["list", "--status", "all", "--json"],
        &["allow"],
        &assign,
        &["feedback", "Noor Haddadin", "--observation", "x", "--good", "--role", "testing"],
        &["compact"],
    ];
    for (whole, command) in (0..seed.len()).zip(commands) {
        // After whole lines, and in the middle of one.
        for half in [0, seed[whole].len() / 2] {
            let cut = [&seed[..whole].concat(), &seed[whole][..half]].concat();
            let home = home(&cut);
            let done = home.run(if whole == 0 { &assign } else { command });
            let context =
                format!("{command:?} after {whole} lines and {half} bytes: {}", done.stderr);
            assert_eq!(done.code, Some(0), "{context}");
            // A store in which nothing is recorded yet is made anew; a moment of the past warns of nothing.
            let is_told = whole > 0 && !command.contains(&"--at");
            assert_eq!(done.stderr.contains(CUT), is_told, "{context}");
            let is_torn = half > 0 && !command.contains(&"--at");
            assert_eq!(done.stderr.contains("moved its"), is_torn, "{context}");
            if whole > 0 {
                assert!(home.log().starts_with(&seed.concat()), "{context}");
            }
            assert_eq!(personas(&home), 12, "{context}");
            // None of them waits to be allowed.
            assert!(home.run(&["allow"]).ok().starts_with("No text waits"), "{context}");
            chain(&home.log());
        }
    }
}

#[test]
fn the_users_own_seed_is_finished_too() {
    let own = "builtin = false\n[[persona]]\nname = \"Ann Li\"\ntraits = [\"curious\"]\n\
        [[persona]]\nname = \"Bo Chen\"\n[[persona]]\nname = \"Cy Dee\"\n";
    let made = Home::new();
    made.set_seed(own);
    made.run(&["orphan-cleanup"]).ok();
    let log = made.log();
    let first = log.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let cut = home(&log[..first]);
    cut.set_seed(own);
    assert_eq!(cut.run(&["list"]).stderr, format!("{CUT}2 personas were added\n"));
    assert_eq!(cut.log(), log);
    assert!(cut.run(&["allow"]).ok().starts_with("No text waits"));
    // With a seed that cannot be read it is left for the next command that can.
    let cut = home(&log[..first]);
    let path = cut.set_seed("[[persona");
    assert!(cut.run(&["list"]).stderr.contains("the built-in seed is used instead"));
    assert_eq!(cut.log(), &log[..first]);
    fs::remove_file(path).unwrap();
    cut.set_seed(own);
    cut.run(&["release", "--session", "none"]);
    assert_eq!(cut.log(), log);
}

#[test]
fn a_roster_that_is_smaller_for_another_reason_stays_so() {
    let seed = seed();
    // Of an older release's seed, or cut off before it was finished: something happened since.
    let small = home(&seed[..5].concat());
    small.append(1, "retire", r#"{"persona":"Elena Vasquez","reason":"manual"}"#);
    let before = small.log();
    assert_eq!(personas(&small), 4);
    assert_eq!(small.log(), before);
    small.assign("s1", "w1", "testing");
    assert_eq!(chain(&small.log()).len(), 7);
    // Trimmed on purpose.
    let trimmed = Home::seeded();
    trimmed.run(&["retire", "Noor Haddadin"]).ok();
    assert_eq!(personas(&trimmed), 11);
    // Other words, or another order.
    let other = Home::new();
    other.set_seed("builtin = false\n[[persona]]\nname = \"Elena Vasquez\"\n");
    other.run(&["orphan-cleanup"]).ok();
    fs::remove_file(other.store().join("seed.toml")).unwrap();
    assert_eq!(personas(&other), 1);
    // What is added to the user's file later is added when they say so.
    let own = "builtin = false\n[[persona]]\nname = \"Ann Li\"\ntraits = [\"curious\"]\n";
    for first in ["", own] {
        let later = Home::new();
        later.set_seed(first);
        later.run(&["orphan-cleanup"]).ok();
        let there = chain(&later.log()).len();
        later.set_seed(&format!("{first}[[persona]]\nname = \"Zoe Q\"\n"));
        assert_eq!(personas(&later), there);
        later.run(&["seed", "--sync"]).ok();
        assert_eq!(personas(&later), there + 1);
    }
}

#[test]
fn who_cannot_finish_it_reads_all_of_it_and_says_why() {
    let seed = seed();
    let cut = home(&seed[..5].concat());
    let list = Home::seeded().run(&["list"]).ok();
    let lock = fs::File::create_new(cut.store().join(".lock")).unwrap();
    fs2::FileExt::lock_exclusive(&lock).unwrap();
    let Done { code, stdout, stderr } = cut.run(&["list", "--wait", "0"]);
    assert_eq!((code, stdout), (Some(0), list));
    let told = "warning: the making of this store was cut off, and its seed could not be completed: the log ";
    assert!(stderr.starts_with(told), "{stderr}");
    // Nothing is recorded ahead of the rest.
    let assign = [&assign_args("s1", "w1", "testing")[..], &["--wait", "0"]].concat();
    cut.run(&assign).fails(4);
    assert_eq!(cut.log(), seed[..5].concat());
    fs2::FileExt::unlock(&lock).unwrap();
    cut.run(&assign);
    assert!(cut.log().starts_with(&seed.concat()));
}
