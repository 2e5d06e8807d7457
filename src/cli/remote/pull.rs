//! `remote pull`: bring all that the fleet has.

use std::fmt;

use clap::Args;
use muzzle_persona::Store;
use muzzle_persona::wording::Count;
use serde::Serialize;

use super::{Context, Failure, line};

/// Bring all that the fleet has, and tell it what waits
///
/// Each command brings what is new before it answers, for a fifth of a second at most. This
/// one waits until all of it is here, and fails if the fleet does not answer.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona remote pull
  muzzle-persona remote pull --wait 30")]
pub struct PullArgs {}

pub fn run(context: &mut Context) -> Result<PullReport, Failure> {
    let (fetched, told, mut store) = Store::pull(&context.options)?;
    context.warn(store.take_torn());
    context.warn(store.take_notices());
    Ok(PullReport { fetched, told, lines: store.lines() })
}

#[derive(Debug, Serialize)]
pub struct PullReport {
    /// How many lines came.
    fetched: u64,
    /// How many reports that waited the fleet was told of.
    told: u64,
    /// How many lines the log has now.
    lines: u64,
}

impl fmt::Display for PullReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fetched, lines, .. } = self;
        let (fetched, lines) = (Count(*fetched, "line"), Count(*lines, "line"));
        line(f, format!("{fetched} came; the log has {lines}."))
    }
}
