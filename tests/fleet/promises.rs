//! What every log promises, held by a log in memory, by files, and by files that follow a fleet.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use muzzle_persona::Disk;
use muzzle_persona::events::{
    Append, Cut, Event, Heads, Log, LogReader as _, LogStorage as _, MemoryLog, PersonaName,
    Position, Presence, Read, Repair, Retire, RetireReason, Rewrite, Seq, encode,
};
use muzzle_persona::fleet::{Asker, FleetLog, LocalLog};

use crate::machine;

const WAIT: Duration = Duration::from_mins(1);

/// Where a position is after some lines.
fn after(since: &Position, lines: &[u8]) -> Position {
    let mut position = *since;
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let json: serde_json::Value = serde_json::from_slice(line).unwrap();
        position.offset += line.len() as u64;
        position.lines += 1;
        position.last = serde_json::from_value(json["id"].clone()).unwrap();
    }
    position
}

/// A line of a name of its own; it need not follow from any.
fn line(name: &str) -> Vec<u8> {
    let persona = PersonaName::parse(name).unwrap();
    let event = Event::Retire(Retire { persona, reason: RetireReason::Manual });
    let (mut line, at) = (Vec::new(), "2026-03-25T15:30:00Z".parse().unwrap());
    encode(&mut line, Seq(1), at, event, Heads::default()).unwrap();
    line
}

/// All that can be read, as far as is known here.
fn whole(log: &mut impl Log) -> Vec<u8> {
    let (mut all, mut lines, mut at) = (Vec::new(), Vec::new(), Position::START);
    while let Read::Lines { left } = log.read(&at, &mut lines).unwrap() {
        at = after(&at, &lines);
        all.extend_from_slice(&lines);
        if left == 0 {
            break;
        }
    }
    all
}

fn append(log: &mut impl Log, expected: &Position, lines: &[u8]) -> Append {
    let guard = log.lock(WAIT).unwrap();
    log.append(guard, expected, lines).unwrap()
}

fn is_done(appended: &Append) -> bool {
    matches!(appended, Append::Done { torn: None })
}

/// Holds two hands on one new log to what a log promises.
fn keeps_its_promises<L: Log>(mut one: L, mut other: L) -> (L, Vec<u8>) {
    let [ann, bo, cy, di, ed] = ["Ann", "Bo", "Cy", "Di", "Ed"].map(line);
    assert_eq!(whole(&mut one), b"", "a new log is empty");

    // It takes what follows the end that the writer believes in: one line, and several at once.
    assert!(is_done(&append(&mut one, &Position::START, &ann)));
    let first = after(&Position::START, &ann);
    let two = [bo.clone(), cy].concat();
    assert!(is_done(&append(&mut one, &first, &two)));
    let third = after(&first, &two);
    assert_eq!(whole(&mut one), [ann.clone(), two.clone()].concat());

    // It has each position, and no other.
    for (position, is_there) in [
        (Position::START, true),
        (first, true),
        (third, true),
        (Position { last: third.last, ..first }, false),
        (Position { offset: third.offset + 1, ..third }, false),
        (after(&third, &di), false),
    ] {
        assert_eq!(one.holds(&position).unwrap(), is_there, "{position:?}");
    }
    let mut lines = Vec::new();
    assert_eq!(one.read(&first, &mut lines).unwrap(), Read::Lines { left: 0 });
    assert_eq!(lines, two, "what is new since a position");
    let stranger = Position { last: third.last, ..first };
    assert_eq!(one.read(&stranger, &mut lines).unwrap(), Read::Moved);

    // Who believes in an end that is none any more is told so, and nothing is recorded.
    let other_end = other.refresh(&Position::START).unwrap();
    assert_eq!(other_end, other.is_mirror());
    assert_eq!(whole(&mut other), whole(&mut one));
    assert!(is_done(&append(&mut other, &third, &di)));
    let fourth = after(&third, &di);
    let late = append(&mut one, &third, &ed);
    assert!(!is_done(&late), "{late:?}");
    assert_eq!(whole(&mut one), [ann.clone(), two.clone(), di.clone()].concat());
    assert!(is_done(&append(&mut one, &fourth, &ed)));

    // What is recorded already is not recorded again.
    let again = append(&mut one, &fourth, &ed);
    assert_eq!(is_done(&again), one.is_mirror(), "a fleet says that it has it: {again:?}");
    other.refresh(&fourth).unwrap();
    let all = [ann, two, di, ed].concat();
    assert_eq!(whole(&mut other), all);
    assert_eq!(whole(&mut one), all);

    // A line that follows the start of a log that has begun is refused like any other.
    assert!(!is_done(&append(&mut other, &Position::START, &bo)));
    assert_eq!(whole(&mut other), all);
    (one, all)
}

