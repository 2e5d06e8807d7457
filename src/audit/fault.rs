//! What can be found in a store, and how bad it is.

use jiff::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;

use super::Place;
use crate::events::{
    Cut, EventId, FORMAT_VERSION, IdPrefix, LineError, PersonaName, Seq, TextError,
};
use crate::projection::Warning;
use crate::wording::{Count, Quoted};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The log is not what was written.
    Damage,
    /// Something should be looked at; the log may still be what was written.
    Warning,
    /// Something happens in an honest life, and can be told.
    Note,
}

/// Something that an audit found.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The line is wrong by itself.
    #[error("{}", told(.0))]
    Line(LineError),
    /// Lines that end with CR LF, and are sound but for that.
    #[error("{}", converted(*lines))]
    CrLf {
        /// How many, one after the other.
        lines: u64,
    },
    /// The last line of a sealed file has no line end.
    #[error("the file is sealed, and its last line has no line end")]
    NoLineEnd,
    /// The last line of the log has no line end.
    #[error("the last line has no line end; it counts, and the next writer ends it")]
    Unended,
    /// An editor put a byte order mark before the line.
    #[error(
        "a byte order mark stands before the line, as editors put it there; it is no part of it"
    )]
    ByteOrderMark,
    /// The line follows an event that is nowhere.
    #[error(
        "it follows the event `{0}`, which is not in the log: a line was removed, or this one was taken over without those before it"
    )]
    MissingParent(EventId),
    /// The line's depth does not follow from its parents.
    #[error(
        "its `seq` is {written}, and after its parents it must be {due}: no writer made this line"
    )]
    WrongSeq {
        /// What the line says.
        written: Seq,
        /// What it must be.
        due: Seq,
    },
    /// The line stands before its parent.
    #[error("out of order: it stands before its parent, {}{}", parent.told(), if *proven {
        "; the history has no fork up to there, so no merge moved it"
    } else {
        ", as branches that were merged both ways can leave it"
    })]
    OutOfOrder {
        /// Where the parent stands.
        parent: Place,
        /// Whether no merge can have put it there.
        proven: bool,
    },
    /// The line names as heads two events of which one is the other's ancestor.
    #[error(
        "it follows the event `{0}` and one that came after that: no writer takes both for heads"
    )]
    NotHeads(EventId),
    /// The log ends in a write that did not.
    #[error(
        "the log ends in an unfinished write of {}; readers pass over it, and the next writer moves it to `quarantine/`",
        Count(*bytes, "byte")
    )]
    TornTail {
        /// Its length in bytes.
        bytes: u64,
    },
    /// Lines that stand in the log before.
    #[error("{}", repeated(*lines, first))]
    Repeated {
        /// How many, one after the other.
        lines: u64,
        /// Where the first of them stands first.
        first: Place,
    },
    /// The line follows an event that another line followed already.
    #[error("a branch from {}, as merges bring them", .0.told())]
    Branch(Place),
    /// The line follows nothing, and is not the first.
    #[error("a second beginning, as merges of unrelated logs bring them")]
    Beginning,
    /// The line's time is before its parent's.
    #[error("its time, {at}, is before its parent's, {parent}")]
    Backwards {
        /// Its time.
        at: Timestamp,
        /// Its parent's.
        parent: Timestamp,
    },
    /// A text that the command line would have refused.
    #[error(transparent)]
    Text(TextError),
    /// An event that names a persona that does not exist.
    #[error("it names `{persona}`, who does not exist by then{}", match more {
        0 => String::new(),
        more => {
            let more = Count(*more, "event");
            format!(", and so {} {more} after it", more.agree("does", "do"))
        }
    })]
    Nobody {
        /// Its name.
        persona: PersonaName,
        /// How many later events name it, too.
        more: u64,
    },
    /// A persona that is held more than once.
    #[error("{0}")]
    TwoHolders(Warning),
    /// Events of a type that this build does not know.
    #[error("an event of the unknown type `{kind}`; {}", skipped(*count))]
    UnknownType {
        /// Their type.
        kind: SmolStr,
        /// How many there are.
        count: u64,
    },
    /// Events that a newer build wrote.
    #[error(
        "an event of format version {version}, and this build knows {FORMAT_VERSION}; {}",
        skipped(*count)
    )]
    NewerVersion {
        /// Its format version.
        version: u32,
        /// How many there are.
        count: u64,
    },
    /// A line that a repair cut out.
    #[error(
        "at {at} line {} of `{}` was cut out: {} with the BLAKE3 digest {}",
        cut.line, cut.file, Count(cut.bytes, "byte"), cut.blake3
    )]
    Cut {
        /// What was cut.
        cut: Cut,
        /// When.
        at: Timestamp,
    },
    /// The line follows an event that is not there, and a repair vouches for that.
    #[error(
        "a mended gap: it follows the event `{missing}`, which is not in the log; the repair of {at} vouches for that"
    )]
    Mended {
        /// The event.
        missing: EventId,
        /// When it was vouched for.
        at: Timestamp,
    },
    /// The line is a repair that vouches for the absence of an event that no line follows.
    #[error("it puts on record that the event `{0}` is missing")]
    OnRecord(EventId),
    /// The line is there, and a repair had vouched for its absence.
    #[error("it is there again: the repair of {at} had put it on record as missing")]
    Returned {
        /// When it was vouched for.
        at: Timestamp,
    },
    /// A sealed file has another name than its lines give it.
    #[error("its name does not fit: it begins at depth {first} and ends with the id `{last}`")]
    SegmentName {
        /// The depth of its first line.
        first: Seq,
        /// The id of its last line.
        last: EventId,
    },
    /// A sealed file has no lines.
    #[error("its name is that of a piece of the log, and it is empty")]
    EmptySegment,
    /// The checkpoint cannot be used.
    #[error("it cannot be used, and is ignored")]
    CheckpointUnusable,
    /// The checkpoint says otherwise than the log.
    #[error(
        "it says otherwise than the log: delete the directory `.cache`, and the log answers alone"
    )]
    CheckpointDiffers,
    /// The checkpoint knows of events that the log does not hold.
    #[error(
        "it knows of {}, which the log does not hold any more: lines were cut off, or another log was put in its place",
        Quoted::all(.0)
    )]
    EventsGone(Vec<EventId>),
    /// The checkpoint is of this log in another state.
    #[error("the log is {} than when its checkpoint was taken; every event of then is still there", if *longer {
        "shorter"
    } else {
        "another one"
    })]
    OtherState {
        /// Whether the log was longer then.
        longer: bool,
    },
    /// A head that was noted earlier is not in the history.
    #[error("the history no longer contains `{noted}`{}", match vouched {
        None => String::new(),
        Some(at) => format!("; the repair of {at} put it on record as missing"),
    })]
    HeadGone {
        /// What was noted of it.
        noted: IdPrefix,
        /// When a repair put it on record as missing, if one did.
        vouched: Option<Timestamp>,
    },
    /// Others than the owner may read or write the file.
    #[error(
        "others than its owner may read or write it: its mode is {mode:03o}, and `chmod go=` on it takes that away"
    )]
    OpenToOthers {
        /// Its mode.
        mode: u32,
    },
}

