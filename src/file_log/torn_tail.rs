//! Whether a writer is at the end of the log, and the torn tail that it cuts off there.

use std::ops::Range;

use super::rewrite::copy_ranges;
use super::tail::{copy, end_of};
use super::{CHECKOUT, FileLog};
use crate::disk::{Mode, OpenFile};
use crate::events::{LogError, TornTail};

impl FileLog {
    /// Makes sure that `end` is the end of the active file, and cuts off a torn tail.
    ///
    /// Answers what was cut, and whether the last line lacks its line end; nothing where the file
    /// ends elsewhere, or a program that knows no lock is writing it, as a checkout may be.
    pub(super) fn clear_tail(
        &self,
        file: &dyn OpenFile,
        end: u64,
    ) -> Result<Option<(Option<TornTail>, bool)>, LogError> {
        let length = self.length(file)?;
        if length == end {
            return Ok(Some((None, false)));
        }
        let is_unended = length + 1 == end;
        let lines = || end_of(file, false, end..length).map_err(LogError::io("read", &self.path));
        if !is_unended && (length < end || lines()?.0 > 0) {
            return Ok(None);
        }
        self.disk.pause(CHECKOUT);
        if self.length(file)? != length {
            return Ok(None);
        }
        let torn = if is_unended { None } else { Some(self.cut(file, end..length)?) };
        Ok(Some((torn, is_unended)))
    }

    /// Moves the end of the active file to the quarantine, and cuts it off.
    fn cut(&self, file: &dyn OpenFile, torn: Range<u64>) -> Result<TornTail, LogError> {
        let dir = self.quarantine();
        self.disk.make_dirs(&dir).map_err(LogError::io("create", &dir))?;
        // Named for its place and content, so that a second try after a crash writes the same file.
        let mut digest = blake3::Hasher::new();
        copy(file, torn.clone(), &mut digest).map_err(LogError::io("read", &self.path))?;
        let digest = digest.finalize().to_hex();
        let kept = dir.join(format!("events.jsonl.{}.{:.8}", torn.start, digest.as_str()));
        let to = self.disk.open(&kept, Mode::Truncate).map_err(LogError::io("create", &kept))?;
        copy_ranges(file, std::iter::once(torn.clone()), &*to)
            .and_then(|()| to.sync())
            .and_then(|()| self.disk.sync_dir(&dir))
            .map_err(LogError::io("write", &kept))?;
        file.set_len(torn.start).map_err(LogError::io("truncate", &self.path))?;
        Ok(TornTail { bytes: torn.end - torn.start, kept })
    }
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
