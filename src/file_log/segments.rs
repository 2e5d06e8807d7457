//! The files of a log: segments, which are sealed, and the active file.

use std::path::Path;

use crate::disk::{Disk, if_there};
use crate::events::{EventId, LogError, Segment, Seq, named_ends};

/// The directory of the sealed segments in a store.
pub const DIRECTORY: &str = "segments";

/// The file that is appended to, as a store names it.
pub const ACTIVE: &str = "events.jsonl";

/// Names a segment for the depth of its first line and the id of its last.
///
/// The depth has twelve digits, so that the order of the names is that of the
/// log. Of the id, `digits` hex digits: eight, or more should that name be taken.
pub fn name(first: Seq, last: EventId, digits: usize) -> String {
    format!("{first:012}-{last:.digits$}.jsonl")
}

/// The sealed segments in a directory, in the order of the log: by the depth they begin with, then
/// by name.
///
/// What has another name is no part of the log, and not looked at. What has a
/// segment's name and cannot be looked at is an error: a log without it is another log.
pub fn list(disk: &Disk, dir: &Path) -> Result<Vec<Segment>, LogError> {
    let names = if_there(disk.list(dir)).map_err(LogError::io("read", dir))?.unwrap_or_default();
    let segments = names.into_iter().filter_map(|name| Some((named_ends(&name)?.0, name)));
    let mut found: Vec<_> = segments.collect();
    found.sort();
    let mut start = 0;
    let placed = found.into_iter().map(|(_, name)| {
        let path = dir.join(&name);
        let name = smol_str::format_smolstr!("{DIRECTORY}/{name}");
        let bytes = disk.file_len(&path).map_err(LogError::io("look at", &path))?;
        let segment = Segment { name, path, start, bytes, is_sealed: true };
        start = segment.end();
        Ok(segment)
    });
    placed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(unix)]
    use std::io;

    #[cfg(unix)]
    use crate::disk::simulated::{Fault, Simulated};

    #[cfg(unix)]
    #[test]
    fn only_a_directory_that_is_missing_means_no_segments() {
        let root = Path::new("/store");
        let simulated = Simulated::new(root);
        let disk = Disk::new(simulated.clone());
        assert_eq!(list(&disk, &root.join(DIRECTORY)).unwrap(), []);
        let name = name(Seq(1), EventId::of(b"a"), 8);
        simulated.put(&root.join("notes.jsonl"), b"x".to_vec());
        simulated.put(&root.join(&name), b"xy".to_vec());
        assert_eq!(list(&disk, root).unwrap().len(), 1);
        // It is taken away after the names were read.
        let vanishes = Disk::new({
            let fork = simulated.fork();
            fork.fail_at(1, Fault::Failure(io::ErrorKind::NotFound));
            fork
        });
        let error = list(&vanishes, root).unwrap_err().to_string();
        assert!(error.starts_with(&format!("could not look at `/store/{name}`: ")), "{error}");
    }

    #[test]
    fn segments_are_ordered_by_the_depth_they_begin_with_and_then_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let id = |text: &str| EventId::of(text.as_bytes());
        let names = [
            (format!("2-{:.8}.jsonl", id("b")), 2),
            (name(Seq(10), id("a"), 32), 5),
            (name(Seq(10), id("c"), 8), 3),
        ];
        let others = [
            "notes.jsonl",
            "1-abc.jsonl",
            "1-0123456789.txt",
            "-01234567.jsonl",
            "+1-01234567.jsonl",
        ];
        for (name, bytes) in names.iter().cloned().chain(others.map(|name| (name.to_owned(), 1))) {
            let file = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(dir.path().join(name));
            file.unwrap().set_len(bytes).unwrap();
        }
        let mut expected = names;
        expected[1..].sort();
        let mut start = 0;
        for (segment, (name, bytes)) in
            list(&Disk::default(), dir.path()).unwrap().iter().zip(&expected)
        {
            assert_eq!(
                (segment.path.file_name().unwrap().to_str().unwrap(), segment.bytes),
                (name.as_str(), *bytes)
            );
            assert_eq!(segment.start, start);
            start += bytes;
        }
        assert_eq!(start, 10);
        assert_eq!(list(&Disk::default(), dir.path()).unwrap().len(), 3);
        assert_eq!(list(&Disk::default(), &dir.path().join("none")).unwrap(), []);
    }
}
