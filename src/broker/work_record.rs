//! Who did what on some work, and whether those who judged it took no part in it.

use super::{Part, Rules};
use crate::events::{ReleaseReason, WorkName};
use crate::projection::{Assignment, History, PartIn};

/// What was done on some work of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkRecord {
    /// Oldest first.
    pub done: Vec<WorkDone>,
    /// How many reviews there are, those of sessions that fell silent and of calls that never ran left
    /// out.
    pub reviews: usize,
    /// Whether there is a review, and the persona of none of them took part in the work.
    pub independent: bool,
}

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkDone {
    /// What it was.
    pub assignment: Assignment,
    /// Whether its persona took no part in the work; nothing if its role judges none.
    pub independent: Option<bool>,
    /// The part that the persona took, of an assignment that judges.
    pub part: Option<Part>,
}

impl WorkRecord {
    /// Makes the record of some work from the history of its project, by the roles of today.
    ///
    /// A review is not independent if its persona had a slot of a role that is not, for the same
    /// work or in the same session, until shortly before the review began or while it lasted, or
    /// if the log says so.
    #[must_use]
    pub fn of(history: &History, work: &WorkName, rules: &Rules) -> Self {
        let of_work = history.assignments.iter().filter(|it| it.work.as_ref() == Some(work));
        let done: Vec<_> = of_work
            .map(|assignment| {
                let judges = rules.roles.is_independent(&assignment.role);
                let part = if judges { part(history, assignment, rules) } else { None };
                let is_independent = part.is_none() && assignment.independent != Some(false);
                let independent = judges.then_some(is_independent);
                WorkDone { assignment: assignment.clone(), independent, part }
            })
            .collect();
        let counts = |it: &&WorkDone| it.assignment.reason.is_none_or(ReleaseReason::counts);
        let reviews: Vec<_> =
            done.iter().filter(counts).filter_map(|done| done.independent).collect();
        let independent = !reviews.is_empty() && reviews.iter().all(|independent| *independent);
        Self { reviews: reviews.len(), independent, done }
    }
}

/// The part that the persona of a review took in what it judges.
fn part(history: &History, review: &Assignment, rules: &Rules) -> Option<Part> {
    let since = rules.lifecycle.participation_since(review.assigned_at);
    let mut part: Option<Part> = None;
    for it in history.assignments.iter().filter(|it| it.persona == review.persona) {
        let ended = it.released_at.map(|released| released.max(it.assigned_at).as_second());
        let is_recent = ended.is_none_or(|ended| ended >= since);
        let is_before = review.events.1.is_none_or(|end| it.events.0 < end);
        let of = if it.work == review.work {
            PartIn::Work
        } else if it.session == review.session {
            PartIn::Session
        } else {
            continue;
        };
        // A call that never became a run did no work.
        let has_begun = it.reason != Some(ReleaseReason::NotStarted);
        if has_begun && is_recent && is_before && !rules.roles.is_independent(&it.role) {
            part = Some(Part::with(part, of, &it.role));
        }
    }
    part
}
