//! When somebody else may have the persona of a slot.

use jiff::Timestamp;

use super::Rules;
use crate::events::ReleaseReason;
use crate::projection::{Hold, Roster};

/// Why a slot of which this is known is closed when somebody needs its persona; nothing, if that
/// one is at work.
pub fn given_up(
    hold: Hold,
    roster: &Roster,
    rules: &Rules,
    now: Timestamp,
) -> Option<ReleaseReason> {
    match hold {
        Hold::Free | Hold::Ended => Some(ReleaseReason::Finished),
        Hold::Unseen(since) => {
            let silence = now.as_second().saturating_sub(since);
            let is_long = silence >= rules.lifecycle.unseen_after().as_secs();
            // An older client tells of no run at all.
            (roster.has_deliveries() && is_long).then_some(ReleaseReason::NotStarted)
        }
        Hold::UnderWay => None,
    }
}
