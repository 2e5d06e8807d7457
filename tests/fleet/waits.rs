//! What a machine does while the fleet is out of reach, and after.

use std::fs;
use std::path::Path;
use std::process::Command;

use muzzle_persona::fleet::RemoteConfig;

use crate::harness::{Done, Home};
use crate::machine::{self, Machine};

/// A machine's settings as if nobody listened where the fleet is.
fn out_of_reach(machine: &Machine, config: &RemoteConfig) {
    let nobody = format!("http://127.0.0.1:{}", crate::cluster::free_ports(1)[0]);
    let config = RemoteConfig { endpoints: vec![nobody], ..config.clone() };
    machine.follow(&config);
}

#[test]
fn what_gives_back_or_reports_waits_and_is_told_once() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let [machine, other] = Machine::several(&config);
    for session in ["s1", "s2"] {
        machine.assign(session).ok();
    }
    let before = machine.home.log();
    out_of_reach(&machine, &config);

    let refused = machine.assign("s3");
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(5), ""), "{}", refused.stderr);
    assert!(refused.stderr.starts_with("error: nobody listens at `http://127.0.0.1:"));
    let released = machine.release("s1");
    assert_eq!(released.code, Some(0), "{}", released.stderr);
    assert!(released.stdout.starts_with("Released 1 persona"), "{}", released.stdout);
    assert!(released.stderr.contains("it is kept in `"), "{}", released.stderr);
    let judged = machine.home.run(&["outcome", "-s", "s2", "-a", "worker", "--result", "ok"]);
    assert_eq!(judged.code, Some(0), "{}", judged.stderr);
    let looked = machine.list();
    assert_eq!(looked.code, Some(0));
    assert!(looked.stderr.contains("what this store has may be behind"), "{}", looked.stderr);
    assert!(machine.home.log() == before);
    let waiting = fs::read(machine.outbox()).unwrap();
    assert_eq!(str::from_utf8(&waiting).unwrap().lines().count(), 2);

    // It goes on from what others wrote meanwhile, with the moments at which it happened.
    other.home.run(&["grow", "--count", "1"]).ok();
    machine.follow(&config);
    let looked = machine.list();
    assert_eq!(looked.code, Some(0));
    assert!(looked.stderr.contains("the fleet was told of 2 events"), "{}", looked.stderr);
    assert!(!machine.outbox().exists());
    let told = machine.home.log();
    let kinds: Vec<_> = machine.lines()[14..].iter().map(|line| line["type"].clone()).collect();
    assert_eq!(kinds, ["grow", "release", "outcome"]);
    other.list().ok();
    assert!(other.home.log() == told);

    // As if the process had died before it took them out of the outbox; and one half-written.
    write(&machine.outbox(), &[&*waiting, b"{\"v\":1,\"seq\":9"].concat());
    assert_eq!(machine.list().code, Some(0));
    assert!(machine.home.log() == told, "what was told was told again");
    assert!(!machine.outbox().exists());
    machine.list().ok();
}

#[expect(clippy::disallowed_methods, reason = "a test may write what a crash left")]
fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}

/// How many bytes of its log a command reads that tells the fleet of so many reports; nothing without
/// `strace`.
fn read_to_tell(machine: &Machine, config: &RemoteConfig, reports: usize) -> Option<u64> {
    out_of_reach(machine, config);
    // One that says what is known already would not be recorded.
    let result = if reports == 1 { "ok" } else { "bad" };
    for n in 0..reports {
        let mut outcome = machine.home.command();
        outcome.env("MUZZLE_PERSONA_NOW", format!("2026-03-26T{reports:02}:{n:02}:00Z"));
        outcome.args(["outcome", "-s", "s1", "-a", "worker", "--result", result]);
        let judged = Done::of(&mut outcome);
        assert_eq!(judged.code, Some(0), "{n}: {}", judged.stderr);
    }
    machine.follow(config);
    let (command, told) = (machine.home.command(), machine.home.path().join("told"));
    let mut traced = Command::new("strace");
    traced.args(["-f", "-y", "-e", "trace=read,pread64", "-o"]).arg(&told);
    traced.arg(command.get_program()).args(["list", "--json"]);
    traced.env_clear().envs(command.get_envs().filter_map(|(k, v)| Some((k, v?))));
    let output = traced.output().ok().filter(|it| it.status.success())?;
    let notice = format!("the fleet was told of {reports} event");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&notice), "{said}");
    let calls = fs::read_to_string(told).unwrap();
    let of_log = calls.lines().filter(|call| call.contains("/events.jsonl>"));
    Some(of_log.filter_map(|call| call.rsplit_once(" = ")?.1.parse::<u64>().ok()).sum())
}

#[test]
fn the_log_is_looked_through_once_for_all_that_waits() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let home = Home::new();
    fs::create_dir_all(home.store()).unwrap();
    home.set_log(include_bytes!("../../fixtures/log/v1-share.jsonl"));
    let join = ["remote", "join", &config.endpoints[0], "--roster", &config.roster];
    assert_eq!(home.run(&join).code, Some(0));
    let machine = Machine { home };
    machine.assign("s1").ok();
    let Some(one) = read_to_tell(&machine, &config, 1) else { return };
    let twelve = read_to_tell(&machine, &config, 12).unwrap();
    let log = machine.home.log().len() as u64;
    assert!(one > log && twelve < one + 2 * log, "{one} and {twelve} of {log}");
}

#[test]
fn a_hook_that_cannot_reach_the_fleet_lets_the_call_go_on_and_gives_back_later() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let [machine] = Machine::several(&config);
    let call = include_str!("../../fixtures/claude-code/2.1.330/pre_tool_use.named.json");
    let end = include_str!("../../fixtures/claude-code/2.1.330/session_end.json");
    let served = machine.hook("persona-inject", call);
    assert_eq!((served.code, served.stderr.as_str()), (Some(0), ""));
    assert!(served.stdout.contains("persona assigned by muzzle-persona"), "{}", served.stdout);

    out_of_reach(&machine, &config);
    let before = machine.home.log();
    let another = call.replace("toolu_", "toolu_x");
    let let_go = machine.hook("persona-inject", &another);
    assert_eq!((let_go.code, let_go.stdout.as_str()), (Some(0), ""), "{}", let_go.stderr);
    assert_eq!(let_go.stderr.lines().count(), 1, "{}", let_go.stderr);
    assert_eq!(machine.hook("persona-release", end).code, Some(0));
    assert!(machine.outbox().exists());
    assert!(machine.home.log() == before);

    machine.follow(&config);
    machine.list();
    let last = machine.lines().pop().unwrap();
    assert_eq!(
        (&last["type"], &last["data"]["reason"]),
        (&"release".into(), &"session_end".into())
    );
    assert!(!machine.outbox().exists());
}
