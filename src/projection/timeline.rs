//! Who held what and when, and what is counted of it, in bounded memory.
//!
//! A [`Timeline`] follows the log event by event. What it keeps grows with the personas, their roles
//! and projects and what is open, and not with the length of the log. Where it is asked about a
//! part of the log only, it grows with the slots and judgements in that, too.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use serde::Serialize;

use super::{Cutoff, TimeWindow};
use crate::events::{
    Assign, Event, EventId, EventText, PersonaName, ProjectName, Record, Release, RoleName,
    SessionId, Slot, WorkName,
};

/// What a timeline is about, and how much it keeps.
#[derive(Debug, Clone)]
pub struct TimelineScope {
    /// Only work on this project.
    pub project: Option<ProjectName>,
    /// Only what is not within this cut-off: events within it are too early.
    pub before: Option<Cutoff>,
    /// The time of the lanes.
    pub window: TimeWindow,
    /// How many of the newest jobs are kept.
    pub jobs: usize,
    /// How many of the last events are kept.
    pub events: usize,
}

/// The work of all personas over time.
#[derive(Debug, Clone)]
pub struct Timeline {
    scope: TimelineScope,
    open: BTreeMap<(SessionId, PersonaName, Slot, RoleName), OpenJob>,
    lanes: BTreeMap<PersonaName, Lane>,
    tasks: Vec<Task>,
    task_numbers: BTreeMap<Task, u32>,
    counts: BTreeMap<PersonaName, BTreeMap<RoleName, JobCount>>,
    /// The newest, oldest first; the first has the number `dropped`.
    jobs: VecDeque<Job>,
    dropped: usize,
    /// How many jobs were open at some time in the window.
    in_window: usize,
    last: VecDeque<Record>,
    /// The slots that were last lent for the project, where one is asked about.
    seats: BTreeSet<(SessionId, PersonaName, Slot)>,
    /// The feedback and the outcomes in the scope, where that is not all.
    judged: BTreeSet<EventId>,
}

/// One slot, from its assignment to its release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    /// Who was lent.
    pub persona: PersonaName,
    /// In which role.
    pub role: RoleName,
    /// On which project.
    pub project: ProjectName,
    /// For what there, if that is known.
    pub work: Option<WorkName>,
    /// For which session.
    pub session: SessionId,
    /// In which slot.
    pub slot: Slot,
    /// Since when.
    pub assigned_at: Timestamp,
    /// Until when; not while it lasts.
    pub released_at: Option<Timestamp>,
}

/// How often a persona was lent in a role, and how often it finished.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobCount {
    /// Slots that were opened.
    pub lent: u64,
    /// Slots that were closed with their work done.
    pub done: u64,
}

/// What somebody was lent for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Task {
    /// In which role.
    pub role: RoleName,
    /// On which project.
    pub project: ProjectName,
}

/// A part of a lane in which one task is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span<'a> {
    /// The first column.
    pub from: usize,
    /// The column after the last.
    pub until: usize,
    /// The task that was lent last in these columns.
    pub task: &'a Task,
}

#[derive(Debug, Clone)]
struct OpenJob {
    number: usize,
    since: Timestamp,
    /// Its number among the tasks; none if it is not in the scope.
    task: Option<u32>,
}

/// The time of one persona.
#[derive(Debug, Clone)]
struct Lane {
    /// The number of the task in each column.
    columns: Vec<Option<u32>>,
    /// The latest moment in which it was held.
    latest: Timestamp,
}

impl Timeline {
    /// A timeline before any event.
    #[must_use]
    pub fn new(scope: TimelineScope) -> Self {
        Self {
            scope,
            open: BTreeMap::new(),
            lanes: BTreeMap::new(),
            tasks: Vec::new(),
            task_numbers: BTreeMap::new(),
            counts: BTreeMap::new(),
            jobs: VecDeque::new(),
            dropped: 0,
            in_window: 0,
            last: VecDeque::new(),
            seats: BTreeSet::new(),
            judged: BTreeSet::new(),
        }
    }

