//! A fleet on real servers: what its client asks and says, what machines share, and what holds whatever
//! becomes of servers, network and processes.
//!
//! Each test starts what it needs in a directory of its own, on free ports of 127.0.0.1 or in a network
//! of its own, and ends it by process id. Without the program `etcd` the tests that need it say that they
//! were not run; in CI that is a failure.
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
mod client;
mod cluster;
mod cut_off;
mod errors;
mod joining;
mod killed;
mod machine;
mod mirror;
mod network;
mod promises;
mod proof;
mod proxy;
mod silence;
mod stand_in;
mod tls_errors;
mod waits;

#[allow(dead_code, reason = "another test's home, of which this one needs a part")]
#[path = "../cli/harness.rs"]
mod harness;
