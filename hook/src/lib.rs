//! Claude Code hooks that lend personas to named sub-agents.
//!
//! A hook never harms its user. Whatever goes wrong, it exits with 0, prints
//! nothing on stdout and one line on stderr, and the client goes on as if the
//! hook were not there ([`fail_open`]). It takes no decision about the call,
//! and changes nothing of it but the prompt ([`inject`]). When a session ends, its
//! personas come back ([`release`]).

pub mod fail_open;
pub mod inject;
pub mod patience;
mod payload;
mod project;
pub mod release;
pub mod surroundings;

/// Why a hook did nothing: a text for its one line on stderr.
pub type Problem = Box<dyn std::error::Error + Send + Sync>;