    /// Applies the next event in fold order.
    pub fn apply(&mut self, record: &Record) {
        let is_early = self.scope.before.is_some_and(|before| before.includes(record));
        let is_about = match &record.event {
            Event::Assign(assign) => self.assign(record.at, assign, is_early),
            Event::Release(release) => self.release(record.at, release, is_early),
            event => self.is_about(event),
        };
        if is_early || !is_about {
            return;
        }
        let is_judgement = matches!(record.event, Event::Feedback(_) | Event::Outcome(_));
        if is_judgement && !self.takes_all() {
            self.judged.insert(record.id);
        }
        self.last.push_back(record.clone());
        if self.last.len() > self.scope.events {
            self.last.pop_front();
        }
    }

    /// Shows what is still open until the end, and forgets jobs that ended before the window.
    pub fn finish(&mut self, now: Timestamp) {
        for ((_, persona, ..), job) in std::mem::take(&mut self.open) {
            if let Some(task) = job.task {
                self.show(&persona, &job, now, task);
            }
        }
        let window = self.scope.window;
        self.jobs.retain(|job| job.released_at.is_none_or(|end| !window.is_before(end)));
    }

    /// Returns whether the whole log is in the scope.
    #[must_use]
    pub fn takes_all(&self) -> bool {
        self.scope.project.is_none() && self.scope.before.is_none()
    }

    /// Returns whether a feedback or an outcome is in the scope.
    #[must_use]
    pub fn has_judgement(&self, id: EventId) -> bool {
        self.takes_all() || self.judged.contains(&id)
    }

    /// The time of the lanes.
    #[must_use]
    pub fn window(&self) -> TimeWindow {
        self.scope.window
    }

    /// How often a persona was lent in the scope, by role.
    #[must_use]
    pub fn counts(&self, persona: &PersonaName) -> Option<&BTreeMap<RoleName, JobCount>> {
        self.counts.get(persona)
    }

    /// The newest jobs in the window, oldest first.
    #[must_use]
    pub fn jobs(&self) -> impl DoubleEndedIterator<Item = &Job> {
        self.jobs.iter()
    }

    /// How many jobs were open at some time in the window.
    #[must_use]
    pub fn jobs_in_window(&self) -> usize {
        self.in_window
    }

    /// The last events in the scope, oldest first.
    #[must_use]
    pub fn last(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.last.iter()
    }

    /// Those who were held in the window, whoever was held latest first; of equal ones, by name.
    #[must_use]
    pub fn lanes(&self) -> Vec<(&PersonaName, Vec<Span<'_>>)> {
        let mut lanes: Vec<_> = self.lanes.iter().collect();
        lanes.sort_by_key(|(_, lane)| Reverse(lane.latest));
        lanes.into_iter().map(|(persona, lane)| (persona, self.spans(lane))).collect()
    }

