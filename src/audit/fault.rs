//! What can be found in a store, and how bad it is.

use jiff::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;

use super::place::Place;
use crate::events::{
    Cut, EventId, FORMAT_VERSION, IdPrefix, LineError, PersonaName, Seq, TextError,
};
use crate::projection::{Warning, checkpoint::Distrust};
use crate::wording::{Count, quoted};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The log is not what was written.
    Damage,
    /// Something should be looked at; the log may still be what was written.
    Warning,
    /// Something that happens in an undamaged log, and is worth knowing.
    Note,
}

/// Something that an audit found.
#[expect(missing_docs, reason = "the messages say what each is")]
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{}", changed(.0))]
    Line(LineError),
    #[error("{}", converted(*lines))]
    CrLf { lines: u64 },
    #[error("the file is sealed, and its last line has no line end")]
    NoLineEnd,
    #[error("the last line has no line end; it counts, and the next writer ends it")]
    Unended,
    #[error(
        "a byte order mark stands before the line, as editors put it there; it is no part of it"
    )]
    ByteOrderMark,
    #[error(
        "it follows the event `{0}`, which is not in the log: a line was removed, or this one was taken over without those before it"
    )]
    MissingParent(EventId),
    #[error("its `seq` is {written}, and {}: no writer made this line", Seq::rule(*due))]
    WrongSeq { written: Seq, due: Option<Seq> },
    #[error("out of order: it stands before its parent, {}{}", parent.in_words(), if *proven {
        "; the history has no fork up to there, so no merge moved it; it counts all the same"
    } else {
        ", as branches that were merged both ways can leave it"
    })]
    OutOfOrder { parent: Place, proven: bool },
    #[error(
        "it follows the event `{0}` and one that came after that: no writer takes both for heads"
    )]
    NotHeads(EventId),
    #[error(
        "the log ends in an unfinished write of {}; readers pass over it, and the next writer moves it to `quarantine/`",
        Count(*bytes, "byte")
    )]
    TornTail { bytes: u64 },
    #[error("{}", repeated(*lines, first))]
    Repeated { lines: u64, first: Place },
    #[error("a branch from {}, as merges bring them", .0.in_words())]
    Branch(Place),
    #[error("a second beginning, as merges of unrelated logs bring them")]
    Beginning,
    #[error("its time, {at}, is before its parent's, {parent}")]
    Backwards { at: Timestamp, parent: Timestamp },
    #[error(transparent)]
    Text(TextError),
    #[error("it names `{persona}`, who does not exist by then{}", match more {
        0 => String::new(),
        more => {
            let more = Count(*more, "event");
            format!(", and so {} {more} after it", more.agree("does", "do"))
        }
    })]
    Nobody { persona: PersonaName, more: u64 },
    #[error("{0}")]
    TwoHolders(Warning),
    #[error("an event of the unknown type `{kind}`; {}", skipped(*count))]
    UnknownType { kind: SmolStr, count: u64 },
    #[error(
        "an event of format version {version}, and this build knows {FORMAT_VERSION}; {}",
        skipped(*count)
    )]
    NewerVersion { version: u32, count: u64 },
    #[error(
        "at {at} line {} of `{}` was cut out: {} with the BLAKE3 digest {}",
        cut.line, cut.file, Count(cut.bytes, "byte"), cut.blake3
    )]
    Cut { cut: Cut, at: Timestamp },
    #[error(
        "a mended gap: it follows the event `{missing}`, which is not in the log; the repair of {at} vouches for that"
    )]
    Mended { missing: EventId, at: Timestamp },
    #[error("it puts on record that the event `{0}` is missing")]
    OnRecord(EventId),
    #[error("it is there again: the repair of {at} had put it on record as missing")]
    Returned { at: Timestamp },
    #[error("its name does not fit: it begins at depth {first} and ends with the id `{last}`")]
    SegmentName { first: Seq, last: EventId },
    #[error("its name is that of a piece of the log, and it is empty")]
    EmptySegment,
    #[error("it cannot be used, and is ignored")]
    CheckpointUnusable,
    #[error(
        "it says otherwise than the log of {what}; `muzzle-persona repair --yes` removes it, and the log answers alone"
    )]
    CheckpointDiffers { what: String },
    #[error(
        "it is not used: {0}; `muzzle-persona repair --yes` removes it, and another is made when one is due"
    )]
    CheckpointDistrusted(Distrust),
    #[error(
        "it knows of {}, which the log does not hold any more: lines were cut off, or another log was put in its place",
        quoted(.0)
    )]
    EventsGone(Vec<EventId>),
    #[error("the log is {} than when its checkpoint was taken; every event of then is still there", if *longer {
        "shorter"
    } else {
        "another one"
    })]
    OtherState { longer: bool },
    #[error("the history no longer contains `{noted}`{}", match vouched {
        None => String::new(),
        Some(at) => format!("; the repair of {at} put it on record as missing"),
    })]
    HeadGone { noted: IdPrefix, vouched: Option<Timestamp> },
    #[error(
        "its text is not there, and no `forget` says why: the event counts, and what was written is lost"
    )]
    TextMissing,
    #[error("its text is not what the line vouches for: it was changed, and is shown nowhere{}", if *elsewhere {
        "; another copy of the line has the text as it was written"
    } else {
        ""
    })]
    TextChanged { elsewhere: bool },
    #[error(
        "its text has no salt: once it is forgotten, its words can still be guessed by their digest"
    )]
    TextUnsalted,
    #[error(
        "its text was forgotten at {at}, and stands here: a merge can bring it back; it is shown nowhere, and `forget` takes it away again"
    )]
    TextReturned { at: Timestamp },
    #[error("its text is not there: it was forgotten at {at}")]
    Forgotten { at: Timestamp },
    #[error(
        "others than its owner may read or write it: its mode is {mode:03o}, and `chmod go=` on it takes that away"
    )]
    OpenToOthers { mode: u32 },
}

