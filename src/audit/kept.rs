//! The checkpoint, held to the log that it was taken of.

use super::ledger::Ledger;
use super::{Fault, Finding};
use crate::events::EventId;
use crate::projection::{Needs, View};

/// Where the checkpoint is, in a store.
const FILE: &str = ".cache/checkpoint.json";

/// The checkpoint that was found in a store.
#[derive(Debug)]
pub enum Kept {
    /// There is none.
    None,
    /// There is one that cannot be used.
    Unusable,
    /// It is of the log that is there, up to its position.
    Here {
        /// What it says.
        view: Box<View>,
        /// Whether the log says the same, once that is known.
        agrees: Option<bool>,
    },
    /// It is of this log in another state, or of another log.
    Elsewhere(Box<View>),
}

impl Kept {
    /// The checkpoint's claim about a log in which its marks stand.
    #[must_use]
    pub fn here(view: View) -> Self {
        Self::Here { view: Box::new(view), agrees: None }
    }

    /// Compares it with a fold that has come as far as it.
    pub(super) fn compare(&mut self, folded: &View) {
        if let Self::Here { view, agrees } = self
            && agrees.is_none()
            && view.position == folded.position
        {
            // The rest of it is read now, and may be damaged.
            if view.roster.load(&Needs::everyone()).is_err() {
                *self = Self::Unusable;
            } else {
                *agrees = Some(**view == *folded);
            }
        }
    }

    /// Compares it with the fold of a log's beginning, in whatever order its lines are.
    pub(super) fn compare_prefix(&mut self, log: &[u8]) {
        if let Self::Here { view, agrees: None } = self {
            let end = usize::try_from(view.position.offset).unwrap_or(usize::MAX);
            // A beginning that is damaged is told of as such, and adds up to nothing.
            if let Some(Ok(folded)) = log.get(..end).map(View::fold_all) {
                self.compare(&folded);
            }
        }
    }

    /// Tells whether it says otherwise than the log.
    pub(super) fn differs(&self) -> bool {
        matches!(self, Self::Here { agrees: Some(false), .. })
    }

    /// The heads that it knows of.
    pub(super) fn heads(&self) -> &[EventId] {
        match self {
            Self::None | Self::Unusable => &[],
            Self::Here { view, .. } | Self::Elsewhere(view) => view.heads.ids(),
        }
    }

    /// What there is to say of it. `is_told` tells whether an event's absence is known already.
    pub(super) fn finding(
        &self,
        ledger: &Ledger,
        bytes: u64,
        is_told: impl Fn(&EventId) -> bool,
    ) -> Option<Finding> {
        let fault = match self {
            Self::None | Self::Here { agrees: None | Some(true), .. } => return None,
            Self::Unusable => Fault::CheckpointUnusable,
            Self::Here { agrees: Some(false), .. } => Fault::CheckpointDiffers,
            Self::Elsewhere(view) => {
                let gone = |id: &&EventId| ledger.find(**id).is_none() && !is_told(id);
                let gone: Vec<_> = view.heads.ids().iter().filter(gone).copied().collect();
                if gone.is_empty() {
                    Fault::OtherState { longer: bytes < view.position.offset }
                } else {
                    Fault::EventsGone(gone)
                }
            }
        };
        Some(Finding::of_file(FILE, fault))
    }
}
