//! A store that was copied, went two ways, and was put together again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::agreement::agreed;
use crate::answer::Answer;
use crate::forge::{ada, home, id, line};
use crate::harness::{Home, assign_args};
use crate::trail::Trail;

/// Copies a store's log to a new store beside it.
pub fn copy(home: &Home, name: &str) -> PathBuf {
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
pub fn merge(home: &mut Home, a: &Path, b: &Path) -> Answer {
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

#[test]
fn more_branches_than_a_line_can_name_are_joined_line_by_line() {
    let ada = ada();
    let branch = |n: usize| line(2, &[id(&ada)], "party", &format!(r#"{{"n":{n}}}"#));
    let deepest = branch(0);
    let deepest = line(3, &[id(&deepest)], "party", "{}");
    let branches: String = (0..4_000).map(branch).collect();
    let merged = format!("{ada}{branches}{deepest}");
    let home = home(merged.as_bytes());
    let heads = |answer: &Answer| answer.heads.as_array().unwrap().len();
    assert_eq!(heads(&agreed(&home, "merged")), 4_000);
    assert_eq!(home.run(&["grow", "--count", "2"]).code, Some(0));

    // Wherever the new lines are cut off, it is a history.
    let log = String::from_utf8(home.whole_log()).unwrap();
    let new: Vec<_> = log.strip_prefix(&merged).unwrap().split_inclusive('\n').collect();
    assert_eq!(new.len(), 4, "two that join, and one for each persona");
    let left: Vec<_> = (1..=new.len())
        .map(|lines| {
            home.set_log(format!("{merged}{}", new[..lines].concat()).as_bytes());
            heads(&agreed(&home, &format!("and {lines} lines")))
        })
        .collect();
    assert!(left[0] > 2_000 && left[1] > 200 && left[2..] == [1, 1], "{left:?}");
    assert_eq!(home.run(&["verify"]).code, Some(0));
}
