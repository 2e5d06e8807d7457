//! The log's bytes on disk: files, the one reader, append, seal, lock and the torn tail.
//!
//! A line that was acknowledged stays, byte for byte; a line is there whole or
//! not at all; what is wrong is reported, and nothing but a torn tail is ever
//! cut, except by a repair. A request reads what is new to it from a [`FileLog`],
//! an audit all there is from a [`Reader`]; where lines end, `tail` says for both.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use self::segments::ACTIVE;
use self::tail::{read_at, read_lines};
use crate::disk::{Disk, Mode, OpenFile, if_there};
use crate::events::{
    Append, LINE_LIMIT, LineError, Log, LogError, LogStorage as _, Position, Read, Segment,
    last_written_id, written_id,
};

mod copies;
pub(crate) mod lock;
mod reader;
mod replace;
mod rewrite;
mod seal;
pub(crate) mod segments;
mod storage;
pub(crate) mod tail;
mod texts;
mod torn_tail;

pub use self::lock::{Hold, WriteLock};
pub use self::reader::Reader;
pub use self::replace::Draft;
pub(crate) use self::storage::GIT_IGNORE;

/// How much of a file is read to find the id of a line by its end: what most lines with a text are
/// shorter than, else all that a line can be long with the line end before it.
const TAILS: [u64; 2] = [1024, LINE_LIMIT as u64 + 4];

/// How often the files may be replaced while they are opened before that is an error.
const TRIES: u32 = 100;

/// How long a checkout may take to bring back the log that it took away.
const CHECKOUT: Duration = Duration::from_millis(50);
/// The pause between two looks at whether it did.
const PAUSE: Duration = Duration::from_millis(1);

/// A log in a store's directory: what is sealed in `segments/`, then `events.jsonl`.
///
/// Readers take no lock. Writers hold the lock from before they open the
/// active file until their lines are in it, and sync afterwards, so that the
/// next writer does not wait for the disk. Positions count over all files, so
/// that a seal, which moves lines from one to another, moves no position.
#[derive(Debug)]
pub struct FileLog {
    disk: Disk,
    dir: PathBuf,
    /// The active file's path.
    path: PathBuf,
    /// The files, when they were last opened.
    files: Option<Files>,
    /// Whether the store is being made, so that there is no log yet.
    is_new: bool,
}

/// The files of a log, as they were at one moment.
#[derive(Debug, Default)]
struct Files {
    sealed: Vec<Segment>,
    /// The file that is appended to, if it is there.
    active: Option<Arc<dyn OpenFile>>,
    /// Whether that one was opened to append to it.
    to_append: bool,
    /// The sealed segment that was read last, by index.
    open: Option<(usize, Arc<dyn OpenFile>)>,
}

impl Files {
    /// Where the active file begins, in bytes from the start of the log.
    fn active_start(&self) -> u64 {
        self.sealed.last().map_or(0, Segment::end)
    }

    /// A file of the log by its index; the active one is the last, and may not be there.
    fn get(&mut self, disk: &Disk, index: usize) -> Result<Option<Arc<dyn OpenFile>>, LogError> {
        let Some(segment) = self.sealed.get(index) else { return Ok(self.active.clone()) };
        if self.open.as_ref().is_none_or(|(open, _)| *open != index) {
            let file = disk.open(&segment.path, Mode::Read);
            self.open = Some((index, file.map_err(LogError::io("read", &segment.path))?));
        }
        Ok(self.open.as_ref().map(|(_, file)| Arc::clone(file)))
    }
}

impl FileLog {
    /// Names the log of a store. Nothing is opened yet.
    #[must_use]
    pub fn new(disk: Disk, dir: PathBuf) -> Self {
        let path = dir.join(ACTIVE);
        Self { disk, dir, path, files: None, is_new: false }
    }

    /// Opens the files, if they are not open yet.
    fn open(&mut self) -> Result<&Files, LogError> {
        if self.files.is_none() {
            self.files = Some(self.find_files()?);
        }
        Ok(self.files.get_or_insert_default())
    }

