//! A quick look at a store from outside.

use super::verify::{existing, look_twice, open_to_others};
use super::{Options, Store, StoreError};
use crate::disk::{Disk, Mode};
use crate::events::{EventId, LINE_LIMIT, LineError, LogError, check_id};
use crate::file_log::tail::{self, End};
use crate::file_log::{FileLog, Hold, Segment, lock};

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

impl Store<FileLog> {
    /// Looks at a store that is there: at its files, its lock and the end of its log.
    ///
    /// Nothing is written. An end that may be half a write is looked at once
    /// more while no writer can be at work.
    pub fn examine(options: &Options) -> Result<Condition, StoreError> {
        let path = options.dir.join(lock::FILE);
        let lock = lock::look(&options.disk, &path).map_err(LogError::io("look at", &path))?;
        let mut log = existing(options)?;
        let look = |log: &mut FileLog| {
            let reader = log.reader()?;
            let (_, bytes) = reader.progress();
            let (torn, last) = end(&options.disk, reader.segments())?;
            let open_to_others = open_to_others(&options.dir, &reader)?;
            Ok((Condition { bytes, torn, last, open_to_others, lock }, reader))
        };
        let suspect = |it: &Condition| it.torn.is_some() || matches!(it.last, Some(Err(_)));
        Ok(look_twice(&mut log, options.wait, look, suspect)?.0)
    }
}

/// How the last file that holds anything ends: see [`Condition`].
fn end(
    disk: &Disk,
    segments: &[Segment],
) -> Result<(Option<u64>, Option<Result<EventId, LineError>>), LogError> {
    let Some(segment) = segments.iter().rfind(|segment| segment.bytes > 0) else {
        return Ok((None, None));
    };
    let judged = || {
        let file = disk.open(&segment.path, Mode::Read)?;
        let End { lines, unended } = tail::end_of(&*file, false, 0..segment.bytes)?;
        if lines < segment.bytes || (unended && segment.is_sealed()) {
            return Ok((Some(segment.bytes - lines), None));
        }
        let mut bytes = Vec::new();
        let from = segment.bytes.saturating_sub(LINE_LIMIT as u64);
        file.read_at(from, segment.bytes - from, &mut bytes)?;
        let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let line = line.rsplit(|byte| *byte == b'\n').next().unwrap_or(line);
        Ok((None, Some(check_id(line))))
    };
    judged().map_err(LogError::io("read", &segment.path))
}
