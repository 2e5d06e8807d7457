//! What it adds up to: the roster, affinity, and the order of a merged history.
//!
//! Folding never fails, never decides and asks no clock: whatever the log
//! says happened, happened. An event that refers to nobody changes nothing.
//! The same set of events gives the same roster, in whatever order a merge
//! left their lines. Nothing here reads or writes a file; the `Store` hands
//! the lines in. (The checkpoint, a folded [`View`] kept on disk, will have
//! its place here.)

mod history;
mod merge;
mod persona;
mod points;
mod roster;
mod view;

pub use history::{Assignment, History};
pub use persona::{Lease, Origin, Persona, RoleRecord, Status, Tally, Work};
pub use points::{AffinityWeights, Points};
pub use roster::{Roster, Warning};
pub use view::{Fold, LineDamage, View};