    /// Opens the files that are there now, to read them.
    ///
    /// The active file comes first: should it be sealed before the segments are
    /// listed, its lines are met there, and its path is seen to name another.
    fn find_files(&self) -> Result<Files, LogError> {
        for _ in 0..TRIES {
            let active = if_there(self.disk.open(&self.path, Mode::Read));
            let active = active.map_err(LogError::io("open", &self.path))?;
            let sealed = self.sealed()?;
            let is_named = |file| self.disk.names(&self.path, file);
            let is_named = active.as_deref().map_or(Ok(true), is_named);
            if is_named.map_err(LogError::io("look at", &self.path))? {
                return Ok(Files { sealed, active, ..Files::default() });
            }
        }
        let endless = io::Error::other("it is replaced again and again");
        Err(LogError::io("open", &self.path)(endless))
    }

    /// Opens the files under the lock; `known` are those that were open before.
    fn open_to_append(&mut self, known: Option<Files>) -> Result<(), LogError> {
        let file = self.open_active()?;
        self.is_new = false;
        let sealed = match known {
            // No seal came between: the segments are those of before.
            Some(Files { sealed, active: Some(known), .. }) if self.is_same(&*known, &*file)? => {
                sealed
            }
            _ => self.sealed()?,
        };
        self.files = Some(Files { sealed, active: Some(file), to_append: true, open: None });
        Ok(())
    }

    fn sealed(&self) -> Result<Vec<Segment>, LogError> {
        segments::list(&self.disk, &self.dir.join(segments::DIRECTORY))
    }

    /// Returns whether two handles are of the same file.
    fn is_same(&self, one: &dyn OpenFile, other: &dyn OpenFile) -> Result<bool, LogError> {
        let same = || Ok(one.identity()? == other.identity()?);
        same().map_err(LogError::io("look at", &self.path))
    }

    /// Opens the active file to append to it; makes it if it is not there.
    ///
    /// A checkout takes the file away, then makes another, then fills it. One
    /// that is made meanwhile would be in its way, and a write into an empty one
    /// that goes on from no segment would begin another history.
    fn open_active(&self) -> Result<Arc<dyn OpenFile>, LogError> {
        let mut left = if self.is_new { Duration::ZERO } else { CHECKOUT };
        loop {
            let may_wait = !left.is_zero();
            let mode = if may_wait { Mode::Append } else { Mode::AppendOrCreate };
            match self.disk.open(&self.path, mode) {
                Err(error) if may_wait && error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(LogError::io("open", &self.path)(error)),
                Ok(file) if may_wait && self.length(&*file)? == 0 && self.sealed()?.is_empty() => {}
                Ok(file) => return Ok(file),
            }
            self.disk.pause(PAUSE);
            left = left.saturating_sub(PAUSE);
        }
    }

    /// Makes durable what a holder of the lock renamed that died before it was: a line that is
    /// appended to a file would be gone with the file's name.
    fn settle(&self, guard: &WriteLock) -> Result<(), LogError> {
        let path = self.dir.join(lock::FILE);
        if guard.has_renamed().map_err(LogError::io("look at", &path))? {
            self.sync_directories()?;
            guard.end_renaming().map_err(LogError::io("write", &path))?;
        }
        Ok(())
    }

    /// Appends lines after `expected`, and leaves it to whoever holds the lock to have them durable.
    pub fn write(
        &mut self,
        _guard: &WriteLock,
        expected: &Position,
        lines: &[u8],
    ) -> Result<Append, LogError> {
        let Some(file) = self.appendable() else { return Ok(Append::Moved) };
        let mut end = self.unsealed_bytes(expected);
        let Some((torn, is_unended)) = self.clear_tail(file, end)? else {
            return Ok(Append::Moved);
        };
        let mut lines = Cow::Borrowed(lines);
        if is_unended {
            (lines, end) = (Cow::Owned([b"\n", &*lines].concat()), end - 1);
        }
        if end == 0 {
            // A reader that finds a line in the file relies on it that the file is there to stay,
            // and those before it too, which a seal may have moved.
            let is_sealed = expected.offset > 0;
            self.sync_names(is_sealed).map_err(LogError::io("sync", &self.dir))?;
        }
        let written = file.write_all(&lines).and_then(|()| self.disk.names(&self.path, file));
        let still_named = written.map_err(|source| {
            let undone = file.set_len(end).err();
            LogError::Write { path: self.path.clone(), source, undone }
        })?;
        if !still_named {
            return Ok(Append::Moved);
        }
        Ok(Append::Done { torn })
    }

