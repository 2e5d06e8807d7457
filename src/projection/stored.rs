//! The rest of a checkpoint, which is read as far as it is needed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Persona;
use super::buckets::{ByKey, Kept, Part};
use super::checked_line::check;
use super::index::{Index, RoleIndex};
use super::judgement::{JudgementKey, RecordedJudgement};
use super::participation::{Participation, ParticipationKey, StoredParticipations};
use crate::disk::OpenFile;
use crate::events::{EventId, PersonaName, RoleName};

/// How many lines are read at a time: all of them may be longer than what they say.
const AT_ONCE: usize = 1_000;

/// A checkpoint on disk, of which the head was read.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) file: Arc<dyn OpenFile>,
    pub(super) index: Index,
    pub(super) roles: BTreeMap<RoleName, (u64, EventId)>,
    pub(super) personas: Vec<u64>,
    pub(super) judgements: Vec<Part>,
    pub(super) participations: StoredParticipations,
    /// Where the lines after the head begin.
    pub(super) start: u64,
}

/// What these answer is `None` if the rest of the checkpoint cannot be read.
impl Stored {
    /// Returns whether the head is that of so many personas.
    pub(super) fn fits(&self, personas: usize) -> bool {
        self.personas.len() == personas && self.index.fits(personas)
    }

    /// Returns whether the indexes are those of these personas.
    pub(super) fn is_index_of(&self, personas: &[&Persona]) -> bool {
        let index = Index::of(personas).and_then(|index| serde_json::to_string(&index));
        let is_same =
            |index: &String| serde_json::to_string(&self.index).is_ok_and(|it| it == *index);
        let roles = RoleIndex::all(personas);
        index.is_ok_and(|index| is_same(&index))
            && self.roles.keys().eq(roles.keys())
            && roles.iter().all(|(role, index)| self.role(role).is_some_and(|it| it == *index))
    }

    /// The index of a role; an empty one if no persona has to do with it.
    pub(super) fn role(&self, role: &RoleName) -> Option<RoleIndex> {
        let Some((length, id)) = self.roles.get(role) else {
            return Some(RoleIndex::default());
        };
        let before = self.roles.range::<RoleName, _>(..role).map(|(_, (length, _))| length).sum();
        let line = self.read(before, *length)?;
        if check(&line)? == *id { serde_json::from_slice(&line).ok() } else { None }
    }

    /// The persona at `index`, whose name is known.
    pub(super) fn persona(&self, index: usize, name: &PersonaName) -> Option<Persona> {
        let before: u64 = self.personas.iter().take(index).sum();
        let line = self.read(self.personas_start() + before, *self.personas.get(index)?)?;
        self.parse(index, &line).filter(|persona| persona.name() == name)
    }

    /// All personas, of whose lines so many are read at a time.
    #[expect(clippy::vec_box, reason = "a roster keeps them so")]
    pub(super) fn personas(&self) -> Option<Vec<Box<Persona>>> {
        let mut all = Vec::with_capacity(self.personas.len());
        let mut offset = self.personas_start();
        for lengths in self.personas.chunks(AT_ONCE) {
            let bytes = lengths.iter().copied().fold(0, u64::saturating_add);
            let lines = self.read(offset, bytes)?;
            offset = offset.saturating_add(bytes);
            let until = all.len() + lengths.len();
            for line in lines.split_inclusive(|byte| *byte == b'\n') {
                all.push(Box::new(self.parse(all.len(), line)?));
            }
            if all.len() != until {
                return None;
            }
        }
        Some(all)
    }

    fn parse(&self, index: usize, line: &[u8]) -> Option<Persona> {
        check(line)?;
        let mut persona: Persona = serde_json::from_slice(line).ok()?;
        persona.leases = self.index.leases(index)?.clone();
        Some(persona)
    }

    /// From the end of the head.
    fn personas_start(&self) -> u64 {
        self.roles.values().map(|(length, _)| length).sum()
    }

    /// From the end of the head.
    fn judgements_start(&self) -> u64 {
        self.personas_start() + self.personas.iter().sum::<u64>()
    }

    /// The judgements of a key, if there are any. Those in the last part count.
    pub(super) fn judgements_of(&self, key: JudgementKey) -> Option<Vec<RecordedJudgement>> {
        for (start, part) in self.judgement_parts().into_iter().rev() {
            let found = part.find(|offset, length| self.read(offset, length), start, key)?;
            if !found.is_empty() {
                return Some(found);
            }
        }
        Some(Vec::new())
    }

    /// All judgements.
    pub(super) fn judgements(&self) -> Option<ByKey<RecordedJudgement>> {
        let mut all = ByKey::<RecordedJudgement>::new();
        for part in self.judgement_parts() {
            all.extend(self.all_of::<RecordedJudgement>(part)?);
        }
        Some(all)
    }

    /// The participations of a key, those of all parts.
    pub(super) fn participations_of(&self, key: ParticipationKey) -> Option<Vec<Participation>> {
        let mut found = Vec::new();
        for (start, part) in self.participation_parts() {
            found.extend(part.find(|offset, length| self.read(offset, length), start, key)?);
        }
        Some(found)
    }

    /// All participations.
    pub(super) fn all_participations(&self) -> Option<ByKey<Participation>> {
        let mut all = ByKey::<Participation>::new();
        for part in self.participation_parts() {
            for (key, list) in self.all_of::<Participation>(part)? {
                all.entry(key).or_default().extend(list);
            }
        }
        Some(all)
    }

    fn all_of<T: Kept>(&self, (start, part): (u64, Part)) -> Option<ByKey<T>> {
        part.all(|offset, length| self.read(offset, length), start)
    }

    /// Of the parts of one kind, the first with its bytes, and what the second has.
    pub(super) fn split<T: Kept>(
        &self,
        parts: Vec<(u64, Part)>,
    ) -> Option<(Part, Vec<u8>, ByKey<T>)> {
        let mut parts = parts.into_iter();
        let (start, first) = parts.next()?;
        let second = parts.next().map_or(Some(BTreeMap::new()), |part| self.all_of::<T>(part))?;
        Some((first, self.read(start, first.length())?, second))
    }

    /// The parts of the judgements, with where they begin behind the head.
    pub(super) fn judgement_parts(&self) -> Vec<(u64, Part)> {
        places(self.judgements_start(), &self.judgements)
    }

    /// The parts of the participations, which come after those.
    pub(super) fn participation_parts(&self) -> Vec<(u64, Part)> {
        let judgements: u64 = self.judgements.iter().map(Part::length).sum();
        places(self.judgements_start() + judgements, &self.participations.parts)
    }

    /// Reads whole lines, so many bytes behind the head.
    fn read(&self, offset: u64, length: u64) -> Option<Vec<u8>> {
        let start = self.start.saturating_add(offset);
        // A length that was made up must not reserve memory.
        let left = self.file.len().ok()?.saturating_sub(start);
        let capacity = usize::try_from(length).ok().filter(|_| length <= left)?;
        let mut bytes = Vec::with_capacity(capacity);
        self.file.read_at(start, length, &mut bytes).ok()?;
        (bytes.len() as u64 == length).then_some(bytes)
    }
}

/// The parts that stand one behind the other from a place on, each with its own.
fn places(mut start: u64, parts: &[Part]) -> Vec<(u64, Part)> {
    let mut places = Vec::with_capacity(parts.len());
    for part in parts {
        places.push((start, *part));
        start += part.length();
    }
    places
}
