//! A store whose log is in memory: it does all that one of files does.

use std::fmt::Debug;
use std::thread;

use proptest::prelude::*;

use super::machine::{Command, Machine};
use super::*;
use crate::audit::Audit;
use crate::broker::Start;
use crate::events::{AgentName, MemoryLog, ProjectName, RoleName, SessionId};
use crate::projection::testing::{History, lesson, seed};
use crate::projection::{Cutoff, CutoffSpec};

/// What a process opens a store with whose log is in memory, and the rest on a disk of its own.
fn options() -> Options {
    Options { wait: Duration::from_mins(1), ..Machine::new().options() }
}

fn opened(log: &MemoryLog, options: &Options) -> Store<MemoryLog> {
    Store::open_log(log.clone(), options, &mut fastrand::Rng::with_seed(7)).unwrap()
}

fn audited(log: &MemoryLog, options: &Options) -> Audit {
    Store::verify_log(&mut log.clone(), options, &[], &[]).unwrap().0
}

/// What was found, wherever.
fn faults(audit: &Audit) -> Vec<String> {
    audit.findings.iter().map(|found| format!("{:?}", found.fault)).collect()
}

/// What came of something, in words where it failed.
fn told<T: Debug>(done: Result<T, StoreError>) -> String {
    format!("{:?}", done.map_err(|error| error.to_string()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_commands_leave_the_same_log_whatever_keeps_it(
        commands in prop::collection::vec((Command::any(), 0..100_000i64), 1..24),
    ) {
        let (mut machine, mut here, log) = (Machine::new(), options(), MemoryLog::default());
        for (command, seconds) in &commands {
            machine.now += jiff::SignedDuration::from_secs(*seconds);
            here.now = machine.now;
            let in_files = command.run_on(&|| Ok(machine.options().log()?), &machine.options());
            let in_memory = command.run_on(&|| Ok(log.clone()), &here);
            prop_assert_eq!(told(in_files), told(in_memory), "{:?}", command);
            prop_assert!(machine.log() == log.lines(), "{:?}", command);
        }
        let (store, reference) = (opened(&log, &here), Store::open_existing(&machine.options()).unwrap());
        prop_assert!(store.view().heads == reference.view().heads);
        let audit = Store::verify(&machine.options(), &[]).unwrap();
        prop_assert_eq!(faults(&audited(&log, &here)), faults(&audit));
        drop((store, reference));
        // Each moment of the past is the same, too.
        for seq in 1..=log.lines().split(|byte| *byte == b'\n').count() {
            let spec = CutoffSpec::parse(&seq.to_string()).unwrap();
            let then = Snapshot::open_log(log.clone(), &here, &spec).unwrap();
            let reference = Snapshot::open(&machine.options(), &spec).unwrap();
            prop_assert!(then.roster() == reference.roster());
            prop_assert_eq!(then.now(), reference.now());
        }
    }
}

#[test]
fn a_store_that_is_not_there_is_made_in_memory_and_none_is_found_there_before() {
    let (log, options) = (MemoryLog::default(), options());
    let none = Store::open_existing_log(log.clone(), &options).err();
    assert!(matches!(none, Some(StoreError::NoStore(_))));
    assert!(matches!(Store::peek_log(log.clone(), &options), Err(StoreError::NoStore(_))));
    assert!(opened(&log, &options).is_made());
    let there = Store::open_existing_log(log.clone(), &options).unwrap();
    assert!(!there.is_made() && there.roster().names().count() == 12);
    assert_eq!(Store::peek_log(log, &options).unwrap().view().events, 12);
}

#[test]
fn a_seeding_that_was_cut_off_is_completed_in_memory() {
    let (whole, options) = (MemoryLog::default(), options());
    drop(opened(&whole, &options));
    let lines = whole.lines();
    let half: Vec<_> = lines.split_inclusive(|byte| *byte == b'\n').take(5).collect();
    let log = MemoryLog::of(half.concat());
    let then = Snapshot::open_log(log.clone(), &options, &CutoffSpec::parse("12").unwrap());
    assert_eq!(then.unwrap().roster().names().count(), 12);
    assert_eq!(log.lines(), lines);
}

#[test]
fn writers_in_memory_wait_for_one_another_and_lend_each_persona_once() {
    let (log, options) = (MemoryLog::default(), options());
    drop(opened(&log, &options));
    let lent = |number: usize| {
        let request = AssignRequest {
            session: SessionId::unchecked(&format!("s{number}")),
            agent: AgentName::unchecked("w"),
            team: None,
            project: ProjectName::unchecked("acme-api"),
            work: None,
            roles: vec![RoleName::unchecked("testing")],
            summon: None,
            tool_use_id: None,
            start: Start::Unknown,
            explain: false,
        };
        let mut store = opened(&log, &options);
        let (lent, _) =
            store.assign(&request, options.now, &mut fastrand::Rng::with_seed(1)).unwrap();
        lent[0].name.clone()
    };
    let mut names: Vec<_> = thread::scope(|scope| {
        let writers: Vec<_> = (0..12).map(|number| scope.spawn(move || lent(number))).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 12);
    assert_eq!(opened(&log, &options).view().events, 24);
    // Who holds the lock keeps the others waiting, for as long as they have time.
    let guard = log.clone().lock(Duration::ZERO).unwrap();
    let impatient = Options { wait: Duration::ZERO, ..options.clone() };
    let mut store = Store::open_existing_log(log.clone(), &impatient).unwrap();
    let mut rng = fastrand::Rng::with_seed(1);
    let mut retire = || {
        let name = "Elena Vasquez".to_owned();
        store
            .execute(&Needs::nothing(), options.now, &mut rng, |it| broker::retire(it, &name, true))
    };
    assert!(matches!(retire(), Err(StoreError::Log(LogError::Busy { .. }))));
    drop(guard);
    retire().unwrap();
}

#[test]
fn a_log_in_memory_is_audited_and_repaired_through_the_same_seam() {
    let history =
        History::of([seed("Ann"), seed("Bo"), lesson("Ann", "Run it twice."), seed("Cy")]);
    let mut lines = history.lines.clone();
    lines[1] = lines[1].replace("Bo", "Bx");
    let (log, options) = (MemoryLog::of(lines.concat().into_bytes()), options());
    let found = audited(&log, &options).findings;
    assert!(
        found.iter().any(|it| it.place.as_ref().is_some_and(|at| at.line == Some(2))),
        "{found:?}"
    );
    let error = Store::open_existing_log(log.clone(), &options).err().unwrap().to_string();
    assert!(error.starts_with("line 2 of `memory` is damaged: "), "{error}");
    let planned = Store::plan_repair_log(&mut log.clone(), &options).unwrap();
    assert_eq!((planned.cut.len(), planned.missing.len()), (1, 1));
    assert_eq!(log.lines(), lines.concat().into_bytes(), "a plan changes nothing");
    let done = Store::repair_log(&mut log.clone(), &options).unwrap();
    assert_eq!((done.cut.len(), done.recorded.len(), done.kept.len()), (1, 1, 1));
    assert_eq!(log.quarantine(), [lines[1].clone().into_bytes()]);
    let sound = [&lines[0], &lines[2], &lines[3]].map(String::as_str).concat();
    assert!(log.lines().starts_with(sound.as_bytes()));
    assert!(Store::plan_repair_log(&mut log.clone(), &options).unwrap().is_empty());
    let store = Store::open_existing_log(log, &options).unwrap();
    let names: Vec<_> = store.roster().names().map(ToString::to_string).collect();
    assert_eq!(names, ["Ann", "Cy"]);
}

#[test]
fn what_is_forgotten_is_gone_from_memory_and_from_what_was_cut_out_of_it() {
    let history = History::of([seed("Ann"), lesson("Ann", "Run it twice."), seed("Cy")]);
    let mut lines = history.lines.clone();
    lines.insert(2, lines[1].replace("Ann", "Bob"));
    let (log, options) = (MemoryLog::of(lines.concat().into_bytes()), options());
    assert_eq!(Store::repair_log(&mut log.clone(), &options).unwrap().cut.len(), 1);
    let is_there = |bytes: &[u8]| memchr::memmem::find(bytes, b"Run it twice.").is_some();
    assert!(is_there(&log.lines()) && is_there(&log.quarantine()[0]));
    let mut store = Store::open_existing_log(log.clone(), &options).unwrap();
    let event = crate::events::written_id(lines[1].trim_end().as_bytes()).unwrap();
    let (kind, text) = ("lesson".to_owned(), broker::TextPlace::BehindId);
    let request = broker::ForgetRequest { event, kind, text, reason: None };
    let (rule, mut rng) =
        (|it: &mut Situation<'_>| broker::forget(it, &request), fastrand::Rng::with_seed(1));
    store.execute(&Needs::nothing(), options.now, &mut rng, rule).unwrap();
    assert_eq!(store.standing_texts().unwrap().len(), 1);
    let taken = store.take_texts_away().unwrap();
    assert_eq!((taken.texts.len(), taken.quarantine.len()), (1, 1));
    assert!(!is_there(&log.lines()) && !is_there(&log.quarantine()[0]));
    assert!(store.standing_texts().unwrap().is_empty());
}

#[test]
fn a_log_in_memory_is_followed_as_it_grows() {
    let (log, options) = (MemoryLog::default(), options());
    let mut store = opened(&log, &options);
    let there = Store::open_existing_log(log.clone(), &options).unwrap();
    let mut follower = Follower::of(Snapshot::present(there, options.now));
    let met = |follower: &mut Follower<MemoryLog>| {
        let mut numbers = Vec::new();
        let read = follower.read_new(|line| {
            numbers.push(line.number);
            Ok(())
        });
        read.unwrap();
        numbers
    };
    assert_eq!(met(&mut follower), (1..=12).collect::<Vec<_>>());
    let rule = |it: &mut Situation<'_>| broker::retire(it, "Elena Vasquez", true);
    let mut rng = fastrand::Rng::with_seed(1);
    store.execute(&Needs::nothing(), options.now, &mut rng, rule).unwrap();
    assert_eq!(met(&mut follower), [13]);
    assert!(met(&mut follower).is_empty());
    let seven = Snapshot::open_log(log, &options, &CutoffSpec::parse("7").unwrap()).unwrap();
    assert_eq!(seven.view().cutoff, Cutoff::Seq(crate::events::Seq(7)));
    assert_eq!(seven.roster().names().count(), 7);
}
