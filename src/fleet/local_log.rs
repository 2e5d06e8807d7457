//! The log on this machine: files, and the fleet whose log they mirror, if the store joined one.
//!
//! Everything is read from the files. What is written goes to the fleet first, which alone decides
//! whether it was recorded, and then to the files, byte for byte. A process that dies between the two leaves
//! a mirror that is behind, never one that is wrong.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::fleet_log::FleetLog;
use super::following::Following;
use super::{Asker, FleetError, RemoteConfig, Watch};
use crate::disk::Disk;
use crate::events::{Append, Log, LogError, Position, Read};
use crate::file_log::{FileLog, WriteLock};

/// How long a reader waits for the fleet's first answer.
const WAIT_TO_READ: Duration = Duration::from_millis(200);

/// The pause between two looks at files that grow, or at a fleet that does not answer.
const PAUSE_TO_LOOK: Duration = Duration::from_millis(200);
/// How long the fleet is asked for at a time to tell of new lines.
const WATCH: Duration = Duration::from_mins(1);

/// The log on this machine.
#[derive(Debug)]
pub struct LocalLog {
    files: FileLog,
    fleet: Option<Box<Following>>,
    /// Why what can be read may not be all, until somebody asks.
    notice: Option<String>,
    /// What tells of new lines, while somebody waits for them.
    watch: Option<Watch>,
}

impl LocalLog {
    /// The log of a store that may have joined a fleet. Nothing is opened but its settings, if they are
    /// there.
    pub fn open(disk: &Disk, dir: &Path, cache: &Path, asker: Asker) -> Result<Self, FleetError> {
        let files = FileLog::new(disk.clone(), dir.to_owned());
        let Some(config) = RemoteConfig::read(dir)? else { return Ok(files.into()) };
        let following = Following::new(FleetLog::new(config, cache)?, disk, cache, asker);
        Ok(Self { fleet: Some(Box::new(following)), ..files.into() })
    }

    /// Waits until there may be something behind `end`, the end of what can be read, and brings what the
    /// fleet has there.
    pub fn wait_for_more(&mut self, end: &Position) -> Result<(), LogError> {
        let Some(fleet) = &mut self.fleet else {
            std::thread::sleep(PAUSE_TO_LOOK);
            return Ok(());
        };
        if let Some(mut watch) = self.watch.take() {
            match watch.next() {
                Some(Ok(_)) => self.watch = Some(watch),
                // It is over, and begun anew: what came in between is fetched then.
                None => return Ok(()),
                Some(Err(_)) => std::thread::sleep(PAUSE_TO_LOOK),
            }
        } else {
            self.watch = fleet.log.watch(end, WATCH).ok();
            if self.watch.is_none() {
                std::thread::sleep(PAUSE_TO_LOOK);
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
        came: impl FnMut(&Position, bool),
    ) -> Result<(), LogError> {
        let Some(fleet) = &mut self.fleet else { return Ok(()) };
        fleet.bring(&mut self.files, end, wait, came)
    }
}

impl From<FileLog> for LocalLog {
    fn from(files: FileLog) -> Self {
        Self { files, fleet: None, notice: None, watch: None }
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
    type Storage = FileLog;

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
            Some(fleet) => fleet.append(&mut self.files, &guard, expected, lines),
            None => self.files.append(guard, expected, lines),
        }
    }

    fn sync(&mut self) -> Result<(), LogError> {
        // What a mirror has, the fleet has had before.
        if self.fleet.is_some() { Ok(()) } else { self.files.sync() }
    }

    fn storage(&mut self) -> &mut FileLog {
        &mut self.files
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

    fn is_trusted(&self) -> bool {
        self.fleet.as_ref().is_some_and(|fleet| fleet.log.config().trust)
    }

    fn refresh(&mut self, end: &Position) -> Result<bool, LogError> {
        let Some(fleet) = &mut self.fleet else { return Ok(false) };
        let mut came = false;
        match fleet.bring(&mut self.files, end, WAIT_TO_READ, |_, _| came = true) {
            Ok(()) => {}
            // Whoever reads goes on with what is here, and is told. That of which a write depends is for
            // the write to say.
            Err(error @ (LogError::Elsewhere { .. } | LogError::Busy { .. })) => {
                self.notice = Some(format!("{error}; what this store has may be behind"));
            }
            Err(error) => return Err(error),
        }
        Ok(came)
    }

    fn take_notice(&mut self) -> Option<String> {
        self.notice.take()
    }
}
