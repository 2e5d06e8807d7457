//! Why a request was not done.

use std::path::PathBuf;

use super::{JoinError, MembershipError};
use crate::broker::{Refusal, SeedError};
use crate::events::{FORMAT_VERSION, IdPrefix, LineError, LogError};
use crate::fleet::FleetError;
use crate::git::RevisionError;
use crate::projection::CutoffError;
use crate::wording::shortened;

/// Why a request was not done.
#[expect(missing_docs, reason = "the messages say what each is")]
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Seed(#[from] SeedError),
    #[error("the event is recorded, and the roster with it could not be read: {0}")]
    Recorded(#[source] Box<StoreError>),
    #[error("it is on record that the text is forgotten, and it could not be taken away: {0}")]
    TextStands(#[source] Box<StoreError>),
    #[error("could not record the event: {0}")]
    CannotEncode(LineError),
    #[error(
        "the log holds events of format version {0}; this build writes version {FORMAT_VERSION} and leaves the log alone"
    )]
    NewerFormat(u32),
    #[error("there is no store at `{}`", .0.display())]
    NoStore(PathBuf),
    #[error("the log `{}` is gone: the checkpoint beside it knows of events in it", .0.display())]
    LogGone(PathBuf),
    #[error(transparent)]
    Cutoff(#[from] CutoffError),
    #[error("there was no persona named `{}` then", shortened(.0))]
    UnknownThen(String),
    #[error(transparent)]
    Revision(#[from] RevisionError),
    #[error(transparent)]
    Join(#[from] JoinError),
    #[error(transparent)]
    Membership(#[from] MembershipError),
    #[error("the log at `{}` is being replaced while it is in use", .0.display())]
    KeepsMoving(PathBuf),
    #[error("`{0}` begins the ids of several events")]
    AmbiguousHead(IdPrefix),
}

impl From<FleetError> for StoreError {
    fn from(error: FleetError) -> Self {
        Self::Log(error.into())
    }
}
