//! Reading everything, and reporting all that is wrong with it.

use std::path::Path;
use std::time::Duration;

use super::{Options, Store, StoreError};
use crate::audit::{
    Audit, Auditor, Coverage, Fault, Finding, FoundCheckpoint, Purpose, Severity, inspect,
};
use crate::disk;
use crate::events::{EventId, IdPrefix, Log, LogError, LogReader, LogStorage};
use crate::file_log::FileLog;
use crate::projection::{checkpoint, pipeline};

/// What of a store, besides the log's files, should be its owner's alone.
const FILES: [&str; 10] = [
    "",
    "events.jsonl",
    "segments",
    "signatures",
    "seed.toml",
    "remote.toml",
    "outbox.jsonl",
    ".lock",
    ".cache",
    "quarantine",
];

impl Store {
    /// Audits a store: reads every line of every file, and writes nothing.
    ///
    /// `noted` are heads that were noted earlier; the audit says whether the
    /// history still contains them. It takes no lock, but what looks like
    /// damage is looked at once more while no writer can be at work.
    pub fn verify(options: &Options, noted: &[IdPrefix]) -> Result<Audit, StoreError> {
        Ok(Self::verify_signed(options, noted, &[])?.0)
    }

    /// Audits a store, and finds out what of its history stands behind each of several sets of heads
    /// that were signed.
    pub fn verify_signed(
        options: &Options,
        noted: &[IdPrefix],
        signed: &[Vec<EventId>],
    ) -> Result<(Audit, Coverage), StoreError> {
        let mut log = match existing(options) {
            // A log that is gone, and has a checkpoint, is no store that never was.
            Err(StoreError::LogGone(_)) => options.files(),
            Err(StoreError::NoStore(_)) if checkpoint::exists(&options.disk, &options.cache()) => {
                options.files()
            }
            log => log?,
        };
        Store::verify_log(&mut log, options, noted, signed)
    }
    /// Hands every finding of an audit to `tell`, without keeping those of lines that are wrong by
    /// themselves: these come first, as they stand in the log, and then all others, in the same order.
    /// It stops when `tell` says so.
    pub fn verify_each(
        options: &Options,
        noted: &[IdPrefix],
        mut tell: impl FnMut(&Finding) -> bool,
    ) -> Result<(), StoreError> {
        let (mut log, mut goes_on) = (options.files(), true);
        let mut tell_all = |findings: Vec<Finding>| {
            goes_on = goes_on && findings.iter().all(&mut tell);
        };
        let look = |auditor: &mut Auditor| tell_all(auditor.take_findings());
        let (auditor, reader) = read_through(&mut log, options, Purpose::Each, look)?;
        let audit = auditor.finish(noted).map_err(StoreError::AmbiguousHead)?;
        tell_all(audit.findings);
        tell_all(open_to_others(&options.dir, &reader)?.into_iter().map(found_open).collect());
        Ok(())
    }

    /// Finds the files of a store that others than their owner may write.
    ///
    /// Only modes are looked at, and no line is read.
    pub fn writable_by_others(options: &Options) -> Result<Vec<Finding>, StoreError> {
        let reader = existing(options)?.storage().reader()?;
        let mut open = open_to_others(&options.dir, &reader)?;
        open.retain(|(_, mode)| mode & 0o022 != 0);
        Ok(open.into_iter().map(found_open).collect())
    }
}

impl<L: Log> Store<L> {
    /// Audits a store whose events are in `log`, as [`Store::verify_signed`] does.
    pub fn verify_log(
        log: &mut L,
        options: &Options,
        noted: &[IdPrefix],
        signed: &[Vec<EventId>],
    ) -> Result<(Audit, Coverage), StoreError> {
        let look = |log: &mut L| {
            let (mut auditor, reader) = read_through(log, options, Purpose::Report, |_| {})?;
            let coverage = auditor.coverage(signed);
            let audit = auditor.finish(noted).map_err(StoreError::AmbiguousHead)?;
            Ok(((audit, coverage), reader))
        };
        let suspect = |(audit, _): &(Audit, _)| {
            audit.findings.iter().any(|found| may_be_half_seen(&found.fault))
        };
        let ((mut audit, coverage), reader) = look_twice(log, options.wait, look, suspect)?;
        audit.add(open_to_others(&options.dir, &reader)?.into_iter().map(found_open));
        Ok((audit, coverage))
    }
}

fn found_open((name, mode): (String, u32)) -> Finding {
    Finding::of_file(&name, Fault::OpenToOthers { mode })
}

/// What reads a log through.
pub(super) type ReaderOf<L> = <<L as Log>::Storage as LogStorage>::Reader;

/// Looks at a log, and once more while no writer can be at work if what was seen may be half a write.
pub(super) fn look_twice<L: Log, T>(
    log: &mut L,
    wait: Duration,
    look: impl Fn(&mut L) -> Result<(T, ReaderOf<L>), StoreError>,
    is_suspect: impl Fn(&T) -> bool,
) -> Result<(T, ReaderOf<L>), StoreError> {
    let (seen, reader) = look(log)?;
    if is_suspect(&seen) {
        let _guard = log.storage().hold(wait);
        if !log.storage().is_unchanged(&reader)? {
            return look(log);
        }
    }
    Ok((seen, reader))
}

