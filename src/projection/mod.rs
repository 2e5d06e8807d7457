//! What it adds up to: the roster, affinity, and the order of a merged history.
//!
//! Folding never fails, never decides and asks no clock: whatever the log
//! says happened, happened. An event that refers to nobody changes nothing.
//! The same set of events gives the same roster, in whatever order a merge
//! left their lines. No file is read or written here but the checkpoint, a
//! folded [`View`] on disk; the `Store` hands the lines in. Of a roster that
//! came from one, an index is in memory, and the details of personas are
//! there once they were loaded (`Roster::load`): that alone can fail.

pub(crate) mod ancestry;
mod assignment;
mod buckets;
mod candidate;
mod change;
mod checked_line;
pub(crate) mod checkpoint;
mod column;
mod cutoff;
mod deferred;
mod difference;
mod fold;
pub(crate) mod graph;
mod history;
mod index;
mod judged;
mod judgement;
mod judgement_lines;
mod judgements;
pub(crate) mod lease;
mod leases;
mod lessons;
pub(crate) mod line;
mod moment;
mod month_tally;
mod needs;
mod participation;
mod participations;
mod past_assignment;
mod persona;
pub(crate) mod pipeline;
mod roster;
mod stored;
mod time_window;
mod timeline;
mod view;
mod warning;

pub use assignment::{Assignment, RunOutcome, Verdict};
pub use candidate::Candidate;
pub use change::{Pair, PersonaChange, RoleChange, StatusReason};
pub use cutoff::{Cutoff, CutoffError, CutoffSpec, FoldKey};
pub(crate) use difference::Comparison;
pub use history::History;
pub use judged::MonthlyVerdicts;
pub use lease::{Hold, Lease, Run};
pub use leases::Leases;
pub use lessons::{LessonRecord, LessonStatus, NoteRecord};
pub use line::{Line, LineDamage};
pub use moment::Moment;
pub(crate) use month_tally::{Month, MonthTally};
pub use needs::Needs;
pub use participation::{PartIn, WorkScope};
pub use past_assignment::PastAssignment;
pub use persona::{Origin, OutcomeTally, Persona, RoleRecord, Status, Tally, Work};
pub use roster::Roster;
pub use time_window::TimeWindow;
pub use timeline::{Job, JobCount, Span, Task, Timeline, TimelineScope};
#[cfg(test)]
pub(crate) use view::tests as testing;
pub use view::{Fold, View};
pub use warning::Warning;
