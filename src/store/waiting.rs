//! What this machine could not tell its fleet yet, and tells it when it can be reached.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Store, StoreError, TRIES};
use crate::events::{Append, Event, EventId, Log, LogError, Position, Read, Record, decode};
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
        let mut search = Search::new(waiting.clone());
        let (mut told, mut failed) = (BTreeSet::new(), Ok(()));
        for Record { id, at, event, .. } in waiting {
            failed =
                if may_wait(&event) { self.tell(&id, at, &event, &mut search) } else { Ok(()) };
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

    fn tell(
        &mut self,
        id: &EventId,
        at: Timestamp,
        event: &Event,
        search: &mut Search,
    ) -> Result<(), StoreError> {
        let mut replaced = 0;
        while replaced < TRIES {
            let guard = self.lock()?;
            self.catch_up()?;
            if search.has(&mut self.log, id)? {
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
}

/// Finds out which of the events that wait the log has: all of them in one reading of it, and then in what
/// was added.
struct Search {
    waiting: Vec<Record>,
    /// Their moments, as lines have them.
    moments: BTreeSet<String>,
    /// The ids, in the outbox, of those that were found.
    found: BTreeSet<EventId>,
    /// How far the log was read.
    read_to: Position,
}

impl Search {
    fn new(waiting: Vec<Record>) -> Self {
        let moments = waiting.iter().map(|it| it.at.to_string()).collect();
        Self { waiting, moments, found: BTreeSet::new(), read_to: Position::START }
    }

    /// Returns whether the log has an event that waits.
    fn has(&mut self, log: &mut impl Log, waiting: &EventId) -> Result<bool, LogError> {
        let mut batch = Vec::new();
        loop {
            let Read::Lines { left } = log.read(&self.read_to, &mut batch)? else {
                // It is another log by now.
                if self.read_to == Position::START {
                    return Ok(false);
                }
                (self.read_to, self.found) = (Position::START, BTreeSet::new());
                continue;
            };
            for line in line_ranges(&batch).filter_map(|range| batch.get(range)) {
                self.look_at(line);
            }
            self.read_to.advance(&batch);
            if left == 0 {
                return Ok(self.found.contains(waiting));
            }
        }
    }

    fn look_at(&mut self, line: &[u8]) {
        const FIELD: &[u8] = b"\"at\":\"";
        let is_of_then = memchr::memmem::find_iter(line, FIELD).any(|start| {
            let value = line.get(start + FIELD.len()..).unwrap_or_default();
            let value = memchr::memchr(b'"', value).and_then(|end| value.get(..end));
            value.and_then(|it| str::from_utf8(it).ok()).is_some_and(|it| self.moments.contains(it))
        });
        if let Some(read) = is_of_then.then(|| decode(line).ok()).flatten() {
            let same = self.waiting.iter().filter(|it| it.at == read.at && it.event == read.event);
            self.found.extend(same.map(|it| it.id));
        }
    }
}
