//! Processes that die, disks that lose power, calls that fail: at every call there is.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use proptest::prelude::*;

use super::machine::{Command, Machine, dir, lines};
use super::{Store, StoreError};
use crate::disk::simulated::{Call, Fault, PowerCut};
use crate::events::{LogError, decode, encode};

/// A day's work, each command a process of its own. The first makes the store.
fn day() -> Vec<Command> {
    use Command::{Assign, Compact, Feedback, Forget, Grow, Look, Release, Teach};

    vec![
        Assign { session: 0, roles: vec![0], work: Some(0) },
        Assign { session: 1, roles: vec![1, 2], work: None },
        Feedback { persona: 3, good: true },
        Compact { hours: 0, seal: true },
        Release { session: 1 },
        Grow,
        Look,
        Teach { persona: 2 },
        Compact { hours: 1, seal: true },
        Forget { text: 1 },
        Assign { session: 2, roles: vec![3], work: Some(0) },
    ]
}

/// After how many bytes of a call's write a process dies.
///
/// What dies at a look leaves what dies at the next change, or what has ended.
fn deaths(kind: Call) -> Vec<usize> {
    match kind {
        Call::Write(bytes) => vec![0, bytes / 2, bytes],
        Call::Sync | Call::Change => vec![0],
        Call::Look | Call::Lock => Vec::new(),
    }
}

/// Says what is left after a power cut, in all ways that matter.
fn cuts(number: usize) -> Vec<PowerCut> {
    let some = (0..2).map(|n| PowerCut::Some(number as u64 * 7 + n));
    [PowerCut::Nothing, PowerCut::Everything].into_iter().chain(some).collect()
}

/// More gaps than the heads that they leave can be named in one line.
const GAPS: usize = 2_000;
/// How many of the calls of their repair are tried.
const TRIED: usize = 5;

/// The machine has all that it promised, and goes on.
#[track_caller]
fn goes_on(machine: &Machine) {
    machine.check();
    let mut machine = machine.fork();
    machine.run(&Command::Assign { session: 4, roles: vec![0, 1], work: Some(0) }).unwrap();
    machine.cut_power(PowerCut::Nothing).check();
}

#[test]
fn what_was_acknowledged_outlasts_a_death_and_a_power_cut_at_every_call() {
    let mut machine = Machine::new();
    for (number, command) in day().iter().enumerate() {
        for (call, kind) in machine.calls_of(command).into_iter().enumerate() {
            for written in deaths(kind) {
                let mut dead = machine.fork();
                dead.run_with(command, call, Fault::Death { written }).unwrap_or_default();
                goes_on(&dead.fork());
                for leaves in cuts(number * 1000 + call) {
                    goes_on(&dead.cut_power(leaves));
                }
            }
        }
        machine.run(command).unwrap();
        for leaves in cuts(number) {
            machine.cut_power(leaves).check();
        }
    }
}

#[test]
fn a_write_that_is_torn_at_any_length_is_there_whole_or_not_at_all() {
    let mut machine = Machine::new();
    let torn = [
        Command::Assign { session: 1, roles: vec![1, 2], work: None },
        Command::Compact { hours: 0, seal: false },
    ];
    machine.run(&Command::Feedback { persona: 1, good: true }).unwrap();
    machine.now += jiff::SignedDuration::from_hours(1);
    for command in torn {
        let calls = machine.calls_of(&command);
        let appends = calls.iter().enumerate().filter_map(|(call, kind)| match kind {
            Call::Write(length) => Some((call, *length)),
            _ => None,
        });
        let (call, length) = appends.clone().next().unwrap();
        assert!(length > 100, "it is the event");
        for written in 0..=length {
            let mut dead = machine.fork();
            dead.run_with(&command, call, Fault::Death { written }).unwrap_err();
            let before = lines(&machine.log()).len();
            assert_eq!(lines(&dead.log()).len(), before + usize::from(written == length));
            goes_on(&dead);
        }
        machine.run(&command).unwrap();
    }
}

/// Where a write is torn that is too long to try it at every byte: around each line end, and between.
fn tears(write: &[u8]) -> BTreeSet<usize> {
    let ends = memchr::memchr_iter(b'\n', write).flat_map(|end| end.saturating_sub(1)..end + 3);
    let tears = ends.chain((0..write.len()).step_by(97)).chain([write.len()]);
    tears.filter(|at| *at <= write.len()).collect()
}

