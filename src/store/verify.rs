//! Reading everything, and telling all that is wrong with it.

use std::path::Path;
use std::time::Duration;

use super::{LongWork, Options, Store, StoreError};
use crate::audit::{Auditor, Kept, inspect};
use crate::disk;
use crate::events::{IdPrefix, Log as _, LogError};
use crate::file_log::{FileLog, Scan};
use crate::projection::{Audit, Fault, Finding, Severity, checkpoint, pipeline};

/// What of a store, besides the log's files, should be its owner's alone.
const FILES: [&str; 7] =
    ["", "events.jsonl", "segments", "seed.toml", ".lock", ".cache", "quarantine"];

impl Store<FileLog> {
    /// Audits a store: reads every line of every file, and writes nothing.
    ///
    /// `noted` are heads that somebody noted earlier; the audit tells whether
    /// the history still contains them. It takes no lock, but what looks like
    /// damage is looked at once more while no writer can be at work.
    pub fn verify(options: &Options, noted: &[IdPrefix]) -> Result<Audit, StoreError> {
        let cache = options.cache();
        let mut log = match existing(options) {
            // A log that is gone, and has a checkpoint, is no store that never was.
            Err(StoreError::NoStore(_)) if checkpoint::exists(&options.disk, &cache) => {
                options.log()
            }
            log => log?,
        };
        let look = |log: &mut FileLog| {
            let (auditor, scan) = read_through(log, options)?;
            Ok((auditor.finish(noted)?, scan))
        };
        let suspect =
            |audit: &Audit| audit.findings.iter().any(|found| may_be_half_seen(&found.fault));
        let (mut audit, scan) = look_twice(&mut log, options.wait, look, suspect)?;
        for open in open_to_others(&options.dir, &scan)? {
            audit.add(found_open(open));
        }
        Ok(audit)
    }

    /// Finds the files of a store that others than their owner may write.
    ///
    /// Only modes are looked at, and no line is read.
    pub fn writable_by_others(options: &Options) -> Result<Vec<Finding>, StoreError> {
        let scan = existing(options)?.scan()?;
        let mut open = open_to_others(&options.dir, &scan)?;
        open.retain(|(_, mode)| mode & 0o022 != 0);
        Ok(open.into_iter().map(found_open).collect())
    }
}

fn found_open((name, mode): (String, u32)) -> Finding {
    Finding::of_file(&name, Fault::OpenToOthers { mode })
}

/// Looks at a log, and once more while no writer can be at work if what was seen may be half a write.
pub(super) fn look_twice<T>(
    log: &mut FileLog,
    wait: Duration,
    look: impl Fn(&mut FileLog) -> Result<(T, Scan), StoreError>,
    is_suspect: impl Fn(&T) -> bool,
) -> Result<(T, Scan), StoreError> {
    let (seen, scan) = look(log)?;
    if is_suspect(&seen) {
        let _turn = log.hold_still(wait);
        if !log.is_still(&scan)? {
            return look(log);
        }
    }
    Ok((seen, scan))
}

/// The log of a store that is there.
pub(super) fn existing(options: &Options) -> Result<FileLog, StoreError> {
    for name in ["events.jsonl", "segments"] {
        let path = options.dir.join(name);
        // A store that may not be looked into is there all the same.
        if options.disk.exists(&path).map_err(LogError::io("look at", path))? {
            return Ok(options.log());
        }
    }
    Err(StoreError::NoStore(options.dir.clone()))
}

/// The checkpoint, and what of it is known before the log is read.
fn keep(log: &mut FileLog, options: &Options) -> Kept {
    let (disk, cache) = (&options.disk, options.cache());
    let Some(view) = checkpoint::load(disk, &cache) else {
        return if checkpoint::exists(disk, &cache) { Kept::Unusable } else { Kept::None };
    };
    if view.marks().all(|mark| log.holds(mark).unwrap_or(false)) {
        Kept::here(view)
    } else {
        Kept::Elsewhere(Box::new(view))
    }
}

/// Reads the whole log, on all processors.
pub(super) fn read_through(
    log: &mut FileLog,
    options: &Options,
) -> Result<(Auditor, Scan), StoreError> {
    let kept = keep(log, options);
    let mut scan = log.scan()?;
    let mut auditor = Auditor::new(scan.pieces(), kept);
    let next = || -> Result<_, LogError> {
        let batch = scan.read()?;
        let (done, all) = scan.progress();
        options.progress.tell(LongWork::Reading { done, all });
        Ok(batch)
    };
    pipeline::in_order(
        next,
        |batch| inspect(&batch),
        |lines| {
            auditor.take(lines);
            Ok(())
        },
    )?;
    if auditor.is_out_of_line() {
        auditor.fold_all(&read_again(&mut scan)?);
    }
    Ok((auditor, scan))
}

/// Reads the whole log once more, into memory.
fn read_again(scan: &mut Scan) -> Result<Vec<u8>, LogError> {
    let mut whole = Vec::new();
    scan.rewind();
    while let Some(mut batch) = scan.read()? {
        whole.append(&mut batch.bytes);
        if batch.unended {
            whole.push(b'\n');
        }
    }
    Ok(whole)
}

/// Tells whether a finding may come of a write, a seal or a checkout that was half seen.
fn may_be_half_seen(fault: &Fault) -> bool {
    fault.severity() == Severity::Damage || matches!(fault, Fault::TornTail { .. } | Fault::Unended)
}

/// The files that others than the owner may read or write, with their modes.
///
/// In a directory that is closed to others, nothing is open to them.
pub(super) fn open_to_others(dir: &Path, scan: &Scan) -> Result<Vec<(String, u32)>, LogError> {
    let sealed = scan.pieces().iter().filter(|piece| piece.is_sealed());
    let names = FILES.into_iter().chain(sealed.map(|piece| piece.name.as_str()));
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
