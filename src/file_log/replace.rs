//! Putting another log in the place of the one that is there, as where a store becomes a fleet's mirror.
//!
//! The other log is written whole to a draft first, and what is there is copied, so that a crash leaves
//! the old log, the new one, or the new one behind segments of the old one, of which each event counts
//! once. Doing it again finishes it.

use std::io::{self, BufWriter, Write as _};
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::lock::WriteLock;
use super::rewrite::copy_ranges;
use super::segments::{ACTIVE, DIRECTORY};
use super::tail::copy;
use super::{FileLog, Files};
use crate::disk::{Disk, Mode, OpenFile};
use crate::events::LogError;

/// The bytes that are gathered for one write.
const BUFFER: usize = 256 * 1024;

/// A log that is being written, and that nobody reads yet. There is one at a time: it is written under
/// the lock.
pub struct Draft {
    path: PathBuf,
    file: Arc<dyn OpenFile>,
    buffer: Vec<u8>,
}

impl Draft {
    /// Adds whole lines.
    pub fn write(&mut self, lines: &[u8]) -> Result<(), LogError> {
        self.buffer.extend_from_slice(lines);
        if self.buffer.len() < BUFFER { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), LogError> {
        let written = self.file.write_all(&self.buffer);
        self.buffer.clear();
        written.map_err(LogError::io("write", &self.path))
    }
}

impl FileLog {
    /// Begins a draft with the first `bytes` of the log.
    pub fn draft_of(&mut self, bytes: u64) -> Result<Draft, LogError> {
        let (dir, path) = (self.quarantine(), self.draft());
        self.disk.make_dirs(&dir).map_err(LogError::io("create", &dir))?;
        let file = self.disk.open(&path, Mode::Truncate).map_err(LogError::io("create", &path))?;
        let draft = Draft { path, file, buffer: Vec::new() };
        let (disk, mut left) = (self.disk.clone(), bytes);
        self.open()?;
        let Some(files) = &mut self.files else { return Ok(draft) };
        let mut to = BufWriter::with_capacity(BUFFER, &*draft.file);
        for index in 0..=files.sealed.len() {
            let Some(part) = files.get(&disk, index)? else { break };
            let copied = part.len().and_then(|length| {
                let length = length.min(left);
                left -= length;
                copy(&*part, 0..length, &mut to)
            });
            copied.map_err(LogError::io("copy to", &draft.path))?;
        }
        to.flush().map_err(LogError::io("write", &draft.path))?;
        drop(to);
        Ok(draft)
    }

    /// Puts a draft in the place of the log, whose files are kept in the directory `aside`; returns
    /// whether the log was still the one that was opened under the lock.
    pub fn begin_anew(
        &mut self,
        mut draft: Draft,
        guard: &WriteLock,
        aside: &Path,
    ) -> Result<bool, LogError> {
        draft.flush()?;
        let path = self.path.clone();
        let Some(Files { sealed, active: Some(active), .. }) = &self.files else {
            return Ok(false);
        };
        let replace = || {
            draft.file.sync()?;
            keep(&self.disk, &**active, aside)?;
            if !self.disk.names(&path, &**active)? {
                return Ok(false);
            }
            // Should this process die, whoever appends next makes the names durable.
            guard.begin_renaming()?;
            self.disk.rename(&draft.path, &path)?;
            // Before anything of the old log goes: it was renamed from one directory to another.
            self.disk.sync_dir(&self.quarantine())?;
            self.disk.sync_dir(&self.dir)?;
            let segments = aside.join(DIRECTORY);
            for segment in sealed {
                self.disk.make_dirs(&segments)?;
                let name = segment.path.file_name().unwrap_or_default();
                self.disk.rename(&segment.path, &segments.join(name))?;
            }
            if !sealed.is_empty() {
                self.disk.sync_dir(&segments)?;
                self.disk.sync_dir(&self.dir.join(DIRECTORY))?;
            }
            guard.end_renaming()?;
            Ok(true)
        };
        let replaced = replace().map_err(LogError::io("begin anew", &path))?;
        self.open_to_append(None)?;
        Ok(replaced)
    }

