//! Which sessions of a client are served by a mod, so that its command hooks stand back.
//!
//! A session that a mod serves has a mark: a file in `.cache/mod/` with the moment at which it was
//! made, named after the session's BLAKE3 hash, because a session's id may hold anything. It is
//! taken away when the session ends, and says nothing any more after a day: a client that was
//! killed leaves it behind. Losing a mark costs time only, since a call that is served twice gets
//! the same persona. Beside the marks is the moment of the last one.

use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::Options;
use crate::disk::{Mode, if_there};
use crate::events::SessionId;

/// How long a mark says something.
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// The file with the moment of the last mark.
const LAST: &str = "last";

/// Marks a session, and removes the marks that say nothing any more.
pub fn mark(options: &Options, session: &SessionId) -> io::Result<()> {
    let dir = dir(options);
    options.disk.make_dirs(&dir)?;
    for name in options.disk.list(&dir)?.iter().filter(|name| *name != LAST) {
        let path = dir.join(name);
        if !is_fresh(options, &path) {
            // Somebody else may have been faster.
            if_there(options.disk.remove(&path))?;
        }
    }
    let moment = format!("{}\n", options.now);
    for path in [path(options, session), dir.join(LAST)] {
        options.disk.open(&path, Mode::Truncate)?.write_all(moment.as_bytes())?;
    }
    Ok(())
}

/// Takes the mark of a session away, if it has one.
pub fn unmark(options: &Options, session: &SessionId) -> io::Result<()> {
    if_there(options.disk.remove(&path(options, session))).map(drop)
}

/// Returns whether a mod serves a session.
#[must_use]
pub fn is_served(options: &Options, session: &SessionId) -> bool {
    is_fresh(options, &path(options, session))
}

/// Returns when a mod last began to serve a session, as far as is known.
#[must_use]
pub fn last(options: &Options) -> Option<Timestamp> {
    moment(options, &dir(options).join(LAST))
}

fn dir(options: &Options) -> PathBuf {
    options.cache().join("mod")
}

fn path(options: &Options, session: &SessionId) -> PathBuf {
    let hash = blake3::hash(session.as_str().as_bytes()).to_hex();
    dir(options).join(hash.as_str())
}

/// A clock that was set back makes no mark stale for longer than it was fresh.
fn is_fresh(options: &Options, path: &Path) -> bool {
    moment(options, path).is_some_and(|at| options.now.duration_since(at).abs() < STALE_AFTER)
}

fn moment(options: &Options, path: &Path) -> Option<Timestamp> {
    let bytes = options.disk.read(path).ok()?;
    str::from_utf8(&bytes).ok()?.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(dir: &Path, now: &str) -> Options {
        Options {
            dir: dir.to_owned(),
            wait: std::time::Duration::ZERO,
            now: now.parse().unwrap(),
            progress: super::super::Progress::default(),
            disk: crate::disk::Disk::default(),
            pending: super::super::PendingCheckpoint::default(),
        }
    }

    #[test]
    fn a_mark_lasts_until_it_is_taken_away_or_for_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let options = at(&dir.path().join("store"), "2026-03-25T15:30:00Z");
        // Whatever is in it, it is a file of this directory.
        let (session, other) = (SessionId::unchecked("../a/b\n"), SessionId::unchecked("s2"));
        assert!(!is_served(&options, &session));
        assert_eq!(last(&options), None);
        mark(&options, &session).unwrap();
        assert!(is_served(&options, &session) && !is_served(&options, &other));
        let later = |now| is_served(&at(&options.dir, now), &session);
        assert!(later("2026-03-26T15:29:59Z") && !later("2026-03-26T15:30:00Z"));
        assert!(later("2026-03-25T10:00:00Z") && !later("2026-03-20T15:30:00Z"));
        unmark(&options, &session).unwrap();
        unmark(&options, &session).unwrap();
        assert!(!is_served(&options, &session));
        assert_eq!(last(&options), Some(options.now), "the last one is remembered");
    }

    #[test]
    fn marks_that_say_nothing_any_more_go_with_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let options = at(dir.path(), "2026-03-25T15:30:00Z");
        mark(&options, &SessionId::unchecked("s1")).unwrap();
        let options = at(dir.path(), "2026-03-26T15:00:00Z");
        mark(&options, &SessionId::unchecked("s2")).unwrap();
        assert_eq!(options.disk.list(&super::dir(&options)).unwrap().len(), 3);
        let options = at(dir.path(), "2026-03-27T14:59:00Z");
        mark(&options, &SessionId::unchecked("s3")).unwrap();
        assert_eq!(options.disk.list(&super::dir(&options)).unwrap().len(), 3);
        assert_eq!(last(&options), Some(options.now));
    }

    #[test]
    fn what_is_no_moment_is_no_mark() {
        let dir = tempfile::tempdir().unwrap();
        let options = at(dir.path(), "2026-03-25T15:30:00Z");
        let session = SessionId::unchecked("s1");
        mark(&options, &session).unwrap();
        for bytes in [&b""[..], b"soon\n", b"\xff"] {
            let file = options.disk.open(&path(&options, &session), Mode::Truncate).unwrap();
            file.write_all(bytes).unwrap();
            assert!(!is_served(&options, &session));
        }
    }
}
