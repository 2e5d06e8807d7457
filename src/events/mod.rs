//! What happened: event types, their texts, the line format, and the log's interface.
//!
//! Events are facts. This room knows no rule about personas: it can say that Elena
//! was lent to worker-1, not whether that was wise. Its invariants are those of
//! `docs/format.md`; the files that keep a log are in `file_log`.

mod canonical_line;
mod cut_text;
mod detached_text;
mod event;
mod event_data;
mod event_text;
mod folded;
mod id;
mod line;
mod line_parts;
mod log;
mod log_end;
mod log_error;
mod log_storage;
mod memory_log;
mod moment;
mod next_lines;
mod points;
mod record;
mod repair;
mod rewrite;
mod run;
mod segment;
mod text;

pub(crate) use cut_text::without_texts;
pub use detached_text::{Detached, FreeText, Salt, TextDigest, TextLoss, serialize_words};
pub use event::{
    Assign, AssignedSlot, ChoiceReason, Compact, Definition, Event, Feedback, Forget, Lesson, Note,
    Reactivate, ReactivateReason, Release, ReleaseReason, ReleasedSlot, Retire, RetireReason,
    Retract, Sentiment, Summary, Unlearn,
};
pub use event_text::EventText;
pub use folded::folded;
pub use id::{EventId, IdPrefix};
pub(crate) use line::{LINE_LIMIT, check_id, decode_checked, end_with_id, possible_ids, prefilter};
pub use line::{LineError, decode, encode};
pub(crate) use line_parts::{
    last_written_id, text_of, text_place, without_mark, without_text, written_id,
};
pub use log::{Append, Log, Read};
pub use log_end::{Position, TornTail};
pub use log_error::{DamageReason, LogError};
pub use log_storage::{LogReader, LogStorage, Presence, StandingText, TextsTaken};
pub use memory_log::{MemoryGuard, MemoryLog};
pub use moment::is_moment;
pub(crate) use next_lines::NextLines;
pub use points::Points;
pub(crate) use record::DETACHED_SINCE;
pub use record::{FORMAT_VERSION, Heads, Record, Seq};
pub use repair::{Cut, Repair};
pub use rewrite::Rewrite;
pub use run::{Channel, Delivery, Measures, Outcome, OutcomeResult, TestResult};
pub(crate) use segment::named_ends;
pub use segment::{Batch, Segment};
pub(crate) use text::check as check_text;
pub use text::{
    AgentName, LessonText, NoteText, Observation, PersonaName, ProjectName, Reason, RoleName,
    RunId, SessionId, Slot, Source, Tag, TeamName, TextError, ToolUseId, WorkName, is_hidden,
    name_only, one_line, visible,
};
