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
#![expect(clippy::print_stderr, reason = "a test says what it skips")]

mod answer;
mod by_mod;
mod codex;
mod eligible;
mod faults;
#[allow(dead_code, reason = "what harms the other binary, too, of which this one needs a part")]
#[path = "../../../tests/torture/harm.rs"]
mod harm;
mod harness;
#[cfg(unix)]
mod hostile;
mod installed;
mod lessons;
mod life;
mod log_trouble;
mod malformed;
mod project;
mod recent;
mod release;
mod role;
mod runs;
mod stdin;
mod verbatim;
mod work;
