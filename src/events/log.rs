//! The log, as the rest of the program sees it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{LogError, LogStorage, Position, TornTail};

/// The seam between the rules and what keeps the events.
///
/// Two things can be done with a log: read what is new since a position (and
/// ask whether it still has that position), and append where the writer saw it
/// end. Files keep one, files that follow the log of a fleet another, and memory
/// the third; nothing above this trait notices which it is. What has to look at all
/// bytes or to write them anew, as an audit or a repair, does so in its [`LogStorage`].
pub trait Log {
    /// The right to append: it keeps other writers waiting until it is dropped.
    type Guard;
    /// Where its bytes are kept on this machine.
    type Storage: LogStorage<Guard = Self::Guard>;

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

    /// Where its bytes are kept on this machine.
    fn storage(&mut self) -> &mut Self::Storage;

    /// What is appended to. For messages.
    fn path(&self) -> &Path;

    /// Where a line of the log is kept: the file, and its line there. For messages.
    fn locate(&self, line: u64) -> (PathBuf, u64);

    /// Returns whether it is the copy of a log that is kept elsewhere.
    fn is_mirror(&self) -> bool {
        false
    }

    /// Returns whether all its texts may reach prompts on this machine, whoever wrote them.
    fn is_trusted(&self) -> bool {
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
