//! The log, as the rest of the program sees it.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, io};

use serde::{Deserialize, Serialize};

use super::{EventId, LineError, Seq, written_id};
use crate::wording::Count;

/// The seam between the rules and what keeps the events.
///
/// Two things can be done with a log: read what is new since a position (and
/// ask whether it still has that position), and append where the writer saw it
/// end. Files are one implementation, files that follow the log of a fleet the
/// other; nothing above this trait notices which it is.
pub trait Log {
    /// The right to append: it keeps other writers waiting until it is dropped.
    type Guard;

    /// Reads whole lines that follow `since` into `lines`, replacing what was there.
    ///
    /// A last line that lacks nothing but its line end gets one there, and positions count it.
    /// Answers [`Read::Moved`] when the log no longer holds the line that
    /// `since` ends with: what was read before is void, and the reader starts
    /// over from [`Position::START`].
    fn read(&mut self, since: &Position, lines: &mut Vec<u8>) -> Result<Read, LogError>;

    /// Returns whether the log has the line that `position` ends with, and has it there.
    fn holds(&mut self, position: &Position) -> Result<bool, LogError>;

    /// Waits for the right to append, `wait` at the most.
    fn lock(&mut self, wait: Duration) -> Result<Self::Guard, LogError>;

    /// Appends `lines` after `expected`, and answers when they are durable.
    ///
    /// `expected` is where the writer's reading ended; its `last` is the head
    /// it expects. Answers [`Append::Moved`] when the log ends elsewhere or is
    /// another one by now: nothing counts as recorded, and the writer reads and
    /// decides again.
    fn append(
        &mut self,
        guard: Self::Guard,
        expected: &Position,
        lines: &[u8],
    ) -> Result<Append, LogError>;

    /// Makes durable what is in the log already, of whichever writer.
    ///
    /// For an answer that rests on events without adding any: their writer may have died before its sync.
    fn sync(&mut self) -> Result<(), LogError>;

    /// What is appended to. For messages.
    fn path(&self) -> &Path;

    /// Where a line of the log is kept: the file, and its line there. For messages.
    fn locate(&self, line: u64) -> (PathBuf, u64);

    /// Returns whether it is the copy of a log that is kept elsewhere.
    fn is_mirror(&self) -> bool {
        false
    }

    /// Brings what follows `end`, the end of what can be read, where it is not kept here; returns whether
    /// anything came. It must not be called under the lock.
    fn refresh(&mut self, _end: &Position) -> Result<bool, LogError> {
        Ok(false)
    }

    /// Why what was read may not be all there is, if so, since this was last asked. For people.
    fn take_notice(&mut self) -> Option<String> {
        None
    }
}

/// How far a reader came: the end of a line, and which line that was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Bytes from the start of the log.
    pub offset: u64,
    /// Lines from the start of the log.
    pub lines: u64,
    /// The id that the last of these lines ends with.
    pub last: Option<EventId>,
}

impl Position {
    /// Before the first line.
    pub const START: Self = Self { offset: 0, lines: 0, last: None };

    /// Moves on over whole lines, whatever is in them.
    pub(crate) fn advance(&mut self, lines: &[u8]) {
        let Some(content) = lines.strip_suffix(b"\n") else { return };
        self.offset += lines.len() as u64;
        self.lines += memchr::memchr_iter(b'\n', lines).count() as u64;
        let last = memchr::memrchr(b'\n', content).map_or(0, |end| end + 1);
        self.last = content.get(last..).and_then(written_id);
    }
}

/// What a [`Log::read`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Whole lines, from `since` on.
    Lines {
        /// How many bytes of the log follow them, as far as is known.
        left: u64,
    },
    /// The log is another one than `since` was taken from.
    Moved,
}

/// What an [`Log::append`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Append {
    /// The lines are in the log, and durable.
    Done {
        /// What was cut from the end of the log first, if anything.
        torn: Option<TornTail>,
    },
    /// The log had moved. Nothing is recorded.
    Moved,
    /// Others were faster, and what they wrote can be read now. Nothing is recorded, and the log itself
    /// says when the writer has tried for long enough.
    Behind,
}

/// An unfinished write that was moved out of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// Its length in bytes.
    pub bytes: u64,
    /// Where it is kept.
    pub kept: PathBuf,
}

impl fmt::Display for TornTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bytes, kept) = (Count(self.bytes, "byte"), self.kept.display());
        write!(f, "the log ended in an unfinished write; moved its {bytes} to `{kept}`")
    }
}

/// What can be wrong in a log.
#[expect(missing_docs, reason = "the messages say what each is")]
#[derive(Debug, thiserror::Error)]
pub enum DamageReason {
    #[error(transparent)]
    Line(#[from] LineError),
    #[error("it follows the event `{0}`, which is not in the log")]
    MissingParent(EventId),
    #[error("its `seq` is {written}; {}", Seq::rule(*due))]
    WrongSeq { written: Seq, due: Option<Seq> },
}

/// Why the log could not be read or written.
#[expect(missing_docs, reason = "the messages say what each is")]
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("could not {doing} `{}`: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("the log `{}` is busy: another process has been writing for {} s", path.display(), waited.as_secs_f64())]
    Busy { path: PathBuf, waited: Duration },
    #[error("could not write to `{}`: {source}; {}", path.display(), match undone {
        None => "nothing was recorded".to_owned(),
        Some(error) => format!("and the started line could not be taken back: {error}"),
    })]
    Write { path: PathBuf, source: io::Error, undone: Option<io::Error> },
    #[error("could not sync `{}`: {source}; whether the event will outlast a crash is unknown", path.display())]
    Sync { path: PathBuf, source: io::Error },
    /// Not the trace of an unfinished write. Lines count from 1.
    #[error("line {line} of `{}` is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, line: u64, reason: DamageReason },
    /// Of a log that is kept elsewhere; `source` is the error of what keeps it.
    #[error("{source}")]
    Elsewhere {
        source: Box<dyn std::error::Error + Send + Sync>,
        /// Whether it could not be reached, and may be later.
        is_out_of_reach: bool,
    },
}

impl LogError {
    /// Makes a function that says what was being done when a call failed.
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.into(), source }
    }
}