    /// The line that ends at a position, without its line end; none where no line of that id does.
    pub fn line_before(&mut self, position: &Position) -> Result<Option<Vec<u8>>, LogError> {
        let (Some(last), Some(end)) = (position.last, position.offset.checked_sub(1)) else {
            return Ok(None);
        };
        let (index, end) = self.find(end)?;
        let Some(file) = self.file(index)? else { return Ok(None) };
        let mut bytes = Vec::new();
        for length in TAILS {
            let start = end.saturating_sub(length);
            read_at(&*file, start, end - start, &mut bytes).map_err(self.unreadable(index))?;
            let begins = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1);
            if begins > 0 || start == 0 {
                let line = bytes.split_off(begins);
                return Ok(Some(line).filter(|line| written_id(line) == Some(last)));
            }
        }
        Ok(None)
    }

    fn length(&self, file: &dyn OpenFile) -> Result<u64, LogError> {
        file.len().map_err(LogError::io("look at", &self.path))
    }

    /// Finds the byte at `offset` of the log: in which file, by index, and where in that.
    fn find(&mut self, offset: u64) -> Result<(usize, u64), LogError> {
        let files = self.open()?;
        let index = files.sealed.partition_point(|segment| segment.end() <= offset);
        let start = files.sealed.get(index).map_or(files.active_start(), |segment| segment.start);
        Ok((index, offset - start))
    }

    /// The file of this index; there may be no active file.
    fn file(&mut self, index: usize) -> Result<Option<Arc<dyn OpenFile>>, LogError> {
        self.files.as_mut().map_or(Ok(None), |files| files.get(&self.disk, index))
    }

    /// The active file, if it was opened to append to it and the log was not found to have moved since.
    fn appendable(&self) -> Option<&dyn OpenFile> {
        self.files.as_ref().filter(|files| files.to_append)?.active.as_deref()
    }

    /// The sealed segment of this index; none for the active file.
    fn segment(&self, index: usize) -> Option<&Segment> {
        self.files.as_ref()?.sealed.get(index)
    }

    /// Makes the error of a file of the log that could not be read.
    fn unreadable(&self, index: usize) -> impl FnOnce(io::Error) -> LogError + use<'_> {
        LogError::io("read", self.segment(index).map_or(&self.path, |segment| &segment.path))
    }

    /// How many bytes follow `offset` in the log.
    fn bytes_after(&mut self, offset: u64) -> Result<u64, LogError> {
        self.open()?;
        let Some(files) = &self.files else { return Ok(0) };
        let active = files.active.as_deref().map_or(Ok(0), |file| self.length(file))?;
        Ok((files.active_start() + active).saturating_sub(offset))
    }
}

impl Log for FileLog {
    type Guard = WriteLock;
    type Storage = Self;

