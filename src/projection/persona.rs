//! One persona, and what the log says of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::judgement::Judgement;
use super::{Leases, LessonRecord, Month, MonthTally, NoteRecord};
use crate::events::{
    Assign, AssignedSlot, Definition, EventId, PersonaName, ProjectName, RetireReason, RoleName,
    Sentiment, SessionId,
};

/// A named persona with its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persona {
    /// The event that created it.
    #[serde(rename = "persona_id")]
    pub id: EventId,
    /// Where it comes from.
    pub origin: Origin,
    /// Whether it may be lent.
    pub status: Status,
    /// Its traits, expertise and instructions.
    pub definition: Definition,
    /// The event that made them these.
    pub definition_id: EventId,
    /// Since when they are these.
    pub defined_at: Timestamp,
    /// When it was created.
    pub created_at: Timestamp,
    /// The latest moment at which it was lent.
    pub last_assigned: Option<Timestamp>,
    /// Its open slots. A checkpoint has them in its index.
    #[serde(skip)]
    pub leases: Leases,
    /// What it did, by role.
    pub roles: BTreeMap<RoleName, RoleRecord>,
    /// Its last assignments, oldest first: enough to name the last
    /// [`Persona::RECENT`] outside any one session.
    recent: Vec<Work>,
    /// The lessons that it is offered, in fold order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) lessons: Vec<LessonRecord>,
    /// Those that it is offered no more, in the order in which they were withdrawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) withdrawn: Vec<LessonRecord>,
    /// Its last note on each project.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) notes: BTreeMap<ProjectName, NoteRecord>,
}

/// Where a persona comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The seed.
    Seed,
    /// The broker made it.
    Grown,
}

/// Whether a persona may be lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It may.
    Active,
    /// It may not, for this reason.
    Archived(RetireReason),
}

/// What a persona did in one role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RoleRecord {
    /// How often it was lent.
    pub assigned: u64,
    /// The feedback that is neither retracted nor compacted.
    pub tally: Tally,
    /// What counts, by month, ascending.
    #[serde(with = "super::column::months")]
    pub(crate) months: Vec<MonthTally>,
    /// The latest assignment.
    pub(crate) last: Option<LastWork>,
}

/// The latest assignment of a persona in a role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct LastWork {
    pub session: SessionId,
    pub project: ProjectName,
    /// In whole seconds since 1970.
    pub at: i64,
}

/// Feedback, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Good.
    pub positive: u64,
    /// Bad.
    pub negative: u64,
    /// Neither.
    pub neutral: u64,
}

/// Runs, counted by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeTally {
    /// Well.
    pub ok: u64,
    /// Badly.
    pub bad: u64,
}

/// One assignment of the past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// In which role.
    pub role: RoleName,
    /// On which project.
    pub project: ProjectName,
    /// For which session.
    pub session: SessionId,
    /// Since when.
    pub assigned_at: Timestamp,
}

impl Persona {
    /// How many recent assignments are shown.
    pub(crate) const RECENT: usize = 3;

