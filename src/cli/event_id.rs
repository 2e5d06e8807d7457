//! An event that was named by how its id begins.

use muzzle_persona::Snapshot;
use muzzle_persona::events::{EventId, IdPrefix};
use muzzle_persona::projection::{Cutoff, CutoffSpec};

use super::Failure;

pub fn parse(text: &str) -> Result<IdPrefix, String> {
    let wanted = format!("an id has {} or more hex digits", IdPrefix::SHORTEST);
    IdPrefix::parse(text).ok_or(wanted)
}

/// Finds the one event of the log whose id begins so.
pub fn find(snapshot: &mut Snapshot, typed: &IdPrefix) -> Result<EventId, Failure> {
    match snapshot.resolve(&CutoffSpec::Event(typed.clone()))?.end {
        Cutoff::Through(key) => Ok(key.id()),
        _ => Err(Failure::bug(format!("`{typed}` is no event"))),
    }
}
