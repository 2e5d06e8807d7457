//! Why a request was not done.

use std::path::PathBuf;

use crate::audit::AmbiguousHead;
use crate::broker::{Refusal, SeedError};
use crate::events::{FORMAT_VERSION, LineError, LogError};
use crate::git::RevisionError;
use crate::projection::CutoffError;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The log could not be read or written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The broker said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store's `seed.toml` cannot be used.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The event is recorded, and then something failed.
    #[error("the event is recorded, and the roster with it could not be read: {0}")]
    Recorded(#[source] Box<StoreError>),
    /// The event does not fit into a line.
    #[error("could not record the event: {0}")]
    TooLong(LineError),
    /// A newer build wrote to this log.
    #[error(
        "the log holds events of format version {0}; this build writes version {FORMAT_VERSION} and leaves the log alone"
    )]
    NewerFormat(u32),
    /// There is no store to look through.
    #[error("there is no store at `{}`", .0.display())]
    NoStore(PathBuf),
    /// What was typed names no place in the log.
    #[error(transparent)]
    Cutoff(#[from] CutoffError),
    /// The persona was not there at the cut-off.
    #[error("there was no persona named `{0}` then")]
    UnknownThen(String),
    /// The log cannot be had from git.
    #[error(transparent)]
    Revision(#[from] RevisionError),
    /// Something puts another file in the log's place again and again, or while it is read through.
    #[error("the log at `{}` is being replaced while it is in use", .0.display())]
    KeepsMoving(PathBuf),
    /// What was noted of a head fits several events.
    #[error(transparent)]
    AmbiguousHead(#[from] AmbiguousHead),
}
