//! Files that follow a fleet's log: what others wrote is brought, and what is written is decided there.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::fleet_log::{FleetLog, PAGE, Sent, split};
use super::forgotten::{find_forgotten, forgotten_in};
use super::{Asker, FleetError};
use crate::disk::Disk;
use crate::events::{Append, Log as _, LogError, LogStorage as _, Position};
use crate::file_log::{FileLog, WriteLock};
use crate::projection::checkpoint;
use crate::projection::line::line_ranges;

/// The pauses of a writer that others outran: the first, and what each may grow to.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
/// The pause of a writer while the members elect a leader.
const PAUSE_FOR_LEADER: Duration = Duration::from_millis(50);

/// The fleet's log, and how its files follow it.
#[derive(Debug)]
pub struct Following {
    pub log: FleetLog,
    disk: Disk,
    cache: PathBuf,
    asker: Asker,
    /// Until when it does, since it first did.
    deadline: Option<Instant>,
    pause: Duration,
    jitter: fastrand::Rng,
}

impl Following {
    pub fn new(log: FleetLog, disk: &Disk, cache: &Path, asker: Asker) -> Self {
        Self {
            log,
            disk: disk.clone(),
            cache: cache.to_owned(),
            asker,
            deadline: None,
            pause: FIRST_PAUSE,
            jitter: fastrand::Rng::with_seed(u64::from(std::process::id())),
        }
    }

    /// Brings what the fleet has after `end`, and tells after each page how far it came and whether there
    /// is more: the first within `first`, each other one within the time that a writer has.
    ///
    /// Where the files are not those any more that were read, whoever reads next sees it.
    pub fn bring(
        &mut self,
        files: &mut FileLog,
        end: &Position,
        first: Duration,
        mut came: impl FnMut(&Position, bool),
    ) -> Result<(), LogError> {
        let (mut end, mut within) = (*end, first);
        loop {
            let (lines, more) = self.ask(|log| log.read(&end, PAGE, Instant::now() + within))?;
            if lines.is_empty() {
                return Ok(());
            }
            let guard = files.lock(within)?;
            let is_same = self.take_in(files, &guard, &mut end, &lines)?;
            came(&end, more);
            if !is_same || !more {
                return Ok(());
            }
            within = self.asker.wait;
        }
    }

    /// Asks the fleet for something, unless a hook would only wait for it.
    fn ask<T>(
        &mut self,
        ask: impl FnOnce(&mut FleetLog) -> Result<T, FleetError>,
    ) -> Result<T, FleetError> {
        let Asker { now, is_hook, .. } = self.asker;
        if is_hook {
            self.log.etcd().silence().check(now)?;
        }
        let answer = ask(&mut self.log);
        if answer.is_err() {
            self.log.etcd().silence().note(now);
        }
        answer
    }

    /// Appends lines to the fleet's log, and then to the files. It tries again, whatever it is, until the
    /// time of a writer is over, which begins with its first try.
    pub fn append(
        &mut self,
        files: &mut FileLog,
        guard: &WriteLock,
        expected: &Position,
        lines: &[u8],
    ) -> Result<Append, LogError> {
        let wait = self.asker.wait;
        if self.deadline.take_if(|deadline| Instant::now() >= *deadline).is_some() {
            return Err(FleetError::Outrun { waited: wait }.into());
        }
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + wait);
        let appended = self.append_until(files, guard, expected, lines, deadline);
        if !matches!(appended, Ok(Append::Behind)) {
            (self.deadline, self.pause) = (None, FIRST_PAUSE);
        }
        appended
    }

    fn append_until(
        &mut self,
        files: &mut FileLog,
        guard: &WriteLock,
        expected: &Position,
        lines: &[u8],
        deadline: Instant,
    ) -> Result<Append, LogError> {
        let (mut end, mut rest, mut torn) = (*expected, lines, None);
        while !rest.is_empty() {
            let (part, left) = split(rest);
            let last = files.line_before(&end)?;
            if last.is_none() && end.lines > 0 {
                return replaced(rest, lines);
            }
            let forgotten = find_forgotten(files, part)?;
            let sent = self.ask(|log| log.append(&end, last, part, forgotten.as_ref(), deadline));
            match sent {
                Ok(Sent::Recorded) => {
                    let taken = files.write(guard, &end, part);
                    let taken = taken.map_err(|error| FleetError::NotMirrored(Box::new(error)))?;
                    end.advance(part);
                    rest = left;
                    match taken {
                        Append::Done { torn: cut } => torn = cut.or(torn),
                        // The fleet has it. What is here instead, the next command finds out.
                        Append::Moved | Append::Behind if rest.is_empty() => {}
                        Append::Moved | Append::Behind => return replaced(rest, lines),
                    }
                }
                Ok(Sent::Behind(newer)) => {
                    if !self.outrun(files, guard, &mut end, &newer, deadline)? {
                        return replaced(rest, lines);
                    }
                    // What is recorded already cannot be decided anew: what is left of it goes on from
                    // there, beside what others wrote, as a merged branch does.
                    if rest.len() == lines.len() {
                        return Ok(Append::Behind);
                    }
                }
                // Mostly there is a new one a moment later. A hook has no time to see.
                Err(FleetError::NoLeader { .. })
                    if !self.asker.is_hook && Instant::now() + PAUSE_FOR_LEADER < deadline =>
                {
                    std::thread::sleep(PAUSE_FOR_LEADER);
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
        let outrun = || FleetError::Outrun { waited: self.asker.wait };
        let left = deadline.saturating_duration_since(Instant::now());
        std::thread::sleep(self.pause.mul_f64(0.5 + self.jitter.f64()).min(left));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        loop {
            let (lines, more) = match self.log.read_again(end, deadline) {
                // What had no time left says nothing of the fleet.
                Err(_) if Instant::now() >= deadline => return Err(outrun().into()),
                read => read?,
            };
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
            checkpoint::remove(&self.disk, &self.cache)?;
            match files.take_texts_off(&forgotten, guard)? {
                Some(taken) => end.offset -= taken.bytes,
                None => return Ok(false),
            }
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

/// The files are not those any more that were decided on.
fn replaced(rest: &[u8], lines: &[u8]) -> Result<Append, LogError> {
    let recorded = count(lines) - count(rest);
    if recorded == 0 {
        return Ok(Append::Moved);
    }
    Err(FleetError::PartlyMirrored { recorded }.into())
}
