//! The log as a file.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use super::line::{ID_TAIL, written_id};
use super::lock::WriteLock;
use super::{Append, EventId, Log, LogError, Position, Read, TornTail, disk, tail};

/// The most bytes that one read brings.
const BATCH: u64 = 1024 * 1024;

/// What a new store tells git: the log keeps its bytes, and a merge keeps the lines of both sides.
const GIT_ATTRIBUTES: &str = "*.jsonl text eol=lf merge=union diff=muzzle-persona\n";
/// What in a store is no business of git's.
const GIT_IGNORE: &str = ".lock\n.cache/\nquarantine/\n";

/// A log in `events.jsonl` of a store's directory.
///
/// Readers take no lock. Writers hold the lock from before they open the
/// file until their lines are in it, and sync afterwards, so that the next
/// writer does not wait for the disk.
#[derive(Debug)]
pub struct FileLog {
    dir: PathBuf,
    path: PathBuf,
    /// The file behind `path` when it was last opened.
    file: Option<File>,
}

impl FileLog {
    /// Names the log of a store. Nothing is opened yet.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        let path = dir.join("events.jsonl");
        Self { dir, path, file: None }
    }

    /// Makes the directory of a new store, and tells git how to treat what is in it.
    pub fn create_store(&self) -> Result<(), LogError> {
        disk::make_dir(&self.dir).map_err(LogError::io("create the store", &self.dir))?;
        for (name, content) in [(".gitattributes", GIT_ATTRIBUTES), (".gitignore", GIT_IGNORE)] {
            let path = self.dir.join(name);
            disk::write_new(&path, content).map_err(LogError::io("write", &path))?;
        }
        Ok(())
    }

    /// Opens the file for reading, if it is there and not open yet.
    fn open(&mut self) -> Result<Option<&File>, LogError> {
        if self.file.is_none() {
            match File::open(&self.path) {
                Ok(file) => self.file = Some(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(LogError::io("open", &self.path)(error)),
            }
        }
        Ok(self.file.as_ref())
    }

    /// Moves what follows `end` to the quarantine, and cuts it off.
    fn cut(&self, file: &File, end: u64, torn: &[u8]) -> Result<TornTail, LogError> {
        let dir = self.dir.join("quarantine");
        disk::make_dir(&dir).map_err(LogError::io("create", &dir))?;
        // Named for its place and content, so that a second try after a crash writes the same file.
        let kept = dir.join(format!("events.jsonl.{end}.{:.8}", EventId::of(torn)));
        let mut copy = disk::private()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&kept)
            .map_err(LogError::io("create", &kept))?;
        copy.write_all(torn)
            .and_then(|()| copy.sync_all())
            .and_then(|()| disk::sync_dir(&dir))
            .map_err(LogError::io("write", &kept))?;
        file.set_len(end).map_err(LogError::io("truncate", &self.path))?;
        Ok(TornTail { bytes: torn.len() as u64, kept })
    }
}

impl Log for FileLog {
    type Turn = WriteLock;

    fn read(&mut self, since: &Position, lines: &mut Vec<u8>) -> Result<Read, LogError> {
        lines.clear();
        let path = self.path.clone();
        let Some(file) = self.open()? else {
            let moved = *since != Position::START;
            return Ok(if moved { Read::Moved } else { Read::Lines { more: false } });
        };
        // The line that `since` ends with is read again, as far as it names itself.
        let overlap = if since.last.is_some() { ID_TAIL } else { 0 };
        let from = since.offset.saturating_sub(overlap as u64);
        let mut wanted = BATCH;
        loop {
            let at_end = read_at(file, from, wanted, lines).map_err(LogError::io("read", &path))?;
            let Some(ends_with) = lines.get(..overlap) else {
                return Ok(self.moved());
            };
            if since.last.is_some() && last_id(ends_with) != since.last {
                return Ok(self.moved());
            }
            let new = lines.get(overlap..).unwrap_or_default();
            let whole = if at_end {
                tail::whole_lines(new)
            } else {
                memchr::memrchr(b'\n', new).map_or(0, |end| end + 1)
            };
            if whole == 0 && !at_end {
                // One line fills the batch: damage for the decoder to name, or the torn tail.
                wanted = wanted.saturating_mul(4);
                continue;
            }
            lines.truncate(overlap + whole);
            lines.drain(..overlap);
            return Ok(Read::Lines { more: !at_end });
        }
    }

