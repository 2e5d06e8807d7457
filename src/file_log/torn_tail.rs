//! Whether a writer is at the end of the log, and the torn tail that it cuts off there.

use std::io;
use std::ops::Range;

use super::rewrite::copy_ranges;
use super::tail::{BATCH, end_of};
use super::{CHECKOUT, FileLog, Tail};
use crate::disk::{Mode, OpenFile};
use crate::events::{LogError, TornTail};

impl FileLog {
    /// Makes sure that `end` is the end of the active file, and cuts off a torn tail.
    pub(super) fn clear_tail(&self, file: &dyn OpenFile, end: u64) -> Result<Tail, LogError> {
        let length = self.length(file)?;
        if length == end {
            return Ok(Tail::End { torn: None });
        }
        let is_unended = length + 1 == end;
        if length < end && !is_unended {
            return Ok(Tail::Moved);
        }
        let has_lines = || {
            let found = end_of(file, false, end..length).map_err(LogError::io("read", &self.path));
            Ok::<_, LogError>(found?.lines > end)
        };
        if (!is_unended && has_lines()?) || self.is_growing(file, length)? {
            return Ok(Tail::Moved);
        }
        if is_unended {
            return Ok(Tail::Unended);
        }
        Ok(Tail::End { torn: Some(self.cut(file, end..length)?) })
    }

    /// Returns whether a program that knows no lock is still writing the active file, as a checkout may be.
    fn is_growing(&self, file: &dyn OpenFile, seen: u64) -> Result<bool, LogError> {
        self.disk.pause(CHECKOUT);
        Ok(self.length(file)? != seen)
    }

    /// Moves the end of the active file to the quarantine, and cuts it off.
    fn cut(&self, file: &dyn OpenFile, torn: Range<u64>) -> Result<TornTail, LogError> {
        let dir = self.quarantine();
        self.disk.make_dirs(&dir).map_err(LogError::io("create", &dir))?;
        // Named for its place and content, so that a second try after a crash writes the same file.
        let digest = digest(file, torn.clone()).map_err(LogError::io("read", &self.path))?;
        let kept = dir.join(format!("events.jsonl.{}.{:.8}", torn.start, digest.to_hex().as_str()));
        let copy = self.disk.open(&kept, Mode::Truncate).map_err(LogError::io("create", &kept))?;
        copy_ranges(file, std::iter::once(torn.clone()), &*copy)
            .and_then(|()| copy.sync())
            .and_then(|()| self.disk.sync_dir(&dir))
            .map_err(LogError::io("write", &kept))?;
        file.set_len(torn.start).map_err(LogError::io("truncate", &self.path))?;
        Ok(TornTail { bytes: torn.end - torn.start, kept })
    }
}

/// The digest of a part of a file.
fn digest(file: &dyn OpenFile, part: Range<u64>) -> io::Result<blake3::Hash> {
    let (mut digest, mut at, mut bytes) = (blake3::Hasher::new(), part.start, Vec::new());
    while at < part.end {
        bytes.clear();
        file.read_at(at, BATCH.min(part.end - at), &mut bytes)?;
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        digest.update(&bytes);
        at += bytes.len() as u64;
    }
    Ok(digest.finalize())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::events::{Append, Position};
    use crate::file_log::tests::{append, fixture, line};

    #[test]
    fn a_long_torn_tail_is_moved_without_being_held_in_memory() {
        const LENGTH: u64 = 64 * 1024 * 1024;
        let mut it = fixture();
        append(&mut it.log, &Position::START, &line("a"));
        let mut end = Position::START;
        end.advance(&line("a"));
        fs::OpenOptions::new().write(true).open(&it.path).unwrap().set_len(LENGTH).unwrap();
        let taken = allocation_counter::measure(|| {
            let Append::Done { torn: Some(torn) } = append(&mut it.log, &end, &line("b")) else {
                panic!("nothing was moved");
            };
            assert_eq!(torn.bytes, LENGTH - end.offset);
            assert_eq!(fs::metadata(&torn.kept).unwrap().len(), torn.bytes);
        });
        assert!(taken.bytes_max < 8 * 1024 * 1024, "{}", taken.bytes_max);
        assert_eq!(fs::read(&it.path).unwrap(), [line("a"), line("b")].concat());
    }

    #[test]
    fn a_writer_ends_the_last_line_with_its_own_write() {
        let mut it = fixture();
        let (a, b) = (line("a"), line("b"));
        append(&mut it.log, &Position::START, &a);
        let file = fs::OpenOptions::new().write(true).open(&it.path).unwrap();
        file.set_len(a.len() as u64 - 1).unwrap();
        let mut end = Position::START;
        end.advance(&a);
        assert_eq!(append(&mut it.log, &Position::START, &b), Append::Moved);
        assert_eq!(append(&mut it.log, &end, &b), Append::Done { torn: None });
        assert_eq!(fs::read(&it.path).unwrap(), [a, b].concat());
    }
}
