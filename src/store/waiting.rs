//! What this machine could not tell its fleet yet, and tells it when it can be reached.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Store, StoreError, TRIES};
use crate::events::{Append, Event, Log, LogError, Position, Read, Record, decode};
use crate::fleet::{Outbox, may_wait};
use crate::projection::line::line_ranges;
use crate::wording::Count;

impl<L: Log> Store<L> {
    fn outbox(&self) -> Outbox {
        Outbox::new(&self.disk, &self.dir)
    }

    /// Keeps lines that could not be recorded since the log is out of reach, if they may wait. Otherwise it
    /// gives the error back.
    pub(super) fn keep_for_later(
        &mut self,
        lines: &[u8],
        error: StoreError,
    ) -> Result<(), StoreError> {
        // Whoever is retired for inactivity besides, is so by the next release.
        let can_wait = |event: &Event| may_wait(event) || matches!(event, Event::Retire(_));
        let mut events =
            line_ranges(lines).map(|range| decode(lines.get(range).unwrap_or_default()));
        let is_out_of_reach =
            matches!(error, StoreError::Log(LogError::Elsewhere { is_out_of_reach: true, .. }));
        if !is_out_of_reach || !events.all(|it| it.is_ok_and(|it| can_wait(&it.event))) {
            return Err(error);
        }
        let _guard = self.lock()?;
        let outbox = self.outbox();
        outbox.add(lines)?;
        self.notices.push(format!(
            "{error}; it is kept in `{}`, and told by the next command that reaches the fleet",
            outbox.path().display()
        ));
        Ok(())
    }

    /// Tells the fleet what waits, if anything does and the fleet answers.
    pub(super) fn tell_if_reachable(&mut self) -> Result<(), StoreError> {
        if !self.log.is_mirror() || !self.outbox().exists()? {
            return Ok(());
        }
        self.log.refresh(&self.view.position)?;
        if self.log.take_notice().is_some() {
            // The command says so itself, if it needs the fleet.
            return Ok(());
        }
        self.tell_what_waits()
    }

    /// Tells the fleet what waits, each event once: one that a process recorded that died before it took
    /// it out of the outbox is found in the log.
    fn tell_what_waits(&mut self) -> Result<(), StoreError> {
        let waiting = self.outbox().read()?;
        let (mut told, mut failed) = (BTreeSet::new(), Ok(()));
        for Record { id, at, event, .. } in waiting {
            failed = if may_wait(&event) { self.tell(at, &event) } else { Ok(()) };
            if failed.is_err() {
                break;
            }
            told.insert(id);
        }
        self.recorded.clear();
        if !told.is_empty() {
            let _guard = self.lock()?;
            self.outbox().remove(&told)?;
            let events = Count(told.len() as u64, "event");
            self.notices.push(format!("the fleet was told of {events} that waited for it"));
        }
        failed
    }

    fn tell(&mut self, at: Timestamp, event: &Event) -> Result<(), StoreError> {
        let mut replaced = 0;
        while replaced < TRIES {
            let guard = self.lock()?;
            self.catch_up()?;
            if self.has(at, event)? {
                return Ok(());
            }
            match self.record(guard, at, vec![event.clone()])? {
                Append::Done { .. } => return Ok(()),
                Append::Moved => replaced += 1,
                Append::Behind => {}
            }
        }
        Err(self.keeps_moving())
    }

    /// Returns whether the log has this event, of this moment.
    fn has(&mut self, at: Timestamp, event: &Event) -> Result<bool, StoreError> {
        let written = format!("\"at\":\"{at}\"");
        let (mut position, mut batch) = (Position::START, Vec::new());
        while let Read::Lines { left } = self.log.read(&position, &mut batch)? {
            let lines = line_ranges(&batch).filter_map(|range| batch.get(range));
            let of_then =
                lines.filter(|line| memchr::memmem::find(line, written.as_bytes()).is_some());
            let is_it = |line| decode(line).is_ok_and(|it| it.at == at && it.event == *event);
            if of_then.into_iter().any(is_it) {
                return Ok(true);
            }
            position.advance(&batch);
            if left == 0 {
                break;
            }
        }
        Ok(false)
    }
}
