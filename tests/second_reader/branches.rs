//! A store that was copied, went two ways, and was put together again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::agreement::agreed;
use crate::answer::Answer;
use crate::harness::{Home, assign_args};
use crate::trail::Trail;

/// Copies a store's log to a new store beside it.
fn copy(home: &Home, name: &str) -> PathBuf {
    let store = home.path().join(name);
    fs::create_dir_all(store.join("segments")).unwrap();
    for file in home.segments().into_iter().chain([home.log_path()]) {
        fs::copy(&file, store.join(file.strip_prefix(home.store()).unwrap())).unwrap();
    }
    store
}

/// The lines of one log that are not sealed, then those of the other that it has not: what a union
/// merge may leave.
fn union(home: &mut Home, one: &Path, other: &Path) -> String {
    let mut whole = |store: &Path| {
        home.use_store(store);
        String::from_utf8(home.whole_log()).unwrap()
    };
    let (known, other) = (whole(one), whole(other));
    let known: BTreeSet<_> = known.lines().collect();
    let mut union = fs::read_to_string(one.join("events.jsonl")).unwrap();
    for line in other.lines().filter(|line| !known.contains(line)) {
        union += line;
        union.push('\n');
    }
    union
}

/// Merges each store into the other; all four answers are the same.
#[track_caller]
fn merge(home: &mut Home, a: &Path, b: &Path) -> Answer {
    let (into_a, into_b) = (union(home, a, b), union(home, b, a));
    assert_ne!(into_a, into_b);
    home.use_store(a);
    home.set_log(into_a.as_bytes());
    let of_a = agreed(home, "merged into one");
    home.use_store(b);
    home.set_log(into_b.as_bytes());
    assert_eq!(agreed(home, "merged into the other"), of_a);
    of_a
}

#[test]
fn branches_that_were_merged_either_way_add_up_to_the_same() {
    let mut home = Home::seeded();
    Trail::new(&home, 11).go(&mut home, 25);
    let (a, b) = (copy(&home, "a"), copy(&home, "b"));
    let mut trails = [(&a, Trail::new(&home, 12)), (&b, Trail::new(&home, 13))];

    // They go apart from one head, meet, and go apart again from two.
    let mut heads = Vec::new();
    for _ in 0..2 {
        for (store, trail) in &mut trails {
            home.use_store(store);
            trail.go(&mut home, 20);
        }
        let merged = merge(&mut home, &a, &b);
        heads.push(merged.heads.as_array().unwrap().len());
    }
    assert_eq!(heads, [2, 2]);

    // What follows a merge follows both.
    home.use_store(&a);
    assert_eq!(home.run(&assign_args("after", "w", "testing")).code, Some(0));
    let after = agreed(&home, "after the merges");
    assert_eq!(after.heads.as_array().unwrap().len(), 1);
}
