//! Which texts of the log may reach a prompt on this machine: the store's file `allowed`.
//!
//! It has the id of an event on each line. It is appended to and never rewritten: an id is taken back
//! by a later line, `revoked` and the id. The first line ties the list to the one file that it stands
//! in. So a copy of it, and what a merge puts in its place, allow nothing: git overwrites files that it
//! is told to ignore, and whoever may push could bring a list of their own along.

use std::cell::{Cell, OnceCell};
use std::io;
use std::path::{Path, PathBuf};

use memchr::memmem;

use crate::disk::{Disk, Identity, Mode, OpenFile, if_there};
use crate::events::EventId;
use crate::file_log::{GIT_IGNORE, lock};
use crate::{fleet, git};

/// The file, in a store.
pub const FILE: &str = "allowed";
/// What the first line begins with; the mark of the file follows.
const HEADER: &str = "file ";
/// What a line begins with that takes an id back.
const REVOKED: &[u8] = b"revoked ";
/// What stands in the lock's file once the store has a list: without one, it lost it.
const ASKED: &[u8] = b"no words of this log reach a prompt that `allowed` does not have";
// An odd length means something else to the lock.
const _: () = assert!(ASKED.len().is_multiple_of(2));

/// The ids that are allowed. Nothing is read before one is asked for.
#[derive(Debug)]
pub struct Allowed {
    disk: Disk,
    dir: PathBuf,
    /// What this process wrote itself.
    own: Vec<EventId>,
    list: OnceCell<List>,
    /// Whether the list was seen to be there.
    is_there: Cell<bool>,
    /// Whether the store's settings allow everything, whatever the list says.
    trusts_all: bool,
    /// Whether those settings are this machine's own, and not brought by git.
    has_own_settings: OnceCell<bool>,
}

/// What is known of a store's list of allowed texts.
#[derive(Debug)]
pub enum List {
    /// There is none.
    Missing,
    /// It is this machine's own.
    Own(Vec<u8>),
    /// It is not this machine's own, for this reason; what it says does not count.
    Foreign(&'static str),
    /// It cannot be read.
    Unreadable(io::Error),
}

impl Allowed {
    pub fn new(disk: Disk, dir: PathBuf) -> Self {
        let (list, is_there) = (OnceCell::new(), Cell::new(false));
        let has_own_settings = OnceCell::new();
        Self { disk, dir, own: Vec::new(), list, is_there, trusts_all: false, has_own_settings }
    }

    /// Allows everything, or only what the list says.
    pub fn trusting(self, trusts_all: bool) -> Self {
        Self { trusts_all, ..self }
    }

    /// Returns whether everything is allowed, whatever the list says.
    pub fn trusts_all(&self) -> bool {
        let has_own = || !git::may_keep(&self.dir, fleet::FILE);
        self.trusts_all && *self.has_own_settings.get_or_init(has_own)
    }

    /// Where the list is.
    pub fn path(&self) -> PathBuf {
        self.dir.join(FILE)
    }

    /// What is in the store now, or was when it was first asked for.
    pub fn list(&self) -> &List {
        self.list
            .get_or_init(|| List::read(&self.disk, &self.path()).unwrap_or_else(List::Unreadable))
    }

    /// Returns whether an event is allowed.
    pub fn contains(&self, event: EventId) -> bool {
        self.trusts_all() || self.own.contains(&event) || self.list().contains(event)
    }

    /// Takes events for allowed that this process wrote, whatever becomes of the list.
    pub fn trust(&mut self, events: &[EventId]) {
        self.own.extend(events);
    }

    /// Returns whether the store looks like one of a build that knew of no list: nothing was written
    /// to its lock.
    pub fn looks_older(&self) -> bool {
        !self.exists() && self.disk.file_len(&self.dir.join(lock::FILE)).is_ok_and(|it| it <= 1)
    }

    /// Returns whether a store that looks older was in use on this machine.
    ///
    /// Git is told to ignore the lock, so that a clone has none. One that git keeps was brought along.
    pub fn was_in_use(&self) -> bool {
        !git::may_keep(&self.dir, lock::FILE)
    }

    /// Returns whether there is a list, or something in its place.
    fn exists(&self) -> bool {
        if !self.is_there.get() {
            self.is_there.set(self.disk.exists(&self.path()).unwrap_or(true));
        }
        self.is_there.get()
    }

    /// Makes the list of a store that has no lock yet, and so was not in use on this machine: from
    /// then on, its lock says so.
    pub fn begin(&mut self) -> io::Result<()> {
        let was_used = self.exists() || self.disk.exists(&self.dir.join(lock::FILE))?;
        if was_used { Ok(()) } else { self.make() }
    }

