//! What may happen next: pure rules that turn a request into events.
//!
//! A rule takes a [`Situation`] (the roster, the seed, the moment, a source
//! of randomness) and a request, and returns a [`Decision`] or a [`Refusal`].
//! What it needs besides the index of the roster it names beside itself, for
//! the `Store` to load (`Needs`). It reads nothing else and writes nothing: the `Store` records what was
//! decided. Whether a persona may be lent, to whom and why, stands here and
//! nowhere else.

mod agent_slots;
mod agent_words;
mod assign;
mod assign_request;
mod built_in;
mod compact;
mod decision;
mod define;
#[cfg(test)]
mod exclusive;
mod feedback;
mod forget;
mod four_eyes;
mod given_up;
mod grow;
mod heat_map;
mod hook_settings;
mod lending;
mod lifecycle;
mod names;
mod note;
mod outcome;
mod persona_text;
mod preamble;
mod prompt_text;
mod release;
mod replay;
mod retract;
mod roles;
mod run;
mod score;
mod scoring_table;
mod seed;
mod seed_file;
mod sentiment;
mod settings;
mod status;
mod sync;
mod teach;
#[cfg(test)]
mod testing;
mod why;
mod words;
mod work_record;

pub use agent_words::Described;
pub(crate) use assign::{Choice, assign};
pub use assign_request::{AssignRequest, Start};
pub use compact::compact;
pub use decision::{Decision, Refusal, Situation};
pub use define::{FieldChange, add, changes, redefine};
pub use feedback::{FeedbackRequest, Judged, JudgedWork, feedback};
pub use forget::{ForgetRequest, TextPlace, forget};
pub use four_eyes::{Part, TookPart};
pub use grow::{GROW_LIMIT, grow_many};
pub use heat_map::{HeatCell, HeatMap, HeatRow};
pub use hook_settings::{ClientSettings, Eligible, HookSettings};
pub use lending::is_candidate;
pub(crate) use lending::open_slots;
pub use lifecycle::Lifecycle;
pub use names::{find, find_persona};
pub use note::{NoteRequest, Noted, note, release_with_note};
pub use outcome::{OutcomeRequest, Recorded, outcome};
pub use persona_text::{persona_text, seed_text};
pub use preamble::{Assigned, PREAMBLE_LIMIT, Preamble, preamble};
pub(crate) use prompt_text::needs_leave;
pub use prompt_text::{PromptText, PromptTextKind, prompt_texts, prompt_texts_of};
pub use release::{Orphaned, ReleaseRequest, Released, clean_up, release};
pub use replay::{Replay, Replayed, RoleReplay};
pub use retract::{RetractRequest, Retracted, retract};
pub use roles::{FoundBy, Resolution, Role, Roles};
pub use run::{DeliveryRequest, EndRequest, Place, Stage, deliver, deny, end, end_late};
pub use score::{Evidence, Ranked, Score, Scoring, TieBreak, affinity, rank, score};
pub use seed::{Rules, Seed};
pub use seed_file::SeedError;
pub use sentiment::{Verdict, classify};
pub use settings::{Setting, SettingValue, settings};
pub use status::{StatusChange, reactivate, retire};
pub use sync::{Synced, sync};
pub use teach::{Taught, TeachRequest, UnlearnRequest, feedback_and_teach, teach, unlearn};
pub use why::{Explanation, why};
pub use words::{SentimentWords, Vocabulary};
pub use work_record::{WorkDone, WorkRecord};
