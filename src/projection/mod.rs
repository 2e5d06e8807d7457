//! What it adds up to: the roster, affinity, and the order of a merged history.
//!
//! Folding never fails, never decides and asks no clock: whatever the log
//! says happened, happened. An event that refers to nobody changes nothing.
//! The same set of events gives the same roster, in whatever order a merge
//! left their lines. No file is read or written here but the checkpoint, a
//! folded [`View`] on disk; the `Store` hands the lines in.

pub(crate) mod audit;
mod board;
mod change;
pub(crate) mod checkpoint;
mod cutoff;
mod history;
mod judgements;
mod merge;
mod occasion;
mod pair;
mod persona;
pub(crate) mod pipeline;
mod points;
mod roster;
mod standing;
mod view;

pub use audit::{AmbiguousHead, Audit, Fault, Finding, NotedHead, Place, Severity};
pub use change::{Change, Existence, Part, Reason, RoleChange};
pub use checkpoint::Lost;
pub use cutoff::{Cutoff, CutoffError, CutoffSpec, FoldKey};
pub use history::{Assignment, History};
pub use occasion::{LastLent, Occasion, Prelude};
pub use pair::Pair;
pub use persona::{Lease, Origin, Persona, RoleRecord, Status, Tally, Work};
pub use points::{AffinityWeights, Points};
pub use roster::{Roster, Warning};
pub use standing::{Presence, Standing};
#[cfg(test)]
pub(crate) use view::tests as testing;
pub use view::{Fold, Line, LineDamage, View};
