//! What happened: event types, the line format, the log file, its lock, its damage.
//!
//! This room holds facts and the way they are kept. It knows no persona
//! rules: it can say that Elena was lent to worker-1, not whether that was
//! wise. Its invariants are those of `docs/format.md`: a line that was
//! acknowledged stays, byte for byte; a line is there whole or not at all;
//! what is wrong is reported, and nothing but a torn tail is ever cut.
//!
//! Everybody may use the types; only the `Store` reads and appends.

mod event;
mod event_text;
mod heads;
mod id;
mod id_prefix;
mod line;
mod log;
mod needles;
mod next_lines;
mod text;
mod usual;

pub(crate) use crate::disk;
pub use crate::disk::Disk;
pub use crate::file_log::{Hold, Sealed};
pub use crate::git::RevisionError;
pub use event::{
    Assign, AssignedSlot, Compact, Cut, Definition, Event, Feedback, Reactivate, ReactivateReason,
    Release, ReleaseReason, ReleasedSlot, Repair, Retire, RetireReason, Sentiment, Summary,
    Unknown,
};
pub use event_text::EventText;
pub use heads::Heads;
pub use id::EventId;
pub use id_prefix::IdPrefix;
pub use line::{FORMAT_VERSION, LINE_LIMIT, LineError, Record, Seq, decode, encode};
pub(crate) use line::{
    ID_TAIL, check_id, decode_checked, end_with_id, possible_ids, without_mark, written_id,
};
pub use log::{Append, Damage, DamageReason, Log, LogError, Position, Read, TornTail};
pub(crate) use needles::Needles;
pub use next_lines::NextLines;
pub(crate) use text::check as check_text;
pub use text::{
    AgentName, Observation, PersonaName, ProjectName, RoleName, SessionId, Slot, Source, Tag,
    TeamName, TextError, ToolUseId, is_hidden, one_line, visible,
};
