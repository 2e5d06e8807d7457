//! The open slots of one persona.

use std::collections::BTreeMap;

use super::{Hold, Lease};
use crate::events::{RoleName, SessionId, Slot};

/// So many are searched one by one; more have an index.
const FEW: usize = 8;

/// The open slots of one persona, in the order in which they were opened.
///
/// It is one, as a rule. But merged branches, or a program that never gives back, may leave any number,
/// and each event names one of them: to search all of them for each takes the square of their number.
#[derive(Debug, Clone, Default)]
pub struct Leases {
    /// Of more than a few, one that was closed leaves a gap, until half of them are gaps.
    places: Vec<Option<Lease>>,
    open: usize,
    /// The place of each; empty where they are few.
    by_slot: BTreeMap<(SessionId, Slot, RoleName), usize>,
}

/// What an empty index answers.
pub(super) static NONE: Leases = Leases { places: Vec::new(), open: 0, by_slot: BTreeMap::new() };

impl Leases {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Lease> + Clone {
        self.places.iter().flatten()
    }

    /// The one that was opened first.
    #[must_use]
    pub fn first(&self) -> Option<&Lease> {
        self.iter().next()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open == 0
    }

    /// The one of a session's slot in a role.
    #[must_use]
    pub fn get(&self, session: &SessionId, slot: &Slot, role: &RoleName) -> Option<&Lease> {
        self.places.get(self.place(session, slot, role)?)?.as_ref()
    }

    pub(super) fn get_mut(
        &mut self,
        session: &SessionId,
        slot: &Slot,
        role: &RoleName,
    ) -> Option<&mut Lease> {
        let place = self.place(session, slot, role)?;
        self.places.get_mut(place)?.as_mut()
    }

    /// Those of a session.
    pub fn of_session(&self, session: &SessionId) -> impl Iterator<Item = &Lease> {
        let places =
            self.places_from(session, &Slot::unchecked(""), |lease| lease.session == *session);
        places.into_iter().filter_map(|at| self.places.get(at)?.as_ref())
    }

    /// Returns whether any is that of a session's slot, in whatever role.
    pub(super) fn has_slot(&self, session: &SessionId, slot: &Slot) -> bool {
        !self.in_slot(session, slot).is_empty()
    }

    /// Does something to those of a session's slot: a merge may leave several.
    pub(super) fn change_slot(
        &mut self,
        session: &SessionId,
        slot: &Slot,
        mut change: impl FnMut(&mut Lease),
    ) {
        for place in self.in_slot(session, slot) {
            if let Some(Some(lease)) = self.places.get_mut(place) {
                change(lease);
            }
        }
    }

    fn in_slot(&self, session: &SessionId, slot: &Slot) -> Vec<usize> {
        self.places_from(session, slot, |it| (&it.session, &it.slot) == (session, slot))
    }

    /// What they mean for whoever needs the persona.
    pub(super) fn hold(&self) -> Hold {
        self.iter().map(Lease::hold).max().unwrap_or(Hold::Free)
    }

    /// Adds one that is opened, unless it is open already; then that stays as it is. Returns whether it
    /// was added.
    pub(super) fn open(&mut self, lease: Lease) -> bool {
        let Lease { session, slot, role, .. } = &lease;
        if self.place(session, slot, role).is_some() {
            return false;
        }
        if self.is_indexed() {
            self.by_slot.insert(key(&lease), self.places.len());
        }
        self.places.push(Some(lease));
        self.open += 1;
        if !self.is_indexed() {
            self.index();
        }
        true
    }

    /// Takes one out.
    pub(super) fn close(
        &mut self,
        session: &SessionId,
        slot: &Slot,
        role: &RoleName,
    ) -> Option<Lease> {
        let place = self.place(session, slot, role)?;
        let lease = self.places.get_mut(place)?.take()?;
        self.open -= 1;
        self.by_slot.remove(&key(&lease));
        if !self.is_indexed() || 2 * self.open < self.places.len() {
            self.places.retain(Option::is_some);
            self.by_slot.clear();
            self.index();
        }
        Some(lease)
    }

    fn is_indexed(&self) -> bool {
        !self.by_slot.is_empty()
    }

    /// Indexes them anew, if they are more than a few.
    fn index(&mut self) {
        if self.places.len() > FEW {
            let places = self.places.iter().enumerate();
            let keys = places.filter_map(|(at, lease)| Some((key(lease.as_ref()?), at)));
            self.by_slot = keys.collect();
        }
    }

