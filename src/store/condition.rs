//! A quick look at a store from outside.

use std::io;

use super::verify::{existing, look_twice, open_to_others};
use super::{Options, Store, StoreError};
use crate::disk::{Disk, Mode};
use crate::events::{
    EventId, LINE_LIMIT, LineError, Log as _, LogError, LogReader as _, LogStorage as _, Segment,
    check_id,
};
use crate::file_log::tail::end_of;
use crate::file_log::{FileLog, Hold, lock};

/// What is known of a store without reading it through.
#[derive(Debug)]
pub struct Condition {
    /// The length of the log in bytes, sealed or not.
    pub bytes: u64,
    /// How many bytes a crash left after the last whole line, if it did. The next writer moves
    /// them away.
    pub torn: Option<u64>,
    /// The event of the last line, or what is wrong with it; unless there is none, or a torn end.
    pub last: Option<Result<EventId, LineError>>,
    /// What others than the owner may read or write, by its name in the store, with its mode.
    pub open_to_others: Vec<(String, u32)>,
    /// The holder of the writers' lock.
    pub lock: Hold,
}

impl Store {
    /// Looks at a store that is there: at its files, its lock and the end of its log.
    ///
    /// Nothing is written. An end that may be half a write is looked at once
    /// more while no writer can be at work.
    pub fn examine(options: &Options) -> Result<Condition, StoreError> {
        let path = options.dir.join(lock::FILE);
        let holder = lock::look(&options.disk, &path).map_err(LogError::io("look at", &path))?;
        let mut log = existing(options)?;
        let look = |log: &mut FileLog| {
            let reader = log.storage().reader()?;
            let ((_, bytes), open_to_others) = (reader.progress(), Vec::new());
            let mut seen =
                Condition { bytes, torn: None, last: None, open_to_others, lock: holder };
            if let Some(segment) = reader.segments().iter().rfind(|segment| segment.bytes > 0) {
                let judged = seen.judge_end(&options.disk, segment);
                judged.map_err(LogError::io("read", &segment.path))?;
            }
            Ok((seen, reader))
        };
        let suspect = |it: &Condition| it.torn.is_some() || matches!(it.last, Some(Err(_)));
        let (mut seen, reader) = look_twice(&mut log, options.wait, look, suspect)?;
        seen.open_to_others = open_to_others(&options.dir, &reader)?;
        Ok(seen)
    }
}

impl Condition {
    /// Finds out how the last file that holds anything ends.
    fn judge_end(&mut self, disk: &Disk, segment: &Segment) -> io::Result<()> {
        let file = disk.open(&segment.path, Mode::Read)?;
        let (lines, unended) = end_of(&*file, false, 0..segment.bytes)?;
        if lines < segment.bytes || (unended && segment.is_sealed) {
            self.torn = Some(segment.bytes - lines);
            return Ok(());
        }
        let mut bytes = Vec::new();
        let from = segment.bytes.saturating_sub(LINE_LIMIT as u64);
        file.read_at(from, segment.bytes - from, &mut bytes)?;
        let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let line = line.rsplit(|byte| *byte == b'\n').next().unwrap_or(line);
        self.last = Some(check_id(line));
        Ok(())
    }
}
