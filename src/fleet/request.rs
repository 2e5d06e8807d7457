//! What is asked of etcd, and what it answers.

use super::FleetError;

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
}

impl Range {
    /// A single key.
    #[must_use]
    pub fn of(key: String) -> Self {
        Self { from: key, end: None, limit: 1 }
    }
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