impl Fault {
    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.class().0
    }

    /// What it is, for programs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.class().1
    }

    fn class(&self) -> (Severity, &'static str) {
        use Severity::{Damage, Note, Warning};
        match self {
            Self::Line(LineError::WrongId { .. }) => (Damage, "changed"),
            Self::Line(LineError::TooLong { .. }) => (Damage, "too_long"),
            Self::Line(
                LineError::NoId
                | LineError::CrLf
                | LineError::NoObject
                | LineError::NotText(_)
                | LineError::NotAnEvent(_),
            ) => (Damage, "not_an_event"),
            Self::CrLf { .. } => (Damage, "crlf"),
            Self::NoLineEnd => (Damage, "no_line_end"),
            Self::MissingParent(_) => (Damage, "missing_parent"),
            Self::WrongSeq { .. } => (Damage, "wrong_seq"),
            Self::OutOfOrder { proven: true, .. } => (Damage, "out_of_order"),
            Self::OutOfOrder { proven: false, .. } => (Warning, "out_of_order"),
            Self::NotHeads(_) => (Warning, "not_heads"),
            Self::TornTail { .. } => (Note, "torn_tail"),
            Self::Unended => (Note, "unended"),
            Self::ByteOrderMark => (Note, "byte_order_mark"),
            Self::Repeated { .. } => (Note, "repeated"),
            Self::Branch(_) => (Note, "branch"),
            Self::Beginning => (Note, "beginning"),
            Self::Backwards { .. } => (Note, "backwards"),
            Self::Text(_) => (Warning, "text"),
            Self::Nobody { .. } => (Warning, "nobody"),
            Self::TwoHolders(_) => (Warning, "two_holders"),
            Self::UnknownType { .. } => (Note, "unknown_type"),
            Self::NewerVersion { .. } => (Note, "newer_version"),
            Self::Cut { .. } => (Note, "cut"),
            Self::Mended { .. } | Self::OnRecord(_) => (Note, "mended"),
            Self::Returned { .. } => (Note, "returned"),
            Self::SegmentName { .. } | Self::EmptySegment => (Warning, "segment_name"),
            Self::CheckpointUnusable => (Note, "checkpoint_unusable"),
            Self::CheckpointDiffers => (Damage, "checkpoint_differs"),
            Self::EventsGone(_) => (Damage, "events_gone"),
            Self::OtherState { longer: true } => (Warning, "other_state"),
            Self::OtherState { longer: false } => (Note, "other_state"),
            Self::HeadGone { .. } => (Damage, "head_gone"),
            Self::OpenToOthers { .. } => (Warning, "open_to_others"),
        }
    }
}

fn told(error: &LineError) -> String {
    match error {
        LineError::WrongId { written, computed } => format!(
            "the line was changed: it ends with the id `{written}`, but its bytes have the id `{computed}`"
        ),
        other => other.to_string(),
    }
}

fn converted(lines: u64) -> String {
    let what = match lines {
        1 => "the line ends".to_owned(),
        more => format!("from here, {more} lines end"),
    };
    what + " with CR LF, and would be sound with LF alone: something converted the line ends"
}

fn repeated(lines: u64, first: &Place) -> String {
    let first = first.told();
    match lines {
        1 => format!("repeats {first}, as merges can; it counts once"),
        more => format!(
            "from here, {more} lines repeat others, the first of them {first}, as merges can; each counts once"
        ),
    }
}

/// What events that are skipped have in common.
fn skipped(count: u64) -> String {
    match count {
        1 => "it is skipped".to_owned(),
        more => format!("it is the first of {more} that are skipped"),
    }
}