    fn read(&mut self, since: &Position, lines: &mut Vec<u8>) -> Result<Read, LogError> {
        lines.clear();
        if !self.holds(since)? {
            self.files = None;
            return Ok(Read::Moved);
        }
        let (index, offset) = self.find(since.offset)?;
        let Some(file) = self.file(index)? else { return Ok(Read::Lines { left: 0 }) };
        let is_sealed = self.segment(index).is_some();
        if let Some(segment) = self.segment(index)
            && file.len().map_err(self.unreadable(index))? != segment.bytes
        {
            // It was written anew since it was listed: what follows it is elsewhere now.
            self.files = None;
            return Ok(Read::Moved);
        }
        let end = read_lines(&*file, is_sealed, offset, lines).map_err(self.unreadable(index))?;
        if is_sealed && end.is_some_and(|(rest, _)| rest > 0) {
            let before = memchr::memchr_iter(b'\n', lines).count() as u64;
            let (path, line) = self.locate(since.lines + before + 1);
            return Err(LogError::Damaged { path, line, reason: LineError::NoId.into() });
        }
        if end.is_some() && !is_sealed {
            return Ok(Read::Lines { left: 0 });
        }
        Ok(Read::Lines { left: self.bytes_after(since.offset + lines.len() as u64)? })
    }

    fn holds(&mut self, position: &Position) -> Result<bool, LogError> {
        // It is the start, or the end of a line without an id: damage, for the next read to name.
        let Some(last) = position.last else { return Ok(true) };
        let Some(end) = position.offset.checked_sub(1) else { return Ok(false) };
        let (index, end) = self.find(end)?;
        let Some(file) = self.file(index)? else { return Ok(false) };
        let (end, mut lines) = (end + 1, Vec::new());
        for length in TAILS {
            let start = end.saturating_sub(length);
            read_at(&*file, start, end - start, &mut lines).map_err(self.unreadable(index))?;
            if self.segment(index).is_none() && start + lines.len() as u64 + 1 == end {
                // The last line of the log may lack its line end.
                lines.push(b'\n');
            }
            if start + lines.len() as u64 != end {
                return Ok(false);
            }
            if start == 0 {
                // A line begins with the file as it does behind a line end.
                lines.insert(0, b'\n');
            }
            if let Some(id) = last_written_id(&lines) {
                return Ok(id == last);
            }
        }
        Ok(false)
    }

    fn lock(&mut self, wait: Duration) -> Result<WriteLock, LogError> {
        let path = self.dir.join(lock::FILE);
        let guard = WriteLock::take(&self.disk, Mode::Keep, &path, &self.path, wait)?;
        self.settle(&guard)?;
        let known = self.files.take();
        self.open_to_append(known)?;
        Ok(guard)
    }

    fn append(
        &mut self,
        guard: WriteLock,
        expected: &Position,
        lines: &[u8],
    ) -> Result<Append, LogError> {
        let appended = self.write(&guard, expected, lines)?;
        drop(guard);
        if let Append::Done { .. } = appended {
            self.sync()?;
        }
        Ok(appended)
    }

    fn sync(&mut self) -> Result<(), LogError> {
        let synced = self.appendable().map_or(Ok(()), OpenFile::sync);
        synced.map_err(|source| LogError::Sync { path: self.path.clone(), source })
    }

