//! The log on this machine: files, and the fleet whose log they mirror, if the store joined one.
//!
//! Everything is read from the files. What is written goes to the fleet first, which alone decides
//! whether it was recorded, and then to the files, byte for byte. A process that dies between the two leaves
//! a mirror that is behind, never one that is wrong.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::fleet_log::{FleetLog, Forgotten, PAGE, Sent, split};
use super::{FleetError, RemoteConfig, Watch};
use crate::disk::Disk;
use crate::events::{
    Append, Event, EventId, Log, LogError, Position, Read, Record, decode, without_text, written_id,
};
use crate::file_log::{FileLog, WriteLock};
use crate::projection::checkpoint;
use crate::projection::line::line_ranges;

/// How long a reader waits for the fleet's first answer.
const WAIT_TO_READ: Duration = Duration::from_millis(200);

/// The pause between two looks at files that grow, or at a fleet that does not answer.
const PAUSE_TO_LOOK: Duration = Duration::from_millis(200);
/// How long the fleet is asked for at a time to tell of new lines.
const WATCH: Duration = Duration::from_secs(60);

/// The pauses of a writer that others outran: the first, and what each may grow to.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// The log on this machine.
#[derive(Debug)]
pub struct LocalLog {
    /// The files.
    pub files: FileLog,
    fleet: Option<Box<Fleet>>,
}

/// The fleet that the files follow.
#[derive(Debug)]
struct Fleet {
    log: FleetLog,
    disk: Disk,
    cache: PathBuf,
    wait: Duration,
    /// Until when a writer tries, since it first did.
    deadline: Option<Instant>,
    pause: Duration,
    jitter: fastrand::Rng,
    notice: Option<String>,
    /// What tells of new lines, while somebody waits for them.
    watch: Option<Watch>,
}

impl LocalLog {
    /// The log of a store that may have joined a fleet. Nothing is opened but its settings, if they are
    /// there. A writer tries for `wait` at the most.
    pub fn open(disk: &Disk, dir: &Path, cache: &Path, wait: Duration) -> Result<Self, FleetError> {
        let files = FileLog::new(disk.clone(), dir.to_owned());
        let Some(config) = RemoteConfig::read(dir)? else { return Ok(files.into()) };
        Ok(Self::following(files, FleetLog::new(config, cache)?, disk, cache, wait))
    }

    /// Files that follow a fleet's log.
    pub fn following(
        files: FileLog,
        log: FleetLog,
        disk: &Disk,
        cache: &Path,
        wait: Duration,
    ) -> Self {
        let fleet = Fleet {
            log,
            disk: disk.clone(),
            cache: cache.to_owned(),
            wait,
            deadline: None,
            pause: FIRST_PAUSE,
            jitter: fastrand::Rng::with_seed(u64::from(std::process::id())),
            notice: None,
            watch: None,
        };
        Self { files, fleet: Some(Box::new(fleet)) }
    }

    /// Waits until there may be something behind `end`, the end of what can be read, and brings what the
    /// fleet has there.
    pub fn wait_for_more(&mut self, end: &Position) -> Result<(), LogError> {
        let Some(fleet) = &mut self.fleet else {
            std::thread::sleep(PAUSE_TO_LOOK);
            return Ok(());
        };
        match fleet.watch.take() {
            Some(mut watch) => match watch.next() {
                Some(Ok(_)) => fleet.watch = Some(watch),
                // It is over, and begun anew: what came in between is fetched then.
                None => return Ok(()),
                Some(Err(_)) => std::thread::sleep(PAUSE_TO_LOOK),
            },
            None => {
                fleet.watch = fleet.log.watch(end, WATCH).ok();
                if fleet.watch.is_none() {
                    std::thread::sleep(PAUSE_TO_LOOK);
                }
            }
        }
        self.refresh(end).map(drop)
    }

    /// Brings all that the fleet has after `end`, and tells how far it came and whether there is more.
    /// Each page may take for `wait`.
    pub fn pull(
        &mut self,
        end: &Position,
        wait: Duration,
        mut report: impl FnMut(&Position, bool),
    ) -> Result<(), LogError> {
        let Some(fleet) = &mut self.fleet else { return Ok(()) };
        let mut end = *end;
        loop {
            let (lines, more) = fleet.log.read(&end, PAGE, Instant::now() + wait)?;
            if lines.is_empty() {
                return Ok(());
            }
            let guard = self.files.lock(fleet.wait)?;
            let is_same = fleet.take_in(&mut self.files, &guard, &mut end, &lines)?;
            report(&end, more);
            if !is_same || !more {
                return Ok(());
            }
        }
    }

