//! All personas, as a sequence of events leaves them.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::deferred::Deferred;
use super::index::{Index, RoleIndex};
use super::judgements::Judgements;
use super::leases::{Leases, NONE};
use super::participations::Participations;
use super::stored::Stored;
use super::{Candidate, Lease, Needs, Persona};
use crate::events::{EventId, PersonaName, RoleName, SessionId, Slot, Tag, folded};

/// The personas, who holds them, and what was counted on the way.
///
/// Of a roster that came from a checkpoint only the index is in memory: what a
/// choice needs to know of every persona. The details of a persona and the
/// tallies of a role are there once they were loaded; to ask for
/// others is a bug of the caller. A roster that was folded from the log has
/// all of it.
///
/// It serializes without its personas, which a checkpoint keeps apart.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Roster {
    /// In the order in which the personas were created.
    pub(super) names: Vec<PersonaName>,
    /// The positions in `names`, in the order of names.
    #[serde(with = "super::column::numbers")]
    pub(super) by_name: Vec<u32>,
    /// The sessions that hold a persona.
    pub(super) sessions: BTreeMap<SessionId, Activity>,
    pub(super) totals: Totals,
    /// The details, by position; none where they are not loaded.
    #[serde(skip)]
    pub(super) personas: Vec<Option<Box<Persona>>>,
    /// What was lent since of those that are not loaded, by position.
    #[serde(skip)]
    deferred: BTreeMap<usize, Deferred>,
    /// The tallies of roles that were loaded: they count for personas that are not.
    #[serde(skip)]
    roles: BTreeMap<RoleName, RoleIndex>,
    #[serde(skip)]
    pub(super) judgements: Judgements,
    #[serde(skip)]
    pub(super) participations: Participations,
    /// What the rest of the personas is loaded from, if there is a rest.
    #[serde(skip)]
    pub(super) stored: Option<Arc<Stored>>,
}

/// What was counted on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Totals {
    /// Feedback from before this moment does not count.
    pub compacted_before: Option<Timestamp>,
    /// How many slots were ever lent.
    pub assignments: u64,
    /// Whether it was ever told that a run began: only then does it mean something if it is not.
    #[serde(default)]
    pub has_deliveries: bool,
    /// How often feedback was ever given.
    pub feedback: u64,
    /// Event types that this build does not know, and how many of each were skipped.
    pub unknown: BTreeMap<SmolStr, u64>,
    /// The events whose texts were forgotten: known before any text is shown.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub forgotten: BTreeSet<EventId>,
    /// The newest format version of any event.
    pub(crate) newest_version: u32,
}

/// What a session that holds personas last did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Activity {
    /// The latest event that names it.
    pub last: Timestamp,
    /// The positions of the personas that it holds, each with how many of its slots.
    pub holds: BTreeMap<u32, u64>,
}

impl Roster {
    /// Completes a roster of which a checkpoint keeps the details, if they fit.
    pub(super) fn stored(mut self, stored: Stored) -> Option<Self> {
        let personas = self.names.len();
        if self.by_name.len() != personas || !stored.fits(personas) {
            return None;
        }
        self.personas.resize_with(personas, || None);
        let stored = Arc::new(stored);
        self.judgements = Judgements::stored(Arc::clone(&stored));
        self.participations = Participations::stored(Arc::clone(&stored));
        self.stored = Some(stored);
        Some(self)
    }