    /// A persona as its first event makes it.
    pub(super) fn new(id: EventId, at: Timestamp, origin: Origin, definition: Definition) -> Self {
        Self {
            id,
            origin,
            status: Status::Active,
            definition,
            definition_id: id,
            defined_at: at,
            created_at: at,
            last_assigned: None,
            leases: Leases::default(),
            roles: BTreeMap::new(),
            recent: Vec::new(),
            lessons: Vec::new(),
            withdrawn: Vec::new(),
            notes: BTreeMap::new(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &PersonaName {
        &self.definition.name
    }

    /// Returns whether it may be lent if nobody holds it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// Returns whether it has an open slot.
    #[must_use]
    pub fn is_held(&self) -> bool {
        !self.leases.is_empty()
    }

    /// Returns whether it can be lent now.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.is_active() && !self.is_held()
    }

    /// Its last assignments, newest first, leaving out one session's.
    pub fn recent_work(&self, except: Option<&SessionId>) -> impl Iterator<Item = &Work> {
        let newest_first = self.recent.iter().rev();
        newest_first.filter(move |work| Some(&work.session) != except).take(Self::RECENT)
    }

    /// Notes an assignment.
    ///
    /// Kept are the last three of each session and the last six in all: taking
    /// any one session out of those leaves the three of [`Self::recent_work`].
    fn note_work(&mut self, work: Work) {
        let same_session = |other: &Work| other.session == work.session;
        if self.recent.iter().filter(|other| same_session(other)).count() >= Self::RECENT
            && let Some(oldest) = self.recent.iter().position(same_session)
        {
            self.recent.remove(oldest);
        }
        if self.recent.len() >= 2 * Self::RECENT {
            self.recent.remove(0);
        }
        self.recent.push(work);
    }

    /// Notes that it was lent. Which slots are open is kept by itself.
    pub(super) fn lend(&mut self, at: Timestamp, assign: &Assign, slot: &AssignedSlot) {
        let (session, project, role) = (&assign.session, &assign.project, &slot.role);
        self.last_assigned = self.last_assigned.max(Some(at));
        let record = self.roles.entry(role.clone()).or_default();
        record.assigned += 1;
        let second = at.as_second();
        if record.last.as_ref().is_none_or(|last| last.at <= second) {
            let (session, project) = (session.clone(), project.clone());
            record.last = Some(LastWork { session, project, at: second });
        }
        self.offer_lessons(role, project);
        let (role, project, session) = (role.clone(), project.clone(), session.clone());
        self.note_work(Work { role, project, session, assigned_at: at });
    }
}

impl RoleRecord {
    /// The tally of a month.
    pub(super) fn month(&mut self, at: Timestamp) -> &mut MonthTally {
        let month = Month::of(at);
        let place = self.months.partition_point(|it| it.month < month);
        if self.months.get(place).is_none_or(|it| it.month != month) {
            self.months.insert(place, MonthTally::of(month));
        }
        #[expect(clippy::indexing_slicing, reason = "it was found or inserted there")]
        &mut self.months[place]
    }

    /// Counts a judgement under its month once more, or once less.
    pub(super) fn count(&mut self, at: Timestamp, it: Judgement, is_compacted: bool, more: bool) {
        if let Some(count) = MonthTally::column(it, is_compacted) {
            let count = count(self.month(at));
            *count = if more { count.saturating_add(1) } else { count.saturating_sub(1) };
            if !more {
                self.months.retain(|it| !it.is_empty());
            }
        }
    }

    /// How often the persona came back with its work done.
    #[must_use]
    pub fn closed(&self) -> u64 {
        closed(&self.months)
    }

    /// The outcomes that count, of all months.
    #[must_use]
    pub fn outcomes(&self) -> OutcomeTally {
        let ok = self.months.iter().map(|it| u64::from(it.ok)).sum();
        OutcomeTally { ok, bad: self.months.iter().map(|it| u64::from(it.bad)).sum() }
    }
}

pub(super) fn closed(months: &[MonthTally]) -> u64 {
    months.iter().map(|it| u64::from(it.closed)).sum()
}

/// Without the names of the fields: there may be ten of them for every persona.
impl Serialize for RoleRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// The record as its fields are named.
        #[derive(Serialize)]
        struct Row<'a>(
            u64,
            (u64, u64, u64),
            #[serde(with = "super::column::months")] &'a [MonthTally],
            Option<(&'a SessionId, &'a ProjectName, i64)>,
        );
        let Tally { positive, negative, neutral } = self.tally;
        let last = self.last.as_ref().map(|last| (&last.session, &last.project, last.at));
        Row(self.assigned, (positive, negative, neutral), &self.months, last).serialize(serializer)
    }
}

impl Tally {
    /// The count of a verdict.
    pub(crate) fn of(&mut self, sentiment: Sentiment) -> &mut u64 {
        match sentiment {
            Sentiment::Positive => &mut self.positive,
            Sentiment::Negative => &mut self.negative,
            Sentiment::Neutral => &mut self.neutral,
        }
    }

    /// This and another.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            positive: self.positive + other.positive,
            negative: self.negative + other.negative,
            neutral: self.neutral + other.neutral,
        }
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.positive + self.negative + self.neutral
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::projection::view::tests::{History, assign, seed};

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn recent_work_is_the_last_three_outside_any_one_session(
            sessions in prop::collection::vec(prop::sample::select(vec!["s1", "s2", "s3", "s4"]), 0..20),
        ) {
            let lent = sessions.iter().map(|session| assign(session, "w-0", "Ann", "testing"));
            let ann = History::of([seed("Ann")].into_iter().chain(lent)).persona("Ann");
            prop_assert!(ann.recent.len() <= 2 * Persona::RECENT, "no more than that is kept");
            for except in [None, Some("s1"), Some("s2"), Some("s3"), Some("s4")] {
                let told: Vec<_> = ann
                    .recent_work(except.map(SessionId::unchecked).as_ref())
                    .map(|work| (work.session.to_string(), work.assigned_at.as_second()))
                    .collect();
                let mut due: Vec<_> = sessions
                    .iter()
                    .zip(2_i64..)
                    .filter(|(session, _)| Some(**session) != except)
                    .map(|(session, second)| ((*session).to_owned(), second))
                    .collect();
                due.reverse();
                due.truncate(3);
                prop_assert_eq!(told, due);
            }
        }
    }
}