    /// The log that the files follow, if they follow one.
    pub fn fleet(&mut self) -> Option<&mut FleetLog> {
        self.fleet.as_mut().map(|fleet| &mut fleet.log)
    }
}

impl From<FileLog> for LocalLog {
    fn from(files: FileLog) -> Self {
        Self { files, fleet: None }
    }
}

impl From<FleetError> for LogError {
    fn from(error: FleetError) -> Self {
        let is_out_of_reach = error.is_out_of_reach();
        Self::Elsewhere { source: Box::new(error), is_out_of_reach }
    }
}

impl Log for LocalLog {
    type Guard = WriteLock;

    fn read(&mut self, since: &Position, lines: &mut Vec<u8>) -> Result<Read, LogError> {
        self.files.read(since, lines)
    }

    fn holds(&mut self, position: &Position) -> Result<bool, LogError> {
        self.files.holds(position)
    }

    fn lock(&mut self, wait: Duration) -> Result<WriteLock, LogError> {
        self.files.lock(wait)
    }

    fn append(
        &mut self,
        guard: WriteLock,
        expected: &Position,
        lines: &[u8],
    ) -> Result<Append, LogError> {
        match &mut self.fleet {
            Some(fleet) => {
                let appended = fleet.append(&mut self.files, &guard, expected, lines);
                if !matches!(appended, Ok(Append::Behind)) {
                    (fleet.deadline, fleet.pause) = (None, FIRST_PAUSE);
                }
                appended
            }
            None => self.files.append(guard, expected, lines),
        }
    }

    fn sync(&mut self) -> Result<(), LogError> {
        // What a mirror has, the fleet has had before.
        if self.fleet.is_some() { Ok(()) } else { self.files.sync() }
    }

    fn path(&self) -> &Path {
        self.files.path()
    }

    fn locate(&self, line: u64) -> (PathBuf, u64) {
        self.files.locate(line)
    }

    fn is_mirror(&self) -> bool {
        self.fleet.is_some()
    }

    fn refresh(&mut self, end: &Position) -> Result<bool, LogError> {
        let Some(fleet) = &mut self.fleet else { return Ok(false) };
        let first = Instant::now() + WAIT_TO_READ.min(fleet.wait);
        fleet.fetch(&mut self.files, end, first)
    }

    fn take_notice(&mut self) -> Option<String> {
        self.fleet.as_mut()?.notice.take()
    }
}

impl Fleet {
    /// Brings what the fleet has after `end`, and returns whether that was anything.
    ///
    /// Where the fleet does not answer, or is not the one that the files follow, whoever reads goes on with
    /// what is here, and is told.
    fn fetch(
        &mut self,
        files: &mut FileLog,
        end: &Position,
        first: Instant,
    ) -> Result<bool, LogError> {
        let (mut end, mut deadline, mut came) = (*end, first, false);
        loop {
            let (lines, more) = match self.log.read(&end, PAGE, deadline) {
                Ok(page) => page,
                Err(error) => {
                    self.notice = Some(format!("{error}; what this store has may be behind"));
                    return Ok(came);
                }
            };
            if lines.is_empty() {
                return Ok(came);
            }
            let guard = files.lock(self.wait)?;
            if !self.take_in(files, &guard, &mut end, &lines)? {
                // Another process was faster, or a checkout: whoever reads next sees it.
                return Ok(true);
            }
            came = true;
            if !more {
                return Ok(came);
            }
            deadline = Instant::now() + self.wait;
        }
    }

