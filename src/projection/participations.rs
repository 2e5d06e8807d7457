//! Who took part in what, of the slots that were given back.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::Needs;
use super::buckets::{ByKey, Part};
use super::participation::{Participation, ParticipationKey, StoredParticipations};
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

    /// Loads what is needed of them; `None` if the checkpoint has it no more, or cannot be read.
    pub(super) fn load(&mut self, needs: &Needs) -> Option<()> {
        if needs.all_participations {
            self.load_all()?;
        }
        let Some((scope, since)) = &needs.participations else { return Some(()) };
        if *since < self.complete_since {
            return None;
        }
        let Some(stored) = self.stored.clone() else { return Some(()) };
        for (_, key) in scope.keys() {
            self.add_all(key, stored.participations_of(key)?);
        }
        Some(())
    }

    fn load_all(&mut self) -> Option<()> {
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
        for it in ended {
            self.add(key, it);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Disk;
    use crate::events::{ProjectName, SessionId, WorkName};
    use crate::projection::view::tests::{History, assign, release, seed};
    use crate::projection::{Fold, View, WorkScope, checkpoint};

    /// Ann is lent to a session for a branch, and given back.
    fn takes_part(history: &mut History, session: &str, work: &str) {
        let (kind, mut data) = assign(session, "w-0", "Ann", "testing");
        data["work"] = work.into();
        history.then((kind, data));
        history.then(release(session, "w-0", "Ann", "testing", "manual"));
    }

    fn scope(session: &str, work: Option<&str>) -> WorkScope {
        let (session, project) = (SessionId::unchecked(session), ProjectName::unchecked("acme"));
        WorkScope { session, project, work: work.map(WorkName::unchecked) }
    }

    /// Writes the checkpoint of a view as of a second, and reads its head.
    fn written(view: &mut View, wanted_since: i64) -> (tempfile::TempDir, View) {
        let dir = tempfile::tempdir().unwrap();
        view.roster.keep_participations_since(wanted_since);
        checkpoint::write(&Disk::default(), dir.path(), view).unwrap();
        let recalled = checkpoint::load(&Disk::default(), dir.path()).unwrap();
        (dir, recalled)
    }

    /// Who took part since a second, after that was loaded; `None` if it cannot be.
    fn known(view: &mut View, scope: &WorkScope, since: i64) -> Option<usize> {
        view.roster.load(&Needs::nothing().and_participations(scope.clone(), since))?;
        let keys = scope.keys().map(|(_, key)| key);
        Some(keys.map(|key| view.roster.participations(key, since).count()).sum())
    }

    #[test]
    fn of_a_checkpoint_what_is_asked_for_is_read_and_no_more() {
        let mut history = History::of([seed("Ann")]);
        for n in 0..50 {
            takes_part(&mut history, &format!("s{n}"), &format!("w{}", n % 10));
        }
        let (_dir, mut view) = written(&mut history.view(), i64::MIN);
        assert_eq!(known(&mut view, &scope("s7", Some("w3")), 0), Some(2));
        assert_eq!(view.roster.participations.until.len(), 2);
        assert_eq!(known(&mut view, &scope("s99", Some("w99")), 0), Some(0));
        // The last of those on w3 ended in this second.
        assert_eq!(known(&mut view, &scope("s7", Some("w3")), 1 + 2 * 44), Some(1));
        assert_eq!(known(&mut view, &scope("s7", Some("w3")), 2 + 2 * 44), Some(0));
    }

    #[test]
    fn what_a_checkpoint_leaves_out_it_cannot_tell() {
        let mut history = History::of([seed("Ann")]);
        takes_part(&mut history, "s1", "fix"); // until 3
        takes_part(&mut history, "s2", "fix"); // until 5
        let whole = history.view();
        let (_dir, mut view) = written(&mut whole.clone(), 4);
        assert_eq!(known(&mut view, &scope("s1", Some("fix")), 3), None);
        let (_dir, mut view) = written(&mut whole.clone(), 4);
        assert_eq!(known(&mut view, &scope("s1", Some("fix")), 4), Some(1));
        view.roster.load(&Needs::everything()).unwrap();
        assert_eq!(view.roster.participations.until.len(), 2, "one for s2, one for the branch");
        assert_eq!(view, whole, "what neither may miss is the same");
        // Written once more, it knows no more, whoever asks for it.
        let (_dir, mut again) = written(&mut view, i64::MIN);
        assert_eq!(known(&mut again, &scope("s1", Some("fix")), 3), None);
    }

    #[test]
    fn what_is_new_is_kept_apart_until_it_is_a_fourth_of_what_is_old() {
        let mut history = History::of([seed("Ann")]);
        let dir = tempfile::tempdir().unwrap();
        let mut done = 0;
        // Each session is a key, and so is each branch, which all are new.
        for (to, expected) in [
            (100, vec![200]),
            (200, vec![400]),
            (600, vec![1200]),
            (700, vec![1200, 200]),
            (800, vec![1600]),
        ] {
            let known = history.lines.len();
            (done..to).for_each(|n| takes_part(&mut history, &format!("s{n}"), &format!("w{n}")));
            let mut view = checkpoint::load(&Disk::default(), dir.path()).unwrap_or_default();
            let from = if done == 0 { 0 } else { known };
            let new = history.lines[from..].concat();
            assert_eq!(view.fold(new.as_bytes()).unwrap(), Fold::Done);
            checkpoint::write(&Disk::default(), dir.path(), &mut view).unwrap();
            let mut recalled = checkpoint::load(&Disk::default(), dir.path()).unwrap();
            let stored = recalled.roster.participations.stored.clone().unwrap();
            let parts: Vec<_> = stored.participations.parts.iter().map(|it| it.keys).collect();
            assert_eq!(parts, expected, "up to {to}");
            assert_eq!(self::known(&mut recalled, &scope("s0", Some("w0")), 0), Some(2));
            recalled.roster.load(&Needs::everything()).unwrap();
            assert_eq!(recalled, history.view(), "up to {to}");
            done = to;
        }
    }

    #[test]
    fn the_work_for_an_event_does_not_grow_with_those_before_it() {
        let work = |count: usize| {
            let mut history = History::of([seed("Ann")]);
            (0..count).for_each(|n| takes_part(&mut history, &format!("s{n}"), "fix"));
            let lines = history.lines.concat();
            let fold = || assert_eq!(View::default().fold(lines.as_bytes()).unwrap(), Fold::Done);
            allocation_counter::measure(fold).count_total
        };
        let (few, many) = (work(100), work(1600));
        assert!(many < 20 * few, "{few}, {many}");
    }
}