    /// Loads what is needed and not yet in memory.
    ///
    /// After `None` the roster is of no use: the rest of the checkpoint cannot be read, and the
    /// log has to be folded again.
    pub(crate) fn load(&mut self, needs: &Needs) -> Option<()> {
        if needs.all_judgements {
            self.judgements.load_all()?;
        }
        self.participations.load(needs)?;
        let mut judged = Vec::new();
        for key in &needs.judgements {
            self.judgements.load(*key)?;
            // What is replaced may have been of another persona.
            judged.extend(self.judgements.of(*key).iter().map(|it| it.persona as usize));
        }
        let Some(stored) = self.stored.clone() else { return Some(()) };
        if needs.everyone {
            let loaded = stored.personas()?;
            // Others may have been created since.
            if loaded.iter().map(|persona| persona.name()).ne(self.names.iter().take(loaded.len()))
            {
                return None;
            }
            for (persona, loaded) in self.personas.iter_mut().zip(loaded) {
                persona.get_or_insert(loaded);
            }
            for (index, deferred) in mem::take(&mut self.deferred) {
                deferred.apply(self.personas.get_mut(index)?.as_mut()?);
            }
            self.stored = None;
            self.roles.clear();
            return Some(());
        }
        for role in &needs.roles {
            if !self.roles.contains_key(role) {
                self.roles.insert(role.clone(), stored.role(role)?);
            }
        }
        let typed = needs.typed.as_deref().map(|typed| self.matching(typed)).unwrap_or_default();
        let slot = needs.slot.as_ref();
        let in_slot = slot.map(|(session, slot)| self.in_slot(session, slot)).unwrap_or_default();
        let names = needs.personas.iter().chain(typed);
        let positions = names.filter_map(|name| self.position(name).ok());
        let positions: Vec<_> = positions.chain(in_slot).collect();
        for index in positions.into_iter().chain(judged) {
            if let Some(persona @ None) = self.personas.get_mut(index) {
                let mut loaded = Box::new(stored.persona(index, self.names.get(index)?)?);
                if let Some(deferred) = self.deferred.remove(&index) {
                    deferred.apply(&mut loaded);
                }
                *persona = Some(loaded);
            }
        }
        Some(())
    }

    /// Returns whether there is more in a checkpoint than in memory.
    pub(crate) fn is_partial(&self) -> bool {
        self.stored.is_some() || self.judgements.is_partial()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// All personas, in the order in which they were created.
    pub(crate) fn personas(&self) -> Vec<&Persona> {
        debug_assert!(self.stored.is_none(), "not everyone is loaded");
        self.personas.iter().flatten().map(Box::as_ref).collect()
    }

    /// All personas, by name.
    #[must_use]
    pub fn by_name(&self) -> Vec<&Persona> {
        debug_assert!(self.stored.is_none(), "not everyone is loaded");
        self.by_name.iter().filter_map(|index| self.at(*index as usize)).collect()
    }

    /// The names of all personas, sorted.
    pub fn names(&self) -> impl Iterator<Item = &PersonaName> {
        self.by_name.iter().filter_map(|index| self.names.get(*index as usize))
    }

    /// The names that are meant by what was typed: the exact one; else those that differ in case
    /// and accents only; else those of which a word begins so.
    pub(crate) fn matching(&self, typed: &str) -> Vec<&PersonaName> {
        let exact = self.position(&PersonaName::unchecked(typed)).ok();
        if let Some(name) = exact.and_then(|index| self.names.get(index)) {
            return vec![name];
        }
        let wanted = folded(typed.trim());
        let (mut same, mut begun) = (Vec::new(), Vec::new());
        for name in self.names() {
            let name_folded = folded(name.as_str());
            if name_folded == wanted {
                same.push(name);
            } else if has_word_from(&name_folded, &wanted) {
                begun.push(name);
            }
        }
        if same.is_empty() && !wanted.is_empty() { begun } else { same }
    }

    /// The persona of that name.
    #[must_use]
    pub fn get(&self, name: &PersonaName) -> Option<&Persona> {
        self.at(self.position(name).ok()?)
    }

    /// The persona at a position in the order in which they were created.
    fn at(&self, index: usize) -> Option<&Persona> {
        let persona = self.personas.get(index)?.as_deref();
        debug_assert!(persona.is_some(), "the persona is not loaded");
        persona
    }

    /// Where a persona is in `names`, or else where its name belongs in `by_name`.
    pub(super) fn position(&self, name: &PersonaName) -> Result<usize, usize> {
        let name_at = |index: &u32| self.names.get(*index as usize);
        let found = self.by_name.binary_search_by(|index| name_at(index).cmp(&Some(name)))?;
        self.by_name.get(found).map(|index| *index as usize).ok_or(found)
    }

    /// A persona as it counts for any choice.
    pub(crate) fn candidate(&self, name: &PersonaName) -> Option<Candidate<'_>> {
        self.candidate_at(self.position(name).ok()?)
    }

