//! Many processes at once.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use crate::harness::{Home, assign_args, chain};

#[test]
fn a_hundred_sessions_sixteen_at_once_get_a_hundred_personas() {
    a_crowd_gets_a_persona_each(100, 16);
}

#[test]
fn sixty_four_sessions_at_once_get_sixty_four_personas() {
    a_crowd_gets_a_persona_each(64, 64);
}

/// So many sessions ask, so many at once, in a store that the first of them makes.
fn a_crowd_gets_a_persona_each(all: usize, at_once: usize) {
    let home = Home::new();
    let sessions = Mutex::new(0..all);
    let names = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(n) = { sessions.lock().unwrap().next() } {
                    let session = format!("session-{n}");
                    let mut args = assign_args(&session, "worker", "code-reviewer").to_vec();
                    args.extend(["--wait", "60"]);
                    let answer = home.run(&args).json();
                    names.lock().unwrap().push(answer["assignments"][0]["name"].to_string());
                }
            });
        }
    });
    let names = names.into_inner().unwrap();
    assert_eq!(names.len(), all);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), all, "{names:?}");
    let assigns = chain(&home.log()).into_iter().filter(|line| line["type"] == "assign");
    assert_eq!(assigns.count(), all);
    let stats = home.run(&["stats", "--json"]).json();
    assert_eq!(stats["personas"]["held"], all);
}

#[test]
fn first_commands_at_once_seed_a_new_store_once() {
    let home = Home::new();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| home.run(&["orphan-cleanup"]).ok());
        }
    });
    let lines = chain(&home.log());
    let names: BTreeSet<_> = lines.iter().map(|line| line["data"]["name"].to_string()).collect();
    assert_eq!(names.len(), lines.len());
}