#[test]
fn a_seeding_that_is_torn_at_any_length_is_finished_as_it_would_have_been() {
    // The files that are made besides are shorter than a line of the seed.
    let seeding = |machine: &Machine| {
        let calls = machine.calls_of(&Command::Look);
        calls.into_iter().position(|it| matches!(it, Call::Write(bytes) if bytes > 300)).unwrap()
    };
    let mut whole = Machine::new();
    let call = seeding(&whole);
    whole.run(&Command::Look).unwrap();
    let seeded = whole.log();
    for written in tears(&seeded) {
        let mut dead = Machine::new();
        dead.run_with(&Command::Look, call, Fault::Death { written }).unwrap_err();
        assert!(dead.log() == seeded[..written]);
        // Days later, and by whoever comes first.
        dead.now += jiff::SignedDuration::from_hours(50);
        let there = lines(&dead.log()).iter().filter(|it| it.ends_with(b"\n")).count();
        let reader = dead.fork();
        if there > 0 {
            let peeked = Store::peek(&reader.options()).unwrap();
            assert!(peeked.roster().names().count() == 12 && reader.log() == dead.log());
            let read = Store::open_existing(&reader.options()).unwrap();
            assert!(read.view() == peeked.view(), "{written}");
            // A last line that lacks its line end alone is whole, and ended by the next writer.
            assert!(reader.log().trim_ascii_end() == seeded.trim_ascii_end(), "{written}");
        }
        let mut writer = dead.fork();
        writer.run(&Command::Assign { session: 0, roles: vec![0], work: None }).unwrap();
        let log = writer.log();
        let rest = if there > 0 { &log[..seeded.len()] } else { &seeded };
        assert!(rest == seeded && lines(&log).len() == 13, "{written}");
        // It dies again on the way, with one line more.
        if (1..11).contains(&there) && dead.log().ends_with(b"\n") {
            let (mut again, written) = (dead.fork(), lines(&seeded)[there].len());
            let fault = Fault::Death { written };
            again.run_with(&Command::Look, seeding(&dead), fault).unwrap_err();
            assert_eq!(lines(&again.log()).len(), there + 1);
            goes_on(&again.fork());
            again = again.fork();
            again.run(&Command::Look).unwrap();
            assert_eq!(again.log(), seeded);
        }
    }
}

/// Runs a process up to its last sync.
fn die_before_the_sync(machine: &mut Machine, command: &Command) {
    let calls = machine.calls_of(command);
    let at = calls.iter().rposition(|call| *call == Call::Sync).unwrap();
    machine.run_with(command, at, Fault::Death { written: 0 }).unwrap_err();
    machine.disk = machine.disk.fork();
}

#[test]
fn an_answer_that_records_nothing_lasts_like_one_that_does() {
    let mut machine = Machine::new();
    machine.run(&Command::Look).unwrap();
    let command = Command::Assign { session: 0, roles: vec![0], work: None };
    die_before_the_sync(&mut machine, &command);
    let recorded = machine.log();
    machine.run(&command).unwrap();
    assert_eq!(machine.log(), recorded, "it was recorded already");
    machine.cut_power(PowerCut::Nothing).check();
}

#[test]
fn two_that_died_before_their_syncs_take_nothing_with_them() {
    let mut machine = Machine::new();
    machine.run(&Command::Look).unwrap();
    die_before_the_sync(&mut machine, &Command::Assign { session: 0, roles: vec![0], work: None });
    die_before_the_sync(&mut machine, &Command::Release { session: 0 });
    assert_eq!(lines(&machine.log()).len(), 14, "both are seen");
    for seed in 0..200 {
        goes_on(&machine.cut_power(PowerCut::Some(seed)));
    }
}

#[test]
fn a_hole_that_more_of_them_leave_is_named_and_takes_nothing_that_was_acknowledged() {
    let mut machine = Machine::new();
    machine.run(&Command::Look).unwrap();
    for session in 0..3 {
        die_before_the_sync(&mut machine, &Command::Assign { session, roles: vec![0], work: None });
    }
    let mut holes = 0;
    for seed in 0..100 {
        let mut after = machine.cut_power(PowerCut::Some(seed));
        let opened = Store::open(&after.options(), &mut fastrand::Rng::with_seed(7));
        if let Err(error) = opened {
            assert!(matches!(error, StoreError::Log(LogError::Damaged { .. })), "{error}");
            holes += 1;
            Store::repair(&after.options()).unwrap();
            after.has_made(&after.disk.appended());
        }
        goes_on(&after);
    }
    assert!((1..60).contains(&holes), "{holes}");
}

