//! All personas, as a sequence of events leaves them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use smol_str::SmolStr;

use super::{Lease, Origin, Persona, Status, Work};
use crate::events::{
    Assign, Definition, Event, FORMAT_VERSION, Feedback, PersonaName, Record, Release,
    ReleaseReason, SessionId,
};

/// The personas, who holds them, and what was counted on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    /// In the order in which they were created.
    personas: Vec<Persona>,
    /// Where each one is in `personas`.
    by_name: BTreeMap<PersonaName, usize>,
    /// The sessions that hold a persona.
    sessions: BTreeMap<SessionId, Activity>,
    /// Feedback from before this moment does not count.
    compacted_before: Option<Timestamp>,
    /// How many slots were ever lent.
    assignments: u64,
    /// How many judgements were ever given.
    feedback: u64,
    /// Event types that this build does not know, and how many of each were skipped.
    unknown: BTreeMap<SmolStr, u64>,
    /// The newest format version of any event.
    newest_version: u32,
}

/// What a session that holds personas last did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Activity {
    /// The latest event that names it.
    last: Timestamp,
    /// How many slots it has open.
    open: usize,
}

/// Something in the log that its reader should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Branches that were merged had lent the same persona.
    TwoHolders(PersonaName, Vec<SessionId>),
    /// Events of an unknown type do not count.
    UnknownType(SmolStr, u64),
    /// A newer build wrote to this log.
    NewerFormat(u32),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TwoHolders(persona, sessions) => {
                let sessions: Vec<_> = sessions.iter().map(|s| format!("`{s}`")).collect();
                write!(
                    f,
                    "`{persona}` is held {} times, by the sessions {}: merged branches had lent it to each",
                    sessions.len(),
                    sessions.join(", ")
                )
            }
            Self::UnknownType(kind, 1) => {
                write!(f, "skipped 1 event of the unknown type `{kind}`")
            }
            Self::UnknownType(kind, n) => {
                write!(f, "skipped {n} events of the unknown type `{kind}`")
            }
            Self::NewerFormat(v) => write!(
                f,
                "the log holds events of format version {v}; this build knows {FORMAT_VERSION} and skips them"
            ),
        }
    }
}

impl Roster {
    /// All personas, in the order in which they were created.
    #[must_use]
    pub fn personas(&self) -> &[Persona] {
        &self.personas
    }

    /// The persona of that name.
    #[must_use]
    pub fn get(&self, name: &PersonaName) -> Option<&Persona> {
        self.personas.get(*self.by_name.get(name)?)
    }

    /// The personas of those names that exist, by name.
    pub fn by_name(&self) -> impl Iterator<Item = &Persona> {
        self.by_name.values().filter_map(|index| self.personas.get(*index))
    }

    /// The open slots of a session, with who sits in them, in the order of personas and slots.
    pub fn open_slots(&self, session: &SessionId) -> impl Iterator<Item = (&Persona, &Lease)> {
        self.personas.iter().flat_map(move |persona| {
            let leases = persona.leases.iter();
            leases.filter(move |lease| lease.session == *session).map(move |lease| (persona, lease))
        })
    }

    /// The sessions that hold a persona, with the latest moment at which an event named each.
    pub fn sessions(&self) -> impl Iterator<Item = (&SessionId, Timestamp)> {
        self.sessions.iter().map(|(session, activity)| (session, activity.last))
    }

    /// The latest moment at which an event named a session that holds a persona.
    #[must_use]
    pub fn last_activity(&self, session: &SessionId) -> Option<Timestamp> {
        self.sessions.get(session).map(|activity| activity.last)
    }

    /// The moment before which feedback does not count.
    #[must_use]
    pub fn compacted_before(&self) -> Option<Timestamp> {
        self.compacted_before
    }

    /// How many slots were ever lent.
    #[must_use]
    pub fn assignments(&self) -> u64 {
        self.assignments
    }

    /// How many judgements were ever given.
    #[must_use]
    pub fn feedback(&self) -> u64 {
        self.feedback
    }

    /// The newest format version of any event.
    #[must_use]
    pub fn newest_version(&self) -> u32 {
        self.newest_version
    }