    fn append(
        &mut self,
        files: &mut FileLog,
        guard: &WriteLock,
        expected: &Position,
        lines: &[u8],
    ) -> Result<Append, LogError> {
        let wait = self.wait;
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + wait);
        let (mut end, mut rest, mut torn) = (*expected, lines, None);
        while !rest.is_empty() {
            let (part, left) = split(rest);
            let last = files.line_before(&end)?;
            if last.is_none() && end.lines > 0 {
                return self.replaced(rest, lines);
            }
            let forgotten = find_forgotten(files, part)?;
            match self.log.append(&end, last, part, forgotten, deadline) {
                Ok(Sent::Recorded) => {
                    let taken = files.write(guard, &end, part);
                    let taken = taken.map_err(|error| FleetError::NotMirrored(Box::new(error)))?;
                    end.advance(part);
                    rest = left;
                    match taken {
                        Append::Done { torn: cut } => torn = cut.or(torn),
                        // The fleet has it. What is here instead, the next command finds out.
                        Append::Moved | Append::Behind if rest.is_empty() => {}
                        Append::Moved | Append::Behind => return self.replaced(rest, lines),
                    }
                }
                Ok(Sent::Behind(newer)) => {
                    if !self.outrun(files, guard, &mut end, &newer, deadline)? {
                        return self.replaced(rest, lines);
                    }
                    // What is recorded already cannot be decided anew: what is left of it goes on from
                    // there, beside what others wrote, as a merged branch does.
                    if rest.len() == lines.len() {
                        return Ok(Append::Behind);
                    }
                }
                Err(error) if rest.len() < lines.len() => {
                    let recorded = count(lines) - count(rest);
                    return Err(FleetError::Partly { recorded, source: Box::new(error) }.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Append::Done { torn })
    }

    /// The files are not those any more that were decided on.
    fn replaced(&self, rest: &[u8], lines: &[u8]) -> Result<Append, LogError> {
        let recorded = count(lines) - count(rest);
        if recorded == 0 {
            return Ok(Append::Moved);
        }
        Err(FleetError::PartlyMirrored { recorded }.into())
    }

    /// Takes in what others wrote first, waits for a moment, and takes in what came meanwhile. It returns
    /// whether the files were still those that were read.
    fn outrun(
        &mut self,
        files: &mut FileLog,
        guard: &WriteLock,
        end: &mut Position,
        newer: &[u8],
        deadline: Instant,
    ) -> Result<bool, LogError> {
        if !self.take_in(files, guard, end, newer)? {
            return Ok(false);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(FleetError::Outrun { waited: self.wait }.into());
        }
        std::thread::sleep(self.pause.mul_f64(0.5 + self.jitter.f64()).min(left));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        loop {
            let (lines, more) = self.log.read_again(end, deadline)?;
            if lines.is_empty() {
                return Ok(true);
            }
            if !self.take_in(files, guard, end, &lines)? {
                return Ok(false);
            }
            if !more {
                return Ok(true);
            }
        }
    }

    /// Writes lines of the fleet to the end of the files, and moves `end` on. It returns whether the files
    /// were still those that were read.
    ///
    /// A text that the lines say is forgotten is taken off the files first: as long as it stands there, the
    /// line that says so has to be fetched again.
    fn take_in(
        &self,
        files: &mut FileLog,
        guard: &WriteLock,
        end: &mut Position,
        lines: &[u8],
    ) -> Result<bool, LogError> {
        let forgotten = forgotten_in(lines);
        if !forgotten.is_empty() {
            let (_, rewrites) = files.find_texts(&forgotten)?;
            files.clean_quarantine(&forgotten, &[])?;
            let removed = checkpoint::remove(&self.disk, &self.cache);
            removed.map_err(LogError::io("remove the checkpoint in", &self.cache))?;
            for rewrite in &rewrites {
                if !files.rewrite(rewrite, guard)? {
                    return Ok(false);
                }
                end.offset -= rewrite.segment.bytes - rewrite.bytes_left();
            }
            files.sync_all_names()?;
            files.reopen()?;
        }
        let Append::Done { .. } = files.write(guard, end, lines)? else { return Ok(false) };
        end.advance(lines);
        Ok(true)
    }
}

/// How many lines these are.
fn count(lines: &[u8]) -> u64 {
    line_ranges(lines).count() as u64
}

/// The events whose texts these lines say are forgotten.
fn forgotten_in(lines: &[u8]) -> BTreeSet<EventId> {
    let events = line_ranges(lines).filter_map(|range| {
        let line = lines.get(range)?;
        memchr::memmem::find(line, b"\"type\":\"forget\"")?;
        match decode(line) {
            Ok(Record { event: Event::Forget(forget), .. }) => Some(forget.event),
            _ => None,
        }
    });
    events.collect()
}

/// The line whose text is forgotten by one of these lines, if it still has it. One command forgets one.
fn find_forgotten(files: &mut FileLog, lines: &[u8]) -> Result<Option<Forgotten>, LogError> {
    let Some(event) = forgotten_in(lines).into_iter().next() else { return Ok(None) };
    let (mut at, mut batch) = (Position::START, Vec::new());
    while let Read::Lines { left } = files.read(&at, &mut batch)? {
        for (range, line) in line_ranges(&batch).zip(at.lines + 1..) {
            let before = batch.get(range).unwrap_or_default();
            if written_id(before) == Some(event) {
                let before = before.to_vec();
                let after = without_text(&before);
                return Ok(after.map(|after| Forgotten { line, before, after }));
            }
        }
        at.advance(&batch);
        if left == 0 {
            break;
        }
    }
    Ok(None)
}
