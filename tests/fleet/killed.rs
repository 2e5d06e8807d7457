//! A command that dies at each of its steps, and what the next one finds.

use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use muzzle_persona::fleet::RemoteConfig;

use crate::harness::assign_args;
use crate::machine::{self, Machine};
use crate::proxy::{Fate, Proxy};

/// Waits until a count is no longer zero.
fn wait_for(count: &AtomicU64) {
    let start = Instant::now();
    while count.load(Ordering::Relaxed) == 0 {
        assert!(start.elapsed() < Duration::from_mins(1), "nothing came");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Begins to assign behind a proxy that does this to its transaction.
fn begin(machine: &Machine, config: &RemoteConfig, fate: Fate, session: &str) -> (Child, Proxy) {
    let upstream = config.endpoints[0].strip_prefix("http://").unwrap().parse().unwrap();
    let is_write = |path: &str| path.ends_with("/txn");
    let proxy =
        Proxy::before(upstream, move |_, path| if is_write(path) { fate } else { Fate::Passed });
    let behind = RemoteConfig { endpoints: vec![proxy.endpoint()], ..config.clone() };
    machine.follow(&behind);
    let mut command = machine.home.command();
    command.args(assign_args(session, "worker", "testing"));
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    (child, proxy)
}

#[test]
fn whatever_step_it_dies_at_the_next_command_goes_on_and_nothing_is_recorded_twice() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let [machine, other] = Machine::several(&config);
    for (step, is_recorded) in [("held", false), ("answer", true)] {
        let fate = if is_recorded { Fate::AnswerHeld } else { Fate::Held };
        let before = machine.home.whole_log();
        let (mut child, proxy) = begin(&machine, &config, fate, step);
        wait_for(if is_recorded { &proxy.held } else { &proxy.asked });
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(machine.home.whole_log() == before, "the mirror is behind, if anything");
        machine.follow(&config);

        // Whoever asks for the same again gets it, whether it was recorded or not.
        assert_eq!(machine.assign(step).code, Some(0));
        let of_step = |machine: &Machine| {
            let lines = machine.lines();
            lines.iter().filter(|line| line["data"]["session"] == step).count()
        };
        assert_eq!(of_step(&machine), 1, "{step}");
        other.list().ok();
        assert!(other.home.whole_log() == machine.home.whole_log());
        assert_eq!(machine.home.run(&["verify"]).code, Some(0));
    }
}

#[test]
fn a_mirror_that_could_not_be_written_or_is_torn_is_completed() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let [machine, other] = Machine::several(&config);
    machine.assign("s1").ok();
    let whole = machine.home.log();

    // The process died while it appended to the mirror; or before.
    for cut in [whole.len() - 40, whole.len() - 1, before_last(&whole)] {
        machine.home.set_log(&whole[..cut]);
        let assigned = machine.assign("s1");
        assert_eq!(assigned.code, Some(0), "{}", assigned.stderr);
        let mut log = machine.home.log();
        if cut == whole.len() - 1 {
            // Nothing was lacking but the end of a line, which the next write brings.
            log.push(b'\n');
        }
        assert!(log == whole, "cut at {cut}: {}", assigned.stderr);
        machine.home.set_log(&whole);
    }
    other.list().ok();
    assert!(other.home.log() == whole);
}

/// Where the last line begins.
fn before_last(log: &[u8]) -> usize {
    log[..log.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1
}
