//! Which part of a history stands behind heads that were signed.

use super::Auditor;
use crate::events::EventId;

/// What of a history stands behind several sets of heads.
#[derive(Debug, Default)]
pub struct Coverage {
    /// For each set, the heads that the log has not, and how many of its events stand behind the
    /// others, they themselves included.
    pub sets: Vec<(Vec<EventId>, u64)>,
    /// How many events stand behind any.
    pub events: u64,
}

impl Auditor {
    /// Finds out what stands behind each set of heads.
    ///
    /// An event counts if a sound line of the log has it, and a chain of such lines leads to it from a
    /// head: then the head's id vouches for every byte of it.
    pub fn coverage(&mut self, sets: &[Vec<EventId>]) -> Coverage {
        self.graph.index();
        let mut all = vec![false; self.graph.lines()];
        let sets = sets.iter().map(|heads| {
            let (mut seen, mut events) = (vec![false; self.graph.lines()], 0);
            let found = heads.iter().map(|head| (head, self.graph.find(*head)));
            let (there, gone): (Vec<_>, Vec<_>) = found.partition(|(_, at)| at.is_some());
            let mut ahead: Vec<_> = there.into_iter().filter_map(|(_, at)| at).collect();
            while let Some(at) = ahead.pop() {
                let Some(is_seen) = seen.get_mut(at).filter(|is_seen| !**is_seen) else { continue };
                *is_seen = true;
                events += 1;
                ahead.extend(self.graph.parents(at).filter_map(|(_, parent)| parent));
            }
            all.iter_mut().zip(seen).for_each(|(any, is_seen)| *any |= is_seen);
            (gone.into_iter().map(|(head, _)| *head).collect(), events)
        });
        let sets = sets.collect();
        Coverage { sets, events: all.into_iter().filter(|it| *it).count() as u64 }
    }
}