    /// All personas as they count for any choice, in the order in which they were created.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate<'_>> {
        (0..self.names.len()).filter_map(|index| self.candidate_at(index))
    }

    fn candidate_at(&self, index: usize) -> Option<Candidate<'_>> {
        match self.personas.get(index)? {
            Some(persona) => Some(persona.candidate(index)),
            None => self.candidate_in(&self.stored.as_ref()?.index, index, self.names.get(index)?),
        }
    }

    /// A persona that is not loaded, as it counts for any choice.
    fn candidate_in<'a>(
        &self,
        stored: &Index,
        index: usize,
        name: &'a PersonaName,
    ) -> Option<Candidate<'a>> {
        let it = stored.candidate(index, name)?;
        Some(match self.deferred.get(&index) {
            Some(Deferred { leases, last, .. }) => Candidate {
                hold: leases.hold(),
                last_assigned: it.last_assigned.max(Some(last.as_second())),
                ..it
            },
            None => it,
        })
    }

    /// What was lent since the checkpoint of a persona that is not loaded.
    pub(super) fn deferred(&mut self, index: usize) -> &mut Deferred {
        let Self { deferred, stored, .. } = self;
        debug_assert!(stored.is_some(), "a persona is neither loaded nor in the checkpoint");
        deferred.entry(index).or_insert_with(|| {
            let stored = stored.as_ref().and_then(|stored| stored.index.leases(index));
            Deferred::new(stored.unwrap_or(&NONE).clone())
        })
    }

    /// All personas as they count for a role, in the order in which they were created.
    ///
    /// `expertise` is what the role asks for.
    pub fn candidates_for<'a>(
        &'a self,
        role: &'a RoleName,
        expertise: &'a [Tag],
    ) -> impl Iterator<Item = Candidate<'a>> {
        let loaded = self.roles.get(role);
        debug_assert!(loaded.is_some() || self.stored.is_none(), "`{role}` is not loaded");
        let index = self.stored.as_ref().map(|stored| &stored.index);
        let wanted = index.map(|index| index.positions(expertise)).unwrap_or_default();
        let mut rows = loaded.map_or(&[][..], |role| &role.records.rows).iter().peekable();
        let months = loaded.map_or(&[][..], |role| &role.records.months);
        let mut months_until = 0;
        let mut own = loaded.map_or(&[][..], |role| &role.own).iter().peekable();
        self.personas.iter().zip(&self.names).enumerate().filter_map(
            move |(at, (persona, name))| {
                // Both columns are ascending, as is `at`.
                let row = rows.next_if(|row| row.persona as usize == at);
                let (positive, negative) = row.map_or((0, 0), |row| (row.positive, row.negative));
                let from = months_until;
                months_until = row.map_or(from, |row| row.months_until);
                let has_own = own.next_if(|of| **of as usize == at).is_some();
                if let Some(persona) = persona {
                    return Some(persona.candidate_for(at, role, expertise));
                }
                let index = index?;
                let knows = index.known(at).iter().any(|tag| wanted.contains(tag));
                let any = self.candidate_in(index, at, name)?;
                let months = months.get(from..months_until).unwrap_or_default();
                Some(Candidate { knows, has_own, positive, negative, months, ..any })
            },
        )
    }

    /// How many personas have each field of expertise.
    pub(crate) fn expertise(&self) -> BTreeMap<&str, u64> {
        let mut counts = BTreeMap::new();
        for (index, persona) in self.personas.iter().enumerate() {
            let loaded = persona.iter().flat_map(|persona| &persona.definition.expertise);
            let stored = self.stored.iter().filter(|_| persona.is_none());
            for tag in loaded.chain(stored.flat_map(|stored| stored.index.expertise(index))) {
                *counts.entry(tag.as_str()).or_default() += 1;
            }
        }
        counts
    }

    /// The open slots of a session, each with the persona in it, in the order of personas and slots.
    #[must_use]
    pub fn open_slots(&self, session: &SessionId) -> Vec<(&PersonaName, &Lease)> {
        let named = self.held(session).filter_map(|index| Some((self.names.get(index)?, index)));
        let open = named.flat_map(|(name, index)| {
            self.leases_at(index).of_session(session).map(move |lease| (name, lease))
        });
        open.collect()
    }

    /// The positions of those whom a session holds, ascending.
    fn held(&self, session: &SessionId) -> impl Iterator<Item = usize> {
        let activity = self.sessions.get(session).into_iter();
        activity.flat_map(|activity| activity.holds.keys()).map(|index| *index as usize)
    }

    /// The positions of those who are in a slot of a session: after a merge there may be several.
    pub(super) fn in_slot(&self, session: &SessionId, slot: &Slot) -> Vec<usize> {
        self.held(session).filter(|index| self.leases_at(*index).has_slot(session, slot)).collect()
    }

    /// The open slots of a persona.
    #[must_use]
    pub fn leases(&self, name: &PersonaName) -> &Leases {
        self.position(name).map_or(&NONE, |index| self.leases_at(index))
    }

    fn leases_at(&self, index: usize) -> &Leases {
        if let Some(deferred) = self.deferred.get(&index) {
            return &deferred.leases;
        }
        match (self.personas.get(index), &self.stored) {
            (Some(Some(persona)), _) => &persona.leases,
            // The index was checked by its id: what is no lease in it was not written by this build.
            (_, Some(stored)) => stored.index.leases(index).unwrap_or(&NONE),
            (_, None) => &NONE,
        }
    }

    /// The sessions that hold a persona, with the latest moment at which an event named each.
    pub fn sessions(&self) -> impl Iterator<Item = (&SessionId, Timestamp)> {
        self.sessions.iter().map(|(session, activity)| (session, activity.last))
    }

    /// The latest moment at which an event named a session that holds a persona.
    pub(crate) fn last_activity(&self, session: &SessionId) -> Option<Timestamp> {
        self.sessions.get(session).map(|activity| activity.last)
    }

    /// How many slots were ever lent.
    #[must_use]
    pub fn assignments(&self) -> u64 {
        self.totals.assignments
    }

    /// Returns whether it was ever told that a run began.
    pub(crate) fn has_deliveries(&self) -> bool {
        self.totals.has_deliveries
    }

    /// How often feedback was ever given.
    #[must_use]
    pub fn feedback(&self) -> u64 {
        self.totals.feedback
    }

    pub(crate) fn newest_version(&self) -> u32 {
        self.totals.newest_version
    }
}

/// Two rosters are equal when they say the same, and the same personas of both are loaded.
impl PartialEq for Roster {
    fn eq(&self, other: &Self) -> bool {
        (&self.names, &self.personas, &self.by_name)
            == (&other.names, &other.personas, &other.by_name)
            && (&self.sessions, &self.totals) == (&other.sessions, &other.totals)
            && (&self.judgements, &self.participations)
                == (&other.judgements, &other.participations)
    }
}

impl Eq for Roster {}

/// Returns whether a word of a name begins so, and what follows is as wanted; both are folded.
fn has_word_from(name: &str, wanted: &str) -> bool {
    let is_start = |at: usize| {
        let before = name.get(..at).unwrap_or_default();
        before.is_empty() || before.ends_with(|c: char| c.is_whitespace() || c == '-' || c == '\'')
    };
    name.match_indices(wanted).any(|(at, _)| is_start(at))
}
