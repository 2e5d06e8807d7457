//! Machines of a fleet: each a home with a store of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use muzzle_persona::Disk;
use muzzle_persona::fleet::{Operation, Range, RemoteConfig, Transaction};
use serde_json::Value;

use crate::client::soon;
use crate::cluster::Cluster;
use crate::harness::{Done, Home, assign_args};

/// A home whose store follows a fleet.
pub struct Machine {
    pub home: Home,
}

impl Machine {
    /// A machine of a fleet, whose store is empty still.
    pub fn of(config: &RemoteConfig) -> Self {
        let home = Home::new();
        let mut made = fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut made, 0o700);
        made.recursive(true).create(home.store()).unwrap();
        let machine = Self { home };
        machine.follow(config);
        machine
    }

    /// Gives its store these settings, in place of those that it has.
    pub fn follow(&self, config: &RemoteConfig) {
        config.write(&Disk::default(), self.home.store()).unwrap();
    }

    /// Several machines of a fleet that has a roster.
    pub fn several<const N: usize>(config: &RemoteConfig) -> [Self; N] {
        let machines = std::array::from_fn(|_| Self::of(config));
        for machine in &machines {
            // The first seeds, the others find it seeded.
            machine.release("nobody");
        }
        machines
    }

    pub fn assign(&self, session: &str) -> Done {
        self.home.run(&assign_args(session, "worker", "testing"))
    }

    pub fn release(&self, session: &str) -> Done {
        self.home.run(&["release", "--session", session])
    }

    /// A hook program, which is beside the command.
    pub fn hook_command(&self, program: &str) -> Command {
        let cli = Path::new(env!("CARGO_BIN_EXE_muzzle-persona"));
        self.home.command_of(&cli.with_file_name(program))
    }

    /// Gives a hook program its payload, and time to spare.
    pub fn hook(&self, program: &str, payload: &str) -> Done {
        let mut command = self.hook_command(program);
        Done::given(payload, command.env("MUZZLE_PERSONA_HOOK_TIMEOUT_MS", "60000"))
    }

    pub fn list(&self) -> Done {
        self.home.run(&["list", "--json"])
    }

    /// The lines of its log.
    pub fn lines(&self) -> Vec<Value> {
        Self::parsed(&self.home.whole_log())
    }

    /// The lines of a log.
    pub fn parsed(log: &[u8]) -> Vec<Value> {
        let log = str::from_utf8(log).unwrap();
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub fn outbox(&self) -> PathBuf {
        self.home.store().join("outbox.jsonl")
    }
}

/// The persona that an `assign` answered with, which succeeded.
pub fn lent(done: &Done) -> String {
    let answer: Value = serde_json::from_str(&done.stdout).unwrap();
    answer["assignments"][0]["name"].as_str().unwrap().to_owned()
}

/// A member that tests share while any of them runs; `None` if there is no etcd here.
pub fn shared() -> Option<Arc<Cluster>> {
    static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let cluster = shared.upgrade().or_else(|| Cluster::start(1).map(Arc::new))?;
    *shared = Arc::downgrade(&cluster);
    Some(cluster)
}

/// A fleet of its own on the member that tests share.
pub fn new_fleet(cluster: &Cluster) -> RemoteConfig {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let roster = format!("roster-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    RemoteConfig { roster, ..cluster.config() }
}

/// Does something to a fleet's keys, as whoever may write can.
pub fn change(cluster: &Cluster, config: &RemoteConfig, success: Vec<Operation>) {
    let failure = Range::of(config.key(1));
    let transaction = Transaction { compare: Vec::new(), success, failure };
    cluster.client(config).transact(&transaction, soon()).unwrap();
}

/// Taking lines out of a roster's log.
pub fn delete(config: &RemoteConfig, lines: impl IntoIterator<Item = u64>) -> Vec<Operation> {
    lines.into_iter().map(|line| Operation::Delete { key: config.key(line) }).collect()
}