    /// A directory in the quarantine for files that are set aside, which is not there yet.
    pub fn new_aside(&self, name: &str) -> Result<PathBuf, LogError> {
        let dir = self.quarantine();
        let numbered = (2..).map(|n| format!("{name}-{n}"));
        let mut paths = iter::once(name.to_owned()).chain(numbered).map(|name| dir.join(name));
        let free = paths.find(|path| !self.disk.exists(path).unwrap_or(false));
        let path = free.unwrap_or(dir);
        self.disk.make_dirs(&path).map_err(LogError::io("create", &path))?;
        Ok(path)
    }
}

/// Copies the active file to the directory of what is set aside.
fn keep(disk: &Disk, active: &dyn OpenFile, aside: &Path) -> io::Result<()> {
    let kept = disk.open(&aside.join(ACTIVE), Mode::Truncate)?;
    copy_ranges(active, iter::once(0..active.len()?), &*kept)?;
    kept.sync()?;
    disk.sync_dir(aside)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::disk::simulated::{Fault, PowerCut, Simulated};
    use crate::events::{
        Append, EventId, Log as _, LogReader as _, LogStorage as _, Position, written_id,
    };
    use crate::file_log::tests::line;

    fn after(lines: &[u8]) -> Position {
        let mut position = Position::START;
        position.advance(lines);
        position
    }

    /// The ids of all lines of a log.
    fn ids(log: &mut FileLog) -> BTreeSet<EventId> {
        let mut reader = log.reader().unwrap();
        let mut ids = BTreeSet::new();
        while let Some(batch) = reader.read().unwrap() {
            let lines = batch.bytes.split(|byte| *byte == b'\n');
            ids.extend(lines.filter_map(written_id));
        }
        ids
    }

    /// A log with a sealed segment, and another that has all of its lines.
    fn store(simulated: &Simulated) -> (FileLog, [Vec<u8>; 3]) {
        let lines = ["a", "b", "c"].map(line);
        let mut log = FileLog::new(Disk::new(simulated.clone()), PathBuf::from("/store"));
        log.create().unwrap();
        let mut end = Position::START;
        for line in &lines[..2] {
            let guard = log.lock(std::time::Duration::ZERO).unwrap();
            let appended = log.append(guard, &end, line).unwrap();
            assert_eq!(appended, Append::Done { torn: None });
            end.offset += line.len() as u64;
            end.lines += 1;
            end.last = after(line).last;
            if end.lines == 1 {
                let guard = log.lock(std::time::Duration::ZERO).unwrap();
                log.seal(guard, &end).unwrap().unwrap();
            }
        }
        (log, lines)
    }

    fn begin_anew(log: &mut FileLog, lines: &[Vec<u8>; 3]) -> Result<(), LogError> {
        let guard = log.lock(std::time::Duration::ZERO)?;
        let mut draft = log.draft_of(lines[0].len() as u64)?;
        draft.write(&lines[2])?;
        draft.write(&lines[1])?;
        let aside = log.new_aside("aside")?;
        assert!(log.begin_anew(draft, &guard, &aside)?);
        Ok(())
    }

    #[test]
    fn whatever_cuts_it_short_no_line_is_lost_and_doing_it_again_finishes_it() {
        let simulated = Simulated::new(Path::new("/store"));
        let (_, lines) = store(&simulated);
        let (old, all) = (lines[..2].concat(), lines.concat());
        let ids_of = |lines: &[u8]| -> BTreeSet<EventId> {
            lines.split(|byte| *byte == b'\n').filter_map(written_id).collect()
        };
        let new = [lines[0].clone(), lines[2].clone(), lines[1].clone()].concat();
        let mut call = 0;
        loop {
            let disk = simulated.fork();
            disk.fail_at(call, Fault::Death { written: 0 });
            let mut log = FileLog::new(Disk::new(disk.clone()), PathBuf::from("/store"));
            let is_done = begin_anew(&mut log, &lines).is_ok();
            for cut in [PowerCut::Nothing, PowerCut::Everything, PowerCut::Some(call as u64)] {
                let after = disk.cut_power(cut);
                let mut log = FileLog::new(Disk::new(after.clone()), PathBuf::from("/store"));
                let found = ids(&mut log);
                assert!(found == ids_of(&old) || found == ids_of(&all), "{call} {cut:?}");
                assert!(!is_done || found == ids_of(&all), "{call}");
                if !is_done {
                    begin_anew(&mut log, &lines).unwrap();
                }
                assert!(Disk::new(after).read(Path::new("/store/events.jsonl")).unwrap() == new);
            }
            if is_done {
                break;
            }
            call += 1;
        }
        assert!(call > 15, "{call}");
    }
}
