//! What the events add up to.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::Event;
use crate::fact::{Assignment, Definition, Fact, Outcome, OutcomeResult, Sentiment, Slot, Verdict};
use crate::history::History;
use crate::moment::Moment;

/// The personas by name, and what is lent.
#[derive(Debug, Default)]
pub struct Roster {
    pub personas: BTreeMap<String, Persona>,
    /// In the order in which they were opened.
    pub leases: Vec<Lease>,
    /// Those that were closed, each with when.
    pub given_back: Vec<(Moment, Lease)>,
    /// Whether it was ever told that a run began.
    tells_of_runs: bool,
}

#[derive(Debug)]
pub struct Persona {
    pub id: String,
    pub grown: bool,
    pub archived: bool,
    /// Whether it was archived by hand the last time.
    pub by_hand: bool,
    pub definition: Definition,
    pub roles: BTreeMap<String, RoleRecord>,
    /// The place of the event that created it, in the order of the history.
    pub place: usize,
    pub created_at: Moment,
    pub defined_at: Moment,
    pub last_assigned: Option<Moment>,
}

/// What is known of a persona in one role.
#[derive(Debug, Default)]
pub struct RoleRecord {
    /// When each slot was released whose work counts.
    pub finished: Vec<Moment>,
    /// What was said, in order, but for what was taken back.
    pub verdicts: Vec<Said>,
    /// How runs ended; of one run, slot and source only the last.
    pub outcomes: Vec<(Moment, OutcomeResult)>,
}

#[derive(Debug)]
pub struct Said {
    pub at: Moment,
    pub sentiment: Sentiment,
    pub compacted: bool,
    /// Session, slot and source; of one such, where there is a session, only the last counts.
    of: (Option<String>, Option<String>, String),
}

impl RoleRecord {
    /// How often this was said since the last compaction.
    pub fn tally(&self, sentiment: Sentiment) -> u64 {
        let fresh = self.verdicts.iter().filter(|verdict| !verdict.compacted);
        fresh.filter(|verdict| verdict.sentiment == sentiment).count() as u64
    }

    /// The verdicts that no later one replaces.
    pub fn last_verdicts(&self) -> impl Iterator<Item = &Said> {
        self.verdicts.iter().enumerate().filter_map(|(index, verdict)| {
            let later = &self.verdicts[index + 1..];
            let is_replaced = verdict.of.0.is_some() && later.iter().any(|it| it.of == verdict.of);
            (!is_replaced).then_some(verdict)
        })
    }

    /// How many of the outcomes are this one.
    pub fn ended(&self, result: OutcomeResult) -> usize {
        self.outcomes.iter().filter(|(_, it)| *it == result).count()
    }
}

#[derive(Debug)]
pub struct Lease {
    is_called: bool,
    /// What is known of each run: whether it began, and whether it is over.
    runs: BTreeMap<String, (bool, bool)>,
    pub session: String,
    pub slot: Slot,
    pub project: String,
    pub work: Option<String>,
    pub since: Moment,
}

impl Lease {
    /// Whether its run is over, and none goes on.
    pub fn is_over(&self) -> bool {
        let counts = |begun: bool| begun || !self.is_called;
        self.runs.values().any(|(begun, over)| *over && counts(*begun))
            && !self.runs.values().any(|(begun, over)| *begun && !*over)
    }
}

/// How many seconds a call is waited for that shows no sign of its run.
const UNSEEN: i64 = 10 * 60;

impl Roster {
    /// Whether a lease is of a call that, as far as anybody knows, never became a run.
    pub fn never_ran(&self, lease: &Lease, now: Moment) -> bool {
        let is_unseen = lease.is_called && lease.runs.is_empty();
        is_unseen && self.tells_of_runs && lease.since.seconds_until(now) >= UNSEEN
    }

    pub fn of(history: &History) -> Self {
        let limits = history.events.iter().filter_map(|event| match event.fact {
            Fact::Compacted { before } => Some(before),
            _ => None,
        });
        let limit = limits.max();
        let retracted = retracted(&history.events);
        let mut roster = Self::default();
        let mut ended = BTreeMap::new();
        for (place, event) in history.events.iter().enumerate() {
            let counts = !retracted.contains(&event.id);
            if let Fact::Measured(it) = &event.fact {
                roster.measure(it);
            }
            match &event.fact {
                Fact::Judged(verdict) if counts => {
                    roster.judge(event.at, verdict, limit.is_some_and(|limit| event.at < limit));
                }
                Fact::Measured(it) if counts && roster.personas.contains_key(&it.persona) => {
                    ended.insert((&it.run, &it.slot, &it.source), (event.at, it));
                }
                _ => roster.apply(event, place),
            }
        }
        for (at, Outcome { persona, role, result, .. }) in ended.into_values() {
            roster.role(persona, role, |record| record.outcomes.push((at, *result)));
        }
        roster
    }

