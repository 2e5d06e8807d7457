//! Which sessions of a client are served by a mod, so that its command hooks stand back.
//!
//! The mark of a session is taken away when it ends; a client that was killed leaves it behind.
//! Losing one costs time only, since a call that is served twice gets the same persona. Beside the
//! marks is the moment of the last one.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;

use super::Options;
use super::marks::Marks;
use crate::events::SessionId;

/// The mark that is no session's: the moment of the last one.
const LAST: &str = "last";

/// Marks a session.
pub fn mark(options: &Options, session: &SessionId) -> io::Result<()> {
    let marks = marks(options);
    marks.set(session.as_str())?;
    marks.write(&last_path(&marks))
}

/// Takes the mark of a session away, if it has one.
pub fn unmark(options: &Options, session: &SessionId) -> io::Result<()> {
    marks(options).take(session.as_str()).map(drop)
}

/// Returns whether a mod serves a session.
#[must_use]
pub fn is_served(options: &Options, session: &SessionId) -> bool {
    marks(options).has(session.as_str())
}

/// Returns when a mod last began to serve a session, as far as is known.
#[must_use]
pub fn last(options: &Options) -> Option<Timestamp> {
    let marks = marks(options);
    marks.moment(&last_path(&marks))
}

fn marks(options: &Options) -> Marks<'_> {
    Marks::of(options, "mod")
}

fn last_path(marks: &Marks<'_>) -> PathBuf {
    marks.dir().join(LAST)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::disk::Mode;

    fn at(dir: &Path, now: &str) -> Options {
        Options {
            dir: dir.to_owned(),
            wait: std::time::Duration::ZERO,
            now: now.parse().unwrap(),
            is_hook: false,
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
        assert_eq!(options.disk.list(marks(&options).dir()).unwrap().len(), 3);
        let options = at(dir.path(), "2026-03-27T14:59:00Z");
        mark(&options, &SessionId::unchecked("s3")).unwrap();
        assert_eq!(options.disk.list(marks(&options).dir()).unwrap().len(), 3);
        assert_eq!(last(&options), Some(options.now));
    }

    #[test]
    fn what_is_no_moment_is_no_mark() {
        let dir = tempfile::tempdir().unwrap();
        let options = at(dir.path(), "2026-03-25T15:30:00Z");
        let session = SessionId::unchecked("s1");
        mark(&options, &session).unwrap();
        let dir = marks(&options).dir().to_owned();
        let names = options.disk.list(&dir).unwrap();
        let name = names.iter().find(|name| *name != LAST).unwrap();
        for bytes in [&b""[..], b"soon\n", b"\xff"] {
            let file = options.disk.open(&dir.join(name), Mode::Truncate).unwrap();
            file.write_all(bytes).unwrap();
            assert!(!is_served(&options, &session));
        }
    }
}
