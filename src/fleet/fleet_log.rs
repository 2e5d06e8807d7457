//! The log that a fleet shares: one key of etcd for each line.
//!
//! The n-th line is the value of the n-th key, from 1, without gaps. A key is created once; only the text
//! that was forgotten is taken out of its value. So whoever knows the last line that it read, and where
//! that stands, knows with one question whether the log still goes on from there.

use std::path::Path;
use std::time::{Duration, Instant};

use super::forgotten::Forgotten;
use super::{
    Committed, Compare, Entry, Etcd, FleetError, Operation, Page, Range, RemoteConfig, Transaction,
    Watch,
};
use crate::events::{EventId, LINE_LIMIT, Position, check_id, written_id};
use crate::projection::line::line_ranges;

/// The lines that one transaction adds at most: etcd takes 128 operations, and a request of 1.5 MiB.
pub const MOST_LINES: usize = 100;
pub const MOST_BYTES: usize = 1024 * 1024;

/// The lines of one answer. Larger pages are no faster to read, and take the server's memory.
pub const PAGE: u32 = 5_000;
/// The lines that a refused transaction brings: more than are written between two looks, as a rule.
const PAGE_OF_NEWER: u32 = 1_000;

/// The pause before a transaction whose fate is unknown is sent again.
const PAUSE_BEFORE_REPEAT: Duration = Duration::from_millis(20);

/// The log that a fleet shares.
#[derive(Debug)]
pub struct FleetLog {
    config: RemoteConfig,
    etcd: Etcd,
}

/// What became of lines that were to be appended.
#[derive(Debug, PartialEq, Eq)]
pub enum Sent {
    /// They are in the log, on more than half of etcd's members.
    Recorded,
    /// Others wrote before: the lines that follow the position, or the first of them.
    Behind(Vec<u8>),
}

impl FleetLog {
    /// Names the log that a store's settings name. Nothing is asked yet.
    pub fn new(config: RemoteConfig, cache: &Path) -> Result<Self, FleetError> {
        Ok(Self { etcd: Etcd::new(&config, cache)?, config })
    }

    /// What the store's settings say.
    #[must_use]
    pub fn config(&self) -> &RemoteConfig {
        &self.config
    }

    /// The client, for what is no line.
    pub fn etcd(&mut self) -> &mut Etcd {
        &mut self.etcd
    }

    /// Reads a page of lines that follow `since`, and says whether there are more.
    pub fn read(
        &mut self,
        since: &Position,
        most: u32,
        deadline: Instant,
    ) -> Result<(Vec<u8>, bool), FleetError> {
        let page = self.etcd.range(&self.from(since, most), deadline)?;
        let more = page.more;
        Ok((self.lines_after(since, page)?.1, more))
    }

    /// Reads a page of lines that follow `since`, and asks again where no answer comes.
    pub fn read_again(
        &mut self,
        since: &Position,
        deadline: Instant,
    ) -> Result<(Vec<u8>, bool), FleetError> {
        loop {
            match self.read(since, PAGE, deadline) {
                Err(error) if error.is_open() && Instant::now() < deadline => {
                    std::thread::sleep(PAUSE_BEFORE_REPEAT);
                }
                read => return read,
            }
        }
    }

    /// Asks to be told of lines that follow `since`, as they come, for this long.
    pub fn watch(&mut self, since: &Position, time: Duration) -> Result<Watch, FleetError> {
        let (from, end) = (self.config.key(since.lines + 1), self.config.range_end());
        self.etcd.watch(&from, &end, None, time)
    }

    /// Appends lines after `end`, if the log ends there; all of them, or none.
    ///
    /// `last` is the line that ends there, without its line end; none at the start. Where no answer came,
    /// the same transaction is sent again: if it had been carried out, what stands behind `end` is
    /// the lines themselves.
    pub fn append(
        &mut self,
        end: &Position,
        last: Option<Vec<u8>>,
        lines: &[u8],
        mut forgotten: Option<&Forgotten>,
        deadline: Instant,
    ) -> Result<Sent, FleetError> {
        let mut last = last;
        loop {
            let transaction = self.transaction(end, last.clone(), lines, forgotten);
            let page = match self.transact(&transaction, deadline)? {
                Committed::Done => return Ok(Sent::Recorded),
                Committed::Failed(page) => page,
            };
            let (there, newer) = self.lines_after(end, page)?;
            if newer.starts_with(lines) {
                return Ok(Sent::Recorded);
            }
            if !newer.is_empty() {
                return Ok(Sent::Behind(newer));
            }
            // Nothing is new: a text was taken off one of the lines that were to be as they are here.
            if there == last {
                forgotten = None;
            }
            last = there;
        }
    }

