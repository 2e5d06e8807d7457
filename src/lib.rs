//! Named, persistent personas for coding agents, on an append-only log.
//!
//! A [`Store`] keeps a roster of personas and lends each to at most one agent
//! at a time. Everything that ever happened is one line of JSON in its log;
//! what the roster looks like now is computed from that log.
//!
//! One request goes through four rooms, and each knows only those before it:
//!
//! - [`events`]: what happened, and the log that keeps it;
//! - [`projection`]: what that adds up to, the roster;
//! - [`broker`]: what may happen next, as pure rules;
//! - [`Store`] strings them together: lock, catch up, decide, append, unlock,
//!   sync, answer.
//!
//! Clocks, environment variables and randomness enter at the `main` functions
//! and are passed down; [`environment`] turns them into values.

pub mod audit;
pub mod broker;
mod disk;
pub mod environment;
pub mod events;
mod file_log;
pub mod fleet;
pub mod git;
pub mod projection;
pub mod signature;
mod store;
pub mod wording;

pub use disk::Disk;
pub use file_log::Hold;
pub use store::{
    Condition, CutLine, Difference, DifferenceKind, FleetCheck, FleetStatus, Follower,
    ForgottenText, JoinError, JoinOutcome, Joined, LatestEvent, Left, LineEnds, MembershipError,
    MirrorRepair, MissingEvent, Options, PendingCheckpoint, Progress, RepairOutcome, Restored,
    Rights, Snapshot, Store, StoreError, TakenAway, Work, hook_settings, served, stopped,
    user_seed,
};
