//! The client of a fleet's etcd against real servers: what it asks, and what its errors say.
//!
//! Each test starts what it needs in a directory of its own, on free ports of 127.0.0.1, and ends it by
//! process id. Without the program `etcd` the tests that need it say that they were not run; in CI that
//! is a failure.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

mod another;
mod certificates;
mod cluster;
mod killed;
mod machine;
mod promises;
mod proof;
mod proxy;
mod waits;

#[allow(dead_code, reason = "another test's home, of which this one needs a part")]
#[path = "../cli/harness.rs"]
mod harness;
