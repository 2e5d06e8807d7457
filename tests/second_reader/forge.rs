//! Logs that are made by hand.

use std::fs;

use crate::agreement::{agreed, program, reader};
use crate::answer::Answer;
use crate::harness::{Home, parts};

pub const AT: &str = "2026-01-01T00:00:00Z";
pub const ADA: &str = r#"{"name":"Ada","traits":[],"expertise":[],"instructions":{}}"#;
pub const BEN: &str = r#"{"name":"Ben","traits":[],"expertise":[],"instructions":{}}"#;

/// A store with this log.
pub fn home(log: &[u8]) -> Home {
    let home = Home::new();
    fs::create_dir_all(home.store()).unwrap();
    home.set_log(log);
    home
}

/// A line with a right id after this content.
pub fn sign(content: &str) -> String {
    let id = blake3::hash(content.as_bytes()).to_hex();
    format!("{content},\"id\":\"{}\"}}\n", &id[..32])
}

/// A line of version 1, written at this moment.
pub fn at(at: &str, seq: u64, prev: &[&str], kind: &str, data: &str) -> String {
    let prev = serde_json::to_string(prev).unwrap();
    sign(&format!(r#"{{"v":1,"seq":{seq},"at":"{at}","type":"{kind}","data":{data},"prev":{prev}"#))
}

/// A line of version 1.
pub fn line(seq: u64, prev: &[&str], kind: &str, data: &str) -> String {
    at(AT, seq, prev, kind, data)
}

/// The first line of most logs here.
pub fn ada() -> String {
    line(1, &[], "seed", ADA)
}

/// The id of a line.
pub fn id(line: &str) -> &str {
    parts(line).1
}

/// Both take the log, and find so many personas in it.
#[track_caller]
pub fn taken(what: &str, log: &[&str], personas: usize) -> Answer {
    let answer = agreed(&home(log.concat().as_bytes()), what);
    assert_eq!(answer.list["personas"].as_array().unwrap().len(), personas, "{what}");
    answer
}

/// Both say that the log is damaged.
#[track_caller]
pub fn refused(what: &str, log: &[&str]) {
    let home = home(log.concat().as_bytes());
    assert!(program(&home).is_none(), "{what}: the program takes it");
    assert!(reader(&home).is_err(), "{what}: the reader takes it");
}

/// A history of these events, one after the other, up to each of which both agree.
#[track_caller]
pub fn followed(events: &[(&str, &str, &str)]) -> Answer {
    let mut log = String::new();
    let mut head = None;
    let mut answer = None;
    for (seq, (moment, kind, data)) in (1..).zip(events) {
        let prev: Vec<_> = head.iter().map(String::as_str).collect();
        let line = at(moment, seq, &prev, kind, data);
        log += &line;
        head = Some(id(&line).to_owned());
        answer = Some(agreed(&home(log.as_bytes()), &format!("event {seq}")));
    }
    answer.unwrap()
}
