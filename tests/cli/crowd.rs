//! Many processes at once.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use crate::harness::{Home, assign_args, chain};

#[test]
fn a_hundred_sessions_sixteen_at_once_get_a_hundred_personas() {
    let home = Home::new();
    let sessions = Mutex::new(0..100);
    let names = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..16 {
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
    assert_eq!(names.len(), 100);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 100, "{names:?}");
    let assigns = chain(&home.log()).into_iter().filter(|line| line["type"] == "assign");
    assert_eq!(assigns.count(), 100);
    let stats = home.run(&["stats", "--json"]).json();
    assert_eq!(stats["personas"]["held"], 100);
}

#[test]
fn first_commands_at_once_seed_a_new_store_once() {
    let home = Home::new();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| home.run(&["list"]).ok());
        }
    });
    let lines = chain(&home.log());
    let names: BTreeSet<_> = lines.iter().map(|line| line["data"]["name"].to_string()).collect();
    assert_eq!(names.len(), lines.len());
}
