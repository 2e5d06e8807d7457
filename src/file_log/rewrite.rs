//! Rewriting the files of a log for a repair: lines that are not sound go to the quarantine; the
//! others stay, byte for byte.
//!
//! What is cut is copied, and the plan noted, before any file is touched. A
//! file is then written anew, synced and put in its place at once, so that a
//! crash leaves the old file or the new one.

use std::io::{self, BufWriter, Write as _};
use std::iter;
use std::ops::Range;
use std::path::PathBuf;

use super::FileLog;
use super::lock::WriteLock;
use super::tail::copy;
use crate::disk::{Mode, OpenFile, if_there};
use crate::events::{EventId, LogError, Repair, Rewrite, Segment};

/// The plan of a repair that is under way, in the quarantine.
const PLAN: &str = "repair.json";

/// What becomes one of the log's files, or the plan, once it is written; in the quarantine.
const DRAFT: &str = "draft";
const PLAN_DRAFT: &str = "repair.new";
pub(super) const DRAFTS: [&str; 2] = [DRAFT, PLAN_DRAFT];

/// The bytes that are gathered for one write.
const BUFFER: usize = 256 * 1024;

impl FileLog {
    /// Copies the lines that are to be cut to the quarantine, notes the plan there, and returns
    /// the copies once they are durable.
    pub(super) fn keep_cut(
        &self,
        rewrites: &[Rewrite],
        plan: &Repair,
    ) -> Result<Vec<PathBuf>, LogError> {
        let dir = self.quarantine();
        self.disk.make_dirs(&dir).map_err(LogError::io("create", &dir))?;
        let mut kept = Vec::new();
        for rewrite in rewrites.iter().filter(|rewrite| !rewrite.cut.is_empty()) {
            let path = dir.join(copy_name(rewrite));
            let copied = || {
                let copy = self.disk.open(&path, Mode::Truncate)?;
                let file = self.disk.open(&rewrite.segment.path, Mode::Read)?;
                copy_ranges(&*file, rewrite.cut.iter().map(|(_, at)| at.clone()), &*copy)?;
                copy.sync()
            };
            copied().map_err(LogError::io("write", &path))?;
            kept.push(path);
        }
        let path = dir.join(PLAN);
        let noted = || {
            let draft = dir.join(PLAN_DRAFT);
            let file = self.disk.open(&draft, Mode::Truncate)?;
            file.write_all(&serde_json::to_vec(plan)?)?;
            file.sync()?;
            self.disk.rename(&draft, &path)?;
            self.disk.sync_dir(&dir)
        };
        noted().map_err(LogError::io("write", &path))?;
        Ok(kept)
    }

    /// Puts a file without its unsound lines in the place of the one with them, under the lock.
    /// Returns whether the file was still the one that was read.
    pub(super) fn rewrite_file(
        &mut self,
        rewrite: &Rewrite,
        guard: &WriteLock,
    ) -> Result<bool, LogError> {
        let Segment { path, bytes, .. } = &rewrite.segment;
        let draft = self.draft();
        let replace = || {
            self.disk.make_dirs(&self.quarantine())?;
            let file = self.disk.open(path, Mode::Read)?;
            if file.len()? != *bytes {
                return Ok(false);
            }
            let new = self.disk.open(&draft, Mode::Truncate)?;
            let left_out = rewrite.left_out();
            let starts = iter::once(0).chain(left_out.iter().map(|at| at.end));
            let ends = left_out.iter().map(|at| at.start).chain([*bytes]);
            copy_ranges(&*file, starts.zip(ends).map(|(from, to)| from..to), &*new)?;
            if rewrite.needs_line_end() {
                new.write_all(b"\n")?;
            }
            new.sync()?;
            if new.len()? != rewrite.bytes_left() || !self.disk.names(path, &*file)? {
                return Ok(false);
            }
            // Should this process die, whoever appends to the file next makes its name durable.
            guard.begin_renaming()?;
            self.disk.rename(&draft, path)?;
            // It was renamed from one directory to another.
            self.disk.sync_dir(&self.quarantine())?;
            path.parent().map_or(Ok(()), |dir| self.disk.sync_dir(dir))?;
            guard.end_renaming()?;
            Ok(true)
        };
        let is_done = replace().map_err(LogError::io("rewrite", path))?;
        if is_done {
            self.open_to_append(None)?;
        }
        Ok(is_done)
    }

    /// What a repair was going to put on record that may not have come so far.
    pub(super) fn read_plan(&self) -> Repair {
        // It is renamed into place whole: what cannot be read is not of our making.
        let plan = self.disk.read(&self.quarantine().join(PLAN)).ok();
        let plan = plan.and_then(|plan| serde_json::from_slice(&plan).ok());
        plan.unwrap_or_default()
    }

    /// Removes the plan of a repair that is done.
    pub(super) fn remove_plan_file(&self) -> Result<(), LogError> {
        let path = self.quarantine().join(PLAN);
        if_there(self.disk.remove(&path)).map(drop).map_err(LogError::io("remove", &path))
    }

    /// What becomes one of the log's files once it is written.
    pub(super) fn draft(&self) -> PathBuf {
        self.quarantine().join(DRAFT)
    }

    /// The directory of what was cut.
    pub(super) fn quarantine(&self) -> PathBuf {
        self.dir.join("quarantine")
    }
}

/// A name for the copy of what is cut from a segment, the same at every try.
fn copy_name(rewrite: &Rewrite) -> String {
    let digests: String = rewrite.cut.iter().map(|(cut, _)| cut.blake3.as_str()).collect();
    let file = rewrite.segment.name.rsplit('/').next().unwrap_or_default();
    format!("{file}.cut.{:.8}", EventId::of(digests.as_bytes()))
}

/// Copies parts of a file, of which there may be thousands, in as few writes as it takes.
pub(super) fn copy_ranges(
    file: &dyn OpenFile,
    ranges: impl Iterator<Item = Range<u64>>,
    to: &dyn OpenFile,
) -> io::Result<()> {
    let mut to = BufWriter::with_capacity(BUFFER, to);
    for range in ranges {
        copy(file, range, &mut to)?;
    }
    to.flush()
}