    fn take_turn(&mut self, wait: Duration) -> Result<WriteLock, LogError> {
        let turn = WriteLock::take(&self.dir.join(".lock"), &self.path, wait)?;
        let file = disk::private()
            .read(true)
            .append(true)
            .create(true)
            .open(&self.path)
            .map_err(LogError::io("open", &self.path))?;
        self.file = Some(file);
        Ok(turn)
    }

    fn append(
        &mut self,
        turn: WriteLock,
        expected: &Position,
        lines: &[u8],
    ) -> Result<Append, LogError> {
        let Some(mut file) = self.file.as_ref() else {
            return Ok(Append::Moved);
        };
        let end = expected.offset;
        let mut rest = Vec::new();
        read_at(file, end, u64::MAX, &mut rest).map_err(LogError::io("read", &self.path))?;
        if tail::whole_lines(&rest) > 0 {
            return Ok(Append::Moved);
        }
        let cut = if rest.is_empty() { None } else { Some(self.cut(file, end, &rest)?) };
        if let Err(source) = file.write_all(lines) {
            let undone = file.set_len(end).err();
            return Err(LogError::Write { path: self.path.clone(), source, undone });
        }
        let still_named = disk::names(&self.path, file);
        if !still_named.map_err(LogError::io("look at", &self.path))? {
            return Ok(Append::Moved);
        }
        drop(turn);
        file.sync_data()
            .and_then(|()| if end == 0 { disk::sync_dir(&self.dir) } else { Ok(()) })
            .map_err(|source| LogError::Sync { path: self.path.clone(), source })?;
        Ok(Append::Done { torn: cut })
    }

    fn place(&self, line: u64) -> (PathBuf, u64) {
        (self.path.clone(), line)
    }
}

impl FileLog {
    /// Forgets the open file, so that the next read opens the one that is there now.
    fn moved(&mut self) -> Read {
        self.file = None;
        Read::Moved
    }
}

/// Reads up to `limit` bytes from `offset` into `bytes`, and tells whether the file ends there.
fn read_at(mut file: &File, offset: u64, limit: u64, bytes: &mut Vec<u8>) -> io::Result<bool> {
    bytes.clear();
    let left = file.metadata()?.len().saturating_sub(offset);
    if left == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::Start(offset))?;
    let wanted = left.min(limit);
    bytes.reserve_exact(usize::try_from(wanted).unwrap_or(0));
    let read = file.take(wanted).read_to_end(bytes)? as u64;
    Ok(read < wanted || wanted == left)
}

