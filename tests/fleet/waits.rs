//! What a machine does while the fleet is out of reach, and after.

use std::fs;
use std::path::Path;

use muzzle_persona::fleet::RemoteConfig;

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
