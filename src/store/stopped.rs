//! Runs of a client that stopped before it was told that they began.
//!
//! Command hooks of a short run in the background come in either order: the one that tells its end
//! knows no slot before the other one has told whose run it is. So a mark keeps the end for it.
//! Whoever tells the beginning looks for the mark after that is on record, and whoever tells the
//! end looks for the record after the mark is set: one of the two finds the other.

use std::io;

use super::Options;
use super::marks::Marks;
use crate::events::{RunId, SessionId};

/// Marks a run of a session.
pub fn mark(options: &Options, session: &SessionId, run: &RunId) -> io::Result<()> {
    marks(options).set(&of(session, run))
}

/// Takes the mark of a run away, and returns whether it had one.
pub fn take(options: &Options, session: &SessionId, run: &RunId) -> io::Result<bool> {
    marks(options).take(&of(session, run))
}

fn marks(options: &Options) -> Marks<'_> {
    Marks::of(options, "stopped")
}

/// Neither of the two holds a line feed.
fn of(session: &SessionId, run: &RunId) -> String {
    format!("{session}\n{run}")
}
