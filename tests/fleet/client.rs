//! What the client asks of etcd, and what it makes of the answers.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use muzzle_persona::fleet::{
    Committed, Compare, Entry, Etcd, FleetError, Operation, Page, Range, RemoteConfig, Transaction,
};
use serde_json::json;

use super::cluster::{Cluster, Options};

/// Long enough for whatever is answered, however much else the machine has to do.
const LONG: Duration = Duration::from_mins(1);

/// A deadline that no answer takes.
pub fn soon() -> Instant {
    Instant::now() + LONG
}

/// The lines from the n-th on.
pub fn lines_from(config: &RemoteConfig, n: u64) -> Range {
    Range { from: config.key(n), end: Some(config.range_end()), limit: 100 }
}

/// Puts a line where the n-th is to be, if the one before it is there and this one is not.
pub fn line(config: &RemoteConfig, n: u64, text: &str, before: Option<&str>) -> Transaction {
    let holds = before.map(|text| Compare::Holds { key: config.key(n - 1), value: text.into() });
    let absent = Compare::Absent { key: config.key(n) };
    Transaction {
        compare: holds.into_iter().chain([absent]).collect(),
        success: vec![Operation::Put { key: config.key(n), value: text.into() }],
        failure: lines_from(config, n.saturating_sub(1).max(1)),
    }
}

fn entry(config: &RemoteConfig, n: u64, text: &str) -> Entry {
    Entry { key: config.key(n), value: text.into() }
}

#[test]
fn lines_are_put_once_read_in_pages_and_watched() {
    let Some(cluster) = Cluster::start(1) else { return };
    let config = cluster.config();
    let mut etcd = cluster.client(&config);

    let empty = etcd.range(&lines_from(&config, 1), soon()).unwrap();
    assert_eq!(empty, Page::default());
    let bytes = "one \u{1b}\0é";
    assert_eq!(etcd.transact(&line(&config, 1, bytes, None), soon()).unwrap(), Committed::Done);
    let second = line(&config, 2, "two", Some(bytes));
    assert_eq!(etcd.transact(&second, soon()).unwrap(), Committed::Done);

    // Once more, it shows what is there; and so does another one where the line before is another.
    let there = vec![entry(&config, 1, bytes), entry(&config, 2, "two")];
    let shown = Committed::Failed(Page { entries: there.clone(), more: false });
    assert_eq!(etcd.transact(&second, soon()).unwrap(), shown);
    let other = line(&config, 3, "three", Some("other"));
    let shown = Committed::Failed(Page { entries: there[1..].to_vec(), more: false });
    assert_eq!(etcd.transact(&other, soon()).unwrap(), shown);

    // What is no line is not among the lines.
    let aside = format!("{}/{}/rehearsal", config.prefix, config.roster);
    let put = Transaction {
        compare: Vec::new(),
        success: vec![
            Operation::Put { key: aside.clone(), value: Vec::new() },
            Operation::Put { key: config.key(3), value: "three".into() },
        ],
        failure: lines_from(&config, 1),
    };
    assert_eq!(etcd.transact(&put, soon()).unwrap(), Committed::Done);
    let page = |from, limit| Range { limit, ..lines_from(&config, from) };
    let first = etcd.range(&page(1, 2), soon()).unwrap();
    assert_eq!(first, Page { entries: there, more: true });
    let rest = etcd.range(&page(3, 2), soon()).unwrap();
    assert_eq!(rest, Page { entries: vec![entry(&config, 3, "three")], more: false });
    let single = Range { from: aside.clone(), end: None, limit: 0 };
    let found = etcd.range(&single, soon()).unwrap().entries;
    assert_eq!(found, [Entry { key: aside.clone(), value: Vec::new() }]);
    let take = Transaction {
        compare: vec![Compare::Holds { key: aside.clone(), value: Vec::new() }],
        success: vec![Operation::Delete { key: aside }],
        failure: single.clone(),
    };
    assert_eq!(etcd.transact(&take, soon()).unwrap(), Committed::Done);
    assert_eq!(etcd.range(&single, soon()).unwrap(), Page::default());

    // From a revision on, and then what comes, and no deletions, until the time is over.
    let (from, end) = (config.key(2), config.range_end());
    let mut watch = etcd.watch(&from, &end, Some(1), LONG).unwrap();
    let past = watch.next().unwrap().unwrap();
    assert_eq!(past, [entry(&config, 2, "two"), entry(&config, 3, "three")]);
    let gone = Operation::Delete { key: config.key(2) };
    let change = Transaction { compare: Vec::new(), success: vec![gone], failure: single };
    etcd.transact(&change, soon()).unwrap();
    etcd.transact(&line(&config, 4, "four", Some("three")), soon()).unwrap();
    assert_eq!(watch.next().unwrap().unwrap(), [entry(&config, 4, "four")]);
    drop(watch);
    let mut quiet = etcd.watch(&from, &end, None, Duration::from_secs(1)).unwrap();
    assert!(quiet.next().is_none());

    let status = etcd.status(soon());
    let [status] = &*status else { panic!("{status:?}") };
    assert_eq!(status.url, cluster.endpoint(0));
    let member = status.status.as_ref().unwrap();
    assert!(member.is_leader && member.leader == Some(member.member) && member.cluster != 0);
    assert!(member.db_size > 0 && !member.is_full && member.errors.is_empty(), "{member:?}");
    assert!(member.version.starts_with("3."), "{}", member.version);

    // What was compacted cannot be watched any more.
    cluster.post("kv/compaction", &json!({"revision": "4"}));
    let mut watch = etcd.watch(&from, &end, Some(1), LONG).unwrap();
    let error = watch.next().unwrap().unwrap_err();
    assert!(error.to_string().ends_with("what was before revision 4 is compacted"), "{error}");
}

