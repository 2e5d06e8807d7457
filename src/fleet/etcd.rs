//! The client: what is asked of etcd, and at which of its endpoints.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{FleetError, RemoteConfig};

/// A client of etcd's gateway. It asks one endpoint at a time, at first one at random.
#[derive(Debug)]
pub struct Etcd {}

/// A key and what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// What stands there.
    pub value: Vec<u8>,
}

/// Some entries, ascending by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Whether the range has more than these.
    pub more: bool,
}

/// What a transaction depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compare {
    /// The key is there and has this value.
    Holds {
        /// The key.
        key: String,
        /// The value.
        value: Vec<u8>,
    },
    /// Nothing is there.
    Absent {
        /// The key.
        key: String,
    },
}

/// What a transaction does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Gives a key a value.
    Put {
        /// The key.
        key: String,
        /// The value.
        value: Vec<u8>,
    },
    /// Takes a key away, if it is there.
    Delete {
        /// The key.
        key: String,
    },
}

/// If all of `compare` holds, all of `success` is done; else `failure` is read and nothing is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// What has to hold.
    pub compare: Vec<Compare>,
    /// What is done then.
    pub success: Vec<Operation>,
    /// What is read otherwise.
    pub failure: Range,
}

/// Which keys are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The first key.
    pub from: String,
    /// The key after the last one; `None` for the first key alone.
    pub end: Option<String>,
    /// The most entries of an answer; 0 for all.
    pub limit: u32,
    /// Whether the member that is asked may answer of itself, though others know more by now.
    pub serializable: bool,
}

/// What became of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// It was carried out, and outlasts the loss of any minority of the members.
    Done,
    /// What it depends on did not hold; this is there instead.
    Failed(Page),
}

/// An endpoint, and what it says of itself.
#[derive(Debug)]
pub struct EndpointStatus {
    /// Its address.
    pub url: String,
    /// What it says, or why it says nothing.
    pub status: Result<MemberStatus, FleetError>,
}

/// What a member of the cluster says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberStatus {
    /// The version of etcd.
    pub version: String,
    /// The number of the cluster.
    pub cluster: u64,
    /// The number of the member.
    pub member: u64,
    /// The number of the member that leads; `None` if none does.
    pub leader: Option<u64>,
    /// Whether it leads itself.
    pub is_leader: bool,
    /// The bytes that its database takes, free pages included.
    pub db_size: u64,
    /// The bytes that its database may take, where it says so (3.6 and later).
    pub quota: Option<u64>,
    /// Whether it is full: it takes nothing more until somebody takes the alarm back.
    pub is_full: bool,
    /// What it reports as wrong, in its own words.
    pub errors: Vec<String>,
}

/// Changes, as they come.
#[derive(Debug)]
pub struct Watch {}

impl Etcd {
    /// Prepares a client; nothing is sent yet. The token of a login is kept in `cache_dir`.
    pub fn new(_config: &RemoteConfig, _cache_dir: &Path) -> Result<Self, FleetError> {
        todo!()
    }

    /// Reads a range. Where an endpoint fails, the next one is asked, until `deadline`.
    pub fn range(&mut self, _range: &Range, _deadline: Instant) -> Result<Page, FleetError> {
        todo!()
    }

    /// Sends a transaction, once: where an endpoint certainly did not carry it out, the next one gets
    /// it, but never where that is open ([`FleetError::is_open`]). Sending it again is the caller's.
    pub fn transact(
        &mut self,
        _transaction: &Transaction,
        _deadline: Instant,
    ) -> Result<Committed, FleetError> {
        todo!()
    }

    /// Follows the keys from `from` up to, not including, `end`: from a revision on, or from now on.
    ///
    /// What comes within `timeout` is told, and then nothing more.
    pub fn watch(
        &mut self,
        _from: &str,
        _end: &str,
        _start_revision: Option<u64>,
        _timeout: Duration,
    ) -> Result<Watch, FleetError> {
        todo!()
    }

    /// Asks every endpoint how it is.
    pub fn status(&mut self, _deadline: Instant) -> Vec<EndpointStatus> {
        todo!()
    }
}

impl Watch {
    /// Waits for the next changes; `None` once the time is over. Keys that were taken away are left out.
    pub fn next(&mut self) -> Result<Option<Vec<Entry>>, FleetError> {
        todo!()
    }
}
