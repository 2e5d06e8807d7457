//! Who took part in what, of the slots that were given back.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::buckets::{ByKey, Part};
use super::participation::{Participation, ParticipationKey, StoredParticipations, WorkScope};
use super::stored::Stored;
use crate::events::RoleName;

/// With fewer keys than this, all are written anew: whoever looks one up then reads one part only.
const ONE_PART: u64 = 1024;

/// Participations: of one persona in one role, one for each key.
///
/// Of those of a checkpoint, only what was [loaded](Self::load) is in memory. What happens adds to
/// them without that, because nothing ever takes one away.
#[derive(Debug, Clone)]
pub(crate) struct Participations {
    /// The seconds in which they ended.
    until: BTreeMap<(ParticipationKey, u32, RoleName), i64>,
    /// Some that ended before this second may be missing.
    complete_since: i64,
    /// Those that ended before this second are not worth writing.
    wanted_since: i64,
    /// Where the others are.
    stored: Option<Arc<Stored>>,
}

impl Default for Participations {
    fn default() -> Self {
        let (complete_since, wanted_since) = (i64::MIN, i64::MIN);
        Self { until: BTreeMap::new(), complete_since, wanted_since, stored: None }
    }
}

impl Participations {
    pub(super) fn stored(stored: Arc<Stored>) -> Self {
        let complete_since = stored.participations.complete_since;
        Self { complete_since, stored: Some(stored), ..Self::default() }
    }

    /// Loads those in some work that ended in this second or later; `None` if the checkpoint has
    /// them no more, or cannot be read.
    pub(super) fn load(&mut self, scope: &WorkScope, since: i64) -> Option<()> {
        if since < self.complete_since {
            return None;
        }
        let Some(stored) = self.stored.clone() else { return Some(()) };
        for (_, key) in scope.keys() {
            self.add_all(key, stored.participations_of(key)?);
        }
        Some(())
    }

    /// Loads all that there are; `None` if the checkpoint cannot be read.
    pub(super) fn load_all(&mut self) -> Option<()> {
        let Some(stored) = self.stored.clone() else { return Some(()) };
        for (key, list) in stored.all_participations()? {
            self.add_all(key, list);
        }
        self.stored = None;
        Some(())
    }

    /// Adds a slot that was given back.
    pub(super) fn add(&mut self, key: ParticipationKey, ended: Participation) {
        let Participation { persona, role, until } = ended;
        let known = self.until.entry((key, persona, role)).or_insert(until);
        *known = until.max(*known);
    }

    fn add_all(&mut self, key: ParticipationKey, ended: Vec<Participation>) {
        ended.into_iter().for_each(|it| self.add(key, it));
    }

    /// Those of a key, which has to be loaded, that ended in this second or later: the personas'
    /// positions and roles.
    pub(crate) fn of(
        &self,
        key: ParticipationKey,
        since: i64,
    ) -> impl Iterator<Item = (u32, &RoleName)> {
        let from = (key, 0, RoleName::unchecked(""));
        let of_key = self.until.range(from..).take_while(move |((of, ..), _)| *of == key);
        let ended = of_key.filter(move |(_, until)| **until >= since);
        ended.map(|((_, persona, role), _)| (*persona, role))
    }

    /// Notes that nobody will ask for those that ended before a second: they are not written.
    pub(super) fn want_since(&mut self, second: i64) {
        self.wanted_since = second;
    }

    /// Writes the parts of a checkpoint. Those that are not in memory are copied from the one that
    /// they are in, unless they are few, or there is too much that is newer.
    ///
    /// `None` if that cannot be read.
    pub(super) fn write(&mut self, to: &mut Vec<u8>) -> io::Result<Option<StoredParticipations>> {
        if let Some(parts) = self.write_newer(to)? {
            return Ok(Some(StoredParticipations { complete_since: self.complete_since, parts }));
        }
        if self.load_all().is_none() {
            return Ok(None);
        }
        let is_wanted = |until: i64| until >= self.wanted_since;
        let parts = vec![Part::write(to, &self.by_key(is_wanted))?];
        let complete_since = self.complete_since.max(self.wanted_since);
        Ok(Some(StoredParticipations { complete_since, parts }))
    }

    /// Copies the first part of the checkpoint, and writes a second one of all that is newer.
    fn write_newer(&self, to: &mut Vec<u8>) -> io::Result<Option<Vec<Part>>> {
        let parts = self.stored.as_ref().map(|stored| (stored, stored.participation_parts()));
        let large =
            parts.filter(|(_, parts)| parts.first().is_some_and(|(_, it)| it.keys >= ONE_PART));
        let Some((first, bytes, second)) = large.and_then(|(stored, parts)| stored.split(parts))
        else {
            return Ok(None);
        };
        let mut newer = self.clone();
        for (key, list) in second {
            newer.add_all(key, list);
        }
        let newer = newer.by_key(|_| true);
        if newer.len() as u64 > first.keys / 4 {
            return Ok(None);
        }
        to.extend(bytes);
        Ok(Some(vec![first, Part::write(to, &newer)?]))
    }

    /// Those in memory whose end is wanted, by their keys.
    fn by_key(&self, is_wanted: impl Fn(i64) -> bool) -> ByKey<Participation> {
        let mut lists = ByKey::<Participation>::new();
        for ((key, persona, role), until) in &self.until {
            if is_wanted(*until) {
                let (persona, role, until) = (*persona, role.clone(), *until);
                lists.entry(*key).or_default().push(Participation { persona, role, until });
            }
        }
        lists
    }
}

/// Equal are those that hold the same in memory, of what neither may miss.
impl PartialEq for Participations {
    fn eq(&self, other: &Self) -> bool {
        let since = self.complete_since.max(other.complete_since);
        let is_known = |(_, until): &(&_, &i64)| **until >= since;
        self.until.iter().filter(is_known).eq(other.until.iter().filter(is_known))
    }
}