#[test]
fn a_login_outlasts_the_process_and_is_renewed() {
    let users = Options { users: true, ..Options::default() };
    let Some(cluster) = Cluster::start_with(1, &users) else { return };
    let config = cluster.config();
    let cache = cluster.dir().join("a cache");
    let file = cache.join("fleet-token");
    let all = lines_from(&config, 1);
    let client = || Etcd::new(&config, &cache).unwrap();
    let kept = || fs::read_to_string(&file).unwrap();

    client().transact(&line(&config, 1, "one", None), soon()).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let first = kept();
    client().range(&all, soon()).unwrap();
    assert_eq!(kept(), first, "it logged in again");

    // Void, as after some minutes: read, written and watched with another one.
    let (mark, _) = first.split_once('\n').unwrap();
    let void = || super::certificates::write(&file, &format!("{mark}\nvoid.1\n"));
    void();
    assert_eq!(client().range(&all, soon()).unwrap().entries.len(), 1);
    assert!(!kept().contains("void"), "{}", kept());
    void();
    client().transact(&line(&config, 2, "two", Some("one")), soon()).unwrap();
    assert!(!kept().contains("void"), "{}", kept());
    void();
    let mut watch = client().watch(&all.from, &config.range_end(), Some(1), LONG).unwrap();
    assert_eq!(watch.next().unwrap().unwrap().len(), 2);
    assert!(!kept().contains("void"), "{}", kept());

    // One that others may read, or that is of another user or cluster, is not used.
    let last = kept();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    client().range(&all, soon()).unwrap();
    assert_ne!(kept(), last);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let shown = format!("{:?} {config:?}", client());
    let token = kept().lines().nth(1).unwrap().to_owned();
    assert!(!shown.contains(&token) && !shown.contains("correct horse"), "{shown}");
}

#[test]
fn of_three_members_the_ones_that_are_well_are_asked() {
    let Some(mut cluster) = Cluster::start(3) else { return };
    let config = cluster.config();
    let leader = cluster.leader();
    let (one, other) = ((leader + 1) % 3, (leader + 2) % 3);

    // One is down: all clients get through, whichever member they begin with.
    cluster.kill(one);
    for n in 1..=3 {
        let mut etcd = cluster.client(&config);
        let before = (n > 1).then(|| (n - 1).to_string());
        let put = line(&config, n, &n.to_string(), before.as_deref());
        assert_eq!(etcd.transact(&put, soon()).unwrap(), Committed::Done);
        assert_eq!(etcd.range(&lines_from(&config, 1), soon()).unwrap().entries.len() as u64, n);
    }
    let status = cluster.client(&config).status(soon());
    let is_down: Vec<_> = status.iter().map(|it| it.status.is_err()).collect();
    assert_eq!(is_down.iter().filter(|it| **it).count(), 1);
    assert!(is_down[one]);
    cluster.restart(one);

    // One stands still: a read goes to the next one in time; a transaction stays open, and goes to the
    // next one when it is sent again. Which one is first is random, so each of them is, once.
    cluster.stop(one);
    let mut open = 0;
    for (turn, n) in (4..=6).enumerate() {
        let mut endpoints = cluster.endpoints();
        endpoints.rotate_left(turn);
        let config = RemoteConfig { endpoints, ..config.clone() };
        let read = cluster.client(&config).range(&lines_from(&config, 1), soon()).unwrap();
        assert_eq!(read.entries.len() as u64, n - 1);
        let mut etcd = cluster.client(&config);
        let put = line(&config, n, &n.to_string(), Some(&(n - 1).to_string()));
        let committed = match etcd.transact(&put, soon()) {
            Err(error) => {
                assert!(matches!(error, FleetError::NoAnswer { .. }) && error.is_open(), "{error}");
                open += 1;
                etcd.transact(&put, soon()).unwrap()
            }
            Ok(committed) => committed,
        };
        assert_eq!(committed, Committed::Done);
    }
    assert_eq!(open, 1);
    cluster.cont(one);
    // What it had been sent while it stood still is not done twice.
    let entries = cluster.client(&config).range(&lines_from(&config, 1), soon()).unwrap().entries;
    let lines: Vec<_> = entries.iter().map(|it| str::from_utf8(&it.value).unwrap()).collect();
    assert_eq!(lines, ["1", "2", "3", "4", "5", "6"]);

    // The other two are gone: nobody leads, and it is said at once, not after the deadline.
    cluster.kill(leader);
    cluster.kill(other);
    let (start, mut etcd) = (Instant::now(), cluster.client(&config));
    let error = loop {
        let deadline = Instant::now() + Duration::from_secs(1);
        match etcd.range(&lines_from(&config, 1), deadline).unwrap_err() {
            // It takes it a moment to notice.
            FleetError::NoAnswer { .. } if start.elapsed() < LONG => {}
            error => break error,
        }
    };
    let endpoint = cluster.endpoint(one);
    let told = format!(
        "etcd at `{endpoint}` has no leader: more than half of its members are down or cut off"
    );
    assert_eq!(error.to_string(), told);
    let error = etcd.transact(&line(&config, 7, "7", Some("6")), soon()).unwrap_err();
    assert_eq!(error.to_string(), told);
    assert!(!error.is_open());
    let status = etcd.status(soon());
    assert!(status[one].status.as_ref().is_ok_and(|it| it.leader.is_none() && !it.is_leader));
}