/// The id that the line before a line end ends with.
fn last_id(bytes: &[u8]) -> Option<EventId> {
    let (_, id) = written_id(bytes.strip_suffix(b"\n")?)?;
    Some(id)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::events::{Event, Heads, PersonaName, Retire, RetireReason, Seq, encode};

    const WAIT: Duration = Duration::from_secs(5);

    struct Fixture {
        dir: tempfile::TempDir,
        path: PathBuf,
        log: FileLog,
    }

    fn fixture() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let log = FileLog::new(dir.path().to_owned());
        Fixture { dir, path, log }
    }

    /// One whole line with a right id.
    fn line(name: &str) -> Vec<u8> {
        let persona = PersonaName::unchecked(name);
        let event = Event::Retire(Retire { persona, reason: RetireReason::Manual });
        let (mut line, at) = (Vec::new(), jiff::Timestamp::UNIX_EPOCH);
        encode(&mut line, Seq(1), at, event, Heads::default()).unwrap();
        line
    }

    fn after(lines: &[u8]) -> Position {
        let mut position = Position::START;
        position.advance(lines);
        position
    }

    fn append(log: &mut FileLog, at: &Position, lines: &[u8]) -> Append {
        let turn = log.take_turn(WAIT).unwrap();
        log.append(turn, at, lines).unwrap()
    }

    fn read(log: &mut FileLog, since: &Position) -> (Read, Vec<u8>) {
        let mut lines = Vec::new();
        let read = log.read(since, &mut lines).unwrap();
        (read, lines)
    }

    const END: Read = Read::Lines { more: false };
    const DONE: Append = Append::Done { torn: None };

    #[test]
    fn what_is_appended_is_read_from_any_position() {
        let Fixture { mut log, dir: _dir, .. } = fixture();
        assert_eq!(read(&mut log, &Position::START), (END, Vec::new()));
        let (a, b) = (line("a"), line("b"));
        assert_eq!(append(&mut log, &Position::START, &a), DONE);
        assert_eq!(append(&mut log, &after(&a), &b), DONE);
        let both = [a.clone(), b.clone()].concat();
        assert_eq!(read(&mut log, &Position::START), (END, both.clone()));
        assert_eq!(read(&mut log, &after(&a)), (END, b));
        assert_eq!(read(&mut log, &after(&both)), (END, Vec::new()));
    }

    #[test]
    fn a_log_is_read_in_batches_of_whole_lines() {
        let Fixture { mut log, dir: _dir, .. } = fixture();
        let lines: Vec<_> = (0..40).map(|n| line(&format!("{n}{}", "x".repeat(60_000)))).collect();
        append(&mut log, &Position::START, &lines.concat());
        let (mut position, mut all, mut batches) = (Position::START, Vec::new(), 0);
        loop {
            let (read, batch) = read(&mut log, &position);
            assert!(batch.ends_with(b"\n"));
            position.advance(&batch);
            all.extend(batch);
            batches += 1;
            if read == END {
                break;
            }
        }
        assert_eq!(all, lines.concat());
        assert_eq!(position.lines, 40);
        assert!(batches > 1);
    }

    #[test]
    fn a_log_that_was_replaced_cut_or_removed_has_moved() {
        let (a, b, c) = (line("a"), line("b"), line("c"));
        let both = [a.clone(), b.clone()].concat();
        for now_there in [None, Some(a.clone()), Some([a.clone(), c].concat())] {
            let Fixture { mut log, path, dir } = fixture();
            append(&mut log, &Position::START, &both);
            fs::remove_file(&path).unwrap();
            if let Some(bytes) = &now_there {
                append(&mut FileLog::new(dir.path().to_owned()), &Position::START, bytes);
            }
            let mut log = FileLog::new(dir.path().to_owned());
            assert_eq!(read(&mut log, &after(&both)).0, Read::Moved);
            assert_eq!(read(&mut log, &Position::START), (END, now_there.unwrap_or_default()));
        }
    }

    #[test]
    fn an_append_where_the_log_does_not_end_records_nothing() {
        let Fixture { mut log, path, dir: _dir } = fixture();
        let (a, b) = (line("a"), line("b"));
        append(&mut log, &Position::START, &a);
        assert_eq!(append(&mut log, &Position::START, &b), Append::Moved);
        assert_eq!(fs::read(path).unwrap(), a);
    }

    #[cfg(unix)]
    #[test]
    fn an_append_to_a_file_that_the_path_no_longer_names_does_not_count() {
        let Fixture { mut log, path, dir } = fixture();
        let (a, b) = (line("a"), line("b"));
        append(&mut log, &Position::START, &a);
        let turn = log.take_turn(WAIT).unwrap();
        fs::copy(&path, dir.path().join("other")).unwrap();
        fs::rename(dir.path().join("other"), &path).unwrap();
        assert_eq!(log.append(turn, &after(&a), &b).unwrap(), Append::Moved);
        assert_eq!(fs::read(path).unwrap(), a);
    }

    #[test]
    fn a_torn_tail_is_moved_to_quarantine_before_the_next_line() {
        let Fixture { mut log, path, dir: _dir } = fixture();
        let (a, b) = (line("a"), line("b"));
        append(&mut log, &Position::START, &a);
        let turn = log.take_turn(WAIT).unwrap();
        log.file.as_ref().unwrap().write_all(b"{\"v\":1,\0").unwrap();
        assert_eq!(read(&mut log, &after(&a)), (END, Vec::new()));
        let Append::Done { torn: Some(cut) } = log.append(turn, &after(&a), &b).unwrap() else {
            panic!("nothing was cut");
        };
        assert_eq!(cut.bytes, 8);
        assert_eq!(fs::read(cut.kept).unwrap(), b"{\"v\":1,\0");
        assert_eq!(fs::read(path).unwrap(), [a, b].concat());
    }
}
