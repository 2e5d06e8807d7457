//! The fleet that a store belongs to: where its log is kept for many machines, and how it is reached.
//!
//! A store belongs to a fleet if it has a file `remote.toml` ([`RemoteConfig`]); without one, no socket
//! is ever opened. The fleet's log lies in etcd, one key a line ([`FleetLog`]), and is asked through the
//! gateway that speaks HTTP and JSON ([`Etcd`]): one request at a time, each with a deadline, and no
//! runtime. The store's files follow it ([`LocalLog`]), and what cannot be told to it yet waits in the
//! [`Outbox`].
//!
//! Invariants: what was acknowledged is in the fleet's log, and the files are a beginning of it; a request
//! that changes something is sent at most once a call of the client, and an error says whether it may
//! have been carried out ([`FleetError::is_open`]).

mod config;
mod error;
mod etcd;
mod failure;
mod fleet_log;
mod following;
mod forgotten;
mod local_log;
mod login;
mod one_write;
mod outbox;
mod private_file;
mod request;
mod resolver;
mod silence;
mod tls;
mod transport;
mod watch;
mod wire;

pub use self::config::{FILE, RemoteConfig};
pub use self::error::{CertificateFault, FleetError};
pub use self::etcd::Etcd;
pub use self::fleet_log::{FleetLog, PAGE, Sent};
pub(crate) use self::fleet_log::{MOST_BYTES, MOST_LINES, split};
pub use self::forgotten::Forgotten;
pub(crate) use self::forgotten::forgotten_in;
pub use self::local_log::LocalLog;
pub(crate) use self::login::TOKEN;
pub use self::outbox::{FILE as OUTBOX, Outbox, may_wait};
pub use self::request::{
    Committed, Compare, EndpointStatus, Entry, MemberStatus, Operation, Page, Range, Transaction,
};
pub use self::silence::Asker;
pub(crate) use self::silence::SILENT;
pub use self::watch::Watch;

/// What is made of an answer of the gateway, without a connection: for whoever tries it on any bytes.
pub mod answers {
    pub use super::failure::Asked;
    pub use super::wire::{Watched, committed, member, page, token, watched};
}
