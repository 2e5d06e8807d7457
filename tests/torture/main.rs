//! The real binary under torture: killed at any moment, refused by the system, stopped with the lock.
//!
//! Nothing here looks inside: processes are started, hurt, and asked; the files are read as
//! `docs/format.md` has them. What holds at the end of each test are the page's promises.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

mod access;
mod clone;
mod faults;
mod full;
mod harm;
mod kill;
mod steps;
mod stopped;
mod store;

#[allow(dead_code, reason = "another test's home, of which this one needs a part")]
#[path = "../cli/harness.rs"]
mod harness;