    /// Allows events, or takes that back, and has it on disk. The writers' lock has to be held.
    pub fn write(&mut self, events: &[EventId], is_revoked: bool) -> io::Result<()> {
        self.list.take();
        match self.list() {
            List::Own(_) => {}
            List::Missing => self.make()?,
            List::Foreign(_) => {
                let quarantine = self.dir.join("quarantine");
                self.disk.make_dirs(&quarantine)?;
                self.disk.rename(&self.path(), &quarantine.join(FILE))?;
                self.make()?;
            }
            List::Unreadable(error) => {
                return Err(io::Error::new(error.kind(), error.to_string()));
            }
        }
        let mut lines = Vec::new();
        // What a crash cut off must not take the next line with it.
        if matches!(self.list(), List::Own(text) if !text.ends_with(b"\n")) {
            lines.push(b'\n');
        }
        for event in events {
            lines.extend_from_slice(if is_revoked { REVOKED } else { b"" });
            lines.extend_from_slice(&event.digits());
            lines.push(b'\n');
        }
        self.list.take();
        let file = self.disk.open(&self.path(), Mode::Append)?;
        file.write_all(&lines)?;
        file.sync()
    }

    /// Makes an empty list where there is none.
    fn make(&mut self) -> io::Result<()> {
        self.list.take();
        // A list in git would be of no use to anybody, and do no harm.
        let _ = self.keep_out_of_git();
        match self.disk.open(&self.path(), Mode::CreateNew) {
            Ok(file) => file.write_all(format!("{}\n", header(&file.identity()?)).as_bytes())?,
            // Another process was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        self.disk.open(&self.dir.join(lock::FILE), Mode::Truncate)?.write_all(ASKED)
    }

    /// Has git ignore the list, in a store that was made before there was one.
    fn keep_out_of_git(&self) -> io::Result<()> {
        let path = self.dir.join(".gitignore");
        let Some(ignored) = if_there(self.disk.read(&path))? else {
            return self.disk.write_new(&path, GIT_IGNORE);
        };
        let mut lines = ignored.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        if lines.any(|line| line.strip_prefix(b"/").unwrap_or(line) == FILE.as_bytes()) {
            return Ok(());
        }
        let end = if ignored.is_empty() || ignored.ends_with(b"\n") { "" } else { "\n" };
        self.disk.open(&path, Mode::Append)?.write_all(format!("{end}{FILE}\n").as_bytes())
    }
}

/// The first line of a list that stands in this file.
fn header(file: &Identity) -> String {
    format!("{HEADER}{}", file.mark())
}

impl List {
    fn read(disk: &Disk, path: &Path) -> io::Result<Self> {
        let Some(file) = if_there(disk.open(path, Mode::Read))? else { return Ok(Self::Missing) };
        let identity = file.identity()?;
        if !identity.is_own {
            return Ok(Self::Foreign("it is a file of another user's"));
        }
        let text = read_whole(&*file)?;
        let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        Ok(if first == header(&identity).as_bytes() {
            Self::Own(text)
        } else {
            Self::Foreign("it is a copy, or was brought here, and not written by this program")
        })
    }

    /// Returns whether the last line about an event allows it.
    fn contains(&self, event: EventId) -> bool {
        let Self::Own(text) = self else { return false };
        let digits = event.digits();
        let mut is_allowed = false;
        // A list may be long, and is searched before an agent starts: only lines with the id are looked at.
        for (before, after) in memmem::find_iter(text, &digits).map(|at| text.split_at(at)) {
            let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
            let is_end = matches!(after.get(digits.len()), None | Some(b'\n'));
            match before.get(start..).filter(|_| is_end) {
                Some(b"") => is_allowed = true,
                Some(REVOKED) => is_allowed = false,
                _ => {}
            }
        }
        is_allowed
    }

    /// How many of its lines say nothing.
    pub fn rubbish(&self) -> u64 {
        let Self::Own(text) = self else { return 0 };
        let says = |line: &[u8]| {
            line.is_empty() || EventId::parse(line.strip_prefix(REVOKED).unwrap_or(line)).is_some()
        };
        text.split(|byte| *byte == b'\n').skip(1).filter(|line| !says(line)).count() as u64
    }
}

fn read_whole(file: &dyn OpenFile) -> io::Result<Vec<u8>> {
    let bytes = file.len()?;
    let mut text = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
    file.read_at(0, bytes, &mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_line_about_an_event_counts() {
        let (id, other) = (EventId::of(b"a"), EventId::of(b"b"));
        for (text, is_allowed) in [
            (format!("file x\n{id}\n{other}\n"), true),
            (format!("file x\n{other}\n{id}"), true),
            (format!("file x\n{other}\n"), false),
            (format!("file x\n{id}\nrevoked {id}\n{other}\n"), false),
            (format!("file x\nrevoked {id}\n{id}\n"), true),
            (format!("file x\n {id}\n{id}f\nf{id}\n{other}{id}\nrevoke {id}\n"), false),
            (format!("file x\n{id}\nnot revoked {id}\n"), true),
        ] {
            assert_eq!(List::Own(text.clone().into()).contains(id), is_allowed, "{text}");
            assert!(!List::Missing.contains(id));
        }
        let text = format!("file x\n{id}\n\nrevoked {id}\nrevoked\n {id}\nhello\n");
        assert_eq!(List::Own(text.into()).rubbish(), 3);
    }
}