    fn spans(&self, lane: &Lane) -> Vec<Span<'_>> {
        let mut from = 0;
        let mut spans = Vec::new();
        for same in lane.columns.chunk_by(|one, other| one == other) {
            let until = from + same.len();
            let number = same.first().copied().flatten();
            let task = number.and_then(|number| self.tasks.get(number as usize));
            spans.extend(task.map(|task| Span { from, until, task }));
            from = until;
        }
        spans
    }

    fn is_project(&self, project: &ProjectName) -> bool {
        self.scope.project.as_ref().is_none_or(|wanted| wanted == project)
    }

    /// Opens slots, and returns whether one of them is in the scope's project.
    fn assign(&mut self, at: Timestamp, assign: &Assign, is_early: bool) -> bool {
        let Assign { session, project, work, slots, .. } = assign;
        let is_it = self.is_project(project);
        for assigned in slots {
            let (slot, persona, role) = (&assigned.slot, &assigned.persona, &assigned.role);
            let seat = (session.clone(), persona.clone(), slot.clone());
            let lease = (session.clone(), persona.clone(), slot.clone(), role.clone());
            // A lease that is open stays open, since when it was.
            let Entry::Vacant(lease) = self.open.entry(lease) else { continue };
            let number = self.dropped + self.jobs.len();
            let task = Task { role: role.clone(), project: project.clone() };
            let task = is_it.then(|| {
                let next = u32::try_from(self.tasks.len()).unwrap_or(u32::MAX);
                *self.task_numbers.entry(task).or_insert_with_key(|task| {
                    self.tasks.push(task.clone());
                    next
                })
            });
            lease.insert(OpenJob { number, since: at, task });
            if self.scope.project.is_some() {
                if is_it {
                    self.seats.insert(seat);
                } else {
                    self.seats.remove(&seat);
                }
            }
            if !is_it {
                continue;
            }
            if !is_early {
                self.count(persona, role).lent += 1;
            }
            self.jobs.push_back(Job {
                persona: persona.clone(),
                role: role.clone(),
                project: project.clone(),
                work: work.clone(),
                session: session.clone(),
                slot: slot.clone(),
                assigned_at: at,
                released_at: None,
            });
            if self.jobs.len() > self.scope.jobs {
                self.jobs.pop_front();
                self.dropped += 1;
            }
        }
        is_it
    }

    /// Closes slots, and returns whether one that was open is in the scope's project.
    fn release(&mut self, at: Timestamp, release: &Release, is_early: bool) -> bool {
        let mut is_about = self.scope.project.is_none();
        for it in &release.slots {
            let (session, persona) = (release.session.clone(), it.persona.clone());
            let lease = (session, persona, it.slot.clone(), it.role.clone());
            let Some(job) = self.open.remove(&lease) else { continue };
            let Some(task) = job.task else { continue };
            is_about = true;
            if !is_early && release.reason.counts() {
                self.count(&it.persona, &it.role).done += 1;
            }
            let kept = job.number.checked_sub(self.dropped).and_then(|at| self.jobs.get_mut(at));
            if let Some(kept) = kept {
                kept.released_at = Some(at);
            }
            self.show(&it.persona, &job, at, task);
        }
        is_about
    }

    /// Returns whether an event that opens and closes no slot is about the scope's project.
    fn is_about(&self, event: &Event) -> bool {
        let Some(project) = &self.scope.project else { return true };
        if event.texts().any(|text| text == EventText::Project(project)) {
            return true;
        }
        match event {
            Event::Outcome(it) => {
                self.seats.contains(&(it.session.clone(), it.persona.clone(), it.slot.clone()))
            }
            Event::Feedback(it) if it.project.is_none() => it.session.as_ref().is_some_and(|of| {
                let first = (of.clone(), it.persona.clone(), Slot::unchecked(""));
                let mut seats = self
                    .seats
                    .range(first..)
                    .take_while(|(session, persona, _)| (session, persona) == (of, &it.persona));
                seats.any(|(.., slot)| it.slot.as_ref().is_none_or(|judged| judged == slot))
            }),
            Event::Seed(_)
            | Event::Grow(_)
            | Event::Revise(_)
            | Event::Assign(_)
            | Event::Release(_)
            | Event::Delivery(_)
            | Event::Feedback(_)
            | Event::Lesson(_)
            | Event::Unlearn(_)
            | Event::Note(_)
            | Event::Retract(_)
            | Event::Forget(_)
            | Event::Retire(_)
            | Event::Reactivate(_)
            | Event::Compact(_)
            | Event::Repair(_)
            | Event::Unknown { .. } => false,
        }
    }

    fn count(&mut self, persona: &PersonaName, role: &RoleName) -> &mut JobCount {
        self.counts.entry(persona.clone()).or_default().entry(role.clone()).or_default()
    }

    /// Shows a job in its lane, over what is there.
    fn show(&mut self, persona: &PersonaName, job: &OpenJob, end: Timestamp, task: u32) {
        let window = self.scope.window;
        let end = end.max(job.since);
        if window.is_before(end) {
            return;
        }
        self.in_window += 1;
        let lane = self
            .lanes
            .entry(persona.clone())
            .or_insert_with(|| Lane { columns: vec![None; window.columns()], latest: end });
        lane.latest = lane.latest.max(end);
        let (from, until) = (window.column(job.since), window.column(end));
        if let Some(columns) = lane.columns.get_mut(from..=until) {
            columns.fill(Some(task));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::events::decode;
    use crate::projection::MonthTally;
    use crate::projection::testing::{
        History, Said, anything, assign, feedback, outcome, release, retire, seed,
    };

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// All of the first two hours, minute by minute.
    fn all() -> TimelineScope {
        let window = TimeWindow::new(second(0), second(7_199), 120);
        TimelineScope { project: None, before: None, window, jobs: 100, events: 100 }
    }

    fn followed(history: &History, scope: TimelineScope, end: i64) -> Timeline {
        let mut timeline = Timeline::new(scope);
        for line in &history.lines {
            timeline.apply(&decode(line.trim_end().as_bytes()).unwrap());
        }
        timeline.finish(second(end));
        timeline
    }

    fn on(project: &str, (kind, mut data): Said) -> Said {
        data["project"] = project.into();
        (kind, data)
    }

    /// The lanes as `name: role 1-2, …`, by columns.
    fn lanes(timeline: &Timeline) -> Vec<String> {
        let lanes = timeline.lanes().into_iter().map(|(name, spans)| {
            let spans = spans.iter().map(|it| format!("{} {}-{}", it.task.role, it.from, it.until));
            format!("{name}: {}", spans.collect::<Vec<_>>().join(", "))
        });
        lanes.collect()
    }

    fn done(timeline: &Timeline, persona: &str, role: &str) -> JobCount {
        let counts = timeline.counts(&PersonaName::unchecked(persona));
        counts.and_then(|counts| counts.get(role)).copied().unwrap_or_default()
    }

    /// A log in which time passes between the events.
    fn day() -> History {
        let mut log = History::of([seed("Ann"), seed("Bo"), seed("Cy")]);
        for (minute, said) in [
            (1, assign("s1", "w-0", "Ann", "testing")),
            (2, assign("s1", "v-0", "Bo", "general")),
            (5, release("s1", "w-0", "Ann", "testing", "session_end")),
            (7, assign("s1", "w-0", "Ann", "general")),
            (9, release("s1", "w-0", "Ann", "general", "orphaned")),
            (10, release("s1", "w-0", "Ann", "general", "manual")), // not open any more
            (12, assign("s2", "w-0", "Ann", "testing")),
        ] {
            log.now = minute * 60 - 1;
            log.then(said);
        }
        log
    }

    #[test]
    fn a_lane_shows_what_was_held_in_each_column() {
        let timeline = followed(&day(), all(), 20 * 60);
        let shown = ["Ann: testing 1-6, general 7-10, testing 12-21", "Bo: general 2-21"];
        assert_eq!(lanes(&timeline), shown);
        assert_eq!(done(&timeline, "Ann", "testing"), JobCount { lent: 2, done: 1 });
        assert_eq!(done(&timeline, "Ann", "general"), JobCount { lent: 1, done: 0 });
        let jobs: Vec<_> =
            timeline.jobs().map(|job| (job.persona.as_str(), job.released_at)).collect();
        let ann = |at| ("Ann", Some(second(at)));
        assert_eq!(jobs, [ann(300), ("Bo", None), ann(540), ("Ann", None)]);
        assert_eq!(timeline.jobs_in_window(), 4);
    }

    #[test]
    fn what_was_held_before_the_window_is_in_no_lane_and_no_list() {
        let window = TimeWindow::new(second(6 * 60), second(20 * 60), 120);
        let timeline = followed(&day(), TimelineScope { window, ..all() }, 20 * 60);
        let shown = ["Ann: general 1-4, testing 6-15", "Bo: general 0-15"];
        assert_eq!(lanes(&timeline), shown);
        assert_eq!((timeline.jobs().count(), timeline.jobs_in_window()), (3, 3));
    }

    #[test]
    fn only_so_much_is_kept() {
        let timeline = followed(&day(), TimelineScope { jobs: 2, events: 3, ..all() }, 20 * 60);
        let jobs: Vec<_> = timeline.jobs().map(|job| job.assigned_at.as_second() / 60).collect();
        assert_eq!((jobs, timeline.jobs_in_window()), (vec![7, 12], 4));
        assert_eq!(timeline.jobs().next().unwrap().released_at, Some(second(540)));
        let last: Vec<_> = timeline.last().map(|record| record.at.as_second() / 60).collect();
        assert_eq!(last, [9, 10, 12]);
    }

    #[test]
    fn a_scope_takes_the_work_of_its_project_from_its_beginning_on() {
        let mut log = History::of([seed("Ann"), seed("Bo")]);
        log.extend([
            on("p", assign("s1", "w-0", "Ann", "testing")),
            on("q", assign("s2", "w-0", "Bo", "testing")),
            outcome("s1", "Ann", "testing", "ok"),
            outcome("s2", "Bo", "testing", "ok"),
            release("s2", "w-0", "Bo", "testing", "session_end"),
            release("s1", "w-0", "Ann", "testing", "session_end"),
            feedback(Some("s1"), "Ann", "testing", "positive"),
            feedback(Some("s2"), "Bo", "testing", "positive"),
            feedback(None, "Ann", "testing", "positive"),
            on("p", feedback(None, "Ann", "testing", "negative")),
            retire("Bo", "manual"),
            // The slot is another project's from now on.
            on("q", assign("s1", "w-0", "Ann", "testing")),
            outcome("s1", "Ann", "testing", "bad"),
        ]);
        let project = Some(ProjectName::unchecked("p"));
        let timeline = followed(&log, TimelineScope { project: project.clone(), ..all() }, 60);
        let seen = |timeline: &Timeline| -> Vec<_> {
            timeline.last().map(|record| record.at.as_second()).collect()
        };
        assert_eq!(seen(&timeline), [3, 5, 8, 9, 12]);
        let ids: Vec<_> =
            log.lines.iter().map(|it| decode(it.trim_end().as_bytes()).unwrap().id).collect();
        let judged: Vec<_> =
            (1..).zip(&ids).filter(|(_, id)| timeline.has_judgement(**id)).collect();
        assert_eq!(judged.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [5, 9, 12]);
        assert_eq!(timeline.counts(&PersonaName::unchecked("Bo")), None);

        let before = Some(Cutoff::Time(second(7)));
        let late = followed(&log, TimelineScope { project, before, ..all() }, 60);
        assert_eq!(seen(&late), [8, 9, 12]);
        assert_eq!(done(&late, "Ann", "testing"), JobCount { lent: 0, done: 1 });
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_counted_is_what_the_roster_counts(said in prop::collection::vec(anything(), 0..30)) {
            let log = History::of([seed("Ann"), seed("Bo")].into_iter().chain(said));
            let (timeline, roster) = (followed(&log, all(), 100), log.view().roster);
            let mut months = [0; 4];
            for persona in roster.personas() {
                for (role, record) in &persona.roles {
                    if persona.name().as_str() != "Nobody" {
                        let done = done(&timeline, persona.name().as_str(), role.as_str()).done;
                        prop_assert_eq!(done, record.closed());
                    }
                    let add = |sum: u64, count: fn(&MonthTally) -> u32| {
                        sum + record.months.iter().map(|it| u64::from(count(it))).sum::<u64>()
                    };
                    months = [
                        add(months[0], |it| it.positive + it.compacted_positive),
                        add(months[1], |it| it.negative + it.compacted_negative),
                        add(months[2], |it| it.ok),
                        add(months[3], |it| it.bad),
                    ];
                }
            }
            let told = roster.monthly_verdicts(|id| timeline.has_judgement(id));
            let told = told.into_values().next().unwrap_or_default();
            let (feedback, runs) = (told.feedback, told.outcomes);
            prop_assert_eq!([feedback.positive, feedback.negative, runs.ok, runs.bad], months);
        }
    }
}
