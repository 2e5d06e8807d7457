//! What can be wrong with a log, and why it could not be read or written.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::{EventId, LineError, Seq};

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