#[test]
fn a_text_that_was_to_be_forgotten_is_gone_with_the_next_forget_or_repair() {
    let mut machine = Machine::new();
    for command in [
        Command::Teach { persona: 1 },
        Command::Feedback { persona: 3, good: true },
        Command::Compact { hours: 0, seal: true },
        Command::Teach { persona: 1 },
        Command::Feedback { persona: 3, good: true },
    ] {
        machine.run(&command).unwrap();
    }
    // One that is sealed; after it one that is not, while the first is forgotten already.
    for text in [0, 2] {
        let command = Command::Forget { text };
        for (call, kind) in machine.calls_of(&command).into_iter().enumerate() {
            for written in deaths(kind) {
                let mut dead = machine.fork();
                dead.run_with(&command, call, Fault::Death { written }).unwrap_or_default();
                let left = cuts(call).into_iter().map(|leaves| dead.cut_power(leaves));
                for left in left.chain([dead.fork()]) {
                    goes_on(&left);
                    let mut again = left.fork();
                    again.run(&command).unwrap();
                    assert_eq!(again.gone.len(), 1 + usize::from(text == 2));
                    again.cut_power(PowerCut::Nothing).check();
                    // Should it be on record, a repair does the rest.
                    let repaired = left.fork();
                    Store::repair(&repaired.options()).unwrap();
                    let audit = Store::verify(&repaired.options(), &[]).unwrap();
                    let found = format!("call {call}: {:?}", audit.findings);
                    let is_back = |fault: &crate::audit::Fault| fault.kind() == "text_returned";
                    assert!(audit.is_sound(), "{found}");
                    assert!(!audit.findings.iter().any(|it| is_back(&it.fault)), "{found}");
                    repaired.check();
                    repaired.cut_power(PowerCut::Nothing).check();
                }
            }
        }
        machine.run(&command).unwrap();
        machine.cut_power(PowerCut::Nothing).check();
    }
    machine.check();
}

/// What may go wrong with a call, and the call still be made.
fn faults(kind: Call) -> Vec<Fault> {
    let mut faults = vec![Fault::Failure(ErrorKind::Other)];
    match kind {
        Call::Write(bytes) => {
            faults.push(Fault::Interrupt);
            for written in [0, 1, bytes / 2, bytes.saturating_sub(1)] {
                faults.extend([Fault::Full { written }, Fault::Short { written: written.max(1) }]);
            }
        }
        Call::Lock => faults.push(Fault::Interrupt),
        Call::Change => faults.push(Fault::Failure(ErrorKind::PermissionDenied)),
        Call::Sync | Call::Look => {}
    }
    faults
}

#[test]
fn whichever_call_fails_nothing_is_lost_and_nothing_is_half_written() {
    let mut machine = Machine::new();
    for command in day() {
        for (call, kind) in machine.calls_of(&command).into_iter().enumerate() {
            for fault in faults(kind) {
                let mut after = machine.fork();
                let done = after.run_with(&command, call, fault);
                let context = format!("{command:?}, call {call}, {kind:?}, {fault:?}: {done:?}");
                let log = after.log();
                assert!(log.is_empty() || log.ends_with(b"\n"), "half a line: {context}");
                if let Err(error) = done {
                    let is_unknown = matches!(error, StoreError::Log(LogError::Sync { .. }));
                    // What could not be taken away is on record all the same.
                    let is_half_done = matches!(error, StoreError::TextStands(_));
                    let before = machine.log();
                    // A new store is seeded before the command is at it.
                    let is_new = before.is_empty();
                    let is_told = is_unknown || is_half_done || is_new;
                    assert!(is_told || log == before, "recorded: {context}");
                    assert!(!matches!(fault, Fault::Interrupt | Fault::Short { .. }), "{context}");
                }
                goes_on(&after.cut_power(PowerCut::Nothing));
            }
        }
        machine.run(&command).unwrap();
    }
}

#[test]
fn a_repair_that_died_or_lost_power_at_any_call_is_finished_by_the_next() {
    let mut machine = Machine::new();
    for command in &day()[..5] {
        machine.run(command).unwrap();
    }
    // A line that was sealed, and one that was not, are changed by hand.
    let files = machine.disk.paths();
    let files = files.iter().filter(|path| path.extension().is_some_and(|it| it == "jsonl"));
    for path in files {
        let mut lines = lines(&machine.disk.bytes(path).unwrap());
        let at = lines.len() / 2;
        assert!(machine.acknowledged.remove(&lines[at]));
        lines[at][30] ^= 1;
        machine.disk.put(path, lines.concat());
    }
    let repair = |machine: &Machine| Store::repair(&machine.options());
    let mut mended = machine.fork();
    assert_eq!(repair(&mended).unwrap().cut.len(), 2);
    mended.has_made(&mended.disk.appended());
    mended.check();
    for (call, kind) in mended.disk.calls().into_iter().enumerate() {
        for written in deaths(kind) {
            let dead = machine.fork();
            dead.disk.fail_at(call, Fault::Death { written });
            let _ = repair(&dead);
            let left = cuts(call).into_iter().map(|leaves| dead.cut_power(leaves));
            for mut again in left.chain([dead.fork()]) {
                repair(&again).unwrap();
                again.has_made(&[dead.disk.appended(), again.disk.appended()].concat());
                goes_on(&again.fork());
                let audit = Store::verify(&again.options(), &[]).unwrap();
                assert!(audit.is_sound(), "call {call}, {written} bytes: {:?}", audit.findings);
            }
        }
    }
}

