//! A leader that the network cuts off, and that goes on as if it still led.

use muzzle_persona::fleet::RemoteConfig;
use serde_json::Value;

use crate::cluster::{Cluster, Options};
use crate::harness::{Done, assign_args};
use crate::machine::Machine;
use crate::network::{self, Cut, Entered};
use crate::proof::settle;

/// Asks for somebody, and gives up after so many seconds.
fn assign(machine: &Machine, session: &str, wait: &str) -> Done {
    let args = [&assign_args(session, "worker", "testing")[..], &["--wait", wait]].concat();
    machine.home.run(&args)
}

/// Is refused somebody, and told why.
fn is_refused(machine: &Machine, session: &str) -> String {
    let Done { code, stdout, stderr } = assign(machine, session, "0.5");
    assert_eq!((code, stdout.as_str()), (Some(5), ""), "{stderr}");
    assert!(stderr.starts_with("error: "), "{stderr}");
    stderr
}

/// Is lent somebody by the members that are left, as soon as these have elected a leader.
fn is_lent(machine: &Machine, session: &str) {
    let Done { code, stderr, .. } = assign(machine, session, "60");
    assert_eq!(code, Some(0), "{stderr}");
}

#[test]
fn what_it_alone_was_told_is_not_acknowledged_and_what_it_missed_is_not_denied() {
    let test = "what_it_alone_was_told_is_not_acknowledged_and_what_it_missed_is_not_denied";
    if network::enter(&format!("cut_off::{test}")) != Entered::Inside {
        return;
    }
    let apart = Options { apart: true, ..Options::default() };
    let Some(cluster) = Cluster::start_with(3, &apart) else { return };
    let config = cluster.config();
    let [machine, lonely] = Machine::several(&config);
    let leader = cluster.leader();
    let endpoints = vec![cluster.endpoint(leader)];
    lonely.follow(&RemoteConfig { endpoints, ..config });
    lonely.assign("s0").ok();
    let before = lonely.home.whole_log();

    // It takes the request, as the leader that it still is for half a second, and never gets it to the
    // others; on a machine that is busy it has given up leading before, and refuses.
    cluster.cut(leader, Cut::FromMembers);
    is_refused(&lonely, "s1");
    is_lent(&machine, "m1");
    // The others have gone on, of which it knows nothing: it does not answer as if it did.
    let looked = lonely.list();
    assert_eq!(looked.code, Some(0));
    assert!(looked.stderr.contains("what this store has may be behind"), "{}", looked.stderr);
    let released = lonely.release("s0");
    assert_eq!(released.code, Some(0), "{}", released.stderr);
    assert!(released.stderr.contains("it is kept in `"), "{}", released.stderr);

    // Nothing reaches it, and nobody says so.
    cluster.cut(leader, Cut::FromAll);
    let said = is_refused(&lonely, "s2");
    assert!(said.starts_with("error: no connection to `http://192.0.2."), "{said}");
    is_lent(&machine, "m2");
    assert!(lonely.home.whole_log() == before, "the mirror was touched");

    cluster.connect(leader);
    let machines = [machine, lonely];
    settle(&machines);
    let [machine, lonely] = machines;
    assert!(lonely.home.whole_log() == machine.home.whole_log());
    assert_eq!(lonely.home.run(&["verify"]).code, Some(0));
    let what = |line: &Value| {
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        (word(&line["type"]), word(&line["data"]["session"]))
    };
    let lines = lonely.lines();
    let recorded: Vec<_> = lines[12..].iter().map(what).collect();
    let due = [("assign", "s0"), ("assign", "m1"), ("assign", "m2"), ("release", "s0")];
    assert_eq!(recorded, due.map(|(kind, session)| (kind.to_owned(), session.to_owned())));
}
