//! Hooks of coding clients that lend personas to sub-agents.
//!
//! A hook must never harm its user. It always exits with 0, within its
//! [deadline](deadline::Deadline); if anything goes wrong it prints nothing on
//! stdout and one line on stderr, and the client goes on as if the hook were not
//! there ([`fail_open`]). It takes no decision about the call, and changes no
//! field of it but the prompt ([`inject`]). What a client tells, and how it is
//! answered, is known to its adapter alone (`client`). When a session ends, its personas
//! come back ([`release`]).

mod call;
mod client;
pub mod deadline;
pub mod environment;
mod fact;
pub mod fail_open;
pub mod inject;
mod payload;
pub mod release;
mod run;

/// Why a hook did nothing: the text of its one line on stderr.
pub type Problem = Box<dyn std::error::Error + Send + Sync>;