impl Fault {
    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.class().0
    }

    /// What it is, for programs.
    #[must_use]
    pub(crate) fn kind(&self) -> &'static str {
        self.class().1
    }

    fn class(&self) -> (Severity, &'static str) {
        use Severity::{Damage, Note, Warning};
        match self {
            Self::Line(LineError::WrongId { .. }) => (Damage, "changed"),
            Self::Line(LineError::TooLong { .. }) => (Damage, "too_long"),
            Self::Line(_) => (Damage, "not_an_event"),
            Self::CrLf { .. } => (Damage, "crlf"),
            Self::NoLineEnd => (Damage, "no_line_end"),
            Self::MissingParent(_) => (Damage, "missing_parent"),
            Self::WrongSeq { .. } => (Damage, "wrong_seq"),
            // No answer depends on it: each line names its parents.
            Self::OutOfOrder { proven: true, .. } => (Warning, "out_of_order"),
            Self::OutOfOrder { proven: false, .. } => (Note, "out_of_order"),
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
            Self::CheckpointDiffers { .. } => (Damage, "checkpoint_differs"),
            Self::CheckpointDistrusted(_) => (Warning, "checkpoint_distrusted"),
            Self::EventsGone(_) => (Damage, "events_gone"),
            Self::OtherState { longer: true } => (Warning, "other_state"),
            Self::OtherState { longer: false } => (Note, "other_state"),
            Self::HeadGone { .. } => (Damage, "head_gone"),
            Self::TextMissing => (Damage, "text_missing"),
            Self::TextChanged { elsewhere: false } => (Damage, "text_changed"),
            Self::TextChanged { elsewhere: true } => (Note, "text_changed"),
            Self::TextUnsalted => (Warning, "text_unsalted"),
            Self::TextReturned { .. } => (Warning, "text_returned"),
            Self::Forgotten { .. } => (Note, "forgotten"),
            Self::OpenToOthers { .. } => (Warning, "open_to_others"),
        }
    }
}

fn changed(error: &LineError) -> String {
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
    let first = first.in_words();
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