    fn apply(&mut self, event: &Event, place: usize) {
        match &event.fact {
            Fact::Created { grown, definition } => self.create(event, place, *grown, definition),
            Fact::Revised(definition) => self.change(&definition.name, |persona| {
                persona.definition = definition.clone();
                persona.defined_at = event.at;
            }),
            Fact::Assigned(assignment) => {
                for slot in &assignment.slots {
                    self.lend(event.at, assignment, slot);
                }
            }
            Fact::Began { session, slot, run } => {
                self.tells_of_runs = true;
                let is_it = |it: &&mut Lease| it.session == *session && it.slot.name == *slot;
                for lease in self.leases.iter_mut().filter(is_it) {
                    let (has_begun, is_over) = lease.runs.entry(run.clone()).or_default();
                    *is_over = *is_over && !*has_begun;
                    *has_begun = true;
                }
            }
            Fact::Released { session, reason, slots } => {
                for slot in slots {
                    self.take_back(event.at, session, slot, reason);
                }
            }
            Fact::Retired { persona, by_hand } => self.change(persona, |persona| {
                (persona.archived, persona.by_hand) = (true, *by_hand);
            }),
            Fact::Reactivated { persona } => {
                self.change(persona, |persona| persona.archived = false);
            }
            Fact::Judged(_)
            | Fact::Measured(_)
            | Fact::Told
            | Fact::Retracted { .. }
            | Fact::Forgotten { .. }
            | Fact::Compacted { .. }
            | Fact::Repaired { .. }
            | Fact::Unknown => {}
        }
    }

    /// Changes a persona that exists.
    fn change(&mut self, name: &str, change: impl FnOnce(&mut Persona)) {
        if let Some(persona) = self.personas.get_mut(name) {
            change(persona);
        }
    }

    /// Changes what is known of a persona that exists.
    fn role(&mut self, name: &str, role: &str, change: impl FnOnce(&mut RoleRecord)) {
        self.change(name, |persona| change(persona.roles.entry(role.to_owned()).or_default()));
    }

    fn judge(&mut self, at: Moment, verdict: &Verdict, compacted: bool) {
        let Verdict { persona, role, session, slot, sentiment, source } = verdict;
        let of = (session.clone(), slot.clone(), source.clone());
        let said = Said { at, sentiment: *sentiment, compacted, of };
        self.role(persona, role, |record| record.verdicts.push(said));
    }

    fn create(&mut self, event: &Event, place: usize, grown: bool, definition: &Definition) {
        self.personas.entry(definition.name.clone()).or_insert_with(|| Persona {
            id: event.id.clone(),
            grown,
            archived: false,
            by_hand: false,
            definition: definition.clone(),
            roles: BTreeMap::new(),
            place,
            created_at: event.at,
            defined_at: event.at,
            last_assigned: None,
        });
    }

    fn lend(&mut self, at: Moment, assignment: &Assignment, slot: &Slot) {
        let Assignment { session, project, work, is_called, .. } = assignment.clone();
        let Some(persona) = self.personas.get_mut(&slot.persona) else {
            return;
        };
        persona.last_assigned = persona.last_assigned.max(Some(at));
        if self.open(&session, slot).is_none() {
            let (slot, runs, since) = (slot.clone(), BTreeMap::new(), at);
            self.leases.push(Lease { is_called, runs, session, slot, project, work, since });
        }
    }

    /// What an outcome says of a run, whether or not it is taken back.
    fn measure(&mut self, it: &Outcome) {
        let slot =
            Slot { name: it.slot.clone(), persona: it.persona.clone(), role: it.role.clone() };
        if let Some(open) = self.open(&it.session, &slot) {
            let (_, is_over) = self.leases[open].runs.entry(it.run.clone()).or_default();
            *is_over |= it.is_over;
        }
    }

    fn take_back(&mut self, at: Moment, session: &str, slot: &Slot, reason: &str) {
        let Some(open) = self.open(session, slot) else {
            return;
        };
        let lease = self.leases.remove(open);
        // A call that never became a run did nothing.
        if reason != "not_started" {
            self.given_back.push((at.max(lease.since), lease));
        }
        if !["orphaned", "not_started"].contains(&reason) {
            self.role(&slot.persona, &slot.role, |record| record.finished.push(at));
        }
    }

    /// Where the lease of just this session, slot, persona and role is.
    fn open(&self, session: &str, slot: &Slot) -> Option<usize> {
        self.leases.iter().position(|lease| lease.session == session && lease.slot == *slot)
    }
}

/// The events that a later one takes back.
fn retracted(events: &[Event]) -> BTreeSet<String> {
    let (mut before, mut retracted) = (BTreeSet::new(), BTreeSet::new());
    for event in events {
        before.insert(&event.id);
        if let Fact::Retracted { event } = &event.fact
            && before.contains(event)
        {
            retracted.insert(event.clone());
        }
    }
    retracted
}