#[test]
fn a_repair_of_more_gaps_than_a_line_can_name_is_finished_wherever_it_died() {
    let mut machine = Machine::new();
    machine.run(&Command::Look).unwrap();
    let path = dir().join("events.jsonl");
    let mut log = machine.log();
    let mut last = decode(lines(&log).pop().unwrap().trim_ascii_end()).unwrap();
    for _ in 0..GAPS {
        for is_bad in [false, true] {
            let (seq, start) = (last.seq.next().unwrap(), log.len());
            last = encode(&mut log, seq, last.at, last.event, last.id.into()).unwrap();
            log[start + 30] ^= u8::from(is_bad);
        }
    }
    machine.disk.put(&path, log);
    let repair = |machine: &Machine| Store::repair(&machine.options());
    let mended = machine.fork();
    assert_eq!(repair(&mended).unwrap().cut.len(), GAPS);
    // Each repair takes long: of the calls that change something the first and the last are tried
    // and some between them; of a write half is there, of all else what the power left.
    let changes =
        mended.disk.calls().into_iter().enumerate().filter_map(|(call, kind)| match kind {
            Call::Write(bytes) => Some((call, kind, bytes / 2)),
            Call::Sync | Call::Change => Some((call, kind, 0)),
            Call::Look | Call::Lock => None,
        });
    let changes: Vec<_> = changes.collect();
    let last = changes.len() - 1;
    let tried: BTreeSet<_> = (0..TRIED).map(|n| n * last / (TRIED - 1)).collect();
    for (call, kind, written) in tried.into_iter().map(|n| changes[n]) {
        let dead = machine.fork();
        dead.disk.fail_at(call, Fault::Death { written });
        let _ = repair(&dead);
        let again = match kind {
            Call::Write(_) => dead.fork(),
            _ => dead.cut_power(PowerCut::Some(call as u64)),
        };
        repair(&again).unwrap();
        let audit = Store::verify(&again.options(), &[]).unwrap();
        assert!(audit.is_sound(), "call {call}, {written} bytes: {:?}", audit.findings);
        assert_eq!((audit.heads.ids().len(), audit.cut), (1, GAPS as u64), "call {call}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// What people and machines do to a store, in any order.
    #[test]
    fn whatever_happens_the_store_is_what_its_log_adds_up_to(
        steps in prop::collection::vec(step(), 1..25),
    ) {
        let mut machine = Machine::new();
        let mut branch = None::<Machine>;
        for step in steps {
            match step {
                Step::Run(command) => drop(machine.run(&command).unwrap()),
                Step::Die { command, call, written, cut } => {
                    let calls = machine.calls_of(&command).len();
                    let call = call.index(calls);
                    let _ = machine.run_with(&command, call, Fault::Death { written });
                    machine = cut.map_or_else(|| machine.fork(), |seed| machine.cut_power(PowerCut::Some(seed)));
                }
                Step::Fail { command, call } => {
                    let call = call.index(machine.calls_of(&command).len());
                    let _ = machine.run_with(&command, call, Fault::Failure(ErrorKind::Other));
                }
                Step::SetClock(hours) => machine.now += jiff::SignedDuration::from_hours(hours),
                Step::Forget => machine.disk.put(&dir().join(".cache/checkpoint.json"), b"{}\n".to_vec()),
                Step::Branch => branch = Some(machine.fork()),
                Step::Merge => if let Some(other) = branch.take() {
                    // git merges what is whole: it comes after the next command.
                    machine.run(&Command::Look).unwrap();
                    let mut other = other;
                    other.run(&Command::Grow).unwrap();
                    machine.run(&Command::Grow).unwrap();
                    machine.merge(&other);
                },
            }
            machine.check();
        }
    }
}

/// Something that happens to a store.
#[derive(Debug, Clone)]
enum Step {
    Run(Command),
    Die { command: Command, call: prop::sample::Index, written: usize, cut: Option<u64> },
    Fail { command: Command, call: prop::sample::Index },
    SetClock(i64),
    Forget,
    Branch,
    Merge,
}

fn step() -> impl Strategy<Value = Step> {
    let die = (Command::any(), any::<prop::sample::Index>(), 0..500usize, any::<Option<u64>>());
    prop_oneof![
        8 => Command::any().prop_map(Step::Run),
        2 => die.prop_map(|(command, call, written, cut)| Step::Die { command, call, written, cut }),
        1 => (Command::any(), any::<prop::sample::Index>())
            .prop_map(|(command, call)| Step::Fail { command, call }),
        1 => (-2000..2000i64).prop_map(Step::SetClock),
        1 => Just(Step::Forget),
        1 => Just(Step::Branch),
        1 => Just(Step::Merge),
    ]
}
