//! The fleet that a store belongs to: where its log is kept for many machines, and how it is reached.
//!
//! A store belongs to a fleet if it has a file `remote.toml` ([`RemoteConfig`]); without one, no socket
//! is ever opened. The fleet's log lies in etcd, one key a line, and is asked through the gateway that
//! speaks HTTP and JSON ([`Etcd`]): one request at a time, each with a deadline, and no runtime. This
//! room knows keys, values and transactions; it knows neither what stands in a line nor what may be
//! done with it. Its invariant: a request that changes something is sent at most once a call, and an
//! error says whether it may have been carried out ([`FleetError::is_open`]).

mod config;
mod error;
mod etcd;
mod failure;
mod login;
mod one_write;
mod private_file;
mod request;
mod resolver;
mod tls;
mod transport;
mod watch;
mod wire;

pub use self::config::{FILE, RemoteConfig};
pub use self::error::{CertificateFault, FleetError};
pub use self::etcd::Etcd;
pub use self::request::{
    Committed, Compare, EndpointStatus, Entry, MemberStatus, Operation, Page, Range, Transaction,
};
pub use self::watch::Watch;
