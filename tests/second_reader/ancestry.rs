//! What may follow what, and in which order it folds.

use crate::forge::{ADA, AT, BEN, ada, at, id, line, refused, sign, taken};

const GONE: &str = "00000000000000000000000000000000";

#[test]
fn ancestry_is_whole_or_vouched_for() {
    let ada = ada();
    let ben = |seq, prev: &[&str]| line(seq, prev, "seed", BEN);
    taken("a line twice", &[&ada, &ben(2, &[id(&ada)]), &ada], 2);
    taken("the child first", &[&ben(2, &[id(&ada)]), &ada], 2);
    taken("two roots", &[&ada, &ben(1, &[])], 2);
    let child = ben(2, &[id(&ada)]);
    let both = line(3, &[id(&child), id(&ada)], "party", "{}");
    taken("a head and its parent", &[&ada, &child, &both], 2);
    refused("too deep", &[&ada, &ben(3, &[id(&ada)])]);
    refused("not deep enough", &[&ada, &ben(1, &[id(&ada)])]);
    refused("a first line that is not at 1", &[&ben(2, &[]), &ada]);
    refused("a parent that is not there", &[&ada, &ben(2, &[GONE])]);

    let repair = |after: &str, seq| {
        let data = format!(r#"{{"cut":[],"missing":["{GONE}"]}}"#);
        line(seq, &[after], "repair", &data)
    };
    let below = ben(9, &[GONE, id(&ada)]);
    taken("below a gap", &[&ada, &below, &repair(id(&below), 10)], 2);
    let below = ben(1, &[GONE]);
    taken("below nothing else", &[&ada, &below, &repair(id(&below), 2)], 2);
    let below = ben(1, &[GONE, id(&ada)]);
    refused("below a gap, and above a parent", &[&ada, &below, &repair(id(&below), 2)]);
    let below = ben(9, &[GONE]);
    let child = line(11, &[id(&below)], "party", "{}");
    refused("the next line, too", &[&below, &child, &repair(id(&child), 12)]);
    let deep = ben(u64::MAX - 9, &[GONE]);
    taken("nearly as deep as can be", &[&ada, &deep, &repair(id(&ada), 2)], 2);
    let deepest = ben(u64::MAX, &[GONE]);
    let child = line(u64::MAX, &[id(&deepest)], "party", "{}");
    refused("below the deepest", &[&ada, &deepest, &repair(id(&ada), 2), &child]);
    let newer = repair(id(&below), 10).replacen(":1", ":3", 1);
    refused("by a newer repair", &[&below, &sign(&newer[..newer.len() - 42])]);
}

#[test]
fn what_stands_at_one_depth_goes_by_moment_then_by_id() {
    // The first to create her says who she is; the last to change her says what became of her.
    let other = ADA.replace("[]", r#"["calm"]"#);
    for (one, two) in [
        (AT, AT),
        ("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.25Z"),
        ("2026-01-01T09:00:00+02:00", "2026-01-01T08:30:00Z"),
    ] {
        let lines = [at(one, 1, &[], "seed", ADA), at(two, 1, &[], "grow", &other)];
        let [a, b] = &lines;
        let answer = taken("two births", &[a, b], 1);
        assert_eq!(taken("two births", &[b, a], 1), answer);
        let retire = at(one, 2, &[id(a)], "retire", r#"{"persona":"Ada","reason":"manual"}"#);
        let back = at(two, 2, &[id(b)], "reactivate", r#"{"persona":"Ada","reason":"manual"}"#);
        let answer = taken("two ends", &[a, &retire, b, &back], 1);
        assert_eq!(taken("two ends", &[b, &back, a, &retire], 1), answer);
    }
}
