//! Finding a moment in the log.

use std::collections::BTreeSet;

use super::{Store, StoreError, TRIES};
use crate::events::{IdPrefix, Log, Position, Read, decode, written_id};
use crate::projection::{FoldKey, LineDamage, Moment, Until};

impl<L: Log> Store<L> {
    /// Says which events of the log had happened at a moment.
    pub fn until(&mut self, moment: &Moment) -> Result<Until, StoreError> {
        let (found, lines) = match moment.prefix() {
            Some(prefix) => self.find(prefix)?,
            None => (BTreeSet::new(), 0),
        };
        let found: Vec<_> = found.into_iter().collect();
        Ok(moment.until(&found, lines)?)
    }

    /// Finds the events whose ids begin so, and counts the lines of the log.
    fn find(&mut self, prefix: &IdPrefix) -> Result<(BTreeSet<FoldKey>, u64), StoreError> {
        let (mut found, mut position, mut batch) = (BTreeSet::new(), Position::START, Vec::new());
        let mut tries = 0;
        while tries < TRIES {
            let Read::Lines { left } = self.log.read(&position, &mut batch)? else {
                found.clear();
                position = Position::START;
                tries += 1;
                continue;
            };
            for (line, number) in batch.split(|byte| *byte == b'\n').zip(position.lines + 1..) {
                if !written_id(line).is_some_and(|(_, id)| prefix.range().contains(&id)) {
                    continue;
                }
                let record = decode(line).map_err(|error| {
                    self.damaged(LineDamage { line: number, reason: error.into() })
                })?;
                found.insert(FoldKey::of(&record));
            }
            position.advance(&batch);
            if left == 0 {
                return Ok((found, position.lines));
            }
        }
        Err(self.keeps_moving())
    }
}
