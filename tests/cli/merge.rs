//! Branches of a log, made with the real binary and merged by the real git.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use crate::harness::Home;
use crate::repository::{answers, git, ids};

/// Two clones of one store that went different ways.
pub struct Branches {
    pub home: Home,
    pub a: PathBuf,
    pub b: PathBuf,
    acknowledged: BTreeSet<String>,
}

impl Branches {
    pub fn new() -> Self {
        let mut home = Home::seeded();
        home.assign("before", "w", "testing");
        let origin = home.store().to_owned();
        git(&home, &origin, &["init", "--quiet"]);
        git(&home, &origin, &["add", "--all"]);
        git(&home, &origin, &["commit", "--quiet", "--message", "base"]);
        let (a, b) = (home.path().join("a"), home.path().join("b"));
        for clone in [&a, &b] {
            git(
                &home,
                home.path(),
                &["clone", "--quiet", origin.to_str().unwrap(), clone.to_str().unwrap()],
            );
        }
        for (clone, other) in [(&a, &b), (&b, &a)] {
            git(&home, clone, &["remote", "add", "other", other.to_str().unwrap()]);
        }
        home.use_store(&a);
        Self { home, a, b, acknowledged: BTreeSet::new() }
    }

    /// Records an event on one branch and commits it.
    pub fn work(&mut self, on_a: bool, now: &str, args: &[&str]) {
        let store = if on_a { self.a.clone() } else { self.b.clone() };
        self.home.use_store(&store);
        self.home.at(now);
        let done = self.home.run(args);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        self.acknowledged.extend(ids(&self.home));
        git(&self.home, &store, &["add", "--all"]);
        git(&self.home, &store, &["commit", "--quiet", "--message", now]);
    }

    pub fn merge(&self, on_a: bool, what: &str) {
        let store = if on_a { &self.a } else { &self.b };
        git(&self.home, store, &["merge", "--quiet", "--no-edit", what]);
    }

    pub fn fetch(&self) {
        git(&self.home, &self.a, &["fetch", "--quiet", "other"]);
        git(&self.home, &self.b, &["fetch", "--quiet", "other"]);
    }

    /// Both clones answer the same, and nothing that was acknowledged is gone.
    fn check_equal(&mut self) -> [Value; 2] {
        let (a, b) = (self.a.clone(), self.b.clone());
        self.home.use_store(&a);
        let of_a = answers(&self.home);
        assert!(self.acknowledged.is_subset(&ids(&self.home)));
        self.home.use_store(&b);
        let of_b = answers(&self.home);
        assert!(self.acknowledged.is_subset(&ids(&self.home)));
        assert_eq!(of_a, of_b);
        of_a
    }
}

fn assign<'a>(session: &'a str, role: &'a str) -> Vec<&'a str> {
    crate::harness::assign_args(session, "w", role).to_vec()
}

#[test]
fn both_directions_of_a_criss_cross_merge_give_the_same_roster() {
    let mut branches = Branches::new();
    branches.work(true, "2026-03-26T08:00:00Z", &assign("a1", "code-reviewer"));
    branches.work(true, "2026-03-26T09:00:00Z", &["release", "--session", "before"]);
    branches.work(false, "2026-03-26T07:00:00Z", &assign("b1", "code-reviewer"));
    branches.work(false, "2026-03-26T11:00:00Z", &assign("b2", "documentation"));

    // Each takes in the other's tip from before the merge: a criss-cross.
    branches.fetch();
    branches.merge(true, "other/main");
    branches.merge(false, "other/main");
    let [list, stats] = branches.check_equal();
    assert_eq!(stats["heads"].as_array().unwrap().len(), 2);
    let holders = |list: &Value, name: &str| {
        let personas = list["personas"].as_array().unwrap();
        let persona = personas.iter().find(|persona| persona["name"] == name).unwrap().clone();
        persona["held_by"].as_array().unwrap().len()
    };
    assert_eq!(holders(&list, "Elena Vasquez"), 2, "both branches had lent her");
    let warning = "`Elena Vasquez` is held 2 times, by the sessions `a1`, `b1`: merged branches had lent it to each";
    assert_eq!(stats["warnings"], Value::from(vec![warning]));

    // The history goes on from both heads, on both sides, and is merged again.
    branches.work(true, "2026-03-26T12:00:00Z", &assign("a3", "testing"));
    branches.work(false, "2026-03-26T12:00:00Z", &["release", "--session", "b1"]);
    branches.fetch();
    branches.merge(true, "other/main");
    branches.merge(false, "other/main");
    let [list, stats] = branches.check_equal();
    assert_eq!(stats["warnings"], Value::from(Vec::<String>::new()));
    assert_eq!(holders(&list, "Elena Vasquez"), 1);

    // One more event joins the heads.
    branches.work(true, "2026-03-26T13:00:00Z", &assign("a4", "testing"));
    branches.home.use_store(&branches.a);
    let [_, stats] = answers(&branches.home);
    assert_eq!(stats["heads"].as_array().unwrap().len(), 1);
}