    /// Sends a transaction until its fate is known. What was carried out the first time is there, and not
    /// done, the second time.
    pub fn transact(
        &mut self,
        transaction: &Transaction,
        deadline: Instant,
    ) -> Result<Committed, FleetError> {
        // Once it may have been carried out, no later refusal tells that it was not.
        let mut is_open = false;
        loop {
            let error = match self.etcd.transact(transaction, deadline) {
                Ok(committed) => return Ok(committed),
                Err(error) => error,
            };
            is_open = is_open || error.is_open();
            if !is_open {
                return Err(error);
            }
            if Instant::now() >= deadline {
                return Err(FleetError::FateUnknown { source: Box::new(error) });
            }
            std::thread::sleep(PAUSE_BEFORE_REPEAT);
        }
    }

    fn transaction(
        &self,
        end: &Position,
        last: Option<Vec<u8>>,
        lines: &[u8],
        forgotten: Option<&Forgotten>,
    ) -> Transaction {
        let key = |line| self.config.key(line);
        let mut compare = vec![Compare::Absent { key: key(end.lines + 1) }];
        compare.extend(last.map(|value| Compare::Holds { key: key(end.lines), value }));
        let puts = line_ranges(lines).zip(end.lines + 1..).map(|(range, line)| {
            let value = lines.get(range).unwrap_or_default().to_vec();
            Operation::Put { key: key(line), value }
        });
        let mut success: Vec<_> = puts.collect();
        if let Some(Forgotten { line, before, after }) = forgotten {
            compare.push(Compare::Holds { key: key(*line), value: before.clone() });
            success.push(Operation::Put { key: key(*line), value: after.clone() });
        }
        Transaction { compare, success, failure: self.from(end, PAGE_OF_NEWER) }
    }

    /// The line that ends at a position, and those after it.
    fn from(&self, position: &Position, most: u32) -> Range {
        let (from, end) = (self.config.key(position.lines.max(1)), Some(self.config.range_end()));
        Range { from, end, limit: most }
    }

    /// What stands in the log at a position and after it, each line with its end: the entries of an answer
    /// to a question for these. An error if it is not the log that has this position, or a line is not
    /// sound.
    pub fn lines_after(
        &self,
        since: &Position,
        page: Page,
    ) -> Result<(Option<Vec<u8>>, Vec<u8>), FleetError> {
        let (more, mut entries) = (page.more, page.entries.into_iter());
        let there = if since.lines == 0 { None } else { Some(self.known(since, entries.next())?) };
        let mut lines = Vec::new();
        for (Entry { key, value }, due) in entries.zip(since.lines + 1..) {
            if self.config.line_number(&key) != Some(due) {
                return Err(self.not_this_log(due, None));
            }
            if !is_line(&value) {
                return Err(FleetError::Damaged { endpoint: self.endpoints(), line: due });
            }
            lines.extend_from_slice(&value);
            lines.push(b'\n');
        }
        if more && lines.is_empty() {
            // Whoever asks for the rest would ask for ever.
            let found = "it says that there is more, and sends nothing".to_owned();
            return Err(FleetError::NotEtcd { endpoint: self.endpoints(), found });
        }
        Ok((there, lines))
    }

    /// The line at a position, which has to be the event that the reader knows.
    fn known(&self, at: &Position, entry: Option<Entry>) -> Result<Vec<u8>, FleetError> {
        let is_there = |it: &Entry| self.config.line_number(&it.key) == Some(at.lines);
        let value = entry.filter(is_there).map(|entry| entry.value);
        let found = value.as_deref().and_then(written_id);
        match value {
            Some(value) if found == at.last && is_line(&value) => Ok(value),
            _ => Err(self.not_this_log(at.lines, found)),
        }
    }

    fn not_this_log(&self, line: u64, found: Option<EventId>) -> FleetError {
        FleetError::NotThisLog { endpoint: self.endpoints(), line, found }
    }

    /// Where the log is kept, for messages.
    fn endpoints(&self) -> String {
        self.config.endpoints.join("`, `")
    }
}

/// Returns whether a value is one sound line, without its end.
fn is_line(value: &[u8]) -> bool {
    !value.contains(&b'\n') && value.len() <= LINE_LIMIT && check_id(value).is_ok()
}

/// Divides lines into what one transaction takes, and the rest.
pub fn split(lines: &[u8]) -> (&[u8], &[u8]) {
    let fits = |(count, range): &(usize, std::ops::Range<usize>)| {
        *count == 0 || *count < MOST_LINES && range.end <= MOST_BYTES
    };
    let end = line_ranges(lines).enumerate().take_while(fits).last();
    lines.split_at(end.map_or(0, |(_, range)| (range.end + 1).min(lines.len())))
}