    /// What the reader of this log should know.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.newest_version > FORMAT_VERSION {
            warnings.push(Warning::NewerFormat(self.newest_version));
        }
        for (kind, n) in &self.unknown {
            warnings.push(Warning::UnknownType(kind.clone(), *n));
        }
        for persona in self.by_name().filter(|persona| persona.leases.len() > 1) {
            let mut holders: Vec<_> = persona.leases.iter().map(|l| l.session.clone()).collect();
            holders.sort();
            warnings.push(Warning::TwoHolders(persona.name().clone(), holders));
        }
        warnings
    }

    /// Applies one event. Whoever calls sees to the order.
    pub fn apply(&mut self, record: &Record) {
        self.newest_version = self.newest_version.max(record.v);
        let at = record.at;
        match &record.event {
            Event::Seed(definition) => self.create(record, Origin::Seed, definition),
            Event::Grow(definition) => self.create(record, Origin::Grown, definition),
            Event::Revise(definition) => {
                if let Some(persona) = self.get_mut(&definition.name) {
                    persona.definition = definition.clone();
                }
            }
            Event::Assign(assign) => self.assign(at, assign),
            Event::Release(release) => self.release(at, release),
            Event::Feedback(feedback) => self.judge(at, feedback),
            Event::Retire(retire) => {
                self.set_status(&retire.persona, Status::Archived(retire.reason));
            }
            Event::Reactivate(reactivate) => self.set_status(&reactivate.persona, Status::Active),
            Event::Compact(compact) => {
                if self.compacted_before.is_none_or(|before| before < compact.before) {
                    self.compacted_before = Some(compact.before);
                    for role in self.personas.iter_mut().flat_map(|p| p.roles.values_mut()) {
                        role.forget_feedback(compact.before);
                    }
                }
            }
            Event::Repair(_) => {}
            Event::Unknown(unknown) => {
                *self.unknown.entry(unknown.kind.clone()).or_default() += 1;
            }
        }
    }

    fn get_mut(&mut self, name: &PersonaName) -> Option<&mut Persona> {
        self.personas.get_mut(*self.by_name.get(name)?)
    }

    /// The first event that names a persona defines it.
    fn create(&mut self, record: &Record, origin: Origin, definition: &Definition) {
        if !self.by_name.contains_key(&definition.name) {
            self.by_name.insert(definition.name.clone(), self.personas.len());
            let persona = Persona::new(record.id, record.at, origin, definition.clone());
            self.personas.push(persona);
        }
    }

    fn set_status(&mut self, name: &PersonaName, status: Status) {
        if let Some(persona) = self.get_mut(name) {
            persona.status = status;
        }
    }

    fn assign(&mut self, at: Timestamp, assign: &Assign) {
        let mut opened = 0;
        for assigned in &assign.slots {
            self.assignments += 1;
            let Some(persona) = self.get_mut(&assigned.persona) else { continue };
            persona.last_assigned = persona.last_assigned.max(Some(at));
            persona.roles.entry(assigned.role.clone()).or_default().assigned += 1;
            persona.note_work(Work {
                role: assigned.role.clone(),
                project: assign.project.clone(),
                session: assign.session.clone(),
                assigned_at: at,
            });
            let lease = Lease {
                session: assign.session.clone(),
                slot: assigned.slot.clone(),
                role: assigned.role.clone(),
                project: assign.project.clone(),
                since: at,
            };
            let is_same = |open: &Lease| {
                (&open.session, &open.slot, &open.role)
                    == (&lease.session, &lease.slot, &lease.role)
            };
            if !persona.leases.iter().any(is_same) {
                persona.leases.push(lease);
                opened += 1;
            }
        }
        if opened > 0 {
            let activity = self
                .sessions
                .entry(assign.session.clone())
                .or_insert(Activity { last: at, open: 0 });
            activity.open += opened;
        }
        self.note_activity(&assign.session, at);
    }

    fn release(&mut self, at: Timestamp, release: &Release) {
        let mut closed = 0;
        for released in &release.slots {
            let Some(persona) = self.get_mut(&released.persona) else { continue };
            let open = persona.leases.iter().position(|lease| {
                (&lease.session, &lease.slot, &lease.role)
                    == (&release.session, &released.slot, &released.role)
            });
            let Some(open) = open else { continue };
            persona.leases.remove(open);
            closed += 1;
            if release.reason != ReleaseReason::Orphaned {
                persona.roles.entry(released.role.clone()).or_default().closed += 1;
            }
        }
        self.note_activity(&release.session, at);
        if let Some(activity) = self.sessions.get_mut(&release.session) {
            activity.open -= closed.min(activity.open);
            if activity.open == 0 {
                self.sessions.remove(&release.session);
            }
        }
    }

    fn judge(&mut self, at: Timestamp, feedback: &Feedback) {
        self.feedback += 1;
        if let Some(session) = &feedback.session {
            self.note_activity(session, at);
        }
        let counts = self.compacted_before.is_none_or(|before| at >= before);
        if let Some(persona) = self.get_mut(&feedback.persona)
            && counts
        {
            let role = persona.roles.entry(feedback.role.clone()).or_default();
            role.note_feedback(at, feedback.sentiment);
        }
    }

    /// Notes that an event names a session; only those that hold a persona matter.
    fn note_activity(&mut self, session: &SessionId, at: Timestamp) {
        if let Some(activity) = self.sessions.get_mut(session) {
            activity.last = activity.last.max(at);
        }
    }
}
