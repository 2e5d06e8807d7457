//! What may happen next: pure rules that turn a request into events.
//!
//! A rule takes a [`Situation`] (the roster, the seed, the moment, a source
//! of randomness) and a request, and returns a [`Decision`] or a [`Refusal`].
//! It reads nothing else and writes nothing: the `Store` records what was
//! decided. Whether a persona may be lent, to whom and why, stands here and
//! nowhere else.

mod assign;
mod decision;
mod grow;
mod lending;
mod names;
mod preamble;
mod refusal;
mod release;
mod roles;
mod score;
mod seed;
#[cfg(test)]
mod testing;
mod words;

pub use assign::{AssignRequest, Choice, ROLE_LIMIT, assign};
pub use decision::{Decision, Notice, Situation};
pub use names::find;
pub use preamble::{PREAMBLE_LIMIT, instruction, preamble};
pub use refusal::Refusal;
pub use release::{ReleaseRequest, Released, release};
pub use roles::{Role, Roles};
pub use score::{Score, Scoring};
pub use seed::{Lifecycle, Rules, Seed, SeedError, Vocabulary};
