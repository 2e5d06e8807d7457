//! A log that is read as it grows.

use std::collections::BTreeSet;

use super::{Snapshot, Store, StoreError};
use crate::events::{Event, EventId, Log, LogStorage as _, Position, Read, prefilter, written_id};
use crate::fleet::LocalLog;
use crate::projection::line::line_ranges;
use crate::projection::{Line, LineDamage};

/// The events of a store as they are appended, each of them once: whether a seal moves them, a
/// compaction or a repair writes files anew, or a merge brings them among others.
///
/// It takes no lock, and remembers the id of each event that it met.
pub struct Follower<L: Log = LocalLog> {
    store: Store<L>,
    position: Position,
    met: BTreeSet<EventId>,
    forgotten: BTreeSet<EventId>,
}

impl<L: Log> Follower<L> {
    /// Follows the log of a store that is read as it is, from its beginning.
    #[must_use]
    pub fn of(snapshot: Snapshot<L>) -> Self {
        let store = snapshot.into_store();
        let forgotten = store.roster().forgotten().clone();
        Self { store, position: Position::START, met: BTreeSet::new(), forgotten }
    }

    /// Hands the events that were not met yet to `take`, up to the end of the log as it is now, in
    /// the order of the file.
    pub fn read_new(
        &mut self,
        mut take: impl FnMut(Line<'_>) -> Result<(), LineDamage>,
    ) -> Result<(), StoreError> {
        // Another file may be there now, under the same name.
        self.store.log.storage().look_again();
        let mut batch = Vec::new();
        loop {
            let left = match self.store.log.read(&self.position, &mut batch)? {
                Read::Lines { left } => left,
                Read::Moved => {
                    self.position = Position::START;
                    continue;
                }
            };
            let handed = self.hand_over(&batch, &mut take);
            handed.map_err(|damage| self.store.damaged(damage))?;
            self.position.advance(&batch);
            if left == 0 || batch.is_empty() {
                return Ok(());
            }
        }
    }

    fn hand_over(
        &mut self,
        batch: &[u8],
        take: &mut impl FnMut(Line<'_>) -> Result<(), LineDamage>,
    ) -> Result<(), LineDamage> {
        let lines = line_ranges(batch).filter_map(|range| batch.get(range));
        let lines = lines.zip(self.position.lines + 1..);
        let new = lines.filter(|(bytes, _)| written_id(bytes).is_none_or(|id| self.met.insert(id)));
        let new: Vec<_> = new.map(|(bytes, number)| Line::new(number, bytes)).collect();
        let sets: &[&[&str]] = &[&["forget"]];
        let may_forget = prefilter(sets);
        for line in new.iter().filter(|line| may_forget(line.bytes)) {
            if let Event::Forget(forget) = line.decode()?.event {
                self.forgotten.insert(forget.event);
            }
        }
        for mut line in new {
            let id = written_id(line.bytes);
            line.is_forgotten = id.is_some_and(|id| self.forgotten.contains(&id));
            take(line)?;
        }
        Ok(())
    }
}

impl Follower {
    /// Waits until there may be more.
    pub fn wait(&mut self) -> Result<(), StoreError> {
        Ok(self.store.log.wait_for_more(&self.position)?)
    }
}