/// Holds the storage of a log, which has these lines, to what audits and repairs rely on.
fn keeps_its_bytes<L: Log>((mut log, lines): (L, Vec<u8>)) {
    assert_eq!(log.storage().presence().unwrap(), Presence::Whole);
    let mut reader = log.storage().reader().unwrap();
    for _ in 0..2 {
        let mut read = Vec::new();
        while let Some(batch) = reader.read().unwrap() {
            assert_eq!((batch.whole, batch.rest, batch.unended), (batch.bytes.len(), 0, false));
            read.extend(batch.bytes);
        }
        assert_eq!(read, lines);
        assert_eq!(reader.progress(), (lines.len() as u64, lines.len() as u64));
        reader.rewind();
    }
    assert!(log.storage().is_unchanged(&reader).unwrap());

    // A line is cut out: it is kept, and noted until the repair is done.
    let segment = reader.segments().last().unwrap().clone();
    let length = lines.iter().position(|byte| *byte == b'\n').unwrap();
    let bytes = log.storage().bytes(&segment, 0, length).unwrap();
    assert_eq!(bytes, lines[..length]);
    let blake3 = blake3::hash(&bytes).to_string().into();
    let cut = Cut { file: segment.name.clone(), line: 1, blake3, bytes: length as u64 };
    let record = Repair { cut: [cut.clone()].into(), ..Repair::default() };
    let rewrite = Rewrite { cut: vec![(cut, 0..length as u64 + 1)], ..Rewrite::of(segment) };
    let guard = log.lock(WAIT).unwrap();
    let rewrites = [rewrite];
    assert_eq!(log.storage().prepare(&rewrites, &record).unwrap().len(), 1);
    assert_eq!(log.storage().planned(), record);
    assert!(log.storage().rewrite(&rewrites[0], &guard).unwrap());
    assert!(!log.storage().rewrite(&rewrites[0], &guard).unwrap(), "it is another one by now");
    log.storage().remove_plan().unwrap();
    assert_eq!(log.storage().planned(), Repair::default());
    assert!(!log.storage().is_unchanged(&reader).unwrap());
    assert_eq!(whole(&mut log), lines[length + 1..]);
}

#[test]
fn a_log_in_memory_keeps_them() {
    let log = MemoryLog::default();
    keeps_its_bytes(keeps_its_promises(log.clone(), log));
}

/// The log of a store in a directory that is made here.
fn files(dir: &Path) -> LocalLog {
    let asker = Asker { wait: WAIT, now: Timestamp::UNIX_EPOCH, is_hook: false };
    let mut log = LocalLog::open(&Disk::default(), dir, &dir.join(".cache"), asker).unwrap();
    log.storage().create().unwrap();
    log
}

#[test]
fn files_keep_them() {
    let dir = tempfile::tempdir().unwrap();
    keeps_its_bytes(keeps_its_promises(files(dir.path()), files(dir.path())));
}

#[test]
fn files_that_follow_a_fleet_keep_them() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, other] = dirs.each_ref().map(|dir| {
        config.write(&Disk::default(), dir.path()).unwrap();
        files(dir.path())
    });
    let kept = keeps_its_promises(one, other);
    let mut log = FleetLog::new(config, dirs[0].path()).unwrap();
    let deadline = std::time::Instant::now() + WAIT;
    let (lines, more) = log.read(&Position::START, 100, deadline).unwrap();
    let [one, other] = dirs.each_ref().map(|dir| std::fs::read(dir.path().join("events.jsonl")));
    assert_eq!((one.unwrap(), more), (lines.clone(), false));
    assert_eq!(other.unwrap(), lines);
    keeps_its_bytes(kept);
}
