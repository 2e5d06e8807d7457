//! Machines of a fleet: each a home with a store of its own.

use std::fs;
use std::path::PathBuf;

use muzzle_persona::Disk;
use muzzle_persona::fleet::RemoteConfig;
use serde_json::Value;

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
        config.write(&Disk::default(), home.store()).unwrap();
        Self { home }
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

    pub fn list(&self) -> Done {
        self.home.run(&["list", "--json"])
    }

    /// The lines of its log.
    pub fn lines(&self) -> Vec<Value> {
        let log = String::from_utf8(self.home.whole_log()).unwrap();
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