    fn storage(&mut self) -> &mut Self {
        self
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn locate(&self, line: u64) -> (PathBuf, u64) {
        let mut left = line;
        // The files may have been closed since, as where the log seemed to have moved.
        let listed = match &self.files {
            Some(files) => files.sealed.clone(),
            None => self.sealed().unwrap_or_default(),
        };
        for segment in listed {
            // It was read before, so it can be read; if not, the line is looked for further on.
            let lines = self.disk.read(&segment.path).unwrap_or_default();
            let lines = memchr::memchr_iter(b'\n', &lines).count() as u64
                + u64::from(!lines.is_empty() && !lines.ends_with(b"\n"));
            if left <= lines {
                return (segment.path, left);
            }
            left -= lines;
        }
        (self.path.clone(), left)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::tail::BATCH;
    use super::*;
    use crate::events::{
        Event, EventId, Heads, PersonaName, Presence, Retire, RetireReason, Seq, encode,
    };

    const WAIT: Duration = Duration::from_secs(5);

    pub struct Fixture {
        pub dir: tempfile::TempDir,
        pub path: PathBuf,
        pub log: FileLog,
    }

    pub fn fixture() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let log = FileLog::new(Disk::default(), dir.path().to_owned());
        Fixture { dir, path, log }
    }

    /// One whole line with a right id.
    pub fn line(name: &str) -> Vec<u8> {
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

    pub fn append(log: &mut FileLog, at: &Position, lines: &[u8]) -> Append {
        let guard = log.lock(WAIT).unwrap();
        log.append(guard, at, lines).unwrap()
    }

    fn read(log: &mut FileLog, since: &Position) -> (Read, Vec<u8>) {
        let mut lines = Vec::new();
        let read = log.read(since, &mut lines).unwrap();
        (read, lines)
    }

    const END: Read = Read::Lines { left: 0 };
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
    fn a_torn_tail_is_none_of_the_lines_wherever_a_batch_ends() {
        let sound = line("a");
        let batch = usize::try_from(BATCH).unwrap();
        for left in 0..20 {
            let Fixture { mut log, path, dir: _dir } = fixture();
            // A line that is no object and a part of another: what several lines may leave.
            let bad = "x".repeat(batch - sound.len() - left - 1) + "\n" + &"y".repeat(10);
            fs::copy(written(&[&sound[..], bad.as_bytes()].concat()).path(), &path).unwrap();
            let (mut position, mut all) = (Position::START, Vec::new());
            loop {
                let (read, lines) = read(&mut log, &position);
                assert_ne!(read, Read::Moved, "{left}");
                position.advance(&lines);
                all.extend(lines);
                if read == END {
                    break;
                }
            }
            assert_eq!(all, sound, "{left}");
        }
    }

    /// A file with these bytes, to be copied into place.
    pub fn written(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
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
                append(
                    &mut FileLog::new(Disk::default(), dir.path().to_owned()),
                    &Position::START,
                    bytes,
                );
            }
            let mut log = FileLog::new(Disk::default(), dir.path().to_owned());
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
        let guard = log.lock(WAIT).unwrap();
        fs::copy(&path, dir.path().join("other")).unwrap();
        fs::rename(dir.path().join("other"), &path).unwrap();
        assert_eq!(log.append(guard, &after(&a), &b).unwrap(), Append::Moved);
        assert_eq!(fs::read(path).unwrap(), a);
    }

    #[test]
    fn a_torn_tail_is_moved_to_quarantine_before_the_next_line() {
        let Fixture { mut log, path, dir: _dir } = fixture();
        let (a, b) = (line("a"), line("b"));
        append(&mut log, &Position::START, &a);
        let guard = log.lock(WAIT).unwrap();
        log.files.as_ref().unwrap().active.as_ref().unwrap().write_all(b"{\"v\":1,\0").unwrap();
        assert_eq!(read(&mut log, &after(&a)), (END, Vec::new()));
        let Append::Done { torn: Some(cut) } = log.append(guard, &after(&a), &b).unwrap() else {
            panic!("nothing was cut");
        };
        assert_eq!(cut.bytes, 8);
        assert_eq!(fs::read(cut.kept).unwrap(), b"{\"v\":1,\0");
        assert_eq!(fs::read(path).unwrap(), [a, b].concat());
    }

    /// Three lines, the first two sealed one by one.
    pub fn sealed() -> (Fixture, [Vec<u8>; 3]) {
        let mut fixture = fixture();
        let lines = [line("a"), line("b"), line("c")];
        let mut position = Position::START;
        for (line, seal) in lines.iter().zip([true, true, false]) {
            append(&mut fixture.log, &position, line);
            position.advance(line);
            if seal {
                let guard = fixture.log.lock(WAIT).unwrap();
                let (path, ..) = fixture.log.seal(guard, &position).unwrap().unwrap();
                assert_eq!(fs::read(path).unwrap(), *line);
            }
        }
        (fixture, lines)
    }

    #[test]
    fn a_segment_that_was_written_anew_since_it_was_listed_has_moved_the_log() {
        let (Fixture { mut log, dir: _dir, .. }, lines) = sealed();
        assert_ne!(log.presence().unwrap(), Presence::Absent, "the files are listed");
        let [first, ..] = &log.open().unwrap().sealed[..] else { panic!("none is sealed") };
        let path = first.path.clone();
        fs::copy(written(&lines[0][..lines[0].len() - 1]).path(), &path).unwrap();
        assert_eq!(read(&mut log, &Position::START).0, Read::Moved);
        fs::copy(written(&line("other")).path(), &path).unwrap();
        let (_, first) = read(&mut log, &Position::START);
        assert_eq!(first, line("other"));
    }

    #[test]
    fn positions_count_over_segments() {
        let (Fixture { mut log, dir: _dir, .. }, lines) = sealed();
        let mut position = Position::START;
        for (index, line) in lines.iter().enumerate() {
            let left = lines[index + 1..].concat().len() as u64;
            assert_eq!(read(&mut log, &position), (Read::Lines { left }, line.clone()));
            position.advance(line);
            assert!(log.holds(&position).unwrap());
            for bytes in [1, 2, 60, 2000] {
                let elsewhere = Position { offset: position.offset + bytes, ..position };
                assert!(!log.holds(&elsewhere).unwrap(), "{bytes}");
            }
        }
        let other = Position { last: Some(EventId::of(b"other")), ..position };
        assert!(!log.holds(&other).unwrap());
        assert_eq!(log.unsealed_bytes(&position), lines[2].len() as u64);
        for (number, name) in [(1, "000000000001-"), (2, "000000000001-"), (3, "events.jsonl")] {
            let (path, line) = log.locate(number);
            assert!(path.file_name().unwrap().to_str().unwrap().starts_with(name), "{number}");
            assert_eq!(line, 1);
        }
    }

    #[test]
    fn a_seal_moves_no_position_of_those_who_read_and_write() {
        let Fixture { mut log, dir, .. } = fixture();
        let (a, b, c) = (line("a"), line("b"), line("c"));
        append(&mut log, &Position::START, &a);
        let mut reader = FileLog::new(Disk::default(), dir.path().to_owned());
        assert_eq!(read(&mut reader, &Position::START), (END, a.clone()));
        let guard = log.lock(WAIT).unwrap();
        log.seal(guard, &after(&a)).unwrap().unwrap();
        append(&mut log, &after(&a), &b);
        // A reader that opened it before the seal sees the log as it was then; a writer sees all of it.
        assert_eq!(read(&mut reader, &after(&a)), (END, Vec::new()));
        assert_eq!(append(&mut reader, &after(&a), &c), Append::Moved);
        assert_eq!(append(&mut reader, &after(&[a.clone(), b].concat()), &c), DONE);
    }

    #[test]
    fn a_seal_is_not_done_where_the_log_does_not_end_or_a_file_would_be_lost() {
        let Fixture { mut log, dir, path } = fixture();
        let (a, b) = (line("a"), line("b"));
        let mut seal = |at: &Position| {
            let guard = log.lock(WAIT).unwrap();
            log.seal(guard, at)
        };
        assert_eq!(seal(&Position::START).unwrap(), None, "there is nothing to seal");
        append(
            &mut FileLog::new(Disk::default(), dir.path().to_owned()),
            &Position::START,
            &[&a[..], &b].concat(),
        );
        assert_eq!(seal(&after(&a)).unwrap(), None);
        // Both names that the segment could have are taken.
        let end = after(&[&a[..], &b].concat());
        fs::create_dir(dir.path().join("segments")).unwrap();
        let taken = [8, 32].map(|digits| {
            dir.path().join("segments").join(segments::name(Seq(1), end.last.unwrap(), digits))
        });
        for path in &taken {
            fs::copy(dir.path().join(".lock"), path).unwrap();
        }
        let error = seal(&end).unwrap_err().to_string();
        assert!(error.starts_with("could not seal the log in `"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), [&a[..], &b].concat());
        fs::remove_file(&taken[1]).unwrap();
        assert_eq!(seal(&end).unwrap().unwrap().0, taken[1]);
    }
}
