//! A quick look at a store from outside.

use super::verify::{existing, look_twice, open_to_others};
use super::{Options, Store, StoreError};
use crate::disk::{Disk, Mode};
use crate::events::{EventId, LINE_LIMIT, LineError, LogError, check_id};
use crate::file_log::lock;
use crate::file_log::tail::end_of;
use crate::file_log::{FileLog, Hold, Segment};

/// What is known of a store without reading it through.
#[derive(Debug)]
pub struct Condition {
    /// The length of the log in bytes, sealed or not.
    pub bytes: u64,
    /// How the log ends.
    pub end: LogEnd,
    /// What others than the owner may read or write, by its name in the store, with its mode.
    pub open_to_others: Vec<(String, u32)>,
    /// The holder of the writers' lock.
    pub lock: Hold,
}

/// How a log ends.
#[derive(Debug)]
pub enum LogEnd {
    /// There is not one line in it.
    Empty,
    /// The last line is sound: the event that it records.
    Sound(EventId),
    /// After the last whole line are bytes that a crash left. The next writer moves them away.
    Torn {
        /// How many.
        bytes: u64,
    },
    /// The last whole line is not sound.
    Damaged(LineError),
}

impl Store<FileLog> {
    /// Looks at a store that is there: at its files, its lock and the end of its log.
    ///
    /// Nothing is written. An end that may be half a write is looked at once
    /// more while no writer can be at work.
    pub fn examine(options: &Options) -> Result<Condition, StoreError> {
        let path = options.dir.join(lock::FILE);
        let holder = lock::look(&options.disk, &path).map_err(LogError::io("look at", &path))?;
        let mut log = existing(options)?;
        let look = |log: &mut FileLog| {
            let reader = log.reader()?;
            Ok((end(&options.disk, reader.segments())?, reader))
        };
        let suspect = |end: &LogEnd| matches!(end, LogEnd::Torn { .. } | LogEnd::Damaged(_));
        let (end, reader) = look_twice(&mut log, options.wait, look, suspect)?;
        let (_, bytes) = reader.progress();
        Ok(Condition {
            bytes,
            end,
            open_to_others: open_to_others(&options.dir, &reader)?,
            lock: holder,
        })
    }
}

/// How the last file that holds anything ends.
fn end(disk: &Disk, segments: &[Segment]) -> Result<LogEnd, LogError> {
    let Some(segment) = segments.iter().rfind(|segment| segment.bytes > 0) else {
        return Ok(LogEnd::Empty);
    };
    let judged = || {
        let file = disk.open(&segment.path, Mode::Read)?;
        let (lines, unended) = end_of(&*file, false, 0..segment.bytes)?;
        if lines < segment.bytes || (unended && segment.is_sealed()) {
            return Ok(LogEnd::Torn { bytes: segment.bytes - lines });
        }
        let mut bytes = Vec::new();
        let from = segment.bytes.saturating_sub(LINE_LIMIT as u64);
        file.read_at(from, segment.bytes - from, &mut bytes)?;
        let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let line = line.rsplit(|byte| *byte == b'\n').next().unwrap_or(line);
        Ok(check_id(line).map_or_else(LogEnd::Damaged, LogEnd::Sound))
    };
    judged().map_err(LogError::io("read", &segment.path))
}