    fn place(&self, session: &SessionId, slot: &Slot, role: &RoleName) -> Option<usize> {
        if self.is_indexed() {
            return self.by_slot.get(&(session.clone(), slot.clone(), role.clone())).copied();
        }
        let is_it = |it: &Option<Lease>| it.as_ref().is_some_and(|it| it.is(session, slot, role));
        self.places.iter().position(is_it)
    }

    /// The places of those that `belongs` takes, in order. In the index they stand side by side, and
    /// begin with a session and slot.
    fn places_from(
        &self,
        session: &SessionId,
        slot: &Slot,
        belongs: impl Fn(&Lease) -> bool,
    ) -> Vec<usize> {
        let is_one = |at: &usize| matches!(self.places.get(*at), Some(Some(it)) if belongs(it));
        if !self.is_indexed() {
            return (0..self.places.len()).filter(is_one).collect();
        }
        let from = (session.clone(), slot.clone(), RoleName::unchecked(""));
        let mut places: Vec<_> =
            self.by_slot.range(from..).map(|(_, at)| *at).take_while(is_one).collect();
        places.sort_unstable();
        places
    }
}

fn key(lease: &Lease) -> (SessionId, Slot, RoleName) {
    (lease.session.clone(), lease.slot.clone(), lease.role.clone())
}

impl FromIterator<Lease> for Leases {
    fn from_iter<I: IntoIterator<Item = Lease>>(leases: I) -> Self {
        let mut all = Self::default();
        for lease in leases {
            all.open(lease);
        }
        all
    }
}

impl PartialEq for Leases {
    fn eq(&self, other: &Self) -> bool {
        self.open == other.open && self.iter().eq(other.iter())
    }
}

impl Eq for Leases {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::projection::testing::{History, assign, seed};

    /// The key of one of the slots of a few sessions.
    fn of(number: u8) -> (SessionId, Slot, RoleName) {
        let (session, slot) = (format!("s{}", number % 3), format!("w-{}", number / 3 % 7));
        let role = if number < 42 { "testing" } else { "general" };
        (SessionId::unchecked(&session), Slot::unchecked(&slot), RoleName::unchecked(role))
    }

    fn lease(number: u8) -> Lease {
        let (session, slot, role) = of(number);
        let history = History::of([seed("Ann"), assign("s", "w-0", "Ann", "testing")]);
        let lease = history.persona("Ann").leases.first().unwrap().clone();
        Lease { session, slot, role, ..lease }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn many_are_what_a_list_of_them_is(
            deeds in prop::collection::vec((any::<bool>(), 0..84_u8), 0..120),
            closed in 0..84_u8,
        ) {
            let (mut leases, mut list) = (Leases::default(), Vec::<Lease>::new());
            let last = (closed..84).chain(0..closed).map(|number| (false, number));
            for (opens, number) in deeds.into_iter().chain(last) {
                let (session, slot, role) = of(number);
                let at = list.iter().position(|it| it.is(&session, &slot, &role));
                prop_assert_eq!(leases.get(&session, &slot, &role), at.map(|at| &list[at]));
                if opens {
                    let is_new = leases.open(lease(number));
                    prop_assert_eq!(is_new, at.is_none());
                    if is_new {
                        list.push(lease(number));
                    }
                } else {
                    let was = leases.close(&session, &slot, &role);
                    prop_assert_eq!(was, at.map(|at| list.remove(at)));
                }
                prop_assert!(leases.iter().eq(&list));
                prop_assert_eq!((leases.len(), leases.is_empty()), (list.len(), list.is_empty()));
                prop_assert_eq!(leases.is_indexed(), leases.places.len() > FEW);
                prop_assert!(leases.places.len() <= FEW.max(2 * list.len()), "gaps are squeezed out");
                let of_session = list.iter().filter(|it| it.session == session);
                prop_assert!(leases.of_session(&session).eq(of_session));
                let mut seen = Vec::new();
                leases.change_slot(&session, &slot, |it| seen.push(it.clone()));
                let in_slot = list.iter().filter(|it| (&it.session, &it.slot) == (&session, &slot));
                prop_assert!(seen.iter().eq(in_slot));
                prop_assert_eq!(leases.has_slot(&session, &slot), !seen.is_empty());
            }
            prop_assert_eq!(leases, Leases::default());
        }
    }
}
