//! The checkpoint, held to the log that it was taken of.

use super::fault::Fault;
use super::finding::Finding;
use crate::events::EventId;
use crate::projection::checkpoint::Distrust;
use crate::projection::graph::EventGraph;
use crate::projection::{Comparison, View};

/// The checkpoint that was found in a store.
#[derive(Debug, Default)]
pub enum FoundCheckpoint {
    #[default]
    None,
    /// There is one that cannot be used.
    Unusable,
    /// There is one that is not used, whatever it says.
    Distrusted(Distrust),
    /// It is of the log that is there, up to its position.
    OfThisLog {
        view: Box<View>,
        /// What came of holding it to the log, once that is known.
        comparison: Option<Comparison>,
    },
    /// It is of this log in another state, or of another log.
    OfAnotherLog(Box<View>),
}

impl FoundCheckpoint {
    /// Compares it with a fold that has come as far as it.
    pub(super) fn compare(&mut self, folded: &View) {
        if let Self::OfThisLog { view, comparison } = self
            && comparison.is_none()
            && view.position == folded.position
        {
            // The rest of it is read now, and may be damaged.
            *comparison = view.compare_with(folded);
            if comparison.is_none() {
                *self = Self::Unusable;
            }
        }
    }

    /// Compares it with the fold of a log's beginning, in whatever order its lines are. They are those
    /// of the log up to the first that is not sound as it stands, in bytes, if there is one.
    pub(super) fn compare_prefix(&mut self, lines: &[u8], first_unsound: Option<u64>) {
        if let Self::OfThisLog { view, comparison: None } = self {
            let end = view.position.offset;
            // A beginning that is damaged is reported as such, and adds up to nothing.
            let is_sound = first_unsound.is_none_or(|unsound| end <= unsound);
            let end = usize::try_from(end).ok().filter(|_| is_sound);
            if let Some(Ok(folded)) = end.and_then(|end| lines.get(..end)).map(View::fold_all) {
                self.compare(&folded);
            }
        }
    }

    /// Returns whether a repair has to remove it.
    pub(super) fn has_to_go(&self) -> bool {
        matches!(
            self,
            Self::OfThisLog { comparison: Some(Comparison::Differs(_)), .. } | Self::Distrusted(_)
        )
    }

    pub(super) fn heads(&self) -> &[EventId] {
        match self {
            Self::None | Self::Unusable | Self::Distrusted(_) => &[],
            Self::OfThisLog { view, .. } | Self::OfAnotherLog(view) => view.heads.ids(),
        }
    }

    /// What is wrong with it. Of events that `is_known` to be missing it says nothing.
    pub(super) fn finding(
        &self,
        graph: &EventGraph,
        bytes: u64,
        is_known: impl Fn(&EventId) -> bool,
    ) -> Option<Finding> {
        let gone = |id: &&EventId| graph.find(**id).is_none() && !is_known(id);
        let gone: Vec<_> = self.heads().iter().filter(gone).copied().collect();
        let fault = match self {
            Self::None | Self::OfThisLog { comparison: None | Some(Comparison::Same), .. } => {
                return None;
            }
            Self::Unusable => Fault::CheckpointUnusable,
            Self::Distrusted(why) => Fault::CheckpointDistrusted(*why),
            Self::OfThisLog { comparison: Some(Comparison::Differs(what)), .. } => {
                Fault::CheckpointDiffers { what: what.clone() }
            }
            Self::OfAnotherLog(_) if !gone.is_empty() => Fault::EventsGone(gone),
            Self::OfAnotherLog(view) => Fault::OtherState { longer: bytes < view.position.offset },
        };
        Some(Finding::of_file(".cache/checkpoint.json", fault))
    }
}