/// The log of a store that is there.
pub(super) fn existing(options: &Options) -> Result<FileLog, StoreError> {
    for name in ["events.jsonl", "segments"] {
        let path = options.dir.join(name);
        // A store that may not be looked into is there all the same.
        if options.disk.exists(&path).map_err(LogError::io("look at", path))? {
            return Ok(options.files());
        }
    }
    if checkpoint::load(&options.disk, &options.cache()).is_some() {
        return Err(StoreError::LogGone(options.dir.join("events.jsonl")));
    }
    Err(StoreError::NoStore(options.dir.clone()))
}

/// The checkpoint, and what of it is known before the log is read.
fn find_checkpoint(log: &mut impl Log, options: &Options) -> FoundCheckpoint {
    let (disk, cache) = (&options.disk, options.cache());
    match checkpoint::load(disk, &cache).map(Box::new) {
        Some(view) if view.stands_in(log) => FoundCheckpoint::OfThisLog { view, comparison: None },
        Some(view) => FoundCheckpoint::OfAnotherLog(view),
        None if let Some(why) = checkpoint::distrust(disk, &cache) => {
            FoundCheckpoint::Distrusted(why)
        }
        None if checkpoint::exists(disk, &cache) => FoundCheckpoint::Unusable,
        None => FoundCheckpoint::None,
    }
}

/// Reads the whole log, on all processors. After each part of it `look` sees what was found so far.
pub(super) fn read_through<L: Log>(
    log: &mut L,
    options: &Options,
    purpose: Purpose,
    mut look: impl FnMut(&mut Auditor),
) -> Result<(Auditor, ReaderOf<L>), StoreError> {
    let checkpoint = find_checkpoint(log, options);
    let mut reader = log.storage().reader()?;
    let mut auditor = Auditor::new(reader.segments(), checkpoint, purpose);
    let next = || -> Result<_, LogError> {
        let batch = reader.read()?;
        options.progress.report(reader.progress());
        Ok(batch)
    };
    pipeline::in_order(next, inspect, |lines| {
        auditor.take(lines);
        look(&mut auditor);
        Ok(())
    })?;
    if auditor.is_out_of_order() {
        auditor.begin_again();
        reader.rewind();
        while let Some(batch) = reader.read()? {
            auditor.take_again(&batch);
        }
        auditor.fold_all();
    }
    Ok((auditor, reader))
}

/// Returns whether a finding may come of a write, a seal or a checkout that was half seen.
fn may_be_half_seen(fault: &Fault) -> bool {
    fault.severity() == Severity::Damage || matches!(fault, Fault::TornTail { .. } | Fault::Unended)
}

/// The files that others than the owner may read or write, with their modes.
///
/// In a directory that is closed to others, nothing is open to them.
pub(super) fn open_to_others(
    dir: &Path,
    reader: &impl LogReader,
) -> Result<Vec<(String, u32)>, LogError> {
    let sealed = reader.segments().iter().filter(|segment| segment.is_sealed);
    let names = FILES.into_iter().chain(sealed.map(|segment| segment.name.as_str()));
    let mut found = Vec::new();
    for name in names {
        let path = dir.join(name);
        let mode = disk::open_to_others(&path).map_err(LogError::io("look at", &path))?;
        if name.is_empty() && mode.is_none() {
            break;
        }
        let name = if name.is_empty() { "." } else { name };
        found.extend(mode.map(|mode| (name.to_owned(), mode)));
    }
    Ok(found)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::projection::testing::{History, seed};
    use crate::{Disk, PendingCheckpoint, Progress};

    #[expect(clippy::disallowed_methods, reason = "a test may write as others do")]
    #[test]
    fn what_may_be_half_a_write_is_looked_at_again_while_no_writer_can_be_at_work() {
        let sound = History::of([seed("Ann"), seed("Bo")]).lines.concat();
        let (torn, changed) = (&sound[..sound.len() - 9], sound.replacen("data", "Data", 1));
        for (half, repairs) in [(torn, false), (&changed, false), (&changed, true)] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("events.jsonl");
            fs::write(&path, half).unwrap();
            fs::write(dir.path().join(".lock"), "").unwrap();
            // The rest arrives once the half was read; then it is noted who may write at each read.
            let (whole, free) = (dir.path().join("whole"), Arc::new(Mutex::new(Vec::new())));
            fs::write(&whole, &sound).unwrap();
            let (noted, writer) = (Arc::clone(&free), dir.path().to_owned());
            let progress = Progress::new(move |_, _, _| {
                let _ = fs::rename(&whole, &path);
                let mut log = FileLog::new(Disk::default(), writer.clone());
                let locked = log.lock(Duration::ZERO);
                noted.lock().unwrap().push(locked.is_ok());
            });
            let options = Options {
                dir: dir.path().to_owned(),
                wait: Duration::ZERO,
                now: jiff::Timestamp::UNIX_EPOCH,
                is_hook: false,
                progress,
                disk: Disk::default(),
                pending: PendingCheckpoint::default(),
            };
            if repairs {
                assert!(Store::plan_repair(&options).unwrap().is_empty());
            } else {
                let found = Store::verify(&options, &[]).unwrap().findings;
                assert!(!found.iter().any(|it| may_be_half_seen(&it.fault)), "{found:?}");
            }
            // One batch and the end, read without the lock; and again, with it.
            assert_eq!(*free.lock().unwrap(), [true, true, false, false]);
        }
    }
}
