//! The hooks as a client sees them: the real processes, fed recorded payloads.
//!
//! Every test states all that the process says. What it does not state fails
//! it, and so does an exit code that is not 0.
#![cfg(unix)]
#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "a test sets up the files and the environment that the process finds"
)]

mod answer;
mod eligible;
mod harness;
mod installed;
mod life;
mod log_trouble;
mod malformed;
mod project;
mod recent;
mod release;
mod role;
mod stdin;
mod verbatim;
