//! When personas and sessions count as idle.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// When personas and sessions count as idle; what a file leaves out is as built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lifecycle {
    pub(super) inactive_after_days: u32,
    pub(super) stale_after_hours: u32,
    pub(super) independent_after_days: u32,
    pub(super) unseen_after_minutes: u32,
}

impl Lifecycle {
    /// All numbers, by their names in a seed file.
    pub(super) fn numbers(self) -> [(&'static str, u32); 4] {
        let Self {
            inactive_after_days,
            stale_after_hours,
            independent_after_days,
            unseen_after_minutes,
        } = self;
        [
            ("inactive_after_days", inactive_after_days),
            ("stale_after_hours", stale_after_hours),
            ("independent_after_days", independent_after_days),
            ("unseen_after_minutes", unseen_after_minutes),
        ]
    }

    /// A free persona that was last assigned longer ago is retired.
    #[must_use]
    pub(crate) fn inactive_after(self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.inactive_after_days))
    }

    /// The second from which on it counts who took part in some work.
    pub(crate) fn participation_since(self, now: Timestamp) -> i64 {
        now.as_second().saturating_sub(i64::from(self.independent_after_days) * 86_400)
    }

    /// A session without an event for so long no longer holds on.
    #[must_use]
    pub fn stale_after(self) -> SignedDuration {
        SignedDuration::from_hours(self.stale_after_hours.into())
    }

    /// A call without any sign of its run for so long never became one.
    #[must_use]
    pub(crate) fn unseen_after(self) -> SignedDuration {
        SignedDuration::from_mins(self.unseen_after_minutes.into())
    }
}
