//! How many lines a fleet's log has.

use super::{Options, deadline};
use crate::fleet::{FleetError, FleetLog, Range};

/// Counts the lines of a fleet's log that is known to have the first `known`.
///
/// That is two dozen questions for a million lines, and one where there are no more: etcd's gateway
/// would count keys only by reading them all.
pub fn lines(fleet: &mut FleetLog, known: u64, options: &Options) -> Result<u64, FleetError> {
    let (mut there, mut step) = (known, 1_u64);
    // What answers as if it had any line ends it, too: the numbers do.
    while there < u64::MAX && has(fleet, there.saturating_add(step), options)? {
        there = there.saturating_add(step);
        step = step.saturating_mul(2);
    }
    // The last line is one of those up to, not including, `gone`.
    let mut gone = there.saturating_add(step);
    while gone - there > 1 {
        let middle = there + (gone - there) / 2;
        if has(fleet, middle, options)? {
            there = middle;
        } else {
            gone = middle;
        }
    }
    Ok(there)
}

fn has(fleet: &mut FleetLog, line: u64, options: &Options) -> Result<bool, FleetError> {
    let range = Range::of(fleet.config().key(line));
    Ok(!fleet.etcd().range(&range, deadline(options))?.entries.is_empty())
}
